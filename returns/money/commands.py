"""Everything that gives money back: one function a verb, one transaction, facts recorded. No shop is called here: it is
told by the facts (webhooks) and answers by `confirm_refund` and `fail_refund`, or with a refund of its own.
"""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from events import log as event_log
from ledger import commands as ledger
from merchants import audit
from merchants.ids import public_id, uuid7
from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_transaction
from orders.commands import lock_order
from orders.models import Order, OrderLine
from returns.money import books, reports, steps
from returns.money.amounts import checked
from returns.money.books import money_of as money_of
from returns.money.credit import expire_credit as expire_credit
from returns.money.credit import give_credit as give_credit
from returns.money.credit import spend_credit as spend_credit
from returns.money.facts import RefundFailed
from returns.money.models import Refund, RefundState, Source


def request_refund(
    merchant: Merchant,
    order_id: UUID,
    *,
    amount: Decimal,
    key: str,
    source: tuple[str, UUID | None],
    lines: Mapping[UUID, int] | None = None,
    shipping: Decimal = Decimal(0),
    fee: Decimal = Decimal(0),
    reason: str = "",
    payments: Mapping[str, Decimal] | None = None,
) -> Refund:
    """Ask the shop to give `amount` of an order back, in its currency, and set it aside until the shop answers.

    key: whatever makes this request one; the same key again gives the refund of then, and nothing moves. source: what
    it is for (`("return", id)`). shipping: what of the amount is for shipping. fee: what is kept beside it. payments:
    which payment gives how much; else each in proportion to what is left of it.

    Raises NotFound for the order; Conflict for more than was paid and did not go back (`refund_above_paid`), or a key
    of another refund (`refund_key_reused`); Unprocessable for what is no amount of the currency.
    """
    with merchant_transaction(merchant):
        order = lock_order(order_id)
        if known := Refund.objects.filter(key=key).first():
            return _same(known, order, amount, fee)
        asked = _checked(order, amount, shipping, fee)
        known_lines = _lines(order, lines or {})
        there = books.available(reports.payments_with_reports(merchant, order))
        parts = steps.split(order, there, amount, fee, payments)
        now = timezone.now()
        refund = Refund.objects.create(
            id=uuid7(), merchant=merchant, order=order, state=RefundState.REQUESTED, key=key, lines=known_lines,
            currency=order.currency, source_kind=Source(source[0]), source_id=source[1], reason=reason.strip()[:500],
            tax=steps.tax_share(order, amount), by=audit.current_actor().name[:254], requested_at=now,
            due_at=steps.next_ask(1), **asked,
        )  # fmt: skip
        steps.reserve_parts(merchant, order, refund, parts)
        event_log.record(steps.request_fact(order, refund), order_id=order.pk)
        _note("refund.requested", order, refund)
    return refund


def confirm_refund(merchant: Merchant, refund_id: UUID, *, reference: str = "") -> Refund:
    """The shop gave the money back; `reference`: what it calls the refund. Twice changes nothing.

    Raises NotFound, and Conflict for one that failed, or for the reference of a refund that is counted by itself.
    """
    with merchant_transaction(merchant):
        order, refund = steps.locked_refund(refund_id)
        reports.payments_with_reports(merchant, order)  # perhaps the shop has reported this one by now
        refund.refresh_from_db()
        if refund.state == RefundState.COMPLETED:
            return refund
        if reference and Refund.objects.filter(order=order, reference=reference).exists():
            raise Conflict(
                "This refund of the shop is counted by itself.",
                param="reference",
                code="refund_counted_already",
            )
        reports.complete(merchant, order, refund, reference=reference)
        _note("refund.confirmed", order, refund)
    return refund


def fail_refund(merchant: Merchant, refund_id: UUID, *, failure: str = "") -> Refund:
    """The shop cannot give the money back; it is free again. Twice changes nothing.

    Raises NotFound, and Conflict for one that was completed.
    """
    with merchant_transaction(merchant):
        order, refund = steps.locked_refund(refund_id)
        if refund.state == RefundState.FAILED:
            return refund
        steps.move(refund, RefundState.FAILED, failure=failure.strip()[:500])
        for transfer in steps.transfers_of(refund):
            ledger.void(transfer.pk)
        books.settle_over(merchant, order, books.payments_of(merchant, order))
        failed = RefundFailed(**steps.told(order, refund), failure=refund.failure)
        event_log.record(failed, order_id=order.pk)
        _note("refund.failed", order, refund)
    return refund


def ask_again(merchant: Merchant, refund_id: UUID) -> None:
    """Tell the shop once more of a refund that it has not answered for. After the last time only people look at it."""
    with merchant_transaction(merchant):
        order, refund = steps.locked_refund(refund_id)
        if refund.state != RefundState.REQUESTED:
            return
        reports.payments_with_reports(merchant, order)  # perhaps the shop has reported this one by now
        refund.refresh_from_db()
        if refund.state != RefundState.REQUESTED:
            return
        refund.asked += 1
        refund.due_at = steps.next_ask(refund.asked)
        refund.save(update_fields=["asked", "due_at"])
        event_log.record(steps.request_fact(order, refund), order_id=order.pk)


def _same(known: Refund, order: Order, amount: Decimal, fee: Decimal) -> Refund:
    if (known.order_id, known.amount, known.fee) != (order.pk, amount, fee):
        raise Conflict("This key asked for another refund before.", param="key", code="refund_key_reused")
    return known


def _checked(order: Order, amount: Decimal, shipping: Decimal, fee: Decimal) -> dict[str, Decimal]:
    """The amounts of a refund, fit to be paid. Raises Unprocessable."""
    checked(amount, order.currency, "amount")
    for name, value in (("shipping", shipping), ("fee", fee)):
        checked(value, order.currency, name, zero=True)
    if shipping > amount:
        raise Unprocessable("Shipping is a part of the amount.", param="shipping", code="not_an_amount")
    return {"amount": amount, "shipping": shipping, "fee": fee}


def _lines(order: Order, lines: Mapping[UUID, int]) -> dict[str, int]:
    """The lines as they are stored. Raises Unprocessable for one that the order does not have that many of."""
    ordered = dict(OrderLine.objects.filter(order=order).values_list("pk", "quantity")) if lines else {}
    if any(not 0 < count <= ordered.get(line, 0) for line, count in lines.items()):
        raise Unprocessable("The order does not have that many of it.", param="lines", code="unknown_line")
    return {str(line): count for line, count in lines.items()}


def _note(action: str, order: Order, refund: Refund) -> None:
    changes = {"amount": [None, f"{refund.amount} {refund.currency}"]}
    audit.record_by_hand(action, public_id("rfd", refund.pk), order.number, changes)

"""The steps that the commands of refunds are made of. The order is locked, then its refund; a transaction is open."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from ledger import commands as ledger
from ledger.models import Account, Transfer
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from orders.commands import lock_order
from orders.facts import ReportedLine
from orders.models import Order, OrderLine
from returns.money import books
from returns.money.amounts import rounded, smallest_unit, spread
from returns.money.facts import RefundPayment, RefundRequested
from returns.money.models import OrderPayment, PaymentKind, Refund, RefundPart, RefundState
from returns.money.wallet import LOT

# How long the shop has after it was asked once, twice, three times; then a day each time. After the last time people
# have to look.
_ANSWERS_WITHIN: Final = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
MOST_ASKED: Final = 30


def next_ask(asked: int) -> datetime | None:
    """When a shop that was asked so many times is asked again (UTC)."""
    if asked >= MOST_ASKED:
        return None
    wait = _ANSWERS_WITHIN[asked - 1] if asked <= len(_ANSWERS_WITHIN) else timedelta(days=1)
    return timezone.now() + wait


def locked_refund(refund_id: UUID) -> tuple[Order, Refund]:
    """The refund, after its order: the order of locks that everybody keeps to. Raises NotFound."""
    order_id = Refund.objects.filter(pk=refund_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound("There is no such refund.", param="refund_id")
    order = lock_order(order_id)
    return order, Refund.objects.select_for_update(no_key=True).get(pk=refund_id)


def split(
    order: Order,
    payments: Mapping[OrderPayment, Decimal],
    amount: Decimal,
    fee: Decimal,
    wanted: Mapping[str, Decimal] | None,
) -> list[tuple[OrderPayment, Decimal, Decimal]]:
    """What goes back to which payment, and which fee is kept of it: in proportion to what is left, or as `wanted`
    (a payment's key → what the shopper gets of it).

    Raises Conflict for more than is left of all together or of one, Unprocessable for payments that there are not.
    """
    unit = smallest_unit(order.currency)
    if amount + fee > sum(payments.values(), Decimal(0)):
        raise Conflict(
            "More than what was paid and did not go back yet.", param="amount", code="refund_above_paid"
        )
    if wanted is None:
        both = spread(amount + fee, payments, unit)
        fees = spread(fee, both, unit)
        return [
            (payment, part - fees.get(payment, 0), fees.get(payment, Decimal(0)))
            for payment, part in both.items()
        ]
    named = {payment.key: payment for payment in payments}
    if unknown := set(wanted) - set(named):
        raise Unprocessable(
            f"The order has no payment {sorted(unknown)[0]!r}.", param="payments", code="unknown_payment"
        )
    if sum(wanted.values(), Decimal(0)) != amount:
        raise Unprocessable(
            "The payments do not sum up to the amount.", param="payments", code="payments_do_not_sum"
        )
    left = {payment: there - wanted.get(payment.key, 0) for payment, there in payments.items()}
    if any(there < 0 for there in left.values()):
        raise Conflict(
            "There is not that much left of a payment.", param="payments", code="refund_above_paid"
        )
    fees = spread(fee, left, unit)
    return [
        (payment, wanted.get(key, Decimal(0)), fees.get(payment, Decimal(0)))
        for key, payment in named.items()
        if wanted.get(key) or fees.get(payment)
    ]


def spread_over(
    order: Order, amount: Decimal, over: Mapping[OrderPayment, Decimal]
) -> dict[OrderPayment, Decimal]:
    """An amount in proportion to what is left of each payment."""
    return spread(amount, over, smallest_unit(order.currency))


def reserve_parts(
    merchant: Merchant, order: Order, refund: Refund, parts: list[tuple[OrderPayment, Decimal, Decimal]]
) -> None:
    """Set the amounts of a new refund aside."""
    for payment, amount, fee in parts:
        part = RefundPart.objects.create(
            merchant=merchant, refund=refund, payment=payment, amount=amount, fee=fee
        )
        if amount:
            to = destination(merchant, order, part)
            ledger.reserve(payment.account, to, amount, code="refund", key=f"refund:{part.pk}")
        if fee:
            kept = books.kept_fees(merchant, order)
            ledger.reserve(payment.account, kept, fee, code="fee", key=f"fee:{part.pk}")


def destination(merchant: Merchant, order: Order, part: RefundPart) -> Account:
    """Where a part goes to: out to the shopper, or into a new store credit of theirs."""
    if part.payment.kind == PaymentKind.STORE_CREDIT and order.customer_id:
        return ledger.open_account(merchant, LOT, str(part.pk), order.currency, limited=True)
    return books.outside(merchant, order)


def transfers_of(refund: Refund) -> list[Transfer]:
    """The transfers of a refund, in the order of their ids."""
    parts = RefundPart.objects.filter(refund=refund).values_list("pk", flat=True)
    keys = [f"{code}:{part}" for part in parts for code in ("refund", "fee")]
    return list(Transfer.objects.filter(key__in=keys).order_by("pk"))


def tax_share(order: Order, amount: Decimal) -> Decimal:
    """What of an amount is tax: the order's own share of it."""
    if not order.total:
        return Decimal(0)
    return rounded(min(order.tax / order.total, Decimal(1)) * amount, order.currency)


def move(refund: Refund, state: RefundState, **values: Any) -> None:
    """The one place where a refund's state changes. The row is locked. Raises Conflict for one that is not waiting."""
    if refund.state != RefundState.REQUESTED:
        raise Conflict(f"This refund is {refund.state}.", param="refund_id", code="refund_settled")
    changed = {"state": state, "settled_at": timezone.now(), "due_at": None, **values}
    for name, value in changed.items():
        setattr(refund, name, value)
    refund.save(update_fields=list(changed))


def told(order: Order, refund: Refund) -> dict[str, Any]:
    """What every fact about a refund tells."""
    amounts = {
        name: rounded(getattr(refund, name), refund.currency) for name in ("amount", "shipping", "tax", "fee")
    }
    return {
        "refund_id": refund.pk, "external_id": order.external_id, "currency": refund.currency, **amounts,
        "source_kind": refund.source_kind, "source_id": refund.source_id,
    }  # fmt: skip


def request_fact(order: Order, refund: Refund) -> RefundRequested:
    """What the shop is asked."""
    names = dict(OrderLine.objects.filter(order=order).values_list("pk", "external_id"))
    parts = RefundPart.objects.filter(refund=refund, amount__gt=0).select_related("payment")
    return RefundRequested(
        **told(order, refund),
        reason=refund.reason,
        lines=[
            ReportedLine(external_id=names[UUID(line)], quantity=count)
            for line, count in refund.lines.items()
            if UUID(line) in names
        ],
        payments=[
            RefundPayment(
                payment=part.payment.key, kind=part.payment.kind, amount=rounded(part.amount, refund.currency)
            )
            for part in parts
        ],
        attempt=refund.asked,
        idempotency_key=public_id("rfd", refund.pk),
        notify=refund.asked == 1,
    )

"""Refunds that the shop reports (`orders.models.Refund`): each counts once, as ours when it is one of ours."""

from collections.abc import Mapping
from decimal import Decimal

from events import log as event_log
from ledger import commands as ledger
from merchants.ids import uuid7
from merchants.models import Merchant
from orders.models import Order, OrderLine
from orders.models import Refund as ReportedRefund
from returns.money import books, steps, wallet
from returns.money.facts import RefundCompleted
from returns.money.models import OrderPayment, Refund, RefundPart, RefundState, Source


def payments_with_reports(merchant: Merchant, order: Order) -> list[OrderPayment]:
    """The payments of a locked order, with every refund that the shop reported taken in."""
    payments = books.payments_of(merchant, order)
    counted = Refund.objects.filter(order=order, reported__isnull=False).values("reported_id")
    news = ReportedRefund.objects.filter(order=order, currency=order.currency, amount__gt=0)
    for report in news.exclude(pk__in=counted).order_by("refunded_at", "pk"):
        _take_in(merchant, order, payments, report)
    return payments


def complete(
    merchant: Merchant,
    order: Order,
    refund: Refund,
    *,
    reference: str,
    reported: ReportedRefund | None = None,
) -> None:
    """A refund that waited was given back. Raises Conflict for one that is not waiting."""
    steps.move(refund, RefundState.COMPLETED, reference=reference[:191], reported=reported)
    for transfer in steps.transfers_of(refund):
        ledger.post(transfer.pk)
    wallet.give_back(merchant, order, refund)
    completed = RefundCompleted(**steps.told(order, refund), reference=refund.reference)
    event_log.record(completed, order_id=order.pk)


def _take_in(merchant: Merchant, order: Order, payments: list[OrderPayment], report: ReportedRefund) -> None:
    ours = _one_of_ours(order, report)
    if ours is None:
        _count(merchant, order, payments, report)
    elif ours.state == RefundState.REQUESTED:
        complete(merchant, order, ours, reference=report.external_id, reported=report)
    else:
        ours.reported = report
        ours.reference = ours.reference or report.external_id
        ours.save(update_fields=["reported", "reference"])


def _one_of_ours(order: Order, report: ReportedRefund) -> Refund | None:
    """Which of our refunds the shop means: the one that it named so, or one of the same amount that it did not name;
    first one that it has confirmed, then the oldest that waits."""
    mine = Refund.objects.filter(order=order, reported__isnull=True).exclude(source_kind=Source.SHOP)
    named = mine.filter(reference=report.external_id, state=RefundState.COMPLETED)
    same = mine.filter(amount=report.amount, reference="").order_by("requested_at", "pk")
    found: Refund | None = (
        named.first()
        or same.filter(state=RefundState.COMPLETED).first()
        or same.filter(state=RefundState.REQUESTED).first()
    )
    return found


def _count(merchant: Merchant, order: Order, payments: list[OrderPayment], report: ReportedRefund) -> None:
    """A refund that the shop made by itself: it has happened, so it is booked even above what was paid."""
    at = report.refunded_at
    refund = Refund.objects.create(
        id=uuid7(), merchant=merchant, order=order, state=RefundState.COMPLETED, amount=report.amount,
        tax=steps.tax_share(order, report.amount), currency=order.currency, source_kind=Source.SHOP,
        source_id=report.pk, key=f"shop:{report.pk}", reason=report.reason, reference=report.external_id,
        reported=report, asked=0, lines=_line_ids(order, report.lines), requested_at=at, settled_at=at,
    )  # fmt: skip
    there = books.available(payments)
    inside = min(report.amount, sum(there.values(), Decimal(0)))
    to = books.outside(merchant, order)
    for payment, amount in steps.spread_over(order, inside, there).items():
        part = RefundPart.objects.create(merchant=merchant, refund=refund, payment=payment, amount=amount)
        ledger.transfer(payment.account, to, amount, code="refund", key=f"refund:{part.pk}")
    if above := report.amount - inside:
        over = books.given_over(merchant, order)
        ledger.transfer(over, to, above, code="refund_over", key=f"over:{refund.pk}")


def _line_ids(order: Order, told: Mapping[str, int]) -> dict[str, int]:
    ids = dict(OrderLine.objects.filter(order=order).values_list("external_id", "pk")) if told else {}
    return {str(ids[name]): count for name, count in told.items() if name in ids}

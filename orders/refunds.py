"""Money that a shop gave back: recorded once a refund, and summed on its order."""

from django.utils import timezone

from events import log as event_log
from merchants.models import Merchant
from orders.connectors.base import ShopRefund
from orders.facts import OrderRefunded, ReportedLine
from orders.models import Order, Refund


def record_refund(merchant: Merchant, order: Order, told: ShopRefund, *, notify: bool) -> bool:
    """Record a refund of a locked order. Returns whether it was new; one that gave nothing back is none.

    A refund in another currency than the order's stands in the log, and not in the order's sum.
    """
    if told.amount <= 0:
        return False
    now = timezone.now()
    row = Refund(
        merchant=merchant, order=order, external_id=told.external_id, amount=told.amount,
        currency=told.currency or order.currency, reason=told.reason, lines=dict(told.lines),
        refunded_at=told.refunded_at or now, created_at=now,
    )  # fmt: skip
    # The order is locked, so nobody else records a refund of it meanwhile.
    if Refund.objects.filter(order=order, external_id=told.external_id).exists():
        return False
    row.save(force_insert=True)
    if row.currency == order.currency:
        order.refunded += told.amount
        order.updated_at = now
        order.save(update_fields=["refunded", "updated_at"])
    fact = OrderRefunded(
        order_id=order.id, external_id=order.external_id, refund_id=told.external_id, amount=told.amount,
        currency=row.currency, refunded_at=row.refunded_at, notify=notify,
        lines=[ReportedLine(external_id=line, quantity=count) for line, count in told.lines.items()],
    )  # fmt: skip
    event_log.record(fact, order_id=order.id)
    return True

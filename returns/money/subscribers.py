"""Refunds that shops report themselves enter the ledger."""

from collections.abc import Sequence

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from merchants.scope import merchant_transaction
from orders.commands import lock_order
from orders.models import Order
from returns.money.reports import payments_with_reports


def forget_nothing() -> None:
    """What has moved stays: reading the log again finds every report counted."""


@subscribe("money.reported", ["order.refunded"], forget=forget_nothing, batch=50)
def take_in_refunds(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Book what the shop gave back: each refund once, as ours when it is one that we asked for."""
    wanted = {fact.order_id for fact in facts if fact.order_id}
    # In the order of their ids, so that two readers never wait for each other.
    for order_id in sorted(Order.objects.filter(pk__in=wanted).values_list("pk", flat=True)):
        with merchant_transaction(merchant):
            payments_with_reports(merchant, lock_order(order_id))

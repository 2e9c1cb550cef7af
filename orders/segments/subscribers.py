"""The reader that keeps each customer's figures."""

from collections.abc import Sequence
from uuid import UUID

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from orders.models import Order
from orders.segments.models import CustomerStats, Purchase
from orders.segments.rollup import refresh

_READS = ("order.placed", "order.updated", "order.cancelled", "order.refunded", "order.deleted")


def forget_figures() -> None:
    """Every customer's figures."""
    CustomerStats.objects.all().delete()
    Purchase.objects.all().delete()


@subscribe("segments.customers", _READS, forget=forget_figures)
def keep_figures(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Bring the figures of whoever these orders belong (or belonged) to in step: three statements a batch."""
    order_ids = {fact.order_id for fact in facts if fact.order_id}
    owners = Order.objects.filter(pk__in=order_ids, customer__isnull=False)
    customers = set(owners.values_list("customer_id", flat=True))
    customers |= {
        UUID(found)
        for fact in facts
        for name in ("customer_was", "customer_id")
        if (found := fact.data.get(name))
    }
    refresh(merchant, customers)

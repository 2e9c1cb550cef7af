"""From facts to looks: whatever is told about an order or a parcel may open or close what is on the watch-list."""

from collections.abc import Sequence

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from tracking.watch.keeping import look
from tracking.watch.models import WatchClock

_FACTS = [
    "order.placed", "order.updated", "order.cancelled", "shipment.created", "shipment.shipped",
    "shipment.out_for_delivery", "shipment.attempt_failed", "shipment.ready_for_pickup", "shipment.delivered",
    "shipment.exception", "shipment.delayed", "shipment.returning", "shipment.returned", "shipment.cancelled",
    "shipment.expired",
]  # fmt: skip


def forget_clocks() -> None:
    """Every merchant's clocks. The items stay: people have written in them, and a look changes only what is not so."""
    WatchClock.objects.all().delete()


@subscribe("tracking.watch", _FACTS, forget=forget_clocks)
def watch(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Look at each order that was told of: a fixed number of statements, however many facts."""
    look(merchant, {fact.order_id for fact in facts if fact.order_id})

"""When a carrier is asked next, and when we stop asking."""

from datetime import datetime, timedelta

from tracking.carriers.registry import adapter
from tracking.models import Shipment
from tracking.statuses import Status, is_terminal

# The simple schedule: often when the day has come, rarely before. A parcel that is silent for so long that
# nobody expects it any more is not asked for again (PRODUCT, T8).
_INTERVALS = {
    Status.PENDING: timedelta(hours=4),
    Status.INFO_RECEIVED: timedelta(hours=4),
    Status.IN_TRANSIT: timedelta(hours=2),
    Status.OUT_FOR_DELIVERY: timedelta(minutes=20),
    Status.AVAILABLE_FOR_PICKUP: timedelta(hours=6),
    Status.ATTEMPT_FAILED: timedelta(hours=2),
    Status.EXCEPTION: timedelta(hours=3),
    Status.RETURNING: timedelta(hours=12),
}
SILENT_FOR = timedelta(days=30)


def next_poll(shipment: Shipment, now: datetime) -> datetime | None:
    """When to ask the carrier next (UTC), or None when there is nothing to ask or nobody to ask."""
    if not shipment.tracking_number or adapter(shipment.carrier) is None or shipment.cancelled_at:
        return None
    if is_terminal(shipment.status, shipment.substatus):
        return None
    heard = shipment.last_scan_at or shipment.shipped_at or shipment.created_at
    if now - heard > SILENT_FOR:
        return None
    interval = _INTERVALS.get(Status(shipment.status))
    return now + interval if interval else None

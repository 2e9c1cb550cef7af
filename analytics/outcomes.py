"""What "on time", "late" and "failed" mean. Every figure and every list behind a figure uses this."""

from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.models import UNKNOWN_TRANSIT, Outcome
from merchants.models import Merchant
from tracking.models import Shipment
from tracking.statuses import Status
from tracking.windows import is_later

_QUARTER_OF_A_DAY = 6 * 3600
_LONGEST_TRANSIT = 400 * 4  # quarters: a clock that is wrong by years must not break a figure
# Carriers write these when the shopper will not get the parcel, and often nothing after them.
_GONE = frozenset({"exception.lost", "exception.disposed"})
_CAME_BACK = frozenset({Status.RETURNING, Status.RETURNED, Status.EXPIRED})


class Ended(NamedTuple):
    """How a parcel ended: the key by which it is counted."""

    day: date
    carrier: str
    outcome: str
    transit: int


def outcome_of(merchant: Merchant, parcel: Shipment) -> Ended | None:
    """How a parcel ended; None while it is on its way, or was taken back before it began.

    On time: delivered on or before the last day of the first window that the shopper was told. Late: on a later day.
    Failed: on its way back, back, lost, disposed of, or silent for 30 days. Days are the merchant's.
    """
    zone = ZoneInfo(merchant.timezone)
    named = parcel.carrier in ("", "other")  # one that we have no code for: the shop's own name
    carrier = parcel.carrier_name[:40] or parcel.carrier if named else parcel.carrier
    if parcel.delivered_at is not None:
        promised = parcel.promised_to
        late = promised is not None and is_later(merchant, parcel.delivered_at, promised)
        outcome = Outcome.LATE if late else Outcome.ON_TIME
        transit = _transit(parcel.shipped_at, parcel.delivered_at)
        return Ended(parcel.delivered_at.astimezone(zone).date(), carrier, outcome.value, transit)
    if parcel.status_at is not None and (parcel.status in _CAME_BACK or parcel.substatus in _GONE):
        day = parcel.status_at.astimezone(zone).date()
        return Ended(day, carrier, Outcome.FAILED.value, UNKNOWN_TRANSIT)
    return None


def _transit(shipped_at: datetime | None, delivered_at: datetime) -> int:
    """Whole quarters of a day between hand-over and delivery."""
    if shipped_at is None or shipped_at > delivered_at:
        return UNKNOWN_TRANSIT
    return min(int((delivered_at - shipped_at).total_seconds()) // _QUARTER_OF_A_DAY, _LONGEST_TRANSIT)

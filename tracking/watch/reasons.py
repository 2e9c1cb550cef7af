"""When a parcel or an order needs somebody: pure rules over what is known of it (docs/watch-list.md).

A rule says since when, and from which time on it is a problem. What lies ahead is the next look.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from merchants.models import Merchant
from tracking.statuses import Status
from tracking.watch.models import Reason
from tracking.watch.pace import Pace
from tracking.windows import hand_over_day

# What a carrier did not know for so long after the hand-over is not its number.
UNKNOWN_FOR: Final = timedelta(days=3)
# A pick-up point is watched from so long before its deadline, and keeps a parcel so long when it does not say.
PICKUP_AHEAD: Final = timedelta(hours=48)
PICKUP_KEPT: Final = timedelta(days=7)
# What came back is on the list for so long: somebody has to refund it or send it again.
RETURNED_FOR: Final = timedelta(days=14)
# What was a problem longer ago than this when we came to know of it is history, and nobody's work.
HISTORY: Final = timedelta(days=45)

_BEFORE: Final = frozenset({Status.PENDING, Status.INFO_RECEIVED})
_MOVING: Final = frozenset({Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY})
# A parcel with a problem has an item of its own, and stands still because of it.
_CAN_GET_LOST: Final = _MOVING | {Status.ATTEMPT_FAILED}
# Waiting for the shopper, or not coming any more: a promise is not what is wrong with it.
_NOT_LATE: Final = frozenset({Status.AVAILABLE_FOR_PICKUP, Status.RETURNING, Status.RETURNED, Status.EXPIRED})
_EXCEPTIONS: Final = {
    "exception.address": Reason.ADDRESS,
    "exception.moved": Reason.ADDRESS,
    "exception.delay_customs": Reason.CUSTOMS,
    "exception.documents": Reason.CUSTOMS,
    "exception.payment_due": Reason.PAYMENT,
    "exception.lost": Reason.LOST,
    "exception.disposed": Reason.LOST,
}
# The one says all that the others would say.
_SAYS_ALL: Final = {
    Reason.LOST: frozenset({Reason.STALLED, Reason.LATE}),
    Reason.INVALID_NUMBER: frozenset({Reason.NO_SCAN}),
}
_CANNOT_ASK: Final = ("no_access", "authentication_failed")


class Parcel(NamedTuple):
    """What the rules look at; the columns of `tracking.watch.reading`."""

    id: UUID
    order_id: UUID
    carrier: str
    tracking_number: str
    status: str
    substatus: str
    status_at: datetime | None
    shipped_at: datetime | None
    created_at: datetime
    last_scan_at: datetime | None
    promised_to: datetime | None
    pickup_until: datetime | None
    poll_error: str
    is_cancelled: bool
    placed_at: datetime
    country: str
    currency: str
    value: Decimal


class Unshipped(NamedTuple):
    """An order, with what of it is in no parcel yet."""

    id: UUID
    placed_at: datetime
    is_cancelled: bool
    currency: str
    pieces: int
    value: Decimal


@dataclass(frozen=True)
class Condition:
    """A reason that holds from a time on, and until another where it ends by itself. Its age counts `since`."""

    reason: Reason
    since: datetime
    holds_from: datetime
    detail: str = ""
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is a problem now."""
        return self.holds_from <= now and (self.until is None or now < self.until)


def of_order(merchant: Merchant, order: Unshipped) -> list[Condition]:
    """What can be wrong with an order that has pieces in no parcel: it is late out of the house."""
    if order.is_cancelled or order.pieces <= 0:
        return []
    ready = hand_over_end(merchant, order.placed_at)
    return [Condition(Reason.NOT_SHIPPED, ready, ready)]


def of_parcel(merchant: Merchant, parcel: Parcel, pace: Pace) -> list[Condition]:
    """What can be wrong with a parcel, now or when nothing more is heard of it."""
    if parcel.is_cancelled or parcel.status in (Status.DELIVERED, Status.CANCELLED):
        return []
    return [*_by_word(parcel), *_by_silence(merchant, parcel, pace), *_by_promise(merchant, parcel)]


def holding(conditions: Iterable[Condition], now: datetime) -> list[Condition]:
    """Those that hold now, without those that another one says already."""
    held = [condition for condition in conditions if condition.holds(now)]
    said = {less for condition in held for less in _SAYS_ALL.get(condition.reason, ())}
    return [condition for condition in held if condition.reason not in said]


def next_look(conditions: Sequence[Condition], parcel: Parcel | None, now: datetime) -> datetime | None:
    """When the answer can become another one without anything being heard. None: not by itself."""
    times = [condition.holds_from for condition in conditions]
    times += [condition.until for condition in conditions if condition.until]
    if parcel is not None and parcel.status in _BEFORE and parcel.tracking_number and not parcel.is_cancelled:
        # Whether the carrier knows the number is no fact: we look once it should.
        times.append(_began(parcel) + UNKNOWN_FOR + timedelta(hours=6))
    return min((at for at in times if at > now), default=None)


def hand_over_end(merchant: Merchant, placed_at: datetime) -> datetime:
    """When the day ends on which an order should be handed over by the merchant's processing promise."""
    zone = ZoneInfo(merchant.timezone)
    day = hand_over_day(merchant, placed_at.astimezone(zone))
    return datetime.combine(day + timedelta(days=1), time(0), zone)


def _by_word(parcel: Parcel) -> list[Condition]:
    """What the carrier itself says."""
    at = parcel.status_at or parcel.created_at
    match parcel.status:
        case Status.ATTEMPT_FAILED:
            return [Condition(Reason.FAILED_ATTEMPT, at, at, parcel.substatus)]
        case Status.EXCEPTION:
            reason = _EXCEPTIONS.get(parcel.substatus, Reason.PROBLEM)
            return [Condition(reason, at, at, parcel.substatus)]
        case Status.AVAILABLE_FOR_PICKUP:
            deadline = parcel.pickup_until or at + PICKUP_KEPT
            return [Condition(Reason.PICKUP, at, max(at, deadline - PICKUP_AHEAD), parcel.substatus)]
        case Status.RETURNING:
            return [Condition(Reason.RETURNING, at, at, parcel.substatus)]
        case Status.RETURNED:
            return [Condition(Reason.RETURNING, at, at, parcel.substatus, until=at + RETURNED_FOR)]
        case Status.EXPIRED:
            return [Condition(Reason.LOST, parcel.last_scan_at or at, at)]
    return []


def _by_silence(merchant: Merchant, parcel: Parcel, pace: Pace) -> list[Condition]:
    if parcel.status in _BEFORE:
        return _before_first_scan(merchant, parcel, pace)
    found = []
    last = parcel.last_scan_at or parcel.status_at or parcel.created_at
    if parcel.status in _MOVING:
        found.append(Condition(Reason.STALLED, last, last + pace.gap(parcel.carrier, parcel.country)))
    if parcel.status in _CAN_GET_LOST:
        found.append(Condition(Reason.LOST, last, last + pace.lost_after(parcel.carrier, parcel.country)))
    return found


def _before_first_scan(merchant: Merchant, parcel: Parcel, pace: Pace) -> list[Condition]:
    """A carrier of which we never hear anything leaves no parcel silent."""
    cannot_be_heard = parcel.poll_error.startswith(_CANNOT_ASK) or not pace.hears(parcel.carrier)
    if not parcel.tracking_number or cannot_be_heard:
        return []
    began = _began(parcel)
    expected = began + pace.first(parcel.carrier, parcel.country)
    if parcel.shipped_at is None:  # a label printed ahead of the packing is no parcel that got lost
        expected = max(expected, hand_over_end(merchant, parcel.placed_at))
    found = [Condition(Reason.NO_SCAN, began, expected)]
    if parcel.poll_error.startswith("not_found"):
        found.append(Condition(Reason.INVALID_NUMBER, began, began + UNKNOWN_FOR))
    return found


def _by_promise(merchant: Merchant, parcel: Parcel) -> list[Condition]:
    if parcel.promised_to is None or parcel.status in _NOT_LATE:
        return []
    zone = ZoneInfo(merchant.timezone)
    next_day = parcel.promised_to.astimezone(zone).date() + timedelta(days=1)
    return [Condition(Reason.LATE, parcel.promised_to, datetime.combine(next_day, time(0), zone))]


def _began(parcel: Parcel) -> datetime:
    return parcel.shipped_at or parcel.created_at

"""What a parcel that ended says about its carrier. Every figure of the scorecards is defined here."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.outcomes import outcome_of
from analytics.scorecards.bins import bin_of
from analytics.scorecards.models import Measure
from merchants.models import Merchant
from tracking.models import Shipment
from tracking.statuses import Status
from tracking.windows import is_later

_GONE = frozenset({"exception.lost", "exception.disposed"})
_BACK = frozenset({Status.RETURNING, Status.RETURNED})

Tallies = Counter[tuple[str, int]]


@dataclass(frozen=True)
class Way:
    """What the scans of a parcel say: whether one was an exception, and how long each took to reach us (seconds)."""

    has_exception: bool = False
    latencies: tuple[float, ...] = ()


@dataclass(frozen=True)
class Card:
    """What a parcel adds, and to which day, carrier, service and destination."""

    day: date
    carrier: str
    service: str
    country: str
    tallies: Tallies


def card_of(merchant: Merchant, parcel: Shipment, way: Way) -> Card | None:
    """What a parcel adds to its day; None while it is on its way.

    Promise: the last day of the first window that the shopper was told. Carrier's date: the last day of the window
    that the carrier itself named last. First attempt: delivered without one that failed. Working days: Monday to
    Friday after the hand-over.
    """
    ended = outcome_of(merchant, parcel)
    if ended is None:
        return None
    seen = [Measure.ENDED]
    if parcel.delivered_at is not None:
        seen += _of_delivery(merchant, parcel, parcel.delivered_at)
    elif parcel.failed_attempts:
        seen.append(Measure.ATTEMPTED)
    if way.has_exception:
        seen.append(Measure.EXCEPTED)
    if parcel.substatus in _GONE or parcel.status == Status.EXPIRED:
        seen.append(Measure.LOST)
    if parcel.status in _BACK:
        seen.append(Measure.RETURNED)
    tallies: Tallies = Counter((measure.value, 0) for measure in seen)
    tallies.update((Measure.LATENCY.value, bin_of(seconds)) for seconds in way.latencies)
    tallies.update(_transit(merchant, parcel))
    service, country = parcel.service[:60], parcel.order.country
    return Card(ended.day, ended.carrier, service, country, tallies)


def _of_delivery(merchant: Merchant, parcel: Shipment, at: datetime) -> Iterable[Measure]:
    yield Measure.DELIVERED
    yield Measure.ATTEMPTED
    if not parcel.failed_attempts:
        yield Measure.FIRST_ATTEMPT
    if parcel.promised_to is not None:
        yield Measure.PROMISED
        if not is_later(merchant, at, parcel.promised_to):
            yield Measure.PROMISE_KEPT
    if parcel.carrier_to is not None:
        yield Measure.DATED
        if not is_later(merchant, at, parcel.carrier_to):
            yield Measure.DATE_KEPT


def _transit(merchant: Merchant, parcel: Shipment) -> Iterable[tuple[str, int]]:
    start, end = parcel.shipped_at, parcel.delivered_at
    if start is None or end is None or start > end:
        return
    yield Measure.TRANSIT.value, bin_of((end - start).total_seconds())
    zone = ZoneInfo(merchant.timezone)
    days = workdays(start.astimezone(zone).date(), end.astimezone(zone).date())
    yield Measure.WORKDAYS.value, min(days, 400)


def workdays(start: date, end: date) -> int:
    """Working days (Monday to Friday) after `start` up to `end`."""
    weeks, rest = divmod((end - start).days, 7)
    return weeks * 5 + sum((start + timedelta(days=n)).weekday() < 5 for n in range(1, rest + 1))

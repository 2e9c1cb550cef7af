"""Delivery windows: the merchant's simple rule, and which of several windows holds."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import get_global

from merchants.models import Merchant
from orders.models import Order

# Whose word counts more. A carrier that has the parcel knows better than the shop, the shop better than a rule.
PRECEDENCE = {"": 0, "rule": 1, "shop": 2, "carrier": 3}

_DAY_BEGINS, _DAY_ENDS = time(8), time(20)


@dataclass(frozen=True)
class Window:
    """From when to when, both aware and in UTC, and who says so (`rule`, `shop`, `carrier`)."""

    start: datetime
    end: datetime
    source: str


def add_working_days(day: date, count: int) -> date:
    """The working day (Monday to Friday) `count` working days after `day`."""
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < 5:
            count -= 1
    return day


def by_rule(merchant: Merchant, *, placed_at: datetime, shipped_at: datetime | None) -> Window:
    """The merchant's rule: transit days after the hand-over, which is expected some days after the order."""
    zone = ZoneInfo(merchant.timezone)
    if shipped_at is not None:
        start = shipped_at.astimezone(zone).date()
    else:
        start = add_working_days(placed_at.astimezone(zone).date(), merchant.processing_days)
    return of_days(
        merchant,
        add_working_days(start, merchant.transit_days_min),
        add_working_days(start, max(merchant.transit_days_min, merchant.transit_days_max)),
        source="rule",
    )


def promised(merchant: Merchant, order: Order) -> Window | None:
    """What the shop promised when the order was placed, if it told us."""
    if order.promised_from is None or order.promised_to is None:
        return None
    return of_days(merchant, order.promised_from, order.promised_to, source="shop")


def of_days(merchant: Merchant, first: date, last: date, *, source: str) -> Window:
    """A window of whole days, in the merchant's time zone."""
    zone = ZoneInfo(merchant.timezone)
    start = datetime.combine(first, _DAY_BEGINS, zone).astimezone(UTC)
    return Window(start, datetime.combine(last, _DAY_ENDS, zone).astimezone(UTC), source)


def is_later(merchant: Merchant, new_end: datetime, told_end: datetime) -> bool:
    """Whether a window ends on a later day than the one that was told: what a shopper calls late."""
    zone = ZoneInfo(merchant.timezone)
    return new_end.astimezone(zone).date() > told_end.astimezone(zone).date()


def zone_at(merchant: Merchant, country: str) -> tzinfo:
    """The clock by which a shopper is told times: the destination's where its country has one only, else the shop's."""
    return ZoneInfo(_only_zone(country) or merchant.timezone)


@lru_cache(maxsize=256)
def _only_zone(country: str) -> str:
    zones = get_global("territory_zones").get(country, [])
    # Germany's second entry is Büsingen, Spain's the Canaries: the first is where nearly everybody lives.
    return zones[0] if len(zones) == 1 else _MOSTLY.get(country, "")


_MOSTLY = {"DE": "Europe/Berlin", "ES": "Europe/Madrid", "PT": "Europe/Lisbon", "CN": "Asia/Shanghai",
           "NZ": "Pacific/Auckland"}  # fmt: skip

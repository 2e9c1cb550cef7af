"""Delivery windows: the merchant's simple rule, and which of several windows holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from babel.core import get_global

from merchants.models import Merchant
from tracking.regions import area_of, holidays_of

# Whose word counts more. A carrier that has the parcel knows better than the shop, the shop better than a rule.
# When our own model takes a word's place is for `tracking.eta.choice` to say; whoever is asked after it did needs this.
PRECEDENCE = {"": 0, "rule": 1, "shop": 2, "model": 2, "carrier": 3}

_DAY_BEGINS, _DAY_ENDS = time(8), time(20)
_MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)  # of carriers; who packs may have other days


@dataclass(frozen=True)
class Window:
    """From when to when, both aware and in UTC, and who says so (`rule`, `shop`, `model`, `carrier`)."""

    start: datetime
    end: datetime
    source: str


class Bought(Protocol):
    """What dates depend on of an order: an `orders.models.Order`, or what a page has loaded of one."""

    @property
    def placed_at(self) -> datetime: ...
    @property
    def country(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def postcode(self) -> str: ...
    @property
    def shipping(self) -> Decimal: ...
    @property
    def total(self) -> Decimal: ...
    @property
    def promised_from(self) -> date | None: ...
    @property
    def promised_to(self) -> date | None: ...


@dataclass(frozen=True)
class Zone:
    """Countries with transit days of their own."""

    countries: tuple[str, ...]
    shortest: int
    longest: int

    def __str__(self) -> str:
        return f"{','.join(self.countries)}={self.shortest}-{self.longest}"

    @classmethod
    def read(cls, text: str) -> "Zone":
        """What `str` wrote: `AT,CH=2-4`."""
        countries, _, days = text.partition("=")
        shortest, _, longest = days.partition("-")
        return cls(tuple(countries.split(",")), int(shortest), int(longest))


def add_working_days(
    day: date, count: int, *, weekdays: Sequence[int] = _MONDAY_TO_FRIDAY, free: str = ""
) -> date:
    """The working day `count` working days after `day`. free: an area whose public holidays are no working days,
    as ISO 3166 writes it: `DE`, `DE-BY`."""
    while count > 0:
        day += timedelta(days=1)
        if _is_working_day(day, weekdays, free):
            count -= 1
    return day


def by_rule(
    merchant: Merchant,
    *,
    placed_at: datetime,
    shipped_at: datetime | None,
    country: str = "",
    region: str = "",
    postcode: str = "",
) -> Window:
    """The merchant's rule: transit days after the hand-over, which is expected some days after the order.

    country: where it goes, for the transit days and the holidays there; "" for the merchant's own. region and postcode
    as the address has them, for the region's holidays.
    """
    zone = ZoneInfo(merchant.timezone)
    if shipped_at is not None:
        start = shipped_at.astimezone(zone).date()
    else:
        start = hand_over_day(merchant, placed_at.astimezone(zone))
    shortest, longest = transit_days(merchant, country)
    free = area_of(country or merchant.country, region, postcode) if merchant.keeps_holidays else ""
    return of_days(
        merchant,
        add_working_days(start, shortest, free=free),
        add_working_days(start, max(shortest, longest), free=free),
        source="rule",
    )


def rule_of(merchant: Merchant, order: Bought, *, shipped_at: datetime | None = None) -> Window:
    """The merchant's rule for an order, and for a parcel of it that was handed over."""
    return by_rule(
        merchant, placed_at=order.placed_at, shipped_at=shipped_at, country=order.country, region=order.region,
        postcode=order.postcode,
    )  # fmt: skip


def transit_days(merchant: Merchant, country: str) -> tuple[int, int]:
    """The fewest and the most working days on the way to a country."""
    for text in merchant.transit_zones:
        zone = Zone.read(text)
        if country in zone.countries:
            return zone.shortest, zone.longest
    return merchant.transit_days_min, merchant.transit_days_max


def hand_over_day(merchant: Merchant, placed: datetime) -> date:
    """The day on which an order is handed to the carrier.

    With a cut-off, an order until then counts for its own working day, any other for the next one; without, an order
    counts for the day on which it comes.
    """
    weekdays = merchant.working_days or _MONDAY_TO_FRIDAY
    free = days_off(merchant)
    day = placed.date()
    if merchant.order_cutoff is not None:
        in_time = placed.time() <= merchant.order_cutoff and _is_working_day(day, weekdays, free)
        day = day if in_time else add_working_days(day, 1, weekdays=weekdays, free=free)
    return add_working_days(day, merchant.processing_days, weekdays=weekdays, free=free)


def days_off(merchant: Merchant) -> str:
    """The area whose public holidays the merchant keeps: `DE`, `DE-BY`, "" for none."""
    if not merchant.keeps_holidays:
        return ""
    return f"{merchant.country}-{merchant.region}" if merchant.region else merchant.country


def _is_working_day(day: date, weekdays: Sequence[int], free: str) -> bool:
    return day.weekday() in weekdays and not (free and day in holidays_of(free, day.year))


def promised(merchant: Merchant, order: Bought) -> Window | None:
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

"""Which of several dates is told: the carrier's, ours, the shop's, the rule's (docs/delivery-dates.md)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from merchants.models import Merchant
from tracking.windows import Window, of_days

# The share of parcels that come within the window; 1: the carrier says so. Rules and promises make no such claim.
CONFIDENCE: Final = {"carrier": 1.0, "model": 0.8}
# Before a parcel is handed over nobody has seen it, and what the shop promised is what its shopper was told.
_HOLDS_UNTIL_HANDED_OVER: Final = frozenset({"shop"})


@dataclass(frozen=True, slots=True)
class Said:
    """What our model said (UTC): nine in ten, half, one in ten are still to come then."""

    p10: datetime
    p50: datetime
    p90: datetime


@dataclass(frozen=True, slots=True)
class ToldNow:
    """The window that is told at present; its source is "" where there is none."""

    start: datetime | None
    end: datetime | None
    source: str


def ours(merchant: Merchant, told: ToldNow, said: Said, now: datetime, *, shipped: bool) -> Window | None:
    """Our window, if it is to take the place of the one that is told; None where that one stays.

    A carrier's word stays until its time is over, a shop's promise until the hand-over or until its time is over. Of
    our own windows the next takes the place of the last only when it says something else: another first or last day.
    Nothing is told whose time is over.
    """
    window = of_said(merchant, said, now)
    if window.end <= now:
        return None
    holds = told.end is not None and told.end > now
    if holds and (told.source == "carrier" or (told.source in _HOLDS_UNTIL_HANDED_OVER and not shipped)):
        return None
    if told.source == "model" and holds and not _says_something_else(merchant, told, window, said):
        return None
    return window


def of_said(merchant: Merchant, said: Said, now: datetime) -> Window:
    """Our window: the days from P10 to P90, but none before today."""
    zone = ZoneInfo(merchant.timezone)
    first = max(said.p10, min(now, said.p90)).astimezone(zone).date()
    return of_days(merchant, first, said.p90.astimezone(zone).date(), source="model")


def _says_something_else(merchant: Merchant, told: ToldNow, window: Window, said: Said) -> bool:
    """Whether the days differ. An end that moves to the next day and back is no news: the end that was told holds
    while half of the parcels come before it, unless it is off by two days."""
    assert told.end is not None
    assert told.start is not None
    zone = ZoneInfo(merchant.timezone)
    if window.end > told.end and said.p50 <= told.end and window.end - told.end < timedelta(days=2):
        return (
            window.start.astimezone(zone).date() > told.start.astimezone(zone).date()
            and window.start < told.end
        )
    return (window.start, window.end) != (told.start, told.end)

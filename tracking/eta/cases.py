"""What is known about a parcel at one moment: the input of a prediction, and of learning from past ones.

Times are days since 1970 (floats) by the shop's own clock, so that weekdays and hours are the shop's.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf, nan
from typing import Final
from zoneinfo import ZoneInfo

SECONDS_A_DAY: Final = 86_400


class Stage(StrEnum):
    """The moments at which a date is predicted: each has trees of its own."""

    PURCHASE = "purchase"
    HANDOVER = "handover"
    SCAN = "scan"


@dataclass(slots=True)
class Case:
    """A parcel at the moment `at`. What is not known is "" or nan.

    origin: who sends it (a seller, a warehouse). promise, dispatch_by: days. price, shipping: what the shopper pays.
    """

    stage: Stage
    at: float
    placed: float
    shipped: float = nan
    carrier: str = ""
    service: str = ""
    origin: str = ""
    origin_country: str = ""
    origin_region: str = ""
    origin_postcode: str = ""
    country: str = ""
    region: str = ""
    postcode: str = ""
    promise: float = nan
    dispatch_by: float = nan
    price: float = nan
    shipping: float = nan
    pieces: float = nan
    # Weekdays of the next seven days that are public holidays there; nan where the shop does not keep them.
    origin_days_off: float = nan
    days_off: float = nan
    # Of scans.
    status: str = ""
    substatus: str = ""
    scans: int = 0
    attempts: int = 0
    is_near: float = nan  # 1 where the last scan was in the region (or country) of the address


@dataclass(slots=True)
class Past:
    """A case and what became of it. delivered: when (days), or infinite for what was never seen delivered.

    shipped: when it was handed over, whatever the stage: how long origins take to pack is learned from it.
    """

    case: Case
    delivered: float = inf
    shipped: float = nan

    @property
    def days(self) -> float:
        """From the moment of the case to the delivery."""
        return self.delivered - self.case.at


def to_days(at: datetime, zone: ZoneInfo) -> float:
    """An aware time by the shop's clock, as days since 1970."""
    local = at.astimezone(zone)
    offset = local.utcoffset()
    return (at.timestamp() + (offset.total_seconds() if offset else 0)) / SECONDS_A_DAY

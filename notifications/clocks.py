"""The shopper's clock: which time zone an order goes to, and when "3 days later, at 10:00" is there.

Zones are IANA's. Which postcodes lie in which zone is a table of the postal services' own areas (the first digits of a
US ZIP code, a Canadian or Australian postcode); a state with two zones counts as the one where most people live.
"""

from bisect import bisect_right
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from merchants.models import Merchant
from tracking import windows

DAY: Final = timedelta(days=1)

# From which three digits of a ZIP code on: each goes on until the next.
_US: Final = (
    ("000", "America/New_York"), ("006", "America/Puerto_Rico"), ("010", "America/New_York"),
    ("324", "America/Chicago"), ("326", "America/New_York"), ("350", "America/Chicago"),
    ("373", "America/New_York"), ("375", "America/Chicago"), ("376", "America/New_York"),
    ("380", "America/Chicago"), ("398", "America/New_York"), ("420", "America/Chicago"),
    ("425", "America/New_York"), ("463", "America/Chicago"), ("465", "America/New_York"),
    ("476", "America/Chicago"), ("478", "America/New_York"), ("500", "America/Chicago"),
    ("577", "America/Denver"), ("580", "America/Chicago"), ("590", "America/Denver"),
    ("600", "America/Chicago"), ("693", "America/Denver"), ("700", "America/Chicago"),
    ("798", "America/Denver"), ("850", "America/Phoenix"), ("870", "America/Denver"),
    ("889", "America/Los_Angeles"), ("967", "Pacific/Honolulu"), ("969", "Pacific/Guam"),
    ("970", "America/Los_Angeles"), ("995", "America/Anchorage"),
)  # fmt: skip
_CA: Final = {
    "A": "America/St_Johns", "B": "America/Halifax", "C": "America/Halifax", "E": "America/Moncton",
    "R": "America/Winnipeg", "S": "America/Regina", "T": "America/Edmonton", "V": "America/Vancouver",
    "X": "America/Edmonton", "Y": "America/Whitehorse", "G": "America/Toronto", "H": "America/Toronto",
    "J": "America/Toronto", "K": "America/Toronto", "L": "America/Toronto", "M": "America/Toronto",
    "N": "America/Toronto", "P": "America/Toronto",
}  # fmt: skip
_AU: Final = {
    "0": "Australia/Darwin", "1": "Australia/Sydney", "2": "Australia/Sydney", "3": "Australia/Melbourne",
    "4": "Australia/Brisbane", "5": "Australia/Adelaide", "6": "Australia/Perth", "7": "Australia/Hobart",
    "8": "Australia/Melbourne", "9": "Australia/Brisbane",
}  # fmt: skip
# Islands with a clock of their own, by the beginning of the postcode.
_ISLANDS: Final = {
    "ES": {"35": "Atlantic/Canary", "38": "Atlantic/Canary"},
    "PT": {"90": "Atlantic/Madeira", "91": "Atlantic/Madeira", "92": "Atlantic/Madeira",
           "93": "Atlantic/Madeira", "94": "Atlantic/Madeira", "95": "Atlantic/Azores",
           "96": "Atlantic/Azores", "97": "Atlantic/Azores", "98": "Atlantic/Azores",
           "99": "Atlantic/Azores"},
}  # fmt: skip


def zone_of(merchant: Merchant, country: str, postcode: str = "") -> tzinfo:
    """The clock where an order goes: by country and postcode, else the shop's.

    For greeting somebody at ten in the morning. Times that are told in words go by `tracking.windows.zone_at`.
    """
    name = _by_postcode(country, postcode.replace(" ", "").upper())
    return ZoneInfo(name) if name else windows.zone_at(merchant, country)


def _by_postcode(country: str, code: str) -> str:
    if country == "US" and code[:3].isdigit() and len(code) >= 5:
        return _US[bisect_right([start for start, _ in _US], code[:3]) - 1][1]
    if country == "CA":
        return _CA.get(code[:1], "")
    if country == "AU" and len(code) == 4:
        return _AU.get(code[:1], "")
    return _ISLANDS.get(country, {}).get(code[:2], "")


def moment(start: datetime, delay: timedelta, at: time | None, zone: tzinfo) -> datetime:
    """When something is due (UTC): `delay` after `start`, or at a time of the shopper's day.

    With `at`, whole days count as dates: three days after an evening in May is the third day after it, at that time.
    Otherwise it is the first such time that is not before `start + delay`. An hour that the change to summer time skips
    is the one after it.
    """
    if at is None:
        return start + delay
    if delay >= DAY and delay % DAY == timedelta():
        day = start.astimezone(zone).date() + delay
        return datetime.combine(day, at, zone).astimezone(UTC)
    earliest = start + delay
    day = earliest.astimezone(zone).date()
    found = datetime.combine(day, at, zone)
    if found < earliest:
        found = datetime.combine(day + DAY, at, zone)
    return found.astimezone(UTC)

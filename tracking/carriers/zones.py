"""Local times without an offset: which zone a scan's place is in."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from datetime import time as clock
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("zones.toml").read_text(encoding="utf-8"))


@cache
def _region_zones(country: str) -> Mapping[str, str]:
    rows: Mapping[str, str] = _table()["regions"].get(country, {})
    return {region: zone for zone, regions in rows.items() for region in regions.split()}


def zone_of(country: str, region: str = "") -> tzinfo:
    """The time zone of an ISO country (and state, where we know more); UTC when unknown."""
    name = _region_zones(country).get(region) or _table()["zones"].get(country)
    return ZoneInfo(name) if name else UTC


def country_of_name(name: str) -> str:
    """The ISO code of a country's English name as carriers print it, or ""."""
    code: str = _table()["names"].get(" ".join(name.upper().split()), "")
    return code


def parse_local(text: str, zone: tzinfo) -> tuple[datetime, bool]:
    """An ISO 8601 time as UTC, and whether it named its own offset.

    Without one it is read as local time of `zone`. In the hour that autumn has twice, the
    first is taken; an hour that spring skips is moved on by the gap. Raises ValueError.
    """
    at = datetime.fromisoformat(text.strip())
    offset_known = at.tzinfo is not None
    if not offset_known:
        at = at.replace(tzinfo=zone)
    try:
        return at.astimezone(UTC), offset_known
    except OverflowError as error:
        raise ValueError(f"no such time: {text}") from error


# What North American carriers call their clocks, in English and French: hours from UTC.
_CLOCKS: Final = {
    "NST": -3.5, "NDT": -2.5, "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "HNT": -3.5, "HAT": -2.5, "HNA": -4, "HAA": -3,
    "HNE": -5, "HAE": -4, "HNC": -6, "HAC": -5, "HNR": -7, "HAR": -6, "HNP": -8, "HAP": -7, "GMT": 0, "UTC": 0,
}  # fmt: skip


def clock_of(name: str) -> tzinfo | None:
    """The clock behind an abbreviation ("EST", "HAE"), None when it is none that we know."""
    hours = _CLOCKS.get(name.strip().upper())
    return None if hours is None else timezone(timedelta(hours=hours))


def written(date: str, time: str = "", offset: str = "") -> str:
    """One ISO 8601 text of a date and a time that a carrier writes apart: "20260302", "71356", "-05:00".

    A short time lost its leading noughts. Without a time, the date alone.
    """
    date, time, offset = date.strip(), time.strip(), offset.strip()
    if time.isdigit():
        time = time.zfill(6 if len(time) > 4 else 4)
    return f"{date}T{time}{offset}" if time else date


def whole_day(date: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first and the last second of a day there (UTC). Raises ValueError."""
    day = datetime.fromisoformat(date.strip()).date()
    begins, ends = datetime.combine(day, clock(0), zone), datetime.combine(day, clock(23, 59, 59), zone)
    return begins.astimezone(UTC), ends.astimezone(UTC)


def promised(told: str, zone: tzinfo) -> tuple[datetime | None, datetime | None, bool]:
    """A delivery date as (from, to, whether it is a day). A midnight means that day there, "" nothing.

    Raises ValueError.
    """
    if not told:
        return None, None, False
    if datetime.fromisoformat(told).time() == clock(0):
        return *whole_day(told[:10], zone), True
    at = parse_local(told, zone)[0]
    return at, at, False


_SPOKEN: Final = (
    "%B %d, %Y %I:%M %p", "%B %d, %Y %I:%M%p", "%B %d, %Y, %I:%M %p", "%B %d, %Y", "%Y-%m-%d %I:%M %p",
    "%Y-%m-%d %I:%M%p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M", "%m/%d/%Y",
)  # fmt: skip


def spoken(written_at: str) -> str:
    """ISO 8601, without an offset, for a time as Americans speak it ("March 2, 2026 1:58 pm"); ISO stays.

    Raises ValueError.
    """
    words = " ".join(written_at.split())
    try:
        datetime.fromisoformat(words)
        return words
    except ValueError:
        pass
    for form in _SPOKEN:
        try:
            at = datetime.strptime(words.upper(), form)  # its zone is the caller's to know
        except ValueError:
            continue
        return at.isoformat()
    raise ValueError(f"no such time: {written_at}")

"""When a message may go out: quiet hours of the shop, of the shopper and of the law, by the shopper's clock. Pure.

A message that comes within them waits for their end; it is never dropped for that.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Final

_MIDNIGHT: Final = time()
# Quiet hours that overlap are left one after the other: more steps than there are in two weeks lead nowhere.
_MOST_STEPS: Final = 60


@dataclass(frozen=True)
class Hours:
    """quiet: (from, to) of a day; over midnight where from is later. allowed: weekday (0 is Monday) → (from, to)."""

    zones: Sequence[tzinfo]
    quiet: Sequence[tuple[time, time]] = ()
    allowed: Mapping[int, tuple[time, time]] = field(default_factory=dict)


def next_moment(at: datetime, hours: Hours) -> datetime | None:
    """The first moment from `at` on (UTC) that is within no quiet hours of any of the zones. None: there is none."""
    found = at
    for _ in range(_MOST_STEPS):
        later = _step(found, hours)
        if later is None:
            return found
        found = later
    return None


def _step(at: datetime, hours: Hours) -> datetime | None:
    """The end of a stretch of quiet that `at` lies in, None when it lies in none."""
    for zone in hours.zones:
        local = at.astimezone(zone)
        for start, end in hours.quiet:
            if _is_within(local.time(), start, end):
                return _at(local, end, later=local.time() >= end)
        window = hours.allowed.get(local.weekday())
        if window and local.time() < window[0]:
            return _at(local, window[0], later=False)
        if window and local.time() >= window[1]:
            return _at(local, _MIDNIGHT, later=True)
    return None


def _is_within(now: time, start: time, end: time) -> bool:
    return start <= now < end if start < end else now >= start or now < end


def _at(local: datetime, at: time, *, later: bool) -> datetime:
    """A time of this day or of the next one, as UTC. One that a change of the clock skips is the one after it."""
    day = local.date() + timedelta(days=1 if later else 0)
    found = datetime.combine(day, at, local.tzinfo).astimezone(UTC)
    # In the hour that comes twice the clock may stand before `local`: always forward.
    return max(found, local.astimezone(UTC) + timedelta(minutes=1))


@cache
def text_hours() -> Mapping[str, Any]:
    """The law's hours for advertising by text message (`text_hours.toml`): country → state → weekday → (from, to)."""
    read = tomllib.loads((Path(__file__).parent / "consent" / "text_hours.toml").read_text())
    return {
        country: {
            state: {int(day): (time.fromisoformat(a), time.fromisoformat(b)) for day, (a, b) in _days(row)}
            for state, row in states.items()
        }
        for country, states in read.items()
    }


def _days(row: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    rest = {str(day): row["every_day"] for day in range(7)}
    return [*(rest | row.get("on", {})).items()]


def legal_hours(country: str, state: str) -> Mapping[int, tuple[time, time]]:
    """The hours in which the law lets a shop advertise by text message. The narrowest of all when we do not know where.

    state: its postal code, or its name.
    """
    states = text_hours().get(country)
    if not states:
        return {}
    code = _STATES.get(state.strip().lower(), state.strip().upper())
    if code:
        return states.get(code) or states["default"]
    return {
        day: (max(row[day][0] for row in states.values()), min(row[day][1] for row in states.values()))
        for day in range(7)
    }


# Those that have hours of their own, by name as shops write it.
_STATES: Final = {
    "florida": "FL", "maryland": "MD", "massachusetts": "MA", "new jersey": "NJ", "oklahoma": "OK",
    "connecticut": "CT", "rhode island": "RI", "texas": "TX",
}  # fmt: skip

"""From scans to counts: how many there were in each bucket, and for how long parcels waited in it. Pure functions.

Time is counted in whole minutes and scans in ones, so that counts can be added up and taken off again exactly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from tracking.rates import curves
from tracking.rates.curves import QUIET, WEEK_HOURS, WINDOW, Rate, shrunk

_WEEK_MINUTES: Final = WEEK_HOURS * 60
# A parcel that waits for longer teaches nothing about when to look.
LONGEST_GAP: Final = timedelta(days=30)
# What is believed already counts like so many scans: for the rate as a whole, and for each bucket of a curve.
_WEIGHT: Final = 20.0
_BUCKET_WEIGHT: Final = 6.0


@dataclass
class Counts:
    """Scans and minutes of waiting in one context: in all by bucket of each curve."""

    week_scans: list[int] = field(default_factory=lambda: [0] * WEEK_HOURS)
    week_minutes: list[int] = field(default_factory=lambda: [0] * WEEK_HOURS)
    quiet_scans: list[int] = field(default_factory=lambda: [0] * len(QUIET))
    quiet_minutes: list[int] = field(default_factory=lambda: [0] * len(QUIET))
    window_scans: list[int] = field(default_factory=lambda: [0] * (len(WINDOW) + 1))
    window_minutes: list[int] = field(default_factory=lambda: [0] * (len(WINDOW) + 1))

    @property
    def scans(self) -> int:
        return sum(self.week_scans)

    def add(self, other: "Counts", sign: int = 1) -> None:
        """Add the other's counts, or take them off (sign -1)."""
        for name, mine in vars(self).items():
            mine[:] = [a + sign * b for a, b in zip(mine, getattr(other, name), strict=True)]

    def wait(
        self, begin: datetime, end: datetime, eta: datetime | None, clock: tzinfo, *, scanned: bool
    ) -> None:
        """Count a wait from one scan to the next (`scanned`), or to where we stopped watching. All times are aware."""
        end = min(end, begin + LONGEST_GAP)
        minutes = int((end - begin).total_seconds() // 60)
        local = begin.astimezone(clock)
        start = local.weekday() * 1440 + local.hour * 60 + local.minute
        for hour, share in _hours(start, minutes):
            self.week_minutes[hour] += share
        for bucket, share in _overlaps(QUIET, 0, minutes):
            self.quiet_minutes[bucket] += share
        left = None if eta is None else int((eta - begin).total_seconds() // 60)
        if left is None:
            self.window_minutes[curves.NO_WINDOW] += minutes
        else:
            for bucket, share in _overlaps(WINDOW, left - minutes, left):
                self.window_minutes[bucket] += share
        if scanned:
            self.week_scans[(start + minutes) // 60 % WEEK_HOURS] += 1
            self.quiet_scans[curves.quiet_bucket(minutes / 60)] += 1
            self.window_scans[curves.window_bucket(None if left is None else (left - minutes) / 60)] += 1


def _hours(start: int, minutes: int) -> Iterable[tuple[int, int]]:
    """The hours of the week that a wait of so many minutes from minute `start` on touches, and how long each."""
    weeks, minutes = divmod(minutes, _WEEK_MINUTES)
    if weeks:
        yield from ((hour, 60 * weeks) for hour in range(WEEK_HOURS))
    while minutes > 0:
        share = min(60 - start % 60, minutes)
        yield start // 60 % WEEK_HOURS, share
        start, minutes = start + share, minutes - share


def _overlaps(edges: Sequence[float], low: int, high: int) -> Iterable[tuple[int, int]]:
    """How many minutes of [low, high) lie in each bucket; the edges are in hours."""
    in_minutes = [edge * 60 for edge in edges]
    for bucket, (begin, end) in enumerate(pairwise([*in_minutes, float("inf")])):
        share = int(min(high, end) - max(low, begin)) if min(high, end) > max(low, begin) else 0
        if share > 0:
            yield bucket, share


def fitted(counts: Counts, prior: Rate) -> Rate:
    """The curves that the counts speak for, drawn towards `prior` where they are few."""
    hours = sum(counts.week_minutes) / 60
    base = shrunk(counts.scans, hours * prior.base, 1.0, _WEIGHT) * prior.base
    return Rate(
        base,
        _week(counts, base, prior.week),
        _curve(counts.quiet_scans, counts.quiet_minutes, base, prior.quiet),
        _curve(counts.window_scans, counts.window_minutes, base, prior.window),
    )


def _week(counts: Counts, base: float, prior: Sequence[float]) -> tuple[float, ...]:
    """The week's curve: first the hours of a day and the days of the week, then each hour of the week by itself."""
    expected = [
        base * waited / 60 * factor for waited, factor in zip(counts.week_minutes, prior, strict=True)
    ]
    seen = counts.week_scans
    by_hour = [_ratio(seen[hour::24], expected[hour::24]) for hour in range(24)]
    by_day = [_ratio(seen[day * 24 : day * 24 + 24], expected[day * 24 : day * 24 + 24]) for day in range(7)]
    believed = [factor * by_hour[place % 24] * by_day[place // 24] for place, factor in enumerate(prior)]
    return _curve(seen, counts.week_minutes, base, believed)


def _ratio(seen: Sequence[int], expected: Sequence[float]) -> float:
    return shrunk(sum(seen), sum(expected), 1.0, _WEIGHT)


def _curve(
    scans: Sequence[int], minutes: Sequence[int], base: float, prior: Sequence[float]
) -> tuple[float, ...]:
    return tuple(
        shrunk(seen, base * waited / 60, believed, _BUCKET_WEIGHT)
        for seen, waited, believed in zip(scans, minutes, prior, strict=True)
    )

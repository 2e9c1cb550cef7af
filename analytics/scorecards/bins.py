"""Lengths of time in bins that add up: any days, carriers or lanes together give the quantiles of all.

A bin ends 10 % above where it begins, so a quantile is right to 5 % whatever its size (as in Masson, Rim and Lee,
"DDSketch", 2019). Working days are their own bins.
"""

from collections.abc import Mapping
from math import ceil, log
from typing import Final

_GROWTH: Final = 1.1
_LONGEST: Final = 400 * 86_400  # seconds: a clock that is wrong by years must not break a figure
Bins = Mapping[int, int]


def bin_of(seconds: float) -> int:
    """The bin of a length of time; everything up to a second is in the first."""
    return max(0, ceil(log(min(seconds, _LONGEST), _GROWTH))) if seconds > 1 else 0


def middle(number: int) -> float:
    """The seconds that stand for a bin."""
    return _GROWTH ** (number - 0.5) if number else 0.5


def quantile(bins: Bins, share: float) -> float | None:
    """The length in seconds that this share of all stays below; None without any."""
    found = rank(bins, share)
    return None if found is None else middle(found)


def rank(bins: Bins, share: float) -> int | None:
    """The bin in which this share of all is reached; None without any."""
    total = sum(bins.values())
    passed = 0
    for number in sorted(bins):
        passed += bins[number]
        if passed and passed >= share * total:
            return number
    return None


def mean(bins: Bins) -> float | None:
    """The mean in seconds, right to 5 %."""
    total = sum(bins.values())
    return sum(middle(number) * count for number, count in bins.items()) / total if total else None


def longest(bins: Bins) -> float | None:
    """The longest in seconds, right to 5 %."""
    return middle(max(bins)) if bins else None

"""How fast parcels are just now: what came in the last days against what should have come at the usual speed.

Each parcel that was under way has a chance of arriving on each of its days, known from how far parcels usually are off
from what the trees say (`Spread`). Added up, that is how many should have come. The factor on all days for which as
many should have come as did is the level: parcels that are still under way count as they stand, so that it follows a
strike, and its end, within days. (Observed against expected events: Breslow, Analysis of Survival Data under the
Proportional Hazards Model, 1975; the factor is that of an accelerated failure time.)
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# A parcel that is under way for longer tells nothing of today.
_OLDEST: Final = 60.0  # days
# The level is looked for among these: of logarithms of days.
_LOWEST, _HIGHEST, _STEPS = -6.0, 6.0, 30
# How far the level is followed: of the way from its usual one to that of a week and a month, seen from many deliveries;
# it always came back, and until a new parcel arrives some of that has happened.
_FOLLOWED: Final = 0.65
_WEEK, _MONTH = 7.0, 28.0
_WEEK_SHARE: Final = 0.6
_SHRINK: Final = 20.0  # deliveries: of fewer half is believed


class Spread(NamedTuple):
    """How parcels are spread around what was said of them: errors (log days, in order), and the hazard up to each."""

    errors: Numbers
    hazard: Numbers

    @classmethod
    def of(cls, errors: Numbers, lost: float) -> "Spread":
        """errors: of delivered parcels, around zero. lost: the share of those that never come."""
        survival = 1 - np.arange(1, len(errors) + 1) / (len(errors) + 1)
        return cls(np.sort(errors), -np.log((1 - lost) * survival + lost))

    def up_to(self, error: Numbers) -> Numbers:
        return np.interp(error, self.errors, self.hazard, left=0.0)


class Parcels(NamedTuple):
    """What was said of parcels (log days, at level 0), when they began, and when they came (days; or infinite)."""

    said: Numbers
    began: Numbers
    came: Numbers


def level(spread: Spread, parcels: Parcels, now: float, usual: float) -> float:
    """What to add to the logarithm of days for a parcel that begins now. usual: the level of many months."""
    found = usual
    for days, share in ((_MONTH, 1.0), (_WEEK, _WEEK_SHARE)):
        seen, count = observed(spread, parcels, now, days)
        found += (seen - found) * share * count / (count + _SHRINK)
    return usual + (found - usual) * _FOLLOWED


def observed(spread: Spread, parcels: Parcels, now: float, days: float) -> tuple[float, int]:
    """The level at which as many deliveries were to be expected in the last days as there were; and how many."""
    first = now - days
    open_ = (parcels.began < now) & (parcels.came > first) & (first - parcels.began < _OLDEST)
    said, began, came = (values[open_] for values in parcels)
    count = int((came < now).sum())
    entered = np.log(np.maximum(first - began, 1e-9)) - said
    left = np.log(np.maximum(np.minimum(came, now) - began, 1e-9)) - said
    low, high = _LOWEST, _HIGHEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        expected = (spread.up_to(left - middle) - spread.up_to(entered - middle)).sum()
        low, high = (middle, high) if expected > count else (low, middle)
    return (low + high) / 2, count

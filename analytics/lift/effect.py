"""From sums to an effect: how much more those did who got the message than those who were held out.

- **Held-out shares change**, and so do seasons: groups are compared within a stratum (those who met the same share)
  only, and the strata's effects are averaged by how much each of them knows.
- **Prior spend** explains a part of what people spend whatever they are sent; it is taken out of both groups (CUPED:
  Deng, Xu, Kohavi and Walker, "Improving the sensitivity of online controlled experiments by utilizing pre-experiment
  data", WSDM 2013). It was there before chance decided, so it cannot hide an effect.
- **A small holdout** has few events, and a variance that was estimated from few of them may be far too small by luck.
  An arm's variance is therefore never taken for less than both arms' together.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from analytics.lift.sequence import reach
from analytics.lift.sums import Pair, Sums, everybody, slope_of

# Nothing is said below this: the interval is an asymptotic one, and begins to hold somewhere here (docs/lift.md).
FEWEST_IN_GROUP = 100
FEWEST_HITS = 40


class Verdict(StrEnum):
    """What can be said. Part of the public API."""

    NOT_ENOUGH = "not_enough_data"
    UNCLEAR = "unclear"  # no effect can be told from chance
    MORE = "more"
    LESS = "less"


@dataclass(frozen=True)
class Effect:
    """What a message does to one outcome. In the outcome's unit for each shopper (a share, or money).

    sent, held_out: shoppers in both groups whose window has passed. base: the mean of those held out. effect: the
    difference, corrected for prior spend; low and high: the interval, None while it is too early.
    kept: which part of the variance was left after the correction, 0 to 1.
    """

    sent: int
    held_out: int
    base: float
    effect: float
    low: float | None
    high: float | None
    kept: float

    @property
    def verdict(self) -> Verdict:
        if self.low is None or self.high is None:
            return Verdict.NOT_ENOUGH
        if self.low > 0:
            return Verdict.MORE
        return Verdict.LESS if self.high < 0 else Verdict.UNCLEAR

    @property
    def relative(self) -> float | None:
        """The effect as a part of what those held out did; None when they did nothing."""
        return self.effect / self.base if self.base else None


def effect_of(strata: Mapping[int, Pair]) -> Effect:
    """The effect of a message on one outcome.

    strata: by the share that was held out, the sums of both groups.
    """
    sent, held_out = everybody(strata)
    both = [pair for pair in strata.values() if min(pair[0].n, pair[1].n) >= 1]
    if not both:
        return Effect(sent.n, held_out.n, held_out.mean_y, 0.0, None, None, 1.0)
    groups = [group for pair in both for group in pair]
    slope = slope_of(groups)
    spread = _spread(groups, slope)
    known = sum(_information(*pair) for pair in both)
    base = difference = variance = 0.0
    for one, other in both:
        weight = _information(one, other) / known
        base += weight * other.mean_y
        difference += weight * (one.mean_y - other.mean_y - slope * (one.mean_x - other.mean_x))
        variance += weight**2 * (
            _variance(one, slope, spread) / one.n + _variance(other, slope, spread) / other.n
        )
    low = high = None
    if _is_enough(sent, held_out):
        half = reach(variance, known)
        low, high = difference - half, difference + half
    uncorrected = _spread(groups, 0.0)
    kept = spread / uncorrected if uncorrected else 1.0
    return Effect(sent.n, held_out.n, base, difference, low, high, kept)


def half_width_at(strata: Mapping[int, Pair], sent: float, held_out: float) -> float:
    """How far the interval would reach with groups of these sizes, were all else as it is now."""
    groups = [group for pair in strata.values() for group in pair]
    if min(sent, held_out) < 1 or sum(group.n for group in groups) < 2:
        return math.inf
    spread = _spread(groups, slope_of(groups))
    return reach(spread / sent + spread / held_out, 1 / (1 / sent + 1 / held_out))


def _is_enough(sent: Sums, held_out: Sums) -> bool:
    return min(sent.n, held_out.n) >= FEWEST_IN_GROUP and sent.hits + held_out.hits >= FEWEST_HITS


def _information(one: Sums, other: Sums) -> float:
    return 1 / (1 / one.n + 1 / other.n)


def _spread(groups: list[Sums], slope: float) -> float:
    """The variance inside the groups, over all of them."""
    freedom = sum(group.n for group in groups) - len(groups)
    return sum(group.squares(slope) for group in groups) / freedom if freedom > 0 else 0.0


def _variance(group: Sums, slope: float, spread: float) -> float:
    return max(spread, group.squares(slope) / (group.n - 1)) if group.n > 1 else spread

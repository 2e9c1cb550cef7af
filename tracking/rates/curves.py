"""How often a parcel is scanned, as a product of curves, and how long a look can wait because of it. Pure functions.

The rate (scans an hour) of a parcel in one status is

    base x week[hour of the week] x quiet[hours since the last scan] x window[hours until its delivery window ends]

with the hour of the week in the local time of the place. Each curve has the mean 1 over what was seen.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WEEK_HOURS: Final = 168
# Lower ends of the buckets, in hours: since the last scan …
QUIET: Final = (0, 1, 2, 4, 8, 12, 18, 24, 36, 48, 72, 96, 144, 216, 336)
# … and until the end of the delivery window (below -120: long past). The last place is "no window known".
WINDOW: Final = (-1e9, -120, -48, -24, -12, 0, 6, 12, 24, 48, 96, 168, 336)
NO_WINDOW: Final = len(WINDOW)
# The curve of the times between looks against the rate. 1/2 gives the least mean delay for the number of calls
# (Keller 1974; Cho and Garcia-Molina 2003 for pages).
EXPONENT: Final = 0.5


def quiet_bucket(hours: float) -> int:
    """The bucket of a time since the last scan."""
    return bisect_right(QUIET, max(hours, 0.0)) - 1


def window_bucket(hours: float | None) -> int:
    """The bucket of a time until the delivery window ends; None: no window is known."""
    return NO_WINDOW if hours is None else bisect_right(WINDOW, hours) - 1


@dataclass(frozen=True, slots=True)
class Rate:
    """The curves of one status. `base` is in scans an hour; the lists are factors, one a bucket."""

    base: float
    week: Sequence[float]
    quiet: Sequence[float]
    window: Sequence[float]

    def at(self, week_hour: float, quiet: float, window: float | None) -> float:
        """Scans an hour: at an hour of the week (0: Monday 0:00), so long after the last scan and before the end."""
        return (
            self.base
            * self.week[int(week_hour) % WEEK_HOURS]
            * self.quiet[quiet_bucket(quiet)]
            * self.window[window_bucket(window)]
        )

    def a_day(self) -> float:
        """Looks a day at price 1, on average over the week: what a parcel of this status costs."""
        return 24 * sum((self.base * factor) ** EXPONENT for factor in self.week) / WEEK_HOURS


def shrunk(seen: float, expected: float, prior: float, weight: float) -> float:
    """A factor by what was seen against what was expected, drawn towards `prior` as if `weight` scans had shown that.

    The mean of a gamma distribution after `seen` events of a Poisson process with the exposure `expected`.
    """
    return (seen + weight) / (expected + weight / prior)


def hours_to_look(
    rate: Rate,
    *,
    week_hour: float,
    quiet: float,
    window: float | None,
    price: float,
    fastest: float,
    slowest: float,
) -> float:
    """How long a look can wait: until the integral of rate^EXPONENT from now on has reached `price`.

    Never less than `fastest` and never more than `slowest` (hours). `window`: hours until the delivery window ends.
    """
    gathered, passed = 0.0, 0.0
    while passed < slowest:
        # The week's curve changes at full hours; the others are taken at the middle of the step.
        step = min(1.0 - (week_hour + passed) % 1.0, slowest - passed)
        middle = passed + step / 2
        left = None if window is None else window - middle
        speed = rate.at(week_hour + middle, quiet + middle, left) ** EXPONENT
        if gathered + speed * step >= price:
            return min(max(passed + (price - gathered) / speed, fastest), slowest)
        gathered += speed * step
        passed += max(step, 1e-6)
    return slowest

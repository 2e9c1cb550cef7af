"""What is assumed about scans before any was seen: how often, at which hours, how soon after the last, how near the
end.

Rough curves from what carriers publish about their days: parcels are collected in the afternoon, sorted in the evening
and at night, delivered by day and hardly on Sundays. They carry the weight of a few scans and give way to what is seen.
"""

from functools import cache
from typing import Final

from tracking.rates.curves import QUIET, WEEK_HOURS, WINDOW, Rate
from tracking.statuses import Status

ANNOUNCED: Final = "announced"
# Contexts in which a parcel can wait for its next scan, and the hours until it on average.
HOURS: Final = {
    ANNOUNCED: 24.0,
    Status.IN_TRANSIT.value: 9.0,
    Status.OUT_FOR_DELIVERY.value: 6.0,
    Status.ATTEMPT_FAILED.value: 18.0,
    Status.AVAILABLE_FOR_PICKUP.value: 36.0,
    Status.EXCEPTION.value: 20.0,
    Status.RETURNING.value: 24.0,
}  # fmt: skip

# Factors of the hours of a day, in six steps of four hours from midnight on.
_COLLECTED: Final = (0.15, 0.3, 0.8, 1.5, 2.2, 1.05)
_MOVED: Final = (1.1, 1.2, 0.9, 0.7, 0.9, 1.2)
_AT_THE_DOOR: Final = (0.04, 0.3, 1.9, 2.0, 1.4, 0.36)
_BY_DAY: Final = {ANNOUNCED: _COLLECTED, Status.IN_TRANSIT.value: _MOVED, Status.RETURNING.value: _MOVED}
_WEEKDAYS: Final = (1.15, 1.2, 1.2, 1.2, 1.15, 0.8, 0.3)

_QUIET: Final = (1.3, 1.2, 1.1, 1.1, 1.1, 1.1, 1.0, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.05)
_WINDOW: Final = (0.5, 0.7, 0.9, 1.1, 1.4, 2.0, 1.8, 1.5, 1.2, 1.0, 0.9, 0.8, 0.7, 1.0)
assert (len(_QUIET), len(_WINDOW)) == (len(QUIET), len(WINDOW) + 1)


def context_of(status: str) -> str:
    """Which curves hold for a parcel in this status; "" when no more scans are waited for."""
    if status in (Status.PENDING, Status.INFO_RECEIVED):
        return ANNOUNCED
    return status if status in HOURS else ""


@cache
def prior(context: str) -> Rate:
    """The curves that hold before anything was seen."""
    day = _BY_DAY.get(context, _AT_THE_DOOR)
    week = [_WEEKDAYS[hour // 24] * day[hour % 24 // 4] for hour in range(WEEK_HOURS)]
    mean = sum(week) / WEEK_HOURS
    return Rate(1 / HOURS[context], tuple(factor / mean for factor in week), _QUIET, _WINDOW)

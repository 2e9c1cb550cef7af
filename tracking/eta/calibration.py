"""How far quantiles have to be moved so that they hold: conformal calibration with parcels that are still under way.

Conformalized quantile regression (Romano, Patterson, Candès 2019) moves each quantile by the quantile of its errors
on cases that the model had not seen. The newest cases are the most telling and mostly not delivered yet: leaving them
out would keep the fast ones only. So the errors' distribution is Kaplan and Meier's (1958), in which an open parcel
says what it knows: that it takes longer than until now.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Error(NamedTuple):
    """log(days) − the predicted quantile; of an open parcel, the least that it can become."""

    value: float
    is_known: bool
    weight: float = 1.0


def quantile(errors: Iterable[Error], level: float) -> float | None:
    """The Kaplan–Meier quantile of errors of which some are known from below only.

    Where the open ones leave it unknown, the largest known error; None without any known one.
    """
    in_order = sorted(errors, key=lambda error: (error.value, not error.is_known))
    at_risk = sum(error.weight for error in in_order)
    survival, largest = 1.0, None
    for error in in_order:
        if error.is_known and at_risk > 0:
            survival *= max(0.0, 1 - error.weight / at_risk)
            largest = error.value
            if survival <= 1 - level + 1e-12:
                return largest
        at_risk -= error.weight
    return largest

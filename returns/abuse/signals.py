"""What speaks for looking at a return closely: counted, weighed and said in words. Pure.

Thresholds are those that returns software commonly starts from (a share of 60 % of the items and more counts fully).
A hint is never more than that: nothing is refused or put off by it, and a withdrawal by law never has one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# So little says nothing about anybody.
_FEWEST_ORDERS: Final = 3
_FEWEST_ITEMS: Final = 5


@dataclass(frozen=True, slots=True)
class Past:
    """Of one customer, in a year: what was bought, and what of it came back by choice.

    Items that came damaged, broken or wrong are nobody's choice and not counted, nor are withdrawals and warranty.
    recent: returns in 30 days. neighbours: other customers with returns to the same door. Values in one currency.
    """

    orders: int = 0
    items: int = 0
    value: Decimal = Decimal(0)
    returns: int = 0
    returned_items: int = 0
    returned_value: Decimal = Decimal(0)
    recent: int = 0
    neighbours: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that stands out. points: what it adds to the score. counts: what was counted, for its sentence."""

    code: str
    points: int
    counts: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """What stands out, in the language that is active."""
        match self.code, self.counts:
            case "rate", (returned, bought):
                return _("%(returned)d of %(bought)d items of a year came back") % {
                    "returned": returned, "bought": bought,
                }  # fmt: skip
            case "value", (percent,):
                return _("%(percent)d %% of the value of a year came back") % {"percent": percent}
            case "velocity", (count,):
                return ngettext("%(count)d return in 30 days", "%(count)d returns in 30 days", count) % {
                    "count": count
                }
            case "address", (count,):
                return ngettext(
                    "%(count)d other customer with returns at this address",
                    "%(count)d other customers with returns at this address",
                    count,
                ) % {"count": count}
        return self.code


@dataclass(frozen=True, slots=True)
class Hint:
    """score: 0 (nothing stands out) to 100. signals: why, the weightiest first."""

    score: int
    signals: tuple[Signal, ...] = ()

    @property
    def is_notable(self) -> bool:
        """Whether the team should be shown it before anything else."""
        return self.score >= 40


def weigh(past: Past) -> Hint:
    """The hint about a customer."""
    found = sorted(_signals(past), key=lambda signal: -signal.points)
    return Hint(min(100, sum(signal.points for signal in found)), tuple(found))


def _signals(past: Past) -> Iterable[Signal]:
    if past.orders >= _FEWEST_ORDERS and past.items >= _FEWEST_ITEMS:
        rate = past.returned_items / past.items
        if points := _between(rate, 0.3, 0.6, 40):
            yield Signal("rate", points, (past.returned_items, past.items))
        share = float(past.returned_value / past.value) if past.value else 0.0
        if points := _between(share, 0.4, 0.8, 25):
            yield Signal("value", points, (round(share * 100),))
    if points := _between(past.recent, 2, 6, 20):
        yield Signal("velocity", points, (past.recent,))
    if points := _between(past.neighbours, 0, 3, 15):
        yield Signal("address", points, (past.neighbours,))


def _between(value: float, low: float, high: float, most: int) -> int:
    """Points that grow from 0 at `low` to `most` at `high`."""
    return round(most * min(1.0, max(0.0, (value - low) / (high - low))))

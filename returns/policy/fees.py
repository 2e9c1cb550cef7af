"""What a return costs the shopper, and what it adds, out of its lines' verdicts. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision

from returns.policy.choices import Resolution
from returns.policy.verdict import Verdict

# The ways to end a return that a bonus is given on.
WITH_BONUS = frozenset({Resolution.STORE_CREDIT, Resolution.EXCHANGE_OTHER})


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one return, in its order's currency. flat: once, the dearest of its lines'. bonus: given on top."""

    flat: Decimal = Decimal(0)
    restocking: Decimal = Decimal(0)
    bonus: Decimal = Decimal(0)

    @property
    def fee(self) -> Decimal:
        """What is kept of the money."""
        return self.flat + self.restocking


def costs_of(lines: Iterable[tuple[Verdict, str, Decimal]], currency: str) -> Costs:
    """The costs of lines that come back together: (verdict, resolution, amount). The fee never exceeds the amounts."""
    flat = restocking = bonus = total = Decimal(0)
    for verdict, resolution, amount in lines:
        cost = verdict.cost_of(resolution)
        flat = max(flat, cost.flat)
        restocking += rounded(amount * cost.restocking_percent / 100, currency)
        total += amount
        if resolution in WITH_BONUS:
            bonus += rounded(amount * verdict.bonus_percent / 100, currency)
    restocking = min(restocking, total)
    return Costs(min(rounded(flat, currency), total - restocking), restocking, bonus)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """An amount in whole minor units of its currency (1 yen, 1 cent), half up."""
    return amount.quantize(Decimal(1).scaleb(-get_currency_precision(currency)), ROUND_HALF_UP)

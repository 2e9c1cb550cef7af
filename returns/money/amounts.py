"""Arithmetic of money: a currency's smallest unit, and amounts spread so that nothing is lost or made up. Pure."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cache
from typing import TypeVar

from babel.numbers import get_currency_precision

from merchants.rest.errors import Unprocessable

K = TypeVar("K")
_TOO_MUCH = Decimal(10) ** 9  # what no column holds, and nobody pays


@cache
def smallest_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 EUR, 1 JPY, 0.001 KWD (ISO 4217, by way of CLDR)."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the currency's smallest unit, half up."""
    return amount.quantize(smallest_unit(currency), rounding=ROUND_HALF_UP)


def checked(amount: Decimal, currency: str, name: str, *, zero: bool = False) -> Decimal:
    """An amount that can be paid in this currency. `zero`: it may be nothing.

    Raises Unprocessable for nothing, one below zero, 10⁹ and more, and parts of the smallest unit (`0.5` yen).
    """
    if not amount.is_finite() or not 0 <= amount < _TOO_MUCH or (amount == 0 and not zero):
        raise Unprocessable(f"{name} is an amount above zero.", param=name, code="not_an_amount")
    if amount % smallest_unit(currency):
        raise Unprocessable(
            f"{currency} has no smaller unit than {smallest_unit(currency)}.",
            param=name,
            code="amount_too_fine",
        )
    return amount


def spread(amount: Decimal, over: Mapping[K, Decimal], unit: Decimal) -> dict[K, Decimal]:
    """An amount spread over shares in proportion to their sizes: never more than a share, and all of it.

    What rounding leaves goes to the largest shares first. Raises ValueError for more than the shares hold together.
    """
    total = sum(over.values(), Decimal(0))
    if amount > total:
        raise ValueError(f"{amount} does not fit into {total}")
    parts = {name: _down(amount * size / total, unit) if total else Decimal(0) for name, size in over.items()}
    rest = amount - sum(parts.values(), Decimal(0))
    for name in sorted(over, key=lambda name: -over[name]):
        if not rest:
            break
        more = min(rest, over[name] - parts[name])
        parts[name] += more
        rest -= more
    return {name: part for name, part in parts.items() if part}


def _down(amount: Decimal, unit: Decimal) -> Decimal:
    return (amount / unit).to_integral_value(rounding=ROUND_DOWN) * unit

"""What an exchange costs more, or less: pure, in whole units of the currency, with the tax in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from returns.amounts import ZERO, rounded


@dataclass(frozen=True)
class Swap:
    """One item against another. paid, tax: for the returned ones, tax being part of paid.

    price: of one wanted piece as the shop prices it. tax_on_top: prices are without tax (it came on top in the order).
    bonus_percent, restocking_percent: of what was paid, by the rules. even: a variant at the same price.
    """

    paid: Decimal
    tax: Decimal
    quantity: int
    price: Decimal
    tax_on_top: bool = False
    bonus_percent: Decimal = ZERO
    restocking_percent: Decimal = ZERO
    even: bool = False


@dataclass(frozen=True)
class Difference:
    """amount: positive is paid by the shopper, negative goes back to them. tax: what of it is tax (same sign)."""

    amount: Decimal
    tax: Decimal


def wanted_gross(swap: Swap, unit: Decimal) -> tuple[Decimal, Decimal]:
    """What the wanted pieces cost with tax, and the tax in it, at the rate that the returned ones were taxed at."""
    net_paid = swap.paid - swap.tax
    rate = swap.tax / net_paid if net_paid > 0 else ZERO
    price = rounded(swap.price * swap.quantity, unit)
    if swap.tax_on_top:
        tax = rounded(price * rate, unit)
        return price + tax, tax
    return price, rounded(price * rate / (1 + rate), unit)


def difference_of(swaps: Iterable[Swap], fee: Decimal, unit: Decimal) -> Difference:
    """The difference of a whole exchange. fee: for sending it back, once; it carries no part of the goods' tax.

    A variant at the same price costs nothing more, whatever the shop asks for it today.
    """
    amount, tax = fee, ZERO
    for swap in swaps:
        kept = rounded(swap.paid * swap.restocking_percent / 100, unit)
        if swap.even:
            amount += kept
            continue
        gross, wanted_tax = wanted_gross(swap, unit)
        amount += gross - swap.paid + kept - rounded(swap.paid * swap.bonus_percent / 100, unit)
        tax += wanted_tax - swap.tax
    # Tax is never more than the whole, and never of another sign.
    tax = max(min(tax, amount), ZERO) if amount > 0 else min(max(tax, amount), ZERO)
    return Difference(amount, tax)

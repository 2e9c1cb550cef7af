"""What was paid for goods, to the last cent: pure sums, in the currency's own smallest unit.

Every split adds up to what was split, however often and in whatever order it is taken apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from babel.numbers import get_currency_precision

ZERO: Final = Decimal(0)


@dataclass(frozen=True)
class OrderPaid:
    """What an order cost, by what it was for; taxes are part of both. goods + shipping = the order's total."""

    goods: Decimal
    shipping: Decimal
    goods_tax: Decimal
    shipping_tax: Decimal


def unit_of(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 of EUR, 1 of JPY."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def rounded(amount: Decimal, unit: Decimal) -> Decimal:
    """The amount in whole units, halves up."""
    return (amount / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit


def paid_of_order(
    *, subtotal: Decimal, shipping: Decimal, tax: Decimal, discount: Decimal, total: Decimal, unit: Decimal
) -> OrderPaid:
    """Split what an order cost into goods and shipping.

    Where the total is more than goods and shipping, tax came on top of both, and is shared out by their worth; else it
    is part of the prices. The discount is the goods'.
    """
    net_goods = max(subtotal - discount, ZERO)
    net = net_goods + shipping
    if net <= 0:
        return OrderPaid(total, ZERO, tax, ZERO)
    shipping_paid = min(rounded(total * shipping / net, unit), total)
    shipping_tax = min(rounded(tax * shipping / net, unit), tax)
    return OrderPaid(total - shipping_paid, shipping_paid, tax - shipping_tax, shipping_tax)


def shared_out(amount: Decimal, weights: Sequence[Decimal], unit: Decimal) -> list[Decimal]:
    """The amount in parts as the weights are, in whole units; what does not fit a unit is the last weighty one's."""
    whole = sum(weights, ZERO)
    if whole <= 0:
        return [ZERO for _ in weights]
    parts, given, weight_so_far = [], ZERO, ZERO
    last = max(index for index, weight in enumerate(weights) if weight > 0)
    for index, weight in enumerate(weights):
        weight_so_far += weight
        until = amount if index >= last else rounded(amount * weight_so_far / whole, unit)
        parts.append(until - given)
        given = until
    return parts


def of_quantity(
    paid: Decimal, quantity: int, bought: int, *, taken: int, taken_amount: Decimal, unit: Decimal
) -> Decimal:
    """What was paid for `quantity` of `bought`, when `taken` of them are returned already for `taken_amount`.

    The last ones get whatever is left, so that all of them together are worth what was paid.
    """
    left = max(paid - taken_amount, ZERO)
    if bought <= 0 or quantity <= 0:
        return ZERO
    if taken + quantity >= bought:
        return left
    return min(rounded(paid * quantity / bought, unit), left)


def up_to(amount: Decimal, count: int, of: int, unit: Decimal) -> Decimal:
    """How much of an amount belongs to the first `count` of `of` pieces: all of it for all of them."""
    return amount if count >= of else rounded(amount * count / of, unit)


def percent_of(amount: Decimal, percent: Decimal, unit: Decimal) -> Decimal:
    """So many percent of an amount."""
    return rounded(amount * percent / 100, unit)

"""Does a condition hold? Pure, and quick: a dry run asks a hundred thousand orders."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Final

from returns.policy.choices import Reads
from returns.policy.fields import Field, Op
from returns.policy.line_facts import LineFacts
from returns.policy.model import Condition, Rule

# What a field is worth: words, a number, or None while nobody has said it.
Known = frozenset[str] | str | Decimal | int
Value = Known | None


def fits(rule: Rule, facts: LineFacts, days: int | None) -> tuple[bool, list[Field]]:
    """Whether all conditions of a rule hold, and what has to be asked before that is known.

    days: since delivery, None before it. What is not known fits nothing; the second is empty when the rule fits, or
    when something that is known speaks against it.
    """
    unknown: list[Field] = []
    for condition in rule.conditions:
        value = value_of(condition.field, facts, days, rule.reads)
        if value is None:
            unknown.append(condition.field)
        elif not _holds(condition, value):
            return False, []
    return not unknown, unknown


def _holds(condition: Condition, value: Known) -> bool:
    if isinstance(value, frozenset | str):
        return _named(value, condition.values) == (condition.op == Op.IS)
    bound = number(condition.values[0])
    return value >= bound if condition.op == Op.AT_LEAST else value < bound


def value_of(field: Field, facts: LineFacts, days: int | None, reads: Reads) -> Value:
    """What a line has to show for a field."""
    if field == Field.DAYS:
        return days
    if field in (Field.PRODUCT_TAG, Field.PRODUCT_TYPE):
        product = facts.bought if reads == Reads.PURCHASE and facts.bought is not None else facts.product
        return product.tags if field == Field.PRODUCT_TAG else product.type
    return _READ[field](facts)


_READ: Final[dict[Field, Callable[[LineFacts], Value]]] = {
    Field.SKU: lambda facts: facts.sku,
    Field.PRICE: lambda facts: facts.price,
    Field.DISCOUNT: lambda facts: facts.discount_percent,
    Field.COUNTRY: lambda facts: facts.country,
    Field.SOURCE: lambda facts: facts.sources,
    Field.ORDER_TAG: lambda facts: facts.order_tags,
    Field.ORDER_VALUE: lambda facts: facts.order_value,
    Field.CUSTOMER_TAG: lambda facts: facts.customer_tags,
    Field.CUSTOMER_ORDERS: lambda facts: facts.customer_orders,
    Field.CUSTOMER_RETURNS: lambda facts: facts.customer_returns,
    Field.ORDER_RETURNS: lambda facts: facts.order_returns,
    Field.QUANTITY: lambda facts: facts.asked.quantity,
    Field.REASON: lambda facts: facts.asked.reason,
    Field.CONDITION: lambda facts: facts.asked.condition,
}


def _named(value: frozenset[str] | str, values: tuple[str, ...]) -> bool:
    """Whether a value, or one of several, is among the condition's."""
    whole, beginnings = _folded(values)
    if isinstance(value, str):
        return value in whole or (bool(beginnings) and value.startswith(beginnings))
    return not whole.isdisjoint(value) or any(word.startswith(beginnings) for word in value if beginnings)


@lru_cache(maxsize=4096)
def _folded(values: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Values as they are compared: whole words, and beginnings (those with a `*` at the end)."""
    words = [value.strip().casefold() for value in values]
    whole = frozenset(word for word in words if not word.endswith("*"))
    return whole, tuple(word[:-1] for word in words if word.endswith("*"))


@lru_cache(maxsize=4096)
def number(text: str) -> Decimal:
    """A number of a condition, checked when it was saved."""
    return Decimal(text)

"""Conditions: what has to be so for a message to go out, or for a flow to take a branch.

Pure: a condition and a context in, yes or no and the reason out. The same code decides when a fact is planned, when a
message is sent, and in a dry run over months. What a context holds, and how it is loaded, is in `condition_context`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracking.statuses import Status

MOST_CONDITIONS: Final = 12
MOST_VALUES: Final = 50
LONGEST_VALUE: Final = 255


class Kind(StrEnum):
    """What a field holds, and so what can be asked of it."""

    ONE = "one"  # one text: a country
    MANY = "many"  # several texts: the tags of what was bought
    NUMBER = "number"
    MONEY = "money"
    YES = "yes"  # yes or no


class Op(StrEnum):
    """What is asked of a field. With several values, any one of them is enough."""

    IS = "is"
    IS_NOT = "is_not"
    AT_LEAST = "at_least"
    BELOW = "below"


OPS: Final[Mapping[Kind, tuple[Op, ...]]] = {
    Kind.ONE: (Op.IS, Op.IS_NOT),
    Kind.MANY: (Op.IS, Op.IS_NOT),
    Kind.NUMBER: (Op.AT_LEAST, Op.BELOW),
    Kind.MONEY: (Op.AT_LEAST, Op.BELOW),
    Kind.YES: (Op.IS,),
}
YES_NO: Final = ("yes", "no")


class Needs(StrEnum):
    """What has to be loaded for a field, a query or two each (`condition_context`)."""

    ORDER = "order"
    LINES = "lines"
    PRODUCTS = "products"
    CUSTOMER = "customer"
    PARCELS = "parcels"
    SEGMENTS = "segments"
    RUN = "run"  # of a flow only


@dataclass(frozen=True)
class Field:
    """One thing that can be asked.

    is_live: changes while a message waits, so it is decided at the moment of sending and not when it is planned.
    choices: the only values there are; empty for free ones.
    """

    key: str
    label: Promise
    kind: Kind
    needs: Needs
    is_live: bool = False
    choices: tuple[str, ...] = ()


FIELDS: Final[Mapping[str, Field]] = {
    each.key: each
    for each in (
        Field("country", _("Country of delivery"), Kind.ONE, Needs.ORDER),
        Field("language", _("Language"), Kind.ONE, Needs.ORDER),
        Field("currency", _("Currency"), Kind.ONE, Needs.ORDER),
        Field("order_value", _("Order value"), Kind.MONEY, Needs.ORDER),
        Field("sales_channel", _("Sales channel"), Kind.ONE, Needs.ORDER),
        Field("order_tag", _("Order tag"), Kind.MANY, Needs.ORDER, is_live=True),
        Field("refunded", _("Something was refunded"), Kind.YES, Needs.ORDER, is_live=True),
        Field("sku", _("SKU"), Kind.MANY, Needs.LINES),
        Field("items", _("Number of items"), Kind.NUMBER, Needs.LINES),
        Field("product_tag", _("Product tag"), Kind.MANY, Needs.PRODUCTS),
        Field("product_type", _("Product type"), Kind.MANY, Needs.PRODUCTS),
        Field("first_order", _("First order"), Kind.YES, Needs.CUSTOMER),
        Field("order_count", _("Number of orders until then"), Kind.NUMBER, Needs.CUSTOMER),
        Field("ordered_again", _("Ordered again since"), Kind.YES, Needs.CUSTOMER, is_live=True),
        Field("segment", _("Segment"), Kind.MANY, Needs.SEGMENTS, is_live=True),
        Field(
            "parcel_state",
            _("Parcel"),
            Kind.MANY,
            Needs.PARCELS,
            is_live=True,
            choices=tuple(str(status) for status in Status),
        ),
        Field("carrier", _("Carrier"), Kind.MANY, Needs.PARCELS),
        Field("parcels", _("Number of parcels"), Kind.NUMBER, Needs.PARCELS, is_live=True),
        Field("late", _("Later than promised"), Kind.YES, Needs.PARCELS, is_live=True),
        Field(
            "last_message",
            _("Last message of the flow"),
            Kind.MANY,
            Needs.RUN,
            is_live=True,
            choices=("sent", "not_sent", "delivered", "opened", "clicked", "bounced", "complained"),
        ),
    )
}


class Condition(msgspec.Struct, frozen=True):
    """`field` `op` any of `values`: `country is DE, AT`. Numbers are written with a point."""

    field: str
    op: Op
    values: tuple[str, ...]

    @property
    def is_live(self) -> bool:
        """Whether it is decided at sending. A field that is not known any more is never met, at once."""
        known = FIELDS.get(self.field)
        return known is not None and known.is_live


Value = str | frozenset[str] | Decimal | bool | None


@dataclass(frozen=True)
class Context:
    """What is known about an order (or a customer), by field. None, or nothing: it is not known.

    parcels: the same for each parcel by its id, where it differs from the order's as a whole.
    """

    values: Mapping[str, Value]
    parcels: Mapping[Any, Mapping[str, Value]] = field(default_factory=dict)

    def of_parcel(self, shipment_id: Any) -> "Context":
        """The context of a message about one parcel: what is asked about parcels is asked about this one."""
        own = self.parcels.get(shipment_id)
        return Context({**self.values, **own}, {}) if own is not None else self


@dataclass(frozen=True)
class Explained:
    """One condition, what stood against it, and whether it holds."""

    condition: Condition
    found: Value
    holds: bool

    def as_json(self) -> dict[str, Any]:
        """For the log of a message or a run: plain and small."""
        return {
            "field": self.condition.field,
            "op": self.condition.op.value,
            "values": list(self.condition.values),
            "found": plain(self.found),
            "holds": self.holds,
        }


def plain(found: Value) -> Any:
    """What was found, as JSON that is compared and shown."""
    if isinstance(found, frozenset):
        return sorted(found)[:MOST_VALUES]
    return str(found) if isinstance(found, Decimal) else found


def holds(condition: Condition, context: Context) -> bool:
    """Whether it holds. What is not known meets no condition, not even one that says "is not"."""
    known = FIELDS.get(condition.field)
    found = context.values.get(condition.field)
    if known is None or found is None:
        return False
    if isinstance(found, bool):
        return ("yes" if found else "no") in condition.values
    if isinstance(found, Decimal):
        bound = number(condition.values[0]) if condition.values else None
        if bound is None:
            return False
        return found >= bound if condition.op == Op.AT_LEAST else found < bound
    have = {folded(each) for each in (found if isinstance(found, frozenset) else (found,))}
    meets = any(folded(value) in have for value in condition.values)
    return meets if condition.op == Op.IS else not meets


def explain(conditions: Sequence[Condition], context: Context) -> list[Explained]:
    """Every condition with what was found."""
    return [Explained(each, context.values.get(each.field), holds(each, context)) for each in conditions]


def all_hold(conditions: Sequence[Condition], context: Context) -> bool:
    """Whether all of them hold: none at all do."""
    return all(holds(each, context) for each in conditions)


def needs(conditions: Collection[Condition]) -> frozenset[Needs]:
    """What has to be loaded to decide these."""
    return frozenset(FIELDS[each.field].needs for each in conditions if each.field in FIELDS)


def number(text: str) -> Decimal | None:
    """A number as a condition holds it. None: it is none."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def folded(text: str) -> str:
    """How texts are compared: case and outer spaces do not count."""
    return text.strip().casefold()


def fault(condition: Condition) -> str:
    """A code of what is wrong with a condition that somebody wrote, "" for nothing.

    unknown_field, unknown_op, no_value, too_many_values, not_a_number, unknown_value.
    """
    known = FIELDS.get(condition.field)
    if known is None:
        return "unknown_field"
    if condition.op not in OPS[known.kind]:
        return "unknown_op"
    if not condition.values or not all(value.strip() for value in condition.values):
        return "no_value"
    if len(condition.values) > MOST_VALUES or any(len(value) > LONGEST_VALUE for value in condition.values):
        return "too_many_values"
    if known.kind in (Kind.NUMBER, Kind.MONEY):
        return (
            "" if len(condition.values) == 1 and number(condition.values[0]) is not None else "not_a_number"
        )
    allowed = YES_NO if known.kind == Kind.YES else known.choices
    return "" if not allowed or set(condition.values) <= set(allowed) else "unknown_value"

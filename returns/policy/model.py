"""A return policy: rules in order, each with conditions and outcomes. Data, as it is stored and as the API shows it.

For each question (how long, what for, at what cost …) the first rule from the top that fits *and* says something about
it decides; what no rule answers, the shop's standard answers; what that leaves open, `BUILT_IN` does.
"""

from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from returns.policy.choices import Method, Reads, Resolution, Trigger
from returns.policy.fields import Field, Op

MOST_RULES: Final = 100
MOST_CONDITIONS: Final = 10
LONGEST_WINDOW: Final = 3650

Days = Annotated[int, Meta(ge=0, le=LONGEST_WINDOW)]
Percent = Annotated[Decimal, Meta(description="0 to 100.")]
Money = Annotated[Decimal, Meta(description="In the order's currency.")]


class _Struct(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base: an unknown field is an error, what is left out is not said."""


class Condition(_Struct, kw_only=True, frozen=True):
    """One thing that has to hold. Several values: one of them has to (`is`), or none of them may (`is_not`)."""

    field: Field
    op: Op
    values: Annotated[tuple[Annotated[str, Meta(max_length=120)], ...], Meta(min_length=1, max_length=200)]


class Cost(_Struct, kw_only=True, frozen=True):
    """What one way of ending a return costs the shopper."""

    flat: Money = Decimal(0)
    restocking_percent: Percent = Decimal(0)


class Fees(_Struct, kw_only=True, frozen=True):
    """What a return costs: `flat` once a return, `restocking_percent` of each item's price.

    by_resolution: others for some ways of ending it, wholly instead. free_on_exchange: nothing for any exchange that
    `by_resolution` does not name.
    """

    flat: Money = Decimal(0)
    restocking_percent: Percent = Decimal(0)
    by_resolution: dict[Resolution, Cost] = {}
    free_on_exchange: bool = False

    def of(self, resolution: str) -> Cost:
        """What this resolution costs."""
        named = self.by_resolution.get(Resolution(resolution))
        if named is not None:
            return named
        if self.free_on_exchange and resolution in _FREE:
            return Cost()
        return Cost(flat=self.flat, restocking_percent=self.restocking_percent)


_FREE: Final = frozenset({Resolution.EXCHANGE, Resolution.EXCHANGE_OTHER, Resolution.INSTANT_EXCHANGE})


class Outcome(_Struct, kw_only=True, frozen=True):
    """What a rule says. Whatever is left out it says nothing about.

    window: days, 0 for none, "unlimited". resolutions, methods: in the order in which they are offered. bonus_percent:
    on store credit and on exchanges for another product. keep_item: refunded without being sent back. destination:
    the name of the place that it goes to.
    """

    window: Days | Literal["unlimited"] | None = None
    final_sale: bool | None = None
    exchange_only: bool | None = None
    resolutions: tuple[Resolution, ...] | None = None
    fees: Fees | None = None
    bonus_percent: Percent | None = None
    methods: tuple[Method, ...] | None = None
    auto_approve: bool | None = None
    review: bool | None = None
    keep_item: bool | None = None
    refund_trigger: Trigger | None = None
    destination: Annotated[str, Meta(max_length=60)] | None = None


class Rule(_Struct, kw_only=True, frozen=True):
    """One rule. `key` stays the same over all versions of the policy; no condition: it fits always."""

    key: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z0-9-]+$(?!\n)")]
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    conditions: Annotated[tuple[Condition, ...], Meta(max_length=MOST_CONDITIONS)] = ()
    outcome: Outcome
    reads: Reads = Reads.PURCHASE
    is_on: bool = True


class Policy(_Struct, kw_only=True, frozen=True):
    """All rules, and the standard for what none of them answers.

    transit_days: where no carrier told of the delivery, an order counts as delivered so many days after it was sent.
    """

    rules: Annotated[tuple[Rule, ...], Meta(max_length=MOST_RULES)] = ()
    standard: Outcome = Outcome()
    standard_reads: Reads = Reads.PURCHASE
    transit_days: Annotated[int, Meta(ge=0, le=90)] = 7


def fields_of(policy: Policy) -> frozenset[Field]:
    """Everything that the rules of a policy ask about."""
    return frozenset(condition.field for rule in policy.rules for condition in rule.conditions)


# Every question has an answer here.
BUILT_IN: Final = Outcome(
    window=30,
    final_sale=False,
    exchange_only=False,
    resolutions=(
        Resolution.EXCHANGE, Resolution.EXCHANGE_OTHER, Resolution.STORE_CREDIT, Resolution.REFUND,
        Resolution.INSTANT_EXCHANGE, Resolution.REPLACEMENT, Resolution.REPAIR,
    ),
    fees=Fees(),
    bonus_percent=Decimal(0),
    methods=tuple(Method),
    auto_approve=False,
    review=False,
    keep_item=False,
    refund_trigger=Trigger.RECEIPT,
    destination="",
)  # fmt: skip

_decoder: Final = msgspec.json.Decoder(Policy)


def read(text: bytes | str) -> Policy:
    """A policy out of its JSON. Raises msgspec.ValidationError (or DecodeError) that names the place."""
    return _decoder.decode(text)


def stored(policy: Policy) -> dict[str, object]:
    """A policy as it is kept in a JSON column, and as `read` takes it."""
    kept: dict[str, object] = msgspec.to_builtins(policy)
    return kept


def from_stored(value: object) -> Policy:
    """The policy in a JSON column."""
    return msgspec.convert(value, Policy)

"""What a segment says: conditions of which all, or any, must hold. Pure: no database.

A condition is a kind and a value as people type it: `{"kind": "orders.at_least", "value": "3"}`. Each kind knows how to
read its value and how to say it in SQL over a customer `c` with their figures `s`; the values are bound, never pasted.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Meta

from merchants.rest.errors import Unprocessable

MOST_CONDITIONS: Final = 20
_LONGEST = 200
_MOST_WORDS = 50


class SegmentCondition(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One thing that must hold of a customer."""

    kind: Annotated[str, Meta(max_length=40, description="`orders.at_least`, `product_tag.bought` …")]
    value: Annotated[
        str, Meta(max_length=_LONGEST, description="`3`, `DE, AT`; empty where none is needed.")
    ] = ""


class SegmentRule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Conditions of which all, or any, must hold. Without one, everybody is in."""

    match: Literal["all", "any"] = "all"
    conditions: Annotated[list[SegmentCondition], Meta(max_length=MOST_CONDITIONS)] = []


class Unreadable(ValueError):
    """A value that this kind of condition cannot have. The text is for people."""


Read = Callable[[str], Any]


@dataclass(frozen=True)
class Kind:
    """One kind of condition. sql: with `{v}` where the bound value stands, over `c`, `s` and `bands`."""

    words: Promise
    hint: Promise | str
    read: Read
    sql: str


# --- reading what was typed -------------------------------------------------------------------------------


def number(text: str) -> int:
    """A whole number from 0 to 100,000. Raises Unreadable."""
    if not re.fullmatch(r"[0-9]{1,6}", text.strip()) or int(text) > 100_000:
        raise Unreadable(_("A whole number, please."))
    return int(text)


def amount(text: str) -> Decimal:
    """An amount from 0 to 10 million, with a point or a comma. Raises Unreadable."""
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        value = Decimal(-1)
    if not (value.is_finite() and 0 <= value <= 10_000_000):
        raise Unreadable(_("An amount, please: 150 or 99.90."))
    return value


def words(text: str) -> list[str]:
    """Words between commas. Raises Unreadable for none or more than 50."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not 1 <= len(found) <= _MOST_WORDS:
        raise Unreadable(_("At least one word, please; several with commas between them."))
    return found


def countries(text: str) -> list[str]:
    """ISO 3166 codes between commas, in capitals. Raises Unreadable."""
    found = [word.upper() for word in words(text)]
    if not all(re.fullmatch(r"[A-Z]{2}", code) for code in found):
        raise Unreadable(_("Two-letter codes of countries, please: DE, AT."))
    return found


def languages(text: str) -> list[str]:
    """Language codes between commas, in small letters. Raises Unreadable."""
    found = [word.lower() for word in words(text)]
    if not all(re.fullmatch(r"[a-z]{2,3}", code) for code in found):
        raise Unreadable(_("Codes of languages, please: en, de."))
    return found


def nothing(text: str) -> None:
    """A kind without a value: whatever was typed is dropped."""
    return


# --- the kinds -----------------------------------------------------------------------------------------

_DAYS = _("Days: 90")
_COUNT = _("A number: 3")
_AMOUNT = _("An amount in your currency: 200")
_WORDS = _("Words with commas between them")
_COUNTRY = _("Codes: DE, AT")
_SKU = _("SKUs with commas between them")

# Nobody's purchases are looked up one by one: the subquery stands by itself, and PostgreSQL hashes it once.
_BOUGHT = "c.id IN (SELECT p.customer_id FROM segments_purchase AS p WHERE p.merchant_id = %(merchant)s AND p.sku {0})"
_SKUS = (
    "IN (SELECT v.sku FROM orders_variant AS v JOIN orders_product AS d"
    " ON d.merchant_id = v.merchant_id AND d.id = v.product_id"
    " WHERE v.merchant_id = %(merchant)s AND v.sku <> '' AND {0})"
)
_OF_TAG = _BOUGHT.format(_SKUS.format("d.tags::text[] && {v}::text[]"))
_OF_TYPE = _BOUGHT.format(_SKUS.format("d.product_type = ANY({v}::text[])"))
_OF_SKU = _BOUGHT.format("= ANY({v}::text[])")
_TAGGED = (
    "c.id IN (SELECT o.customer_id FROM orders_order AS o WHERE o.merchant_id = %(merchant)s"
    " AND NOT o.tags = '{{}}' AND o.tags && {v}::varchar[])"
)
_LAST = "s.last_order_at {0} now() - {{v}}::int * interval '1 day'"
_FIRST = "s.first_order_at {0} now() - {{v}}::int * interval '1 day'"
# How long they usually wait: their own mean, with one order the shop's. In days since the last order.
_LATE = (
    "s.last_order_at < now() - {v}::int / 100.0 * interval '1 day'"
    " * greatest(coalesce(s.mean_interval_days, bands.usual_days, 90), 1)"
)
_BIRTHDAY = (
    "EXISTS (SELECT FROM generate_series(0, {v}::int) AS ahead"
    " WHERE to_char(current_date + ahead, 'MM-DD') = to_char(c.birthday, 'MM-DD'))"
)

KINDS: Final[Mapping[str, Kind]] = {
    "value.high": Kind(_("Value: high (the best fifth)"), "", nothing, "s.spent >= bands.high AND s.spent > 0"),
    "value.middle": Kind(_("Value: middle"), "", nothing, "s.spent < bands.high AND s.spent >= bands.low"),
    "value.low": Kind(_("Value: low (the lower half)"), "", nothing, "s.spent < bands.low"),
    "spent.at_least": Kind(_("Spent at least"), _AMOUNT, amount, "coalesce(s.spent, 0) >= {v}::numeric"),
    "spent.at_most": Kind(_("Spent at most"), _AMOUNT, amount, "coalesce(s.spent, 0) <= {v}::numeric"),
    "orders.at_least": Kind(_("Orders: at least"), _COUNT, number, "coalesce(s.orders, 0) >= {v}::int"),
    "orders.at_most": Kind(_("Orders: at most"), _COUNT, number, "coalesce(s.orders, 0) <= {v}::int"),
    "last_order.within": Kind(_("Last order: within days"), _DAYS, number, _LAST.format(">=")),
    "last_order.before": Kind(_("Last order: longer ago than days"), _DAYS, number, _LAST.format("<")),
    "first_order.within": Kind(_("First order: within days"), _DAYS, number, _FIRST.format(">=")),
    "first_order.before": Kind(_("First order: longer ago than days"), _DAYS, number, _FIRST.format("<")),
    "interval.at_most": Kind(
        _("Buys every … days, or more often"), _DAYS, number, "s.mean_interval_days <= {v}::int"
    ),
    "overdue.at_least": Kind(
        _("Next order overdue: percent of their usual wait"), _("Percent: 150"), number, _LATE
    ),
    "product.bought": Kind(_("Bought the product"), _SKU, words, _OF_SKU),
    "product.not_bought": Kind(_("Did not buy the product"), _SKU, words, f"NOT ({_OF_SKU})"),
    "product_tag.bought": Kind(_("Bought a product tagged"), _WORDS, words, _OF_TAG),
    "product_tag.not_bought": Kind(_("Bought no product tagged"), _WORDS, words, f"NOT ({_OF_TAG})"),
    "product_type.bought": Kind(_("Bought a product of type"), _WORDS, words, _OF_TYPE),
    "product_type.not_bought": Kind(_("Bought no product of type"), _WORDS, words, f"NOT ({_OF_TYPE})"),
    "country.is": Kind(_("Country"), _COUNTRY, countries, "coalesce(s.country, '') = ANY({v}::text[])"),
    "country.is_not": Kind(_("Country is not"), _COUNTRY, countries, "NOT coalesce(s.country, '') = ANY({v}::text[])"),
    "language.is": Kind(
        _("Language"), _("Codes: en, de"), languages, "lower(left(c.locale, 2)) = ANY({v}::text[])"
    ),
    "tag.has": Kind(_("Customer has the tag"), _WORDS, words, "c.tags::text[] && {v}::text[]"),
    "tag.has_not": Kind(_("Customer does not have the tag"), _WORDS, words, "NOT c.tags::text[] && {v}::text[]"),
    "order_tag.has": Kind(_("An order has the tag"), _WORDS, words, _TAGGED),
    "channel.is": Kind(
        _("Last order came through"), "shopify, woocommerce, api", words, "coalesce(s.channel, '') = ANY({v}::text[])"
    ),
    "birthday.within": Kind(_("Birthday: within days"), _DAYS, number, _BIRTHDAY),
}  # fmt: skip


_added: dict[str, Kind] = {}


def add_kind(name: str, kind: Kind) -> None:
    """Let a room above add a kind, say `score.at_least` of a survey. At start, once a name."""
    if name in KINDS or name in _added:
        raise ValueError(f"the condition {name} is declared twice")
    _added[name] = kind


def every_kind() -> Mapping[str, Kind]:
    """All kinds, by name, in the order in which people choose among them."""
    return {**KINDS, **_added}


def checked(rule: SegmentRule) -> SegmentRule:
    """The rule as it is stored. Raises Unprocessable that names the condition and says what is wrong with it."""
    for index, condition in enumerate(rule.conditions):
        place = f"rule.conditions[{index}]"
        kind = every_kind().get(condition.kind)
        if kind is None:
            raise Unprocessable(
                f"There is no condition {condition.kind!r}.", param=f"{place}.kind", code="unknown_condition"
            )
        try:
            kind.read(condition.value)
        except Unreadable as error:
            raise Unprocessable(str(error), param=f"{place}.value", code="invalid_condition") from error
    return rule


def stored(data: Any) -> SegmentRule:
    """A rule out of its column. One that cannot be read any more lets nobody in."""
    try:
        return checked(msgspec.convert(data, SegmentRule))
    except (msgspec.ValidationError, Unprocessable):
        return NOBODY


# No order is placed within zero days and longer ago than that.
NOBODY: Final = SegmentRule(
    match="all",
    conditions=[
        SegmentCondition(kind="orders.at_least", value="100000"), SegmentCondition(kind="orders.at_most", value="0"),
    ],
)  # fmt: skip


def compiled(rule: SegmentRule, name: str) -> tuple[str, dict[str, Any]]:
    """The rule as a condition in SQL, and its values under names that begin with `name`. For checked rules."""
    parts, values = [], {}
    for index, condition in enumerate(rule.conditions):
        kind, place = every_kind()[condition.kind], f"{name}_{index}"
        values[place] = kind.read(condition.value)
        parts.append(f"({kind.sql.format(v=f'%({place})s')})")
    joined = (" AND " if rule.match == "all" else " OR ").join(parts)
    return f"coalesce(({joined}), false)" if parts else "true", values

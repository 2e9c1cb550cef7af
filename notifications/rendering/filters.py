"""The filters a template may use, each behind a guard.

python-liquid limits loops, output and variables, but a filter runs unwatched: nine chained
`replace` filters ask for 10 GB. So every filter here looks at the size of what it gets, and those
that can grow a value work out the size of what they would make before they make it.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from liquid import Environment
from liquid.exceptions import FilterArgumentError, FilterError, LiquidError, ResourceLimitError
from liquid.filter import with_context
from markupsafe import Markup, escape

from .formats import money

MAX_TEXT = 100_000
MAX_ITEMS = 2_000
MAX_NUMBER = 10**15
MAX_DECIMALS = 20

# Left out on purpose: `date` (strftime widths allocate, and our dates arrive formatted), `safe`,
# `uniq` (quadratic), `strip_html`, `escape_once`, `url_decode` and base64 (no message needs them).
BORROWED = {
    "abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus",
    "round", "times", "append", "capitalize", "downcase", "escape", "lstrip", "newline_to_br",
    "prepend", "remove", "remove_first", "replace", "replace_first", "rstrip", "slice", "split",
    "squish", "strip", "strip_newlines", "truncate", "truncatewords", "upcase", "url_encode",
    "compact", "concat", "first", "join", "last", "map", "reverse", "size", "sort", "where",
    "default",
}  # fmt: skip

NAMED_ARGUMENTS = {"allow_false"}  # of `default`; others would pass by the sizes worked out below
LINK_SCHEMES = ("https://", "http://", "mailto:", "tel:")


class Metered(Protocol):
    """A render context that counts the CPU time it has used."""

    globals: Mapping[str, object]
    env: Environment

    def check_budget(self) -> None: ...


Filter = Callable[..., Any]


def weigh(value: object) -> None:
    """Raise unless `value` is small enough to work on: text, a list with its text, a number."""
    if isinstance(value, str):
        too_big = len(value) > MAX_TEXT
    elif isinstance(value, range):
        too_big = value.stop - value.start > MAX_ITEMS
    elif isinstance(value, (list, tuple)):
        too_big = len(value) > MAX_ITEMS or sum(len(v) for v in value if isinstance(v, str)) > MAX_TEXT
    elif isinstance(value, (int, float)):
        too_big = not -MAX_NUMBER <= value <= MAX_NUMBER
    else:
        return
    if too_big:
        raise ResourceLimitError("a value in this template grows too large", token=None)


def _as_added(value: object, text: object) -> int:
    """Length of `text` when it is put into `value`: escaped when `value` is markup."""
    return len(escape(str(text)) if isinstance(value, Markup) else str(text))


def _size_of_sum(value: object, other: object = "") -> int:
    return len(str(value)) + _as_added(value, other)


def _size_of_replace(value: object, old: object = "", new: object = "") -> int:
    text = str(value)
    return len(text) + text.count(str(old)) * _as_added(value, new)


def _size_of_join(value: object, separator: object = " ") -> int:
    items = value if isinstance(value, (list, tuple, range)) else [value]
    return sum(len(str(item)) for item in items) + len(items) * _as_added("", separator)


def _size_of_split(value: object, separator: object = "") -> int:
    """In characters: a piece counts for as many as make the item limit meet the text limit."""
    text, mark = str(value), str(separator or "")
    pieces = len(text) if not mark else text.count(mark) + 1
    return pieces * (MAX_TEXT // MAX_ITEMS)


PREDICTED: dict[str, Callable[..., int]] = {
    "append": _size_of_sum,
    "prepend": _size_of_sum,
    "replace": _size_of_replace,
    "replace_first": _size_of_sum,
    "join": _size_of_join,
    "split": _size_of_split,
}


def guarded(name: str, function: Filter) -> Filter:
    """The filter `function` with its sizes and its CPU time watched, and only typed errors."""
    predict = PREDICTED.get(name)
    wants_environment = getattr(function, "with_environment", False)
    wants_context = getattr(function, "with_context", False)

    @with_context
    def run(left: object, *args: object, context: Metered, **kwargs: object) -> object:
        context.check_budget()
        weigh(left)
        for value in args:
            weigh(value)
        if kwargs and not kwargs.keys() <= NAMED_ARGUMENTS:
            raise FilterArgumentError(f"{name}: arguments have no names here", token=None)
        if wants_environment:
            kwargs["environment"] = context.env
        if wants_context:
            kwargs["context"] = context
        try:
            if predict and predict(left, *args[:2]) > MAX_TEXT:
                raise ResourceLimitError(f"{name}: the result would be too large", token=None)
            result = function(left, *args, **kwargs)
        except LiquidError:
            raise
        except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            raise FilterError(f"{name}: {error}", token=None) from error
        weigh(result)
        return result

    return run


@with_context
def money_filter(value: object, *, context: Metered) -> str:
    """`{{ total_price | money }}` as in Shopify: formatted amounts pass, numbers get formatted."""
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except InvalidOperation:
            return str(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return ""
    amount = Decimal(str(value))
    if not -MAX_NUMBER <= amount <= MAX_NUMBER or amount.adjusted() < -MAX_DECIMALS:
        raise ResourceLimitError("money: not an amount", token=None)
    currency, locale = context.globals.get("currency"), context.globals.get("locale")
    return money(amount, str(currency or "EUR"), str(locale or "en"))


def link_filter(value: object) -> str:
    """An address fit for an `href`: what is not web, mail or telephone becomes empty."""
    text = str(value or "").strip()
    return text if text.lower().startswith(LINK_SCHEMES) else ""


def keep_days_filter(value: object) -> str:
    """A delivery window that breaks only after its dash: "Tue 24 –" above "Wed 25 Nov"."""
    return str(value or "").replace(" ", "\u00a0").replace("–\u00a0", "– ")


def register(environment: Environment) -> None:
    """Give `environment` the allowed filters and no other."""
    originals = Environment().filters
    environment.filters.clear()
    for name in BORROWED:
        environment.add_filter(name, guarded(name, originals[name]))
    environment.add_filter("money", guarded("money", money_filter))
    environment.add_filter("money_with_currency", guarded("money_with_currency", money_filter))
    environment.add_filter("link", guarded("link", link_filter))
    environment.add_filter("keep_days", guarded("keep_days", keep_days_filter))

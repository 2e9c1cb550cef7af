"""From what a cell says to what the API takes: amounts, times and countries as people's programs write them."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale

from imports import fields
from merchants.models import Merchant

POINT, COMMA = ".", ","
DAY_FIRST, MONTH_FIRST = "dmy", "mdy"

_ESCAPED = re.compile(r"^'+[=+\-@\t\r\0]")
_AMOUNT_SIGNS = re.compile(r"[\s'’€$£¥]|^[A-Z]{3}\b|\b[A-Z]{3}$")
_WITH_POINT = re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$|-?\.\d+$")
_WITH_COMMA = re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$|-?,\d+$")
_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[ T,]+(.+))?$")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\.?)?$")
_OFFSET = re.compile(r"\s+([+-]\d{2}):?(\d{2})$|\s*(UTC|GMT|Z)$")
_YES = frozenset({"true", "yes", "1", "y", "ja", "wahr", "t"})
_NO = frozenset({"false", "no", "0", "n", "nein", "falsch", "f"})


class BadCell(ValueError):
    """A cell cannot be read. The text says why, for people."""


class Options:
    """How a file writes numbers and times.

    decimal: `.` or `,`; dates: `dmy` or `mdy` for 03/04/2026; currency: for records without one; zone: the
    merchant's clock, for times without an offset.
    """

    def __init__(self, merchant: Merchant, given: dict[str, str]) -> None:
        self.decimal = COMMA if given.get("decimal") == COMMA else POINT
        self.dates = MONTH_FIRST if given.get("dates") == MONTH_FIRST else DAY_FIRST
        self.currency = given.get("currency") or merchant.currency
        try:
            self.zone = ZoneInfo(merchant.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            self.zone = ZoneInfo("UTC")


def converter(kind: str, options: Options) -> Callable[[str], object]:
    """The function that reads a cell of a field of this type. It raises BadCell."""
    return {
        fields.AMOUNT: lambda text: amount(text, options.decimal),
        fields.NUMBER: lambda text: whole_number(text, options.decimal),
        fields.MOMENT: lambda text: moment(text, options).isoformat(),
        fields.DAY: lambda text: moment(text, options).date().isoformat(),
        fields.FLAG: flag,
        fields.COUNTRY: country,
        fields.CURRENCY: str.upper,
        # Shopify writes '10115, so that a spreadsheet leaves its zeros alone.
        fields.CODE: lambda text: text.lstrip("'"),
        fields.LIST: lambda text: [part.strip() for part in text.split(",") if part.strip()],
    }.get(kind, str)


def plain(cell: str) -> str:
    """The cell without spaces around it, and without the sign that keeps a spreadsheet from reading a formula.

    Raises BadCell for a NUL character, which no text of ours can hold.
    """
    if cell[:1] == "'" and _ESCAPED.match(cell):
        cell = cell[1:]
    if "\0" in cell:
        raise BadCell("The cell holds the character NUL.")
    return cell.strip()


def amount(text: str, decimal: str) -> str:
    """`1.234,50 €` → `1234.50`."""
    short = _AMOUNT_SIGNS.sub("", text)
    if decimal == POINT:
        if _WITH_POINT.match(short):
            return short.replace(",", "")
    elif _WITH_COMMA.match(short):
        return short.replace(".", "").replace(",", ".")
    raise BadCell(
        f"“{text[:40]}” is not an amount with a decimal {'comma' if decimal == COMMA else 'point'}."
    )


def whole_number(text: str, decimal: str) -> str:
    """`2`, also when it is written `2.0`."""
    number = amount(text, decimal)
    whole, _, rest = number.partition(".")
    if rest.strip("0"):
        raise BadCell(f"“{text[:40]}” is not a whole number.")
    return whole


def moment(text: str, options: Options) -> datetime:
    """A time with its offset; the merchant's clock where it has none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _written_out(text, options)
    return found if found.tzinfo else found.replace(tzinfo=options.zone)


def _written_out(text: str, options: Options) -> datetime:
    bare, offset = text, ""
    if match := _OFFSET.search(text):
        bare = text[: match.start()]
        offset = "+00:00" if match[3] else f"{match[1]}:{match[2]}"
    try:
        if match := _DATE.match(bare):
            bare = f"{_day(match, options).isoformat()}T{_clock(match[5] or '0:00')}"
        return datetime.fromisoformat(bare.replace("/", "-") + offset)
    except ValueError:
        raise BadCell(f"“{text[:40]}” is not a date or time that can be read.") from None


def _day(match: re.Match[str], options: Options) -> date:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if match[2] == "." or options.dates == DAY_FIRST:
        first, second = second, first
    return date(year, first, second)


def _clock(text: str) -> str:
    match = _TIME.match(text.strip())
    if match is None:
        raise ValueError
    hour = int(match[1])
    if match[4]:
        hour = hour % 12 + (12 if match[4][0] in "pP" else 0)
    return f"{hour:02}:{match[2]}:{match[3] or '00'}"


def flag(text: str) -> bool:
    """Yes or no, in the words of several programs."""
    word = text.casefold()
    if word not in _YES | _NO:
        raise BadCell(f"“{text[:40]}” is neither yes nor no.")
    return word in _YES


def country(text: str) -> str:
    """ISO 3166-1 alpha-2, also from a country's name in English or German."""
    if len(text) == 2:
        return text.upper()
    code = _countries().get(text.casefold())
    if code is None:
        raise BadCell(f"“{text[:40]}” is not a country's code or name.")
    return code


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    return {
        name.casefold(): code
        for language in ("de", "en")
        for code, name in Locale(language).territories.items()
        if len(code) == 2
    }


def suggest_options(
    merchant: Merchant, amounts: Iterable[str], times: Iterable[str]
) -> tuple[dict[str, str], list[str]]:
    """How these cells seem to write numbers and dates, and what of it is a guess (`dates`)."""
    with_comma = sum(1 for text in amounts if re.search(r",\d{1,2}\D*$", text))
    with_point = sum(1 for text in amounts if re.search(r"\.\d{1,2}\D*$", text))
    options = {"decimal": COMMA if with_comma > with_point else POINT}
    slashed = [match for text in times if (match := _DATE.match(text)) and match[2] != "."]
    guessed: list[str] = []
    if slashed:
        if any(int(match[3]) > 12 for match in slashed):
            options["dates"] = MONTH_FIRST
        elif any(int(match[1]) > 12 for match in slashed):
            options["dates"] = DAY_FIRST
        else:
            options["dates"] = MONTH_FIRST if merchant.country == "US" else DAY_FIRST
            guessed.append("dates")
    return options, guessed

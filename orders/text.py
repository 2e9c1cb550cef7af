"""Normal forms of what people type: order numbers, addresses, names."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from babel.core import get_global

_ADDRESS = re.compile(r"^[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\.]+$")
_NOT_WORD = re.compile(r"[^\w]+")
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}")
_PHONE_NOISE = re.compile(r"[\s()./\-]")
_LONGEST_TOKEN = 190  # in letters; PostgreSQL takes 2,046 bytes
_AROUND_WORDS = "#,;:()<>\"'\\"  # Weber, Anna <anna@…>


def normal_email(text: str) -> str:
    """The address in lower case, or "" when it is not exactly one address (RFC 5321's addr-spec, unquoted).

    Anything else (`a@b, x@evil`, line breaks, quoted parts) would only fail when a message is sent.
    """
    address = text.strip().lower()
    return address if len(address) <= 254 and address.isprintable() and _ADDRESS.match(address) else ""


def normal_phone(text: str) -> str:
    """The number in E.164 (`+49…`) when it was given internationally, else ""."""
    digits = _PHONE_NOISE.sub("", text.strip())
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    return digits if _INTERNATIONAL.fullmatch(digits) else ""


def normal_number(text: str) -> str:
    """An order number without signs and case: "#AB-1042" → "ab1042"."""
    folded = fold(text).strip("# ")
    return (folded if folded.isalnum() else _NOT_WORD.sub("", folded).replace("_", ""))[:64]


def normal_postcode(text: str) -> str:
    """A postcode without spaces, signs and case: "SW1A 1AA" → "sw1a1aa"."""
    return _NOT_WORD.sub("", fold(text))


def fold(text: str) -> str:
    """Lower case without accents: "Müller" → "muller"."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def search_tokens(*texts: str) -> list[str]:
    """The words by which an order is found: whole texts and their parts, folded."""
    tokens: dict[str, None] = {}
    for text in texts:
        folded = fold(text).strip("# ")
        if folded.isalnum():  # one word
            tokens[folded[:_LONGEST_TOKEN]] = None
            continue
        parts = _NOT_WORD.split(folded)
        for token in (folded, "".join(parts), *parts):
            if token:
                tokens[token[:_LONGEST_TOKEN]] = None
    return list(tokens)


def search_query(typed: str) -> str:
    """What a person typed as a `tsquery`: every word as a prefix. Empty when nothing is left of it."""
    typed = fold(typed.replace("\0", " "))  # PostgreSQL takes no NUL
    words = [word.strip(_AROUND_WORDS)[:_LONGEST_TOKEN] for word in typed.split()]
    # Within quotes, quotes and backslashes are doubled (https://www.postgresql.org/docs/current/datatype-textsearch.html).
    quoted = [word.replace("\\", "\\\\").replace("'", "''") for word in words[:8] if word]
    return " & ".join(f"'{word}':*" for word in quoted)


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    """Codes of the currencies that are legal tender somewhere today (Unicode CLDR)."""
    territories: Iterable = get_global("territory_currencies").values()
    return frozenset(
        code for uses in territories for code, _start, end, tender in uses if tender and end is None
    )


def plain(amount: Decimal) -> Decimal:
    """The amount with two places, or as many more as it has: 89.0000 → 89.00, 0.0450 → 0.045."""
    short = amount.normalize()
    return amount.quantize(Decimal("0.01")) if short.as_tuple().exponent >= -2 else short  # type: ignore[operator]

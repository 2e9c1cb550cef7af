"""Text messages: the GSM-7 alphabet, 160 characters a message; one other character and it is 70."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes two places
TYPOGRAPHY = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "„": '"',
        "“": '"',
        "”": '"',
        "’": "'",
        "‘": "'",
        "‚": "'",
        "…": "...",
        "·": "-",
    }
    | dict.fromkeys("\u00a0\u2009\u202f\u2028\u2029\t", " ")
)


def to_gsm7(text: str) -> str:
    """`text` in GSM-7 as far as it goes: plain dashes, quotes and spaces, fewer accents.

    Writing that has no such form (Greek small letters, Cyrillic, emoji) stays: readable beats
    short.
    """
    return "".join(_plain(character) for character in text.translate(TYPOGRAPHY))


@dataclass(frozen=True)
class Count:
    """What a carrier makes of a text: `units` are septets of GSM-7, or 16-bit units of UCS-2."""

    encoding: str  # "GSM-7" or "UCS-2"
    units: int
    parts: int
    # What fits into so many parts. A pair that would be torn apart by a border leaves a place free before it.
    room: int
    # The characters for which the whole text is UCS-2, each once, in the order of the text.
    culprits: tuple[str, ...] = ()


def count(text: str) -> Count:
    """How a text goes out: its encoding by GSM 03.38 with the extension table, and how many parts are paid for."""
    culprits = tuple(dict.fromkeys(c for c in text if c not in BASIC and c not in EXTENDED))
    if culprits:
        return _counted("UCS-2", [2 if ord(c) > 0xFFFF else 1 for c in text], 70, 67, culprits)
    return _counted("GSM-7", [2 if c in EXTENDED else 1 for c in text], 160, 153, ())


def segments(text: str) -> int:
    """How many messages a carrier counts for `text`."""
    return count(text).parts


def _counted(encoding: str, sizes: Sequence[int], alone: int, each: int, culprits: tuple[str, ...]) -> Count:
    """Fill parts: one of `alone` units, else of `each`, the rest of them being taken by what joins them."""
    units = sum(sizes)
    if units <= alone:
        return Count(encoding, units, 1, alone, culprits)
    parts, used = 1, 0
    for size in sizes:
        if used + size > each:
            parts, used = parts + 1, 0
        used += size
    return Count(encoding, units, parts, parts * each, culprits)


@lru_cache(maxsize=1024)
def _plain(character: str) -> str:
    if character in BASIC or character in EXTENDED:
        return character
    base = unicodedata.normalize("NFKD", character)
    base = "".join(c for c in base if not unicodedata.combining(c))
    return base if base and all(c in BASIC for c in base) else character

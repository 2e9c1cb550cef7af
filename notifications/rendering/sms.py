"""Text messages: the GSM-7 alphabet, 160 characters a message; one other character and it is 70."""

import unicodedata
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


def segments(text: str) -> int:
    """How many messages a carrier counts for `text`."""
    if all(c in BASIC or c in EXTENDED for c in text):
        length = sum(2 if c in EXTENDED else 1 for c in text)
        return 1 if length <= 160 else -(-length // 153)
    length = len(text.encode("utf-16-be")) // 2
    return 1 if length <= 70 else -(-length // 67)


@lru_cache(maxsize=1024)
def _plain(character: str) -> str:
    if character in BASIC or character in EXTENDED:
        return character
    base = unicodedata.normalize("NFKD", character)
    base = "".join(c for c in base if not unicodedata.combining(c))
    return base if base and all(c in BASIC for c in base) else character

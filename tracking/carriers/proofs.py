"""With whom or where a parcel was left, out of a carrier's own word for the place."""

import re
from typing import Final

_PLACES: Final = (
    ("neighbour", re.compile(r"neighbo|nachbar|voisin")),
    (
        "mailbox",
        re.compile(r"mail\s?box|letter\s?box|mail slot|briefkasten|boîte aux lettres|\bin/at mailbox"),
    ),
    ("locker", re.compile(r"locker|packstation|parcel box|boîte à colis|consigne")),
    (
        "reception",
        re.compile(r"recept|front desk|mail\s?room|office|concierge|lobby|empfang|poststelle|réception"),
    ),
    ("pickup_point", re.compile(r"access point|post office|pick-?up point|customer cent(er|re)|agent")),
    (
        "safe_place",
        re.compile(
            r"door|porch|garage|garden|deck|patio|safe\s?(drop|place)|side of|shed|yard|left at|leave at"
            r"|haustür|terrasse|ablageort|porte|lieu sûr"
        ),
    ),
)


def left_with(words: str) -> str:
    """One of neighbour, mailbox, locker, reception, pickup_point, safe_place; "" when the words say none of them."""
    lowered = words.lower()
    return next((name for name, pattern in _PLACES if pattern.search(lowered)), "")

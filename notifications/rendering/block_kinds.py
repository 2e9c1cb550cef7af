"""The kinds of blocks that a merchant composes a message of: which fields each has, and what may stand in them.

A block is plain data: `{"id": "b1", "kind": "text", "only_if": "", "title": "…", "text": "…", "look": "plain"}`. All
values are texts. `rendering/blocks.py` draws them; which of them may stand in which message decides
`notifications/own_blocks.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Block = dict[str, str]

MOST_BLOCKS: Final = 30
ID: Final = re.compile(r"[a-z0-9_]{1,20}")
# A picture that the merchant uploaded, by the hash of what is in it.
UPLOADED: Final = re.compile(r"picture:([0-9a-f]{64})")
# The host is written out, so that nothing that is filled in can choose another one.
WEB_ADDRESS: Final = re.compile(r"https://[A-Za-z0-9.-]+(:\d{1,5})?([/?#][^\s\"'<>\\]*)?")
# An address that is a variable: `{{ links.portal }}`.
VARIABLE: Final = re.compile(r"\{\{\s*([A-Za-z_][\w.\[\]]*)\s*\}\}")


class Type(StrEnum):
    """What a field holds."""

    WORDS = "words"  # Liquid
    LONG = "long"  # Liquid, with line breaks
    LINK = "link"
    PICTURE = "picture"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """One field of a block. longest: in characters. choices: what it may say, the first when nothing is said."""

    name: str
    type: Type = Type.WORDS
    longest: int = 300
    is_needed: bool = False
    choices: tuple[str, ...] = ()


_LINK: Final = Field("link", Type.LINK, 1000)
_OFFERED_AT: Final = Field("link", Type.LINK, 1000, is_needed=True)
_TEXT: Final = Field("text", Type.LONG, 4000, is_needed=True)

# Those that a merchant writes.
WRITTEN: Final[Mapping[str, tuple[Field, ...]]] = {
    "heading": (Field("eyebrow"), Field("text", longest=400, is_needed=True)),
    "text": (Field("title"), _TEXT, Field("look", Type.CHOICE, choices=("plain", "box"))),
    "picture": (Field("source", Type.PICTURE, 1000, is_needed=True), Field("alt", is_needed=True), _LINK),
    "button": (Field("label", longest=120, is_needed=True), _LINK),
    "items": (Field("prices", Type.CHOICE, choices=("yes", "no")),),
    "progress": (),
    "offer": (
        Field("title", is_needed=True), Field("text", Type.LONG, 1000), Field("price", longest=60),
        Field("source", Type.PICTURE, 1000), Field("label", longest=120, is_needed=True), _OFFERED_AT,
    ),
    "stars": (Field("text", longest=300, is_needed=True),),
    "footer": (Field("title", is_needed=True), Field("text", Type.LONG, 1000, is_needed=True)),
}  # fmt: skip
# Parts of our design that say what a message is about. They stand where ours has them and take no words.
DESIGN: Final = (
    "order_facts", "facts", "totals", "products", "guide", "answers", "returned", "send_back", "exchange", "refund",
    "claim", "case", "withdrawal",
)  # fmt: skip
KINDS: Final[Mapping[str, tuple[Field, ...]]] = {**WRITTEN, **dict.fromkeys(DESIGN, ())}
ADVERTISING: Final = frozenset({"offer", "products"})

# When a block is shown: a condition in Liquid.
ONLY_IF: Final[Mapping[str, str]] = {
    "name": "customer.first_name",
    "eta": "shipment.eta",
    "tracking": "fulfillment.tracking_number",
    "several": "shipment.count > 1",
    "pickup": "shipment.pickup_place",
    "place": "shipment.place",
    "discount": "discounts",
}


def kind_of(file: str) -> str:
    """The kind of block that a file of our design is."""
    return "products" if file == "offers" else file


def clean(given: Any) -> list[Block]:
    """Blocks as they are kept, out of whatever was given: known kinds and fields only, every value a text."""
    found = []
    for row in given if isinstance(given, list) else []:
        if isinstance(row, dict) and row.get("kind") in KINDS and ID.fullmatch(str(row.get("id", ""))):
            names = {name: _one_line(row.get(name)) for name in ("id", "kind", "only_if")}
            fields = KINDS[row["kind"]]
            found.append(names | {f.name: _plain(f, row.get(f.name)) for f in fields})
    return found[: MOST_BLOCKS + 1]


def _plain(field: Field, value: Any) -> str:
    if field.type != Type.LONG:
        return _one_line(value)
    lines = value.replace("\0", "").splitlines() if isinstance(value, str) else []
    return "\n".join(line.rstrip() for line in lines).strip()


def _one_line(value: Any) -> str:
    return " ".join(value.replace("\0", "").split()) if isinstance(value, str) else ""


def is_address(text: str) -> bool:
    """Whether a link can be made of a text: https with its host written out, or one variable."""
    return bool(WEB_ADDRESS.fullmatch(_without_tags(text)) or VARIABLE.fullmatch(text))


def is_picture(text: str) -> bool:
    """Whether a text says where a picture is: an uploaded one, or as `is_address`."""
    return bool(UPLOADED.fullmatch(text)) or is_address(text)


def _without_tags(text: str) -> str:
    """An address with a character for each output that may stand in any part but its host."""
    return re.sub(r"\{\{[^{}]*\}\}", "~", text)

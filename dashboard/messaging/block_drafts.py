"""A composed mail while it is written: what stands in the form, as typed.

Nothing is kept on the way: the form carries all blocks, and only "save" saves. So blocks can be added, moved, doubled
and removed without JavaScript, and what was typed wrongly stays where it was typed. Only pictures are kept at once.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant
from merchants.pictures import LARGEST_PHOTO, BadPicture
from notifications import own_pictures
from notifications.block_rules import HEAD, Place
from notifications.own_blocks import blank
from notifications.rendering.block_kinds import KINDS, MOST_BLOCKS, UPLOADED, Block, Type, clean

# A longer address is taken by no web server between here and the browser.
LONGEST_DRAFT = 7_000
_LARGEST_UNPACKED = 200_000

REFUSED: dict[str, Promise] = {
    "too_large": _("This file is larger than 12 MB."),
    "svg": _("SVG files are not taken, because they can carry scripts. Export it as PNG or JPEG."),
    "unknown": _("This is no picture. JPEG, PNG and WebP are taken."),
    "too_many_pixels": _("This picture has too many pixels."),
    "broken": _("This file is damaged."),
    "too_many": _("There is no room for more pictures: at most 200."),
}


@dataclass
class Draft:
    """Subject, preview line and blocks as they were typed. errors: by block and field."""

    head: dict[str, str]
    blocks: list[Block]
    errors: dict[Place, Any] = field(default_factory=dict)


def posted(data: QueryDict) -> Draft:
    """What stands in the form."""
    head = {place: " ".join(data.get(place, "").replace("\0", "").split()) for place in HEAD}
    return Draft(head, clean([_posted_block(data, each) for each in data.getlist("block")]))


def _posted_block(data: QueryDict, block: str) -> dict[str, str]:
    found = {"id": block, "kind": data.get(f"{block}-kind", ""), "only_if": data.get(f"{block}-only_if", "")}
    for each in KINDS.get(found["kind"], ()):
        name = f"{block}-{each.name}"
        chosen = data.get(f"{name}-from", "") if each.type == Type.PICTURE else ""
        found[each.name] = chosen or data.get(name, "")
    return found


def keep_pictures(draft: Draft, merchant: Merchant, files: Mapping[str, Any]) -> None:
    """Keep the pictures that came with the form, and have their blocks show them; what is wrong is noted."""
    for block in draft.blocks:
        for each in KINDS[block["kind"]]:
            upload = files.get(f"{block['id']}-{each.name}-file") if each.type == Type.PICTURE else None
            if upload is None:
                continue
            try:
                if upload.size > LARGEST_PHOTO:
                    raise BadPicture("too_large")
                kept = own_pictures.add(merchant, upload.read(), upload.name or "")
            except BadPicture as refused:
                draft.errors[block["id"], each.name] = REFUSED[refused.code]
            else:
                block[each.name] = f"picture:{kept.digest}"


def change(draft: Draft, do: str, kind: str, taken: Iterable[str]) -> str:
    """Add a block of a kind above the footer (`add`), or move, double or remove one (`up:ID`, `down:ID`, `copy:ID`,
    `remove:ID`). taken: names of blocks that were there before. Returns the block that was changed, "" for none."""
    what, _colon, block_id = do.partition(":")
    places = [each["id"] for each in draft.blocks]
    end = len(places) - 1 if draft.blocks and draft.blocks[-1]["kind"] == "footer" else len(places)
    names = {*places, *taken}
    new = next(f"b{n}" for n in range(1, len(names) + 2) if f"b{n}" not in names)
    here = places.index(block_id) if block_id in places else -1
    if what == "add" and kind in KINDS and kind != "footer" and len(places) < MOST_BLOCKS:
        draft.blocks.insert(end, blank(kind, new))
        return new
    if not 0 <= here < end:
        return ""
    if what == "up" and here > 0:
        draft.blocks.insert(here - 1, draft.blocks.pop(here))
    elif what == "down" and here < end - 1:
        draft.blocks.insert(here + 1, draft.blocks.pop(here))
    elif what == "remove":
        draft.blocks.pop(here)
        return ""
    elif what == "copy" and len(places) < MOST_BLOCKS:
        draft.blocks.insert(here + 1, {**draft.blocks[here], "id": new})
        return new
    return block_id


def packed(draft: Draft) -> str:
    """A draft as a part of an address, for the frame that shows it; "" when it is too long for one."""
    given = json.dumps([draft.head, draft.blocks], ensure_ascii=False, separators=(",", ":"))
    text = base64.urlsafe_b64encode(zlib.compress(given.encode(), 9)).decode()
    return text if len(text) <= LONGEST_DRAFT else ""


def unpacked(text: str) -> Draft | None:
    """The draft that an address carries, None for none."""
    try:
        unpacking = zlib.decompressobj()
        given = json.loads(unpacking.decompress(base64.urlsafe_b64decode(text), _LARGEST_UNPACKED))
        head, blocks = given
        return Draft({place: str(head.get(place, "")) for place in HEAD}, clean(blocks))
    except (ValueError, TypeError, AttributeError, zlib.error, RecursionError):
        return None


def picture_of(text: str) -> str:
    """What a field that shows a picture holds, if it is an uploaded one."""
    return text if UPLOADED.fullmatch(text) else ""

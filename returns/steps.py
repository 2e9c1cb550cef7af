"""The steps that the commands of returns are made of. The order is locked first, then its return, in a transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from events import log as event_log
from merchants import audit
from merchants.ids import public_id
from merchants.pictures import BadPicture, photo_from
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from orders.commands import lock_order
from returns.facts import ReturnFact
from returns.models import Return, ReturnEntry, ReturnLine, ReturnPhoto
from returns.states import APPROVALS, LOGISTICS, MONEY, EntryKind, Side

LONGEST_TEXT: Final = 4000
MOST_PHOTOS: Final = 4  # at once
MOST_PHOTOS_OF_A_RETURN: Final = 24

_MOVES: Final = {"approval_state": APPROVALS, "logistics_state": LOGISTICS, "money_state": MONEY}


def lock_return(return_id: UUID) -> Return:
    """The return with its order, both locked until the transaction ends: the order first. Raises NotFound."""
    order_id = Return.objects.filter(pk=return_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound("There is no such return.", param="return_id")
    order = lock_order(order_id)
    ret: Return = Return.objects.select_for_update(no_key=True).get(pk=return_id)
    ret.order = order
    return ret


def lines_of(ret: Return) -> list[ReturnLine]:
    """The lines of a locked return, with what was ordered."""
    return list(ret.lines.select_related("line", "part").order_by("line__position", "part__position", "id"))


def move(ret: Return, **values: Any) -> None:
    """The one place where a state changes. The row is locked. Raises Conflict for a move that there is not.

    Going where it stands already changes nothing, unless the state has such a move.
    """
    for name, moves in _MOVES.items():
        state, new = getattr(ret, name), values.get(name)
        if new is None or new == state:
            continue
        if new not in moves[state]:
            raise Conflict(f"This return is {state}.", param="return_id", code="return_state")
    save(ret, **values)


def save(ret: Return, **values: Any) -> None:
    """Change a locked return."""
    for name, value in {**values, "updated_at": timezone.now()}.items():
        setattr(ret, name, value)
    ret.save(update_fields=[*values, "updated_at"])


def refuse_unless(ret: Return, state: str, allowed: Iterable[str]) -> None:
    """Raises Conflict unless one of the three states (`approval_state` …) is one of the allowed."""
    now = getattr(ret, state)
    if now not in allowed:
        raise Conflict(f"This return is {now}.", param="return_id", code="return_state")


def cleaned(text: str, longest: int = LONGEST_TEXT) -> str:
    """What was typed, ready to be stored. Raises Unprocessable for too many letters."""
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if len(text) > longest:
        raise Unprocessable(f"{longest} letters at most.", param="text", code="text_too_long")
    return text


def redrawn(photos: Sequence[bytes]) -> list[bytes]:
    """Uploaded pictures as JPEGs of ours. Raises Unprocessable: too many, or one that is no picture we take."""
    if len(photos) > MOST_PHOTOS:
        raise Unprocessable(f"{MOST_PHOTOS} photos at most.", param="photos", code="too_many_photos")
    try:
        return [photo_from(photo) for photo in photos]
    except BadPicture as bad:
        raise Unprocessable(_BAD_PHOTOS[bad.code], param="photos", code=f"photo_{bad.code}") from None


_BAD_PHOTOS: Final = {
    "too_large": "A photo has 12 MB at most.",
    "svg": "Send photos as JPEG, PNG or WebP.",
    "unknown": "Send photos as JPEG, PNG or WebP. A HEIC of an iPhone has to be converted first.",
    "too_many_pixels": "This picture has too many pixels.",
    "broken": "This picture cannot be read.",
}


def add_entry(
    ret: Return, kind: EntryKind, side: Side, text: str = "", *, data: Mapping[str, Any] | None = None,
    photos: Sequence[bytes] = (), line: ReturnLine | None = None,
) -> ReturnEntry:  # fmt: skip
    """A line of the history, in the name of whoever of the team acts now. photos: JPEGs of `redrawn`."""
    now = timezone.now()
    author = audit.current_actor().name if side == Side.TEAM else ""
    entry: ReturnEntry = ReturnEntry.objects.create(
        merchant_id=ret.merchant_id, ret=ret, kind=kind, side=side, author=author[:254], text=text,
        data=dict(data or {}), created_at=now,
    )  # fmt: skip
    add_photos(ret, entry, photos, line)
    return entry


def add_photos(ret: Return, entry: ReturnEntry, photos: Sequence[bytes], line: ReturnLine | None) -> None:
    """Keep pictures with an entry. Raises Unprocessable for too many of one return."""
    if not photos:
        return
    if ret.photos.count() + len(photos) > MOST_PHOTOS_OF_A_RETURN:
        raise Unprocessable("These are too many photos.", param="photos", code="too_many_photos")
    ReturnPhoto.objects.bulk_create(
        ReturnPhoto(
            merchant_id=ret.merchant_id,
            ret=ret,
            entry=entry,
            line=line,
            image=image,
            created_at=entry.created_at,
        )
        for image in photos
    )


def told(ret: Return, entry: ReturnEntry | None = None) -> dict[str, Any]:
    """What every fact about a return tells."""
    return {
        "return_id": ret.id, "number": ret.number, "kind": ret.kind, "approval_state": ret.approval_state,
        "logistics_state": ret.logistics_state, "money_state": ret.money_state,
        "return_entry_id": entry.id if entry else None,
    }  # fmt: skip


def tell(ret: Return, fact: ReturnFact) -> None:
    """Record a fact about a return."""
    event_log.record(fact, order_id=ret.order_id)


def note(action: str, ret: Return, changes: dict[str, list[object]] | None = None) -> None:
    """Put into the audit log what a person did."""
    audit.record_by_hand(action, public_id("ret", ret.id), ret.number, changes)

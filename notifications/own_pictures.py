"""Pictures that a merchant uploads for its messages, and where they are fetched from."""

from hashlib import sha256
from typing import Final

from django.utils import timezone

from merchants.audit import record_change
from merchants.models import Merchant
from merchants.pictures import BadPicture, photo_from
from merchants.scope import merchant_transaction
from notifications.models import MessagePicture

MOST_PICTURES: Final = 200
_LONGEST_NAME: Final = 120


def add(merchant: Merchant, data: bytes, name: str) -> MessagePicture:
    """Keep an uploaded picture, drawn anew as a JPEG; the same one again is the one that is there.

    Raises `merchants.pictures.BadPicture` for what is none, and with `too_many` when there is no room for another.
    """
    redrawn = photo_from(data)
    digest = sha256(redrawn).hexdigest()
    with merchant_transaction(merchant):
        found: MessagePicture | None = MessagePicture.objects.filter(digest=digest).first()
        if found is not None:
            return found
        if MessagePicture.objects.count() >= MOST_PICTURES:
            raise BadPicture("too_many")
        picture, is_new = MessagePicture.objects.get_or_create(
            merchant=merchant, digest=digest,
            defaults={"data": redrawn, "name": name[-_LONGEST_NAME:], "uploaded_at": timezone.now()},
        )  # fmt: skip
        if is_new:
            record_change("picture.uploaded", label=picture.name)
        return picture


def data_of(digest: str) -> bytes | None:
    """The JPEG that a message points at, None when the open scope has no such picture."""
    found = MessagePicture.objects.filter(digest=digest).values_list("data", flat=True).first()
    return bytes(found) if found is not None else None


def newest() -> list[tuple[str, str]]:
    """The pictures of the open scope, the newest first: what a block points at them with, and their names."""
    rows = MessagePicture.objects.order_by("-uploaded_at", "-id").values_list("digest", "name")
    return [(f"picture:{digest}", name) for digest, name in rows[:MOST_PICTURES]]

"""Photos that a shop's own pages took of what comes back."""

from uuid import UUID

from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_transaction
from returns.models import ReturnLine, ReturnPhoto
from returns.states import EntryKind
from returns.steps import add_photos, lock_return, redrawn


def add_photo(merchant: Merchant, return_id: UUID, photo: bytes, *, line: str = "") -> ReturnPhoto:
    """Keep a photo with the shopper's request. line: what the shop calls the order line that it shows, or "".

    photo: as it was taken; it is drawn anew, without what the file carries beside its pixels. Raises NotFound, Conflict
    for a closed return, Unprocessable for what is no photo, too many of them, or a line that the return does not have.
    """
    pictures = redrawn([photo])
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        if ret.closed_at is not None:
            raise Conflict("This return is closed.", param="return_id", code="return_state")
        row: ReturnLine | None = ret.lines.filter(line__external_id=line).first() if line else None
        if line and row is None:
            raise Unprocessable("The return has no such line.", param="line", code="unknown_line")
        entry = ret.entries.filter(kind=EntryKind.REQUESTED).order_by("created_at", "id")[0]
        add_photos(ret, entry, pictures, row)
        made: ReturnPhoto = ReturnPhoto.objects.filter(ret=ret, entry=entry).latest("id")
    return made

"""What a shopper reports, read from the form: goods, words and photos, with what is wrong beside each field."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from cases.models import CaseKind
from cases.steps import LONGEST_TEXT, MOST_PHOTOS
from merchants.pictures import LARGEST_PHOTO, BadPicture, photo_from
from portal.goods import Choice

# The photos, and the words around them.
LARGEST_BODY = MOST_PHOTOS * LARGEST_PHOTO + 200_000


@dataclass
class Typed:
    """A form as it was filled in. `errors`: name of the field → what is wrong."""

    text: str = ""
    lines: dict[UUID, int] = field(default_factory=dict)
    photos: list[bytes] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


def read_message(request: HttpRequest) -> Typed:
    """Words and photos."""
    typed = Typed(text=request.POST.get("text", "").replace("\0", ""))
    if len(typed.text.strip()) > LONGEST_TEXT:
        typed.errors["text"] = _("Please use %(most)d letters at most.") % {"most": LONGEST_TEXT}
    _read_photos(request, typed)
    return typed


def read_report(request: HttpRequest, kind: CaseKind, choices: Sequence[Choice]) -> Typed:
    """A whole report. What has to be said depends on the kind."""
    typed = read_message(request)
    for choice in choices:
        if str(choice.line_id) in request.POST.getlist("line"):
            count = request.POST.get(f"count-{choice.line_id}", "1")
            wanted = int(count) if count.isascii() and count.isdigit() and len(count) < 8 else 1
            typed.lines[choice.line_id] = min(max(1, wanted), choice.quantity)
    if choices and not typed.lines and kind != CaseKind.NOT_RECEIVED:
        typed.errors["line"] = _("Please choose what it is about.")
    if kind == CaseKind.WRONG_ITEM and not typed.text.strip():
        typed.errors.setdefault("text", _("Please tell us what came instead."))
    nothing_said = not typed.text.strip() and not typed.photos and "photos" not in typed.errors
    if kind == CaseKind.DAMAGED and nothing_said:
        typed.errors.setdefault("text", _("Please describe the damage, or add a photo."))
    return typed


def _read_photos(request: HttpRequest, typed: Typed) -> None:
    uploads = [upload for upload in request.FILES.getlist("photos") if upload]
    if len(uploads) > MOST_PHOTOS:
        typed.errors["photos"] = _("%(most)d photos at most.") % {"most": MOST_PHOTOS}
        return
    for upload in uploads:
        try:
            if (upload.size or 0) > LARGEST_PHOTO:
                raise BadPicture("too_large")
            typed.photos.append(photo_from(upload.read()))
        except BadPicture as bad:
            typed.errors["photos"] = _why(bad.code) % {"name": (upload.name or "")[:80]}


def _why(code: str) -> str:
    if code in ("too_large", "too_many_pixels"):
        return _("“%(name)s” is too large: 12 MB at most. Please choose your photos again.")
    return _(
        "“%(name)s” is not a photo that we can read: JPEG, PNG or WebP. Please choose your photos again."
    )

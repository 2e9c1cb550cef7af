"""What shows that a parcel was delivered, as far as the carrier told: when, to whom, where, and its picture."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.loading import ParcelRow
from portal.style import Style

_WEB = ("https://", "http://")
_LEFT: dict[str, Promise] = {
    "neighbour": gettext_lazy("With a neighbour"),
    "safe_place": gettext_lazy("In a safe place"),
    "mailbox": gettext_lazy("In the letter box"),
    "recipient": gettext_lazy("Handed to you in person"),
    "household": gettext_lazy("With somebody of your household"),
    "reception": gettext_lazy("At the reception"),
}
_LEFT_BY_SUBSTATUS = {"delivered.neighbour": "neighbour", "delivered.safe_place": "safe_place"}


@dataclass(frozen=True, slots=True)
class Proof:
    """Rows of name and value, and where the carrier shows its picture or document ("" for nowhere)."""

    rows: tuple[tuple[str, str], ...] = ()
    photo_url: str = ""
    document_url: str = ""
    left_with: str = ""


def proof_of(parcel: ParcelRow, style: Style) -> Proof:
    """The proof of a delivered parcel. Only addresses of web pages become links."""
    told = {name: str(value or "") for name, value in (parcel.proof or {}).items()}
    left = told.get("left_with") or _LEFT_BY_SUBSTATUS.get(parcel.substatus, "")
    at = parcel.delivered_at or parcel.status_at
    signed = parcel.signed_by or told.get("signed_by", "")
    where = ", ".join(filter(None, (str(_LEFT.get(left, "")), told.get("place", ""))))
    rows = (
        (_("Delivered"), style.day_and_time(at) if at else ""),
        (_("Accepted by"), signed),
        (_("Left at"), where),
    )
    return Proof(
        rows=tuple((name, value) for name, value in rows if value),
        photo_url=_web(told.get("photo_url", "")),
        document_url=_web(told.get("document_url", "")),
        left_with=left,
    )


def _web(url: str) -> str:
    return url if url.startswith(_WEB) else ""

"""What a carrier told about the end of a parcel's way: proof of delivery, pick-up point, the carrier that took over."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboard import formats
from dashboard.carriers import carrier_label
from tracking.models import Shipment

LEFT_WITH: dict[str, Promise] = {
    "neighbour": _("With a neighbour"),
    "safe_place": _("In a safe place"),
    "mailbox": _("In the letter box"),
    "reception": _("At the reception"),
    "locker": _("In a locker"),
}


def proof_of(parcel: Shipment) -> dict[str, Any]:
    """Who signed, where it was left, and the addresses of pictures; empty when nothing shows the delivery."""
    told = parcel.proof or {}
    shown = {
        "signed_by": parcel.signed_by or told.get("signed_by", ""),
        "left_with": LEFT_WITH.get(told.get("left_with", ""), told.get("left_with", "")),
        "place": told.get("place", ""),
        "photo": formats.web_address(told.get("photo_url") or ""),
        "document": formats.web_address(told.get("document_url") or ""),
        "is_kept": bool(told.get("available")),
    }
    return shown if any(shown.values()) else {}


def pickup_of(parcel: Shipment) -> dict[str, Any]:
    """Where it waits: name, address, hours, the place's code; empty when it waits nowhere that we know."""
    told = parcel.pickup or {}
    if not parcel.pickup_place and not told:
        return {}
    town = " ".join(part for part in (told.get("postcode", ""), told.get("city", "")) if part)
    lines = [part for part in (told.get("name", ""), told.get("address", ""), town) if part]
    return {
        "lines": lines or [parcel.pickup_place],
        "hours": told.get("hours", ""),
        "code": told.get("code", ""),
        "until": parcel.pickup_until,
    }


def next_of(parcel: Shipment) -> str:
    """The carrier that brings it the last mile, with its number; "" without one."""
    if not parcel.next_number:
        return ""
    name = carrier_label(parcel.next_carrier, "") if parcel.next_carrier else ""
    return " ".join(part for part in (name, parcel.next_number) if part)


def weight_of(parcel: Shipment) -> str:
    """As the carrier weighed it: "1.2 kg"."""
    return f"{formats.decimal(parcel.weight_grams / 1000)} kg" if parcel.weight_grams else ""

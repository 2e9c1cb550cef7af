"""A4 and T25: what a shopper may still change before the order leaves, and the pages on which they do it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.address_rules import LONGEST, NEEDS_REGION, NO_POSTCODE
from portal.loading import OrderRow
from portal.site import Site
from portal.style import Style
from tracking.self_service import Allowance, has_left, may_cancel, may_change_address
from tracking.statuses import Status


@dataclass(frozen=True, slots=True)
class Part:
    """A field of the form. `autocomplete` is what browsers fill it by."""

    name: str
    label: Promise
    autocomplete: str
    optional: bool = False


_PARTS = (
    Part("name", gettext_lazy("Name"), "shipping name"),
    Part("company", gettext_lazy("Company"), "shipping organization", optional=True),
    Part("address1", gettext_lazy("Street and house number"), "shipping address-line1"),
    Part("address2", gettext_lazy("Flat, floor, second line"), "shipping address-line2", optional=True),
    Part("postcode", gettext_lazy("Postcode"), "shipping postal-code"),
    Part("city", gettext_lazy("City"), "shipping address-level2"),
    Part("region", gettext_lazy("State or province"), "shipping address-level1"),
)


@dataclass
class TypedAddress:
    """An address as it was typed. `errors`: part → what is wrong."""

    parts: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def address_allowance(site: Site, order: OrderRow, style: Style) -> Allowance:
    """Whether this order may still get another address."""
    left = [has_left(parcel.status, parcel.shipped_at, style.now) for parcel in order.parcels]
    return may_change_address(
        site.merchant, placed_at=order.placed_at, is_cancelled=order.is_cancelled, left=left, now=style.now
    )


def cancel_allowance(site: Site, order: OrderRow, style: Style) -> Allowance:
    """Whether this order may still be cancelled here."""
    live = sum(parcel.status != Status.CANCELLED for parcel in order.parcels)
    return may_cancel(
        site.merchant, placed_at=order.placed_at, is_cancelled=order.is_cancelled, parcels=live, now=style.now
    )


def said_faults(faults: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with each part, in words."""
    return {name: str(_FAULTS[code]) for name, code in faults.items()}


_FAULTS: dict[str, Promise] = {
    "missing": gettext_lazy("This is missing."),
    "too_long": gettext_lazy("This is too long."),
    "postcode": gettext_lazy("This is not a postcode of the country."),
    "number": gettext_lazy("The house number is missing."),
}


def address_context(site: Site, order: OrderRow, token: str, typed: TypedAddress) -> dict[str, Any]:
    """What `portal/address.html` shows: the form, or (with `is_checked`) the address to be confirmed."""
    style = Style.of(site, order, timezone.now())
    shown = [part for part in _PARTS if _is_asked(part, order.country)]
    return {
        "title": _("Change the address"),
        "order_number": order.number,
        "fields": [
            {
                "part": part,
                "value": typed.parts.get(part.name, ""),
                "error": typed.errors.get(part.name, ""),
                "longest": LONGEST[part.name],
            }
            for part in shown
        ],
        "lines": [typed.parts[part.name] for part in shown if typed.parts.get(part.name)],
        "typed": typed,
        "city": order.city,
        "country": style.country(order.country) if order.country else "",
        "until": _until(address_allowance(site, order, style), style),
        "action": site.path(f"o/{token}/address/"),
        "back_url": site.path(f"t/{token}/"),
    }


def _is_asked(part: Part, country: str) -> bool:
    if part.name == "region":
        return country in NEEDS_REGION
    return part.name != "postcode" or country not in NO_POSTCODE


def cancel_context(site: Site, order: OrderRow, token: str) -> dict[str, Any]:
    """What `portal/cancel.html` shows."""
    style = Style.of(site, order, timezone.now())
    return {
        "title": _("Cancel order %(number)s?") % {"number": order.number},
        "order_number": order.number,
        "total": style.money(order.total, order.currency),
        "until": _until(cancel_allowance(site, order, style), style),
        "action": site.path(f"o/{token}/cancel/"),
        "address_url": site.path(f"o/{token}/address/")
        if address_allowance(site, order, style).allowed
        else "",
        "back_url": site.path(f"t/{token}/"),
    }


def change_links(site: Site, order: OrderRow, token: str, style: Style) -> list[tuple[str, str, str]]:
    """Name, hint and address of what may still be changed."""
    found = []
    for allowed, name, path in (
        (address_allowance(site, order, style), _("Change the address"), "address/"),
        (cancel_allowance(site, order, style), _("Cancel the order"), "cancel/"),
    ):
        if allowed.allowed:
            hint = (
                _("until %(time)s") % {"time": _until(allowed, style)}
                if allowed.until
                else _("as long as nothing has left")
            )
            found.append((name, hint, site.path(f"o/{token}/{path}")))
    return found


def offer_of(site: Site, order: OrderRow, style: Style) -> str:
    """What may still be changed, and until when, in one or two sentences. "" for nothing."""
    address, cancel = address_allowance(site, order, style), cancel_allowance(site, order, style)
    said = []
    if address.allowed:
        said.append(
            _("You can change the address until %(time)s.") % {"time": _until(address, style)}
            if address.until
            else _("You can change the address until your order leaves.")
        )
    if cancel.allowed:
        said.append(
            _("You can cancel until %(time)s.") % {"time": _until(cancel, style)}
            if cancel.until
            else _("You can cancel until your order is packed.")
        )
    return " ".join(said)


def _until(allowed: Allowance, style: Style) -> str:
    return style.day_and_time(allowed.until) if allowed.until else ""

"""The tracking page of one parcel (A3): everything that its template shows, formatted once, here."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.goods import items_of_order, items_of_parcel
from portal.journey import events_of, map_of
from portal.loading import OrderRow, ParcelRow
from portal.site import Site
from portal.state import Hero, hero_of, needs_attention, words_of
from portal.style import Style
from portal.wording import Text
from tracking.carriers.registry import KNOWN
from tracking.statuses import Status

_SHOWN_EVENTS = 3
_WEB = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    url: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """The one card that says what to do next. At most one of its buttons is primary."""

    title: Text
    text: Text
    place: str
    until: str
    carrier: str
    number: str
    buttons: list[Button]


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    status: Text
    url: str
    current: bool


def best_parcel(order: OrderRow) -> ParcelRow | None:
    """The parcel that an order's link opens: one that needs attention, else one on its way, else the last."""
    return min(order.parcels, key=lambda parcel: (needs_attention(parcel), parcel.number), default=None)


def parcel_context(site: Site, order: OrderRow, token: str, parcel: ParcelRow | None) -> dict[str, Any]:
    """What `portal/track.html` shows. Without a parcel: an order that is not shipped yet."""
    style = Style.of(site, order, timezone.now())
    hero = hero_of(site.merchant, order, parcel, style)
    events = events_of(order, parcel, style) if parcel else []
    several = len(order.parcels) > 1
    return {
        "title": f"{hero.eta} · {order.number}",
        "order_number": order.number,
        "hero": hero,
        "advice": _advice(site, order, token, parcel, hero, style),
        "map": map_of(order, parcel, style) if parcel else None,
        "events": SafeString("".join(events[:_SHOWN_EVENTS])),
        "earlier": SafeString("".join(events[_SHOWN_EVENTS:])),
        "earlier_count": max(0, len(events) - _SHOWN_EVENTS),
        "waits_for_scan": parcel is not None and not events and parcel.status != Status.CANCELLED,
        "items": items_of_parcel(order, parcel, style) if parcel else items_of_order(order, style),
        "items_title": gettext("In this parcel") if parcel else gettext("Your order"),
        "tabs": _tabs(site, order, token, parcel, style) if several else [],
        "order_url": site.path(f"o/{token}/"),
        "contact_url": contact_url(site, order),
    }


def carrier_name(parcel: ParcelRow) -> str:
    """How the carrier is called: by the shop, else by us."""
    known = KNOWN.get(parcel.carrier)
    return parcel.carrier_name or (known.name if known else "")


def contact_url(site: Site, order: OrderRow) -> str:
    """How to reach the shop about an order: by mail, else its help page, else by telephone. "" without any."""
    merchant = site.merchant
    if merchant.support_email:
        subject = quote(gettext("Order %(number)s") % {"number": order.number})
        return f"mailto:{quote(merchant.support_email, safe='@')}?subject={subject}"
    if merchant.help_url:
        return merchant.help_url
    return f"tel:{''.join(merchant.support_phone.split())}" if merchant.support_phone else ""


def _advice(
    site: Site, order: OrderRow, token: str, parcel: ParcelRow | None, hero: Hero, style: Style
) -> Advice | None:
    words = hero.words
    waits = parcel is not None and parcel.status == Status.AVAILABLE_FOR_PICKUP
    buttons = _buttons(site, order, token, parcel, hero)
    carrier = carrier_name(parcel) if parcel else ""
    number = parcel.tracking_number if parcel else ""
    title = words.advice_title
    if not title and carrier:
        title, carrier = gettext("Your parcel with %(carrier)s") % {"carrier": carrier}, ""
    if not title and not number:
        return None
    return Advice(
        title=title or gettext("Your parcel"),
        text=words.advice,
        place=parcel.pickup_place if parcel and waits else "",
        until=style.day_and_time(parcel.pickup_until) if parcel and waits and parcel.pickup_until else "",
        carrier=carrier,
        number=number,
        buttons=buttons,
    )


def _buttons(site: Site, order: OrderRow, token: str, parcel: ParcelRow | None, hero: Hero) -> list[Button]:
    """The action that the state asks for comes first and is the primary one."""
    found: dict[str, Button] = {}
    if parcel and parcel.tracking_url.startswith(_WEB):
        carrier = carrier_name(parcel)
        label = (
            gettext("Track at %(carrier)s") % {"carrier": carrier}
            if carrier
            else gettext("Track at the carrier")
        )
        found["carrier"] = Button(label, parcel.tracking_url)
    contact = contact_url(site, order)
    if contact and (hero.words.action == "contact" or hero.tone == "bad"):
        found["contact"] = Button(gettext("Write to us"), contact)
    wanted = hero.words.action
    order_of = sorted(found, key=lambda name: name != wanted)
    buttons = [
        Button(found[name].label, found[name].url, primary=place == 0) for place, name in enumerate(order_of)
    ]
    if hero.window is not None:
        which = f"{parcel.number}/" if parcel else ""
        url = site.path(f"t/{token}/{which}delivery.ics")
        buttons.append(Button(gettext("Add to calendar"), url))
    return buttons


def _tabs(site: Site, order: OrderRow, token: str, current: ParcelRow | None, style: Style) -> list[Tab]:
    count = len(order.parcels)
    return [
        Tab(
            label=gettext("%(number)s of %(count)s") % {"number": place, "count": count},
            status=words_of(parcel, style).chip,
            url=site.path(f"t/{token}/{parcel.number}/"),
            current=parcel is current,
        )
        for place, parcel in enumerate(order.parcels, start=1)
    ]

"""The tracking page of one parcel (A3): everything that its template shows, formatted once, here."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.advice import advice_of, contact_url, is_change
from portal.changes import change_links
from portal.goods import items_of_order, items_of_parcel, items_to_come, items_without_parcel
from portal.journey import events_of, map_of
from portal.loading import OrderRow, ParcelRow
from portal.order_page import return_url
from portal.problems import cards_of, problem_path
from portal.site import Site
from portal.state import hero_of, needs_attention, words_of
from portal.style import Style
from portal.wording import Text
from tracking.statuses import Status

_SHOWN_EVENTS = 3


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
    reported = cards_of(site, order, token, parcel, style)
    events = events_of(order, parcel, style) if parcel else []
    several = len(order.parcels) > 1
    return {
        "title": f"{hero.eta} · {order.number}",
        "order_number": order.number,
        "hero": hero,
        "reported": reported,
        "advice": advice_of(site, order, token, parcel, hero, style, is_quiet=bool(reported)),
        "return_url": return_url(site, order, token),
        "problem_url": problem_path(site, token, parcel) if parcel else "",
        "map": map_of(order, parcel, style) if parcel else None,
        "events": SafeString("".join(events[:_SHOWN_EVENTS])),
        "earlier": SafeString("".join(events[_SHOWN_EVENTS:])),
        "earlier_count": max(0, len(events) - _SHOWN_EVENTS),
        "waits_for_scan": parcel is not None and not events and parcel.status != Status.CANCELLED,
        "items": items_of_parcel(order, parcel, style) if parcel else items_of_order(order, style),
        "items_title": gettext("In this parcel") if parcel else gettext("Your order"),
        "rest": items_to_come(order, style) if parcel and not order.is_cancelled else [],
        "without_parcel": items_without_parcel(order, style) if parcel and not order.is_cancelled else [],
        "changes": [] if is_change(hero) else change_links(site, order, token, style),
        "tabs": _tabs(site, order, token, parcel, style) if several else [],
        "notify_url": notify_url(site, order, token),
        "order_url": site.path(f"o/{token}/"),
        "contact_url": contact_url(site, order),
        "withdraw_url": site.withdraw_url(token),
    }


def notify_url(site: Site, order: OrderRow, token: str) -> str:
    """The page that offers notifications; "" where the shop has none, or nothing is left to tell."""
    arrived = bool(order.parcels) and all(parcel.status == Status.DELIVERED for parcel in order.parcels)
    if not site.merchant.push_key or order.is_cancelled or arrived:
        return ""
    return site.path(f"t/{token}/notify/")


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

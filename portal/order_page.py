"""The page of a whole order (A2): its parcels, what is still to come, and the bill."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from portal.advice import contact_url
from portal.changes import change_links
from portal.goods import Item, items_of_order, items_of_parcel, items_to_come, items_without_parcel, totals_of
from portal.loading import OrderRow
from portal.problems import all_cards
from portal.return_status import Card as ReturnCard
from portal.return_status import cards_of
from portal.site import Site
from portal.state import Hero, hero_of
from portal.style import Style
from returns.models import Return


@dataclass(frozen=True, slots=True)
class Card:
    """One parcel: its state in short, what is in it, and the way to its page."""

    name: str
    hero: Hero
    items: list[Item]
    url: str


def return_url(site: Site, order: OrderRow, token: str) -> str:
    """Where a return begins; "" as long as nothing was sent."""
    sent = not order.is_cancelled and any(line.shipped for line in order.lines)
    return site.path(f"o/{token}/return/") if sent else ""


def order_context(site: Site, order: OrderRow, token: str) -> dict[str, Any]:
    """What `portal/order.html` shows."""
    style = Style.of(site, order, timezone.now())
    count = len(order.parcels)
    cards = [
        Card(
            name=gettext("Parcel %(number)s of %(count)s") % {"number": place, "count": count}
            if count > 1
            else gettext("Your parcel"),
            hero=hero_of(site.merchant, order, parcel, style),
            items=items_of_parcel(order, parcel, style),
            url=site.path(f"t/{token}/{parcel.number}/"),
        )
        for place, parcel in enumerate(order.parcels, start=1)
    ]
    return {
        "title": gettext("Order %(number)s") % {"number": order.number},
        "order_number": order.number,
        "placed": style.day(order.placed_at),
        "placed_iso": style.iso(order.placed_at),
        "city": order.city,
        "cards": cards,
        "is_cancelled": order.is_cancelled,
        "rest": [] if order.is_cancelled else items_to_come(order, style),
        "without_parcel": items_without_parcel(order, style) if cards and not order.is_cancelled else [],
        "all_items": items_of_order(order, style) if not cards else [],
        "waiting": hero_of(site.merchant, order, None, style) if not cards else None,
        "returns": _returns(site, order, token),
        "return_url": return_url(site, order, token),
        "reported": all_cards(site, order, token, style),
        "problem_url": site.path(f"t/{token}/problem/") if cards else "",
        "changes": change_links(site, order, token, style),
        "totals": totals_of(order, style),
        "track_url": site.path(f"t/{token}/"),
        "contact_url": contact_url(site, order),
        "withdraw_url": site.withdraw_url(token),
    }


def _returns(site: Site, order: OrderRow, token: str) -> list[ReturnCard]:
    if not order.has_returns:  # most orders have none: no query then
        return []
    return cards_of(
        site,
        token,
        Return.objects.filter(order_id=order.id).select_related("withdrawal").order_by("-sequence")[:20],
    )

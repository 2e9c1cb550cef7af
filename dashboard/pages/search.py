"""Searching everything: orders, parcels, people, products and pages. Works as a plain page, and live under the box."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import StrIndex, Upper
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from dashboard import formats, settings_pages
from dashboard.access import Seat, merchant_view
from dashboard.shell import page
from dashboard.words import STAGES, STATUSES, Label, label
from merchants.ids import public_id
from orders.models import Order, Product, Variant
from orders.search import find_orders
from orders.text import fold
from tracking.models import Shipment

_LONGEST_SEARCH = 200
_SHOWN, _SHOWN_LIVE = 20, 5
# Pages outside of the settings, and other words by which people look for them.
PAGES: tuple[tuple[str, Promise, Promise], ...] = (
    ("overview", gettext_lazy("Overview"), gettext_lazy("home start figures statistics")),
    ("orders", gettext_lazy("Orders"), gettext_lazy("sales purchases")),
    ("shipments", gettext_lazy("Shipments"), gettext_lazy("parcels tracking deliveries")),
    ("messages", gettext_lazy("Messages"), gettext_lazy("e-mails mails texts SMS log")),
    ("customers", gettext_lazy("Customers"), gettext_lazy("people shoppers buyers")),
    ("parked", gettext_lazy("Parked"), gettext_lazy("errors failed retry")),
    ("settings", gettext_lazy("Settings"), gettext_lazy("set up configuration")),
)


@dataclass(frozen=True)
class Hit:
    """One thing that was found."""

    title: Any
    url: str  # "" for what has no page
    about: str = ""
    state: Label | None = None


@dataclass(frozen=True)
class Group:
    """Things of a kind; `all_url` shows all of them, "" when these are all."""

    name: str
    hits: list[Hit]
    all_url: str = ""


@require_safe
@merchant_view()
def search(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?q=`. A fragment request gets a few of each kind only."""
    typed = request.GET.get("q", "").replace("\0", "")[:_LONGEST_SEARCH].strip()
    is_live = bool(request.htmx)  # type: ignore[attr-defined]
    groups = find(seat, typed, _SHOWN_LIVE if is_live else _SHOWN) if typed else []
    context = {"seat": seat, "sought": typed, "groups": groups}
    if is_live:
        return render(request, "dashboard/_found.html", context)
    return page(request, seat, "dashboard/search.html", context, section="search")


def find(seat: Seat, typed: str, most: int) -> list[Group]:
    """What has these words, by kind; kinds without a hit are left out. At most four queries."""
    base = f"/app/{seat.merchant.slug}"
    orders = _orders(typed, most + 1)
    shown = [_order_hit(base, order) for order in orders[:most]]
    groups = [
        Group(_("Orders"), shown, f"{base}/orders/?q={quote(typed)}" if len(orders) > most else ""),
        Group(_("Parcels"), _parcels(base, orders, typed, most)),
        Group(_("People"), _people(base, orders, most)),
        Group(_("Products"), _products(typed, most)),
        Group(_("Pages"), _pages(seat, typed)[:most]),
    ]
    return [group for group in groups if group.hits]


def _orders(typed: str, most: int) -> list[Order]:
    rows = find_orders(typed).orders.select_related("customer").defer("raw", "search", "shipping_address")
    return list(rows.order_by("-placed_at", "-id")[:most])


def _order_hit(base: str, order: Order) -> Hit:
    return Hit(
        title=order.number,
        url=f"{base}/orders/{public_id('ord', order.id)}/",
        about=f"{order.first_name} {order.last_name}".strip() or order.email,
        state=label(STAGES, order.stage),
    )


def _parcels(base: str, orders: list[Order], typed: str, most: int) -> list[Hit]:
    """Parcels of the found orders; those whose number was typed stand first."""
    if not orders:
        return []
    by_id = {order.id: order for order in orders}
    meant = StrIndex(Upper("tracking_number"), Value(typed.upper()))
    rows = Shipment.outbound.filter(order_id__in=by_id).exclude(tracking_number="").annotate(meant=meant)
    rows = rows.only("id", "merchant_id", "order_id", "tracking_number", "status").order_by(
        "-meant", "-created_at"
    )
    return [
        Hit(
            title=parcel.tracking_number,
            url=f"{base}/shipments/{public_id('shp', parcel.id)}/",
            about=by_id[parcel.order_id].number,
            state=label(STATUSES, parcel.status),
        )
        for parcel in rows[:most]
    ]


def _people(base: str, orders: list[Order], most: int) -> list[Hit]:
    """Who placed the found orders, each once."""
    people = {order.customer_id: order.customer for order in orders if order.customer is not None}
    return [
        Hit(
            title=person.name or person.email,
            url=f"{base}/customers/{public_id('cus', person.id)}/",
            about=person.email if person.name else "",
        )
        for person in list(people.values())[:most]
    ]


def _products(typed: str, most: int) -> list[Hit]:
    """Products whose title has the words, or with a variant of this article number.

    A hit leads to the product's page in the shop. Where the shop told us no address it leads nowhere: we keep products
    to show them beside orders and have no page of our own for one.
    """
    sold = Variant.objects.filter(product_id=OuterRef("pk"), merchant_id=OuterRef("merchant_id"), sku=typed)
    words = Q()
    for word in typed.split()[:5]:
        words &= Q(title__icontains=word)
    rows = Product.objects.filter(words | Exists(sold)).order_by("title", "id")
    return [
        Hit(title=product.title, url=formats.web_address(product.url), about=product.product_type)
        for product in rows.only("id", "merchant_id", "title", "product_type", "url")[:most]
    ]


def _pages(seat: Seat, typed: str) -> list[Hit]:
    """Pages by their names and other words for them, in the reader's language."""
    words = fold(typed).split()
    found = []
    for name, text, others in PAGES:
        if _has(words, f"{text} {others}"):
            found.append(Hit(text, reverse(f"dashboard:{name}", args=[seat.merchant.slug])))
    for group in settings_pages.groups_of(seat):
        for entry in group["entries"]:
            if _has(words, f"{entry['label']} {entry['about']} {entry['key']}"):
                found.append(Hit(entry["label"], entry["url"], str(_("Settings"))))
    return found


def _has(words: list[str], text: str) -> bool:
    """Whether each word begins a word of the text."""
    there = fold(text.replace("-", "")).split()
    return bool(words) and all(any(has.startswith(word.replace("-", "")) for has in there) for word in words)

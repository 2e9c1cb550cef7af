"""The list of orders: tabs, search, and fifty more at a time."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from dashboard import counts, formats, listing
from dashboard.access import Seat, merchant_view
from dashboard.shell import page
from dashboard.words import STAGES, Label, label
from merchants.ids import public_id
from merchants.models import Merchant
from orders.models import Order, Stage
from orders.search import Found, find_orders
from orders.shops import hook_path
from tracking.carriers.registry import KNOWN
from tracking.models import Shipment
from tracking.statuses import Status

TABS: dict[str, tuple[Any, tuple[Stage, ...]]] = {
    "all": (gettext_lazy("All"), ()),
    "ship": (gettext_lazy("To ship"), (Stage.TO_SHIP, Stage.PARTLY_SHIPPED)),
    "transit": (gettext_lazy("In transit"), (Stage.IN_TRANSIT,)),
    "attention": (gettext_lazy("Needs attention"), (Stage.ATTENTION,)),
    "delivered": (gettext_lazy("Delivered"), (Stage.DELIVERED,)),
    "cancelled": (gettext_lazy("Cancelled"), (Stage.CANCELLED,)),
}
_LONGEST_SEARCH = 200


@dataclass
class Row:
    """An order as the list shows it."""

    order: Order
    url: str
    stage: Label
    total: str
    customer: str
    parcels: str = ""
    carriers: str = ""


@dataclass
class _Parcels:
    total: int = 0
    delivered: int = 0
    carriers: list[str] = field(default_factory=list)


@require_safe
@merchant_view()
def orders(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?tab=`, `?q=` and `?cursor=` say which orders. A fragment request gets the rows only."""
    typed = request.GET.get("q", "")[:_LONGEST_SEARCH].strip()
    tab = request.GET.get("tab", "all")
    tab = tab if tab in TABS else "all"
    found = find_orders(typed)
    rows = _of_tab(found.orders, tab).defer("raw", "search")  # large, and not shown
    stretch = listing.newest(request, rows, by="placed_at")
    context = {
        "rows": _rows(seat.merchant, stretch.rows),
        "stretch": stretch,
        "typed": typed,
        "tab": tab,
        "start_url": listing.url_with(request),
    }
    target = request.htmx.target if request.htmx else None  # type: ignore[attr-defined]
    if target and "more" in target:
        return render(request, "dashboard/orders.html#rows", context)
    context["tabs"] = _tabs(request, seat.merchant, found, tab, is_search=bool(typed))
    if target and "results" in target:
        return render(request, "dashboard/orders.html#results", context)
    context["has_orders"] = bool(stretch.rows) or Order.objects.exists()
    context["hook_url"] = settings.PUBLIC_URL + hook_path(seat.merchant, "shopify")
    context["api_url"] = f"{settings.PUBLIC_URL}/api/v1/orders"
    return page(request, seat, "dashboard/orders.html", context, section="orders")


def _of_tab(rows: QuerySet[Order], tab: str) -> QuerySet[Order]:
    stages = TABS[tab][1]
    return rows.filter(stage__in=stages) if stages else rows


def _tabs(
    request: HttpRequest, merchant: Merchant, found: Found, current: str, *, is_search: bool
) -> list[dict[str, Any]]:
    """The tabs with their counts. When a search finds very much, nothing is counted."""
    numbers = dict.fromkeys(TABS, "")
    if found.stages is not None:
        in_all = found.stages.total()
        for name, (_words, stages) in TABS.items():
            numbers[name] = str(sum(found.stages[stage] for stage in stages) if stages else in_all)
    elif not is_search:
        capped = counts.capped_counts(merchant, {name: _of_tab(found.orders, name) for name in TABS})
        numbers = {name: counts.shown(count) for name, count in capped.items()}
    return [
        {
            "words": words,
            "count": numbers[name],
            "url": listing.url_with(request, tab="" if name == "all" else name),
            "current": name == current,
        }
        for name, (words, _stages) in TABS.items()
    ]


def _rows(merchant: Merchant, orders_: list[Order]) -> list[Row]:
    """The orders with what became of their parcels: one query for all of them."""
    parcels: dict[UUID, _Parcels] = {order.id: _Parcels() for order in orders_}
    known = Shipment.objects.filter(order_id__in=parcels).exclude(status=Status.CANCELLED).order_by("number")
    for order_id, status, carrier, name in known.values_list("order_id", "status", "carrier", "carrier_name"):
        of = parcels[order_id]
        of.total += 1
        of.delivered += status == Status.DELIVERED
        if (shown := carrier_label(carrier, name)) not in of.carriers:
            of.carriers.append(shown)
    return [_row(merchant, order, parcels[order.id]) for order in orders_]


def _row(merchant: Merchant, order: Order, parcels: _Parcels) -> Row:
    return Row(
        order=order,
        url=f"/app/{merchant.slug}/orders/{public_id('ord', order.id)}/",
        stage=label(STAGES, order.stage),
        total=formats.money(order.total, order.currency),
        customer=f"{order.first_name} {order.last_name}".strip() or order.email or "–",
        parcels=_parcel_words(parcels),
        carriers=", ".join(parcels.carriers) or "–",
    )


def _parcel_words(parcels: _Parcels) -> str:
    if not parcels.total:
        return "–"
    if parcels.delivered and parcels.total > 1:
        numbers = {"delivered": parcels.delivered, "total": parcels.total}
        return _("%(delivered)d of %(total)d delivered") % numbers
    return ngettext("%(count)d parcel", "%(count)d parcels", parcels.total) % {"count": parcels.total}


def carrier_label(code: str, name: str) -> str:
    """A carrier's name: ours, or what the shop calls it."""
    known = KNOWN.get(code)
    return known.name if known else name or code or _("Unknown carrier")

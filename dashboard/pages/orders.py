"""The list of orders: tabs, filters, search, work on many of them, and fifty more at a time."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from dashboard import counts, filters, formats, listing, shell
from dashboard.access import Seat, merchant_view
from dashboard.bulk import MOST
from dashboard.carriers import carrier_label
from dashboard.filters import Given
from dashboard.tabs import ListTabs, saved_of, shown_tabs
from dashboard.words import STAGES, Label, label, spoken
from merchants.ids import public_id
from merchants.models import Merchant
from orders.models import Order, Stage
from orders.search import Found
from orders.shops import hook_path
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
_MOST_TAGS_SHOWN = 3


@dataclass
class Row:
    """An order as the list shows it. `key` names it in the form for many; `url` is as seen from the list."""

    number: str
    key: str
    url: str
    stage: Label
    placed: str
    total: str
    customer: str
    tags: list[str]
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
    """The address says which orders (`dashboard.filters`). A fragment request gets the rows only."""
    asked = filters.given(request.GET.dict(), TABS)
    found = filters.of_orders(asked)
    rows = of_tab(found.orders, asked.tab).defer("raw", "search", "shipping_address")  # large, and not shown
    stretch = listing.newest(request, rows, by="placed_at")
    context: dict[str, Any] = {
        "rows": _rows(stretch.rows),
        "stretch": stretch,
        "asked": asked,
        "tab": asked.tab,
        "start_url": listing.url_with(request),
    }
    target = (request.htmx.target or "") if request.htmx else ""  # type: ignore[attr-defined]
    if "more" in target:
        return render(request, "dashboard/orders.html#rows", {**context, "seat": seat})
    tabs = _tabs(request, seat, found, asked)
    context |= {
        "tabs": tabs.tabs,
        "waiting": tabs.waiting,
        "saved": tabs.current,
        "query": listing.url_with(request).partition("?")[2],
        "no_filter_url": f"?tab={asked.tab}" if asked.tab != "all" else request.path,
        "most": formats.number(MOST),
    }
    if "results" in target:
        return listing.results(request, "dashboard/orders.html#results", {**context, "seat": seat})
    context |= filters.choices(seat.merchant, asked)
    context["has_orders"] = bool(stretch.rows) or Order.objects.exists()
    context |= how_to_begin(seat.merchant)
    return shell.page(request, seat, "dashboard/orders.html", context, section="orders")


def how_to_begin(merchant: Merchant) -> dict[str, str]:
    """The addresses to which a shop sends its first orders."""
    return {
        "hook_url": settings.PUBLIC_URL + hook_path(merchant, "shopify"),
        "api_url": f"{settings.PUBLIC_URL}/api/v1/orders",
    }


def of_tab(rows: QuerySet[Order], tab: str) -> QuerySet[Order]:
    """The rows at a tab's stages."""
    stages = TABS[tab][1]
    return rows.filter(stage__in=stages) if stages else rows


def _counted(found: Found, tab: str, asked: Given) -> QuerySet[Order] | RawSQL:
    """What a tab counts. Without a filter it is asked for at every look at the list, and written as SQL."""
    if asked.is_filtered:
        return of_tab(found.orders, tab)
    stages = [stage.value for stage in TABS[tab][1]]
    if not stages:
        return counts.of_table("orders_order", "true")
    return counts.of_table("orders_order", "stage = ANY(%s)", stages)


def _tabs(request: HttpRequest, seat: Seat, found: Found, asked: Given) -> ListTabs:
    """The tabs with their counts. What cannot be counted cheaply is not counted."""
    numbers = dict.fromkeys(TABS, "")
    wanted = shell.what_waits()
    is_countable = found.stages is None and not asked.q and not asked.narrows
    if is_countable:
        wanted |= {f"tab_{name}": _counted(found, name, asked) for name in TABS}
    capped, saved = counts.capped_counts_and(seat.merchant, wanted, saved_of(seat, "orders"))
    if found.stages is not None:
        in_all = found.stages.total()
        for name, (_words, stages) in TABS.items():
            numbers[name] = str(sum(found.stages[stage] for stage in stages) if stages else in_all)
    elif is_countable:
        numbers = {name: counts.shown(capped[f"tab_{name}"]) for name in TABS}
    return shown_tabs(
        request, {name: words for name, (words, _) in TABS.items()}, numbers, asked, saved, capped
    )


def _rows(orders_: list[Order]) -> list[Row]:
    """The orders with what became of their parcels: one query for all of them."""
    parcels: dict[UUID, _Parcels] = {order.id: _Parcels() for order in orders_}
    known = Shipment.outbound.filter(order_id__in=parcels).exclude(status=Status.CANCELLED).order_by("number")
    for order_id, status, carrier, name in known.values_list("order_id", "status", "carrier", "carrier_name"):
        of = parcels[order_id]
        of.total += 1
        of.delivered += status == Status.DELIVERED
        if (shown := carrier_label(carrier, name)) not in of.carriers:
            of.carriers.append(shown)
    stages = spoken(STAGES)
    return [_row(order, parcels[order.id], stages) for order in orders_]


def _row(order: Order, parcels: _Parcels, stages: dict[str, Label]) -> Row:
    public = public_id("ord", order.id)
    more = len(order.tags) - _MOST_TAGS_SHOWN
    return Row(
        number=order.number,
        key=public[4:],
        url=f"{public}/",
        stage=label(stages, order.stage),
        placed=formats.moment_and_ago(order.placed_at),
        total=formats.money(order.total, order.currency),
        customer=f"{order.first_name} {order.last_name}".strip() or order.email or "–",
        tags=[*order.tags[:_MOST_TAGS_SHOWN], *([f"+{more}"] if more > 0 else [])],
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

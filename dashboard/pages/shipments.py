"""The list of parcels: where they are, which of them need somebody, and fifty more at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from analytics.models import Outcome
from dashboard import counts, filters, formats, listing, shell
from dashboard.access import Seat, merchant_view
from dashboard.carriers import carrier_label
from dashboard.filters import Given
from dashboard.tabs import ListTabs, saved_of, shown_tabs
from dashboard.words import STATUSES, SUBSTATUSES, Label, label, spoken
from merchants.ids import public_id
from orders.search import FEW, find_orders
from tracking.models import Shipment
from tracking.progress import ATTENTION
from tracking.statuses import Status

Rows = QuerySet[Shipment]

# A parcel that was handed over and of which nothing was heard for so long stands still.
QUIET_FOR = timedelta(hours=48)
_OVER = [Status.DELIVERED, Status.RETURNED, Status.CANCELLED, Status.EXPIRED]
_MOVING = [Status.PENDING, Status.INFO_RECEIVED, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY]
# A parcel that arrived in a time became known at most so long before it.
_LONGEST_WAY = timedelta(days=120)
_SHOWN = (
    "id", "merchant_id", "tracking_number", "number", "status", "substatus", "carrier", "carrier_name", "eta_from",
    "eta_to", "promised_to", "last_scan_at", "status_at", "shipped_at", "created_at", "order__id", "order__merchant_id",
    "order__number", "order__first_name", "order__last_name", "order__email",
)  # fmt: skip


def _open(rows: Rows) -> Rows:
    return rows.exclude(status__in=_OVER)


def _overdue(rows: Rows) -> Rows:
    return _open(rows).filter(promised_to__lt=timezone.now()).exclude(status=Status.RETURNING)


def _quiet(rows: Rows) -> Rows:
    since = timezone.now() - QUIET_FOR
    heard = Q(last_scan_at__lt=since) | Q(last_scan_at=None, shipped_at__lt=since)
    return _open(rows).filter(heard, status__in=_MOVING)


TABS: dict[str, tuple[Any, Callable[[Rows], Rows]]] = {
    "all": (gettext_lazy("All"), lambda rows: rows),
    "attention": (gettext_lazy("Needs attention"), lambda rows: rows.filter(status__in=list(ATTENTION))),
    "overdue": (gettext_lazy("Overdue"), _overdue),
    "quiet": (gettext_lazy("No news"), _quiet),
    "moving": (gettext_lazy("On the way"), lambda rows: rows.filter(status__in=_MOVING)),
    "pickup": (gettext_lazy("To collect"), lambda rows: rows.filter(status=Status.AVAILABLE_FOR_PICKUP)),
    "delivered": (gettext_lazy("Delivered"), lambda rows: rows.filter(status=Status.DELIVERED)),
    "returned": (gettext_lazy("Came back"), lambda rows: rows.filter(status=Status.RETURNED)),
}


@dataclass(frozen=True)
class Row:
    """A parcel as the list shows it; addresses are as seen from the list."""

    url: str
    name: str
    status: Label
    reason: Any
    order_url: str
    number: str
    customer: str
    carrier: str
    expected: str
    is_overdue: bool
    news: str


@require_safe
@merchant_view()
def shipments(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The address says which parcels (`dashboard.filters`). A fragment request gets the rows only."""
    asked = filters.given(request.GET.dict(), TABS, Outcome.values)
    rows, is_countable = of_shipments(asked)
    stretch = listing.newest(request, _shown(of_tab(rows, asked.tab)), by="created_at")
    statuses = spoken(STATUSES)
    context: dict[str, Any] = {
        "rows": [_row(parcel, statuses) for parcel in stretch.rows],
        "stretch": stretch,
        "asked": asked,
        "tab": asked.tab,
        "start_url": listing.url_with(request),
    }
    target = (request.htmx.target or "") if request.htmx else ""  # type: ignore[attr-defined]
    if "more" in target:
        return render(request, "dashboard/shipments.html#rows", {**context, "seat": seat})
    tabs = _tabs(request, seat, rows, asked, is_countable=is_countable)
    context |= {
        "tabs": tabs.tabs,
        "waiting": tabs.waiting,
        "saved": tabs.current,
        "query": listing.url_with(request).partition("?")[2],
        "no_filter_url": f"?tab={asked.tab}" if asked.tab != "all" else request.path,
        "by_end": asked.outcome or asked.tab == "delivered",
    }
    if "results" in target:
        return listing.results(request, "dashboard/shipments.html#results", {**context, "seat": seat})
    context |= filters.choices(seat.merchant, asked)
    return shell.page(request, seat, "dashboard/shipments.html", context, section="shipments")


def of_tab(rows: Rows, tab: str) -> Rows:
    """The parcels of a tab."""
    return TABS[tab][1](rows)


def of_shipments(asked: Given) -> tuple[Rows, bool]:
    """The parcels that fit all but the tab, and whether they can be counted cheaply.

    The days are those on which a parcel became known; with an outcome, or among the delivered ones, those on which
    it arrived.
    """
    rows: Rows = Shipment.outbound.all()
    is_few = False
    if asked.q:
        found = find_orders(asked.q)
        is_few = found.stages is not None and found.stages.total() < FEW
        rows = rows.filter(order_id__in=found.orders.values("pk"))
    if asked.carrier:
        rows = rows.filter(carrier=asked.carrier)
    if asked.country:
        rows = rows.filter(order__country=asked.country)
    rows = _of_days(rows, asked)
    return rows, is_few or not (asked.q or asked.narrows or asked.outcome)


def _of_days(rows: Rows, asked: Given) -> Rows:
    begins, ends = asked.begins, asked.ends
    if asked.outcome:
        ended = {"outcomes__outcome": asked.outcome}
        if asked.first:
            ended["outcomes__day__gte"] = asked.first  # type: ignore[assignment]
        if asked.last:
            ended["outcomes__day__lte"] = asked.last  # type: ignore[assignment]
        rows = rows.filter(**ended)
    elif asked.tab == "delivered":
        rows = rows.filter(delivered_at__gte=begins) if begins else rows
        rows = rows.filter(delivered_at__lt=ends) if ends else rows
    else:
        rows = rows.filter(created_at__gte=begins) if begins else rows
        return rows.filter(created_at__lt=ends) if ends else rows
    # Implied by the days, more or less: it lets the walk along the list end.
    rows = rows.filter(created_at__gte=begins - _LONGEST_WAY) if begins else rows
    return rows.filter(created_at__lt=ends) if ends else rows


def _shown(rows: Rows) -> Rows:
    return rows.select_related("order").only(*_SHOWN)


def _tabs(request: HttpRequest, seat: Seat, rows: Rows, asked: Given, *, is_countable: bool) -> ListTabs:
    wanted = shell.what_waits()
    if is_countable:
        wanted |= {f"tab_{name}": of_tab(rows, name) for name in TABS}
    capped, saved = counts.capped_counts_and(seat.merchant, wanted, saved_of(seat, "shipments"))
    numbers = {name: counts.shown(capped[f"tab_{name}"]) if is_countable else "" for name in TABS}
    return shown_tabs(
        request, {name: words for name, (words, _) in TABS.items()}, numbers, asked, saved, capped
    )


def _row(parcel: Shipment, statuses: dict[str, Label]) -> Row:
    order = parcel.order
    is_over = parcel.status in _OVER
    return Row(
        url=f"{public_id('shp', parcel.id)}/",
        name=parcel.tracking_number or f"{order.number}-{parcel.number}",
        status=label(statuses, parcel.status),
        reason=SUBSTATUSES.get(parcel.substatus, "") if parcel.status in ATTENTION else "",
        order_url=f"../orders/{public_id('ord', order.id)}/",
        number=order.number,
        customer=f"{order.first_name} {order.last_name}".strip() or order.email or "–",
        carrier=carrier_label(parcel.carrier, parcel.carrier_name),
        expected="" if is_over else formats.window(parcel.eta_from, parcel.eta_to),
        is_overdue=not is_over and parcel.promised_to is not None and parcel.promised_to < timezone.now(),
        news=formats.age(parcel.last_scan_at or parcel.status_at or parcel.created_at),
    )

"""B4: shipments needing attention: the watch-list, a tab a reason, thirty more at a time."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from dashboard import counts, filters, formats, listing, shell, watch, words
from dashboard.access import Seat, merchant_view
from dashboard.carriers import carrier_label
from dashboard.filters import Given
from dashboard.tabs import ListTabs, saved_of, shown_tabs
from dashboard.words import Label, label, spoken
from merchants.ids import public_id
from notifications.models import Message
from orders.search import find_orders
from tracking.watch.commands import MOST
from tracking.watch.models import Reason, State, WatchItem
from tracking.watch.queries import in_sight, items

Rows = QuerySet[WatchItem]

# Each row has a box, two links and a button: so many of them stay within 25 KB.
_PAGE = 30

_OTHERS: dict[str, Any] = {
    "mine": gettext_lazy("Mine"),
    "snoozed": gettext_lazy("Put off"),
    "done": gettext_lazy("Dismissed"),
}
TABS: dict[str, Any] = {
    "all": gettext_lazy("All"),
    **_OTHERS,
    **{reason.value: watch.REASONS[reason].text for reason in Reason},
}
# As `in_sight`, for counting.
_OPEN = "state = 'open' AND (snoozed_until IS NULL OR snoozed_until <= now())"


@dataclass(frozen=True)
class Row:
    """An item as the list shows it; addresses are as seen from the list."""

    key: str
    url: str
    name: str
    reason: Label
    detail: Any
    order_url: str
    number: str
    customer: str
    carrier: str
    age: str
    value: str
    assignee: str
    told: str
    message: Any
    snoozed: str


@require_safe
@merchant_view()
def watch_list(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The address says which items (`dashboard.filters`; a tab is a reason). A fragment request gets the rows only."""
    asked = filters.given(request.GET.dict(), TABS)
    rows = of_watch(asked)
    stretch = listing.newest(request, of_tab(rows, asked.tab, seat), by="opened_at", size=_PAGE)
    context: dict[str, Any] = {
        "rows": _rows(stretch.rows),
        "stretch": stretch,
        "asked": asked,
        "tab": asked.tab,
        "start_url": listing.url_with(request),
        "may_change": seat.may_act and asked.tab != "done",
    }
    target = (request.htmx.target or "") if request.htmx else ""  # type: ignore[attr-defined]
    if "more" in target:
        return render(request, "dashboard/watch.html#rows", {**context, "seat": seat})
    tabs = _tabs(request, seat, asked)
    context |= {
        "tabs": tabs.tabs,
        "waiting": tabs.waiting,
        "saved": tabs.current,
        "query": listing.url_with(request).partition("?")[2],
        "no_filter_url": f"?tab={asked.tab}" if asked.tab != "all" else request.path,
        "most": formats.number(MOST),
        "people": watch.people(seat.merchant) if context["may_change"] else [],
        "snoozes": [(key, text) for key, (_span, text) in watch.SNOOZES.items()],
        "dismissals": watch.DISMISSALS.items(),
    }
    if "results" in target:
        return listing.results(request, "dashboard/watch.html#results", {**context, "seat": seat})
    context |= filters.choices(seat.merchant, asked)
    return shell.page(request, seat, "dashboard/watch.html", context, section="watch")


def of_watch(asked: Given) -> Rows:
    """The items that fit all but the tab. The days are those on which they were opened."""
    rows = items()
    if asked.q:
        rows = rows.filter(order_id__in=find_orders(asked.q).orders.values("pk"))
    if asked.carrier:
        rows = rows.filter(shipment__carrier=asked.carrier)
    if asked.country:
        rows = rows.filter(order__country=asked.country)
    rows = rows.filter(opened_at__gte=asked.begins) if asked.begins else rows
    return rows.filter(opened_at__lt=asked.ends) if asked.ends else rows


def of_tab(rows: Rows, tab: str, seat: Seat) -> Rows:
    """The items of a tab."""
    now = timezone.now()
    if tab == "done":
        return rows.filter(state=State.DISMISSED)
    if tab == "snoozed":
        return rows.filter(state=State.OPEN, snoozed_until__gt=now)
    rows = rows.filter(in_sight(now))
    if tab == "mine":
        return rows.filter(assignee_id=seat.user.pk)
    return rows if tab == "all" else rows.filter(Q(reason=tab))


def _counted(tab: str, seat: Seat) -> RawSQL:
    table = "tracking_watchitem"
    if tab == "all":
        return counts.of_table(table, _OPEN)
    if tab == "mine":
        return counts.of_table(table, f"{_OPEN} AND assignee_id = %s", seat.user.pk)
    if tab == "snoozed":
        return counts.of_table(table, "state = 'open' AND snoozed_until > now()")
    if tab == "done":
        return counts.of_table(table, "state = 'dismissed'")
    return counts.of_table(table, f"{_OPEN} AND reason = %s", tab)


def _tabs(request: HttpRequest, seat: Seat, asked: Given) -> ListTabs:
    """All, each reason that has items, then mine, put off and done with. A filtered list counts nothing."""
    wanted = {**shell.what_waits(), **{f"tab_{name}": _counted(name, seat) for name in TABS}}
    capped, saved = counts.capped_counts_and(seat.merchant, wanted, saved_of(seat, "watch"))
    there = [reason.value for reason in Reason if capped[f"tab_{reason.value}"] or reason == asked.tab]
    shown = {name: TABS[name] for name in ("all", *there, *_OTHERS)}
    numbers = {name: "" if asked.is_filtered else counts.shown(capped[f"tab_{name}"]) for name in shown}
    return shown_tabs(request, shown, numbers, asked, saved, capped)


def _rows(found: list[WatchItem]) -> list[Row]:
    told, reasons = watch.told_of(found), spoken(watch.REASONS)
    return [_row(item, told.get(item.pk), reasons) for item in found]


def _row(item: WatchItem, told: Message | None, reasons: dict[str, Label]) -> Row:
    order, parcel = item.order, item.shipment
    public = public_id("wat", item.pk)
    touchpoint = watch.suggested(item) if item.state == State.OPEN else ""
    return Row(
        key=public[4:],
        url=f"{public}/",
        name=(parcel.tracking_number or f"{order.number}-{parcel.number}") if parcel else order.number,
        reason=label(reasons, item.reason),
        detail=watch.detail(item),
        order_url=f"../orders/{public_id('ord', order.pk)}/",
        number=order.number,
        customer=f"{order.first_name} {order.last_name}".strip() or order.email or "–",
        carrier=carrier_label(parcel.carrier, parcel.carrier_name) if parcel else "",
        age=formats.since(item.since),
        value=formats.money(item.value, item.currency),
        assignee=item.assignee.partition("@")[0],
        told=told_words(told),
        message="" if item.answered_at else words.TOUCHPOINTS.get(touchpoint, ""),
        snoozed=formats.moment(item.snoozed_until)
        if item.snoozed_until and item.snoozed_until > timezone.now()
        else "",
    )


def told_words(told: Message | None) -> str:
    """What the shopper was told since it began."""
    if told is None:
        return ""
    at = formats.age(told.sent_at or told.planned_at)
    return f"{words.TOUCHPOINTS.get(told.touchpoint, told.touchpoint)}, {at}"

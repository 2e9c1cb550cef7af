"""One item of the watch-list, and what people do with one or many: send, take, put off, write down, be done."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from cases.models import Case
from dashboard import filters, formats, watch, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.carriers import carrier_label
from dashboard.pages.watch import TABS, of_tab, of_watch, told_words
from dashboard.shell import page
from dashboard.words import label
from merchants.ids import parse_public_id, public_id
from merchants.permissions import Permission
from merchants.rest.errors import Problem
from notifications.preview import preview_about
from tracking.watch import commands, queries
from tracking.watch.models import Reason, State, WatchItem

# Each is a transaction of its own: more would keep the browser waiting.
MOST_MESSAGES = 100


@require_safe
@merchant_view()
def watch_item(request: HttpRequest, seat: Seat, watch_id: str) -> HttpResponse:
    """Why it is here, what the shopper was told, and what can be done."""
    item = queries.get_item(id_or_404("wat", watch_id))
    order, parcel = item.order, item.shipment
    touchpoint = watch.suggested(item) if item.state == State.OPEN else ""
    context: dict[str, Any] = {
        "item": item,
        "key": watch_id[4:],
        "item_id": watch_id,
        "reason": label(watch.REASONS, item.reason),
        "why": watch.WHY.get(item.reason, ""),
        "detail": watch.detail(item),
        "case_url": _case_url(seat, item),
        "value": formats.money(item.value, item.currency),
        "age": formats.since(item.since),
        "order_url": f"/app/{seat.merchant.slug}/orders/{public_id('ord', order.pk)}/",
        "shipment_url": f"/app/{seat.merchant.slug}/shipments/{public_id('shp', parcel.pk)}/"
        if parcel
        else "",
        "parcel": parcel,
        "status": label(words.STATUSES, parcel.status) if parcel else None,
        "carrier": carrier_label(parcel.carrier, parcel.carrier_name) if parcel else "",
        "dismissal": watch.DISMISSALS.get(item.dismissal, ""),
        "told": told_words(watch.told_of([item]).get(item.pk)),
        "touchpoint": words.TOUCHPOINTS.get(touchpoint, ""),
        "preview": preview_about(seat.merchant, item.order_id, item.shipment_id, touchpoint)
        if touchpoint
        else None,
        "people": watch.people(seat.merchant) if seat.may_act else [],
        "snoozes": [(key, text) for key, (_span, text) in watch.SNOOZES.items()],
        "dismissals": watch.DISMISSALS.items(),
        "is_open": item.state == State.OPEN,
        "longest_note": commands.LONGEST_NOTE,
    }
    return page(request, seat, "dashboard/watch_item.html", context, section="watch")


def _case_url(seat: Seat, item: WatchItem) -> str:
    """Where the answer to a report is written."""
    if item.reason != Reason.REPORTED:
        return ""
    rows = Case.objects.filter(order_id=item.order_id, shipment_id=item.shipment_id).order_by("-created_at")
    found = rows.values_list("pk", flat=True).first()
    return f"/app/{seat.merchant.slug}/cases/{public_id('cas', found)}/" if found else ""


@require_POST
@merchant_view(needs=Permission.ACT)
def note(request: HttpRequest, seat: Seat, watch_id: str) -> HttpResponse:
    """Keep `note` with the item."""
    item = queries.get_item(id_or_404("wat", watch_id))
    try:
        commands.write_note(seat.merchant, item.pk, request.POST.get("note", ""))
    except Problem:
        messages.error(request, _("This note is too long."))
    return redirect("dashboard:watch_item", seat.merchant.slug, watch_id)


@require_POST
@merchant_view(needs=Permission.ACT)
def change(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`action` on the chosen items; `send` names one item whose message is sent. Back to where the form was."""
    one = request.POST.get("send", "")
    keys = [one] if one else request.POST.get("keys", "").split(",") + request.POST.getlist("o")
    ids = [found for key in keys if (found := parse_public_id("wat", f"wat_{key}"))]
    if not one and request.POST.get("all") and not request.POST.get("confirmed"):
        ids = _whole_list(request, seat)
    back = _back(request, seat)
    action = "message" if one else request.POST.get("action", "")
    if not ids or action not in _ACTIONS:
        messages.error(request, _("Choose at least one parcel, and what to do."))
        return redirect(back)
    ids = ids[: commands.MOST]
    if action == "message" and len(ids) > 1 and not request.POST.get("confirmed"):
        return _ask(request, seat, ids[:MOST_MESSAGES], back)
    try:
        count = _ACTIONS[action](request, seat, ids)
    except Problem:
        messages.error(request, _("Say who, until when or why."))
    else:
        text = ngettext("Done for %(count)d parcel.", "Done for %(count)d parcels.", count) % {"count": count}
        messages.success(request, text if count else _("There was nothing to change."))
    return redirect(back)


def _assign(request: HttpRequest, seat: Seat, ids: list[UUID]) -> int:
    return commands.assign(seat.merchant, ids, request.POST.get("assignee", ""))


def _snooze(request: HttpRequest, seat: Seat, ids: list[UUID]) -> int:
    until = watch.snoozed_until(request.POST.get("snooze", ""))
    return commands.snooze(seat.merchant, ids, until) if until else 0


def _wake(request: HttpRequest, seat: Seat, ids: list[UUID]) -> int:
    return commands.snooze(seat.merchant, ids, None)


def _dismiss(request: HttpRequest, seat: Seat, ids: list[UUID]) -> int:
    return commands.dismiss(seat.merchant, ids, request.POST.get("dismissal", ""))


def _message(request: HttpRequest, seat: Seat, ids: list[UUID]) -> int:
    chosen = queries.items().filter(pk__in=ids[:MOST_MESSAGES], state=State.OPEN)
    return sum(bool(watch.answer(seat.merchant, item)) for item in list(chosen))


_ACTIONS: dict[str, Callable[[HttpRequest, Seat, list[UUID]], int]] = {
    "assign": _assign, "snooze": _snooze, "wake": _wake, "dismiss": _dismiss, "message": _message,
}  # fmt: skip


def _whole_list(request: HttpRequest, seat: Seat) -> list[UUID]:
    asked = filters.given(QueryDict(request.POST.get("query", "")[:1000]).dict(), TABS)
    rows: Any = (
        of_tab(of_watch(asked), asked.tab, seat).select_related(None).only("pk").order_by("-opened_at", "-id")
    )
    return [item.pk for item in rows[: commands.MOST]]


def _back(request: HttpRequest, seat: Seat) -> str:
    item: WatchItem | UUID | None = parse_public_id("wat", request.POST.get("item", ""))
    if item is not None:
        return f"/app/{seat.merchant.slug}/watch/{request.POST['item']}/"
    return f"/app/{seat.merchant.slug}/watch/?{request.POST.get('query', '')[:1000]}"


def _ask(request: HttpRequest, seat: Seat, ids: list[UUID], back: str) -> HttpResponse:
    """Many people are written to: once more, please."""
    count = len(ids)
    context = {
        "title": ngettext("Inform %(count)d customer", "Inform %(count)d customers", count)
        % {"count": count},
        "text": _(
            "Each gets the message that fits the reason, in their language, unless they had it already."
        ),
        "is_capped": False,
        "action": "message",
        "keys": ",".join(public_id("wat", item_id)[4:] for item_id in ids),
        "query": request.POST.get("query", "")[:1000],
        "back": back,
        "button": ngettext("Yes, send %(count)d message", "Yes, send %(count)d messages", count)
        % {"count": count},
    }
    return page(request, seat, "dashboard/bulk_confirm.html", context, section="watch")

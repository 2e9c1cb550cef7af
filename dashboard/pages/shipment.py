"""One parcel: what its carrier said, in our words and in its own, how its window moved, and asking again now."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from dashboard import formats, hand_over, watch, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.carriers import carrier_label
from dashboard.shell import page
from dashboard.words import Label, label
from events.models import Fact
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import InvalidBody, TooManyRequests, Unprocessable
from tracking import asking, choosing, polling
from tracking.carriers.numbers.detect import SURE
from tracking.carriers.registry import KNOWN, tracking_url
from tracking.carriers.slugs import AGGREGATORS
from tracking.models import Scan, Shipment, ShipmentLine, UnreadAnswer
from tracking.statuses import TERMINAL

# Who says when a parcel, or an order, will be there.
SOURCES = {
    "carrier": gettext_lazy("says the carrier"),
    "model": gettext_lazy("predicted from your deliveries"),
    "shop": gettext_lazy("as your shop promised"),
    "rule": gettext_lazy("by your delivery rule"),
}
_MOST_SCANS = 200
_MOST_FACTS = 300
_ANSWER_SHOWN = 20_000


@dataclass(frozen=True)
class ScanRow:
    """A scan in our words, and beside it what came in."""

    scan: Scan
    label: Label
    place: str
    code: str


@dataclass(frozen=True)
class WindowRow:
    """A window that was told, and since when."""

    at: datetime
    window: str
    is_first: bool
    is_current: bool


@require_safe
@merchant_view()
def shipment(request: HttpRequest, seat: Seat, shipment_id: str) -> HttpResponse:
    """The parcel with its scans, its windows, and what its carrier last answered."""
    lines = Prefetch("lines", ShipmentLine.objects.select_related("line").order_by("line__position"))
    rows = Shipment.outbound.select_related("order").prefetch_related(lines)
    parcel = rows.filter(pk=id_or_404("shp", shipment_id)).first()
    if parcel is None:
        raise Http404
    scans = parcel.scans.order_by("-occurred_at", "-received_at", "-id")[: _MOST_SCANS + 1]
    scan_rows = [_scan_row(scan) for scan in scans]
    windows = _windows(parcel)
    context = {
        "parcel": parcel,
        "shipment_id": shipment_id,
        "status": label(words.STATUSES, parcel.status),
        "substatus": words.SUBSTATUSES.get(parcel.substatus, ""),
        "carrier": carrier_label(parcel.carrier, parcel.carrier_name),
        "carrier_choices": _carrier_choices(seat, parcel) if seat.may_act and not parcel.cancelled_at else [],
        "carrier_url": formats.web_address(parcel.tracking_url)
        or tracking_url(parcel.carrier, parcel.tracking_number, parcel.order.locale or "en"),
        "order_url": f"/app/{seat.merchant.slug}/orders/{public_id('ord', parcel.order_id)}/",
        "expected": "" if parcel.status in TERMINAL else formats.window(parcel.eta_from, parcel.eta_to),
        "source": SOURCES.get(parcel.eta_source, "") if parcel.status not in TERMINAL else "",
        "predicted": formats.window(parcel.eta_p10, parcel.eta_p90),
        "likely": formats.window(parcel.eta_p50, parcel.eta_p50) if parcel.eta_p50 else "",
        "promised": formats.window(parcel.promised_from, parcel.promised_to),
        "verdict": _verdict(parcel),
        "wish": _wish(parcel),
        "contents": [(row.quantity, row.line.title, row.line.variant) for row in parcel.lines.all()],
        "scans": scan_rows[:_MOST_SCANS],
        "has_more_scans": len(scan_rows) > _MOST_SCANS,
        "windows": windows,
        "proof": hand_over.proof_of(parcel),
        "pickup": hand_over.pickup_of(parcel),
        "next_carrier": hand_over.next_of(parcel),
        "weight": hand_over.weight_of(parcel),
        "watched": watch.of_parcel(seat.merchant, parcel.pk),
        "answer": UnreadAnswer.objects.filter(shipment_id=parcel.id).first(),
        "raw": json.dumps(parcel.raw, indent=2, ensure_ascii=False)[:_ANSWER_SHOWN] if parcel.raw else "",
        "can_ask": bool(parcel.tracking_number)
        and not parcel.cancelled_at
        and polling.can_poll(seat.merchant, parcel.carrier),
    }
    if context["answer"]:
        body = bytes(context["answer"].body)[:_ANSWER_SHOWN]
        context["answer_body"] = body.decode("utf-8", "replace")
    return page(request, seat, "dashboard/shipment.html", context, section="shipments")


@require_POST
@merchant_view(needs=Permission.ACT)
def refresh(request: HttpRequest, seat: Seat, shipment_id: str) -> HttpResponse:
    """Have the carrier asked now."""
    try:
        asking.refresh(seat.merchant, id_or_404("shp", shipment_id))
    except TooManyRequests as early:
        minutes = max(1, round((early.retry_after or 60) / 60))
        text = ngettext(
            "The carrier was asked just now. Try again in %(count)d minute.",
            "The carrier was asked just now. Try again in %(count)d minutes.", minutes,
        )  # fmt: skip
        messages.error(request, text % {"count": minutes})
    except Unprocessable:
        messages.error(request, _("This carrier cannot be asked: its news come from your shop."))
    else:
        messages.success(request, _("The carrier is asked now. Its answer is here in a moment."))
    return redirect("dashboard:shipment", seat.merchant.slug, shipment_id)


@require_POST
@merchant_view(needs=Permission.ACT)
def choose_carrier(request: HttpRequest, seat: Seat, shipment_id: str) -> HttpResponse:
    """Another carrier for the parcel, by hand."""
    try:
        choosing.choose_carrier(seat.merchant, id_or_404("shp", shipment_id), request.POST.get("carrier", ""))
    except (InvalidBody, Unprocessable):
        messages.error(request, _("This carrier could not be set."))
    else:
        messages.success(request, _("Saved. The parcel is followed at this carrier now."))
    return redirect("dashboard:shipment", seat.merchant.slug, shipment_id)


@require_POST
@merchant_view(needs=Permission.ACT)
def detect_carrier(request: HttpRequest, seat: Seat, shipment_id: str) -> HttpResponse:
    """The carrier by the number, again."""
    try:
        found = choosing.detect_anew(seat.merchant, id_or_404("shp", shipment_id))
    except Unprocessable:
        messages.error(request, _("The carrier cannot be found without a tracking number."))
        return redirect("dashboard:shipment", seat.merchant.slug, shipment_id)
    if not found:
        messages.error(request, _("No carrier that we know uses such a number."))
    elif found[0].confidence < SURE:
        messages.warning(request, _("The number fits several carriers. Please choose one."))
    else:
        messages.success(
            request, _("By its number the parcel is with %(carrier)s.") % {"carrier": found[0].name}
        )
    return redirect("dashboard:shipment", seat.merchant.slug, shipment_id)


def _carrier_choices(seat: Seat, parcel: Shipment) -> list[tuple[str, str]]:
    """Every carrier by name, those that the number fits first."""
    likely = [(one.carrier, one.name) for one in choosing.candidates(seat.merchant, parcel)]
    named = {code for code, _name in likely}
    rest = ((c.code, c.name) for c in KNOWN.values() if c.code not in named and c.code not in AGGREGATORS)
    return [*likely, *sorted(rest, key=lambda row: row[1].casefold())]


def _scan_row(scan: Scan) -> ScanRow:
    status = label(words.STATUSES, scan.status)
    text = words.SUBSTATUSES.get(scan.substatus, status.text)
    place = ", ".join(part for part in (scan.postcode, scan.city, scan.region) if part)
    where = " · ".join(part for part in (place, formats.country(scan.country)) if part)
    code = " ".join(part for part in (scan.status, scan.substatus) if part)
    return ScanRow(scan, Label(text, status.tone), where, code)


def _windows(parcel: Shipment) -> list[WindowRow]:
    """The windows that the facts about this parcel told, the newest first; one told twice stands once."""
    facts = Fact.objects.filter(order_id=parcel.order_id, type__startswith="shipment.").order_by("position")
    told: list[tuple[datetime, str]] = []
    for data, recorded_at in facts.values_list("data", "recorded_at")[:_MOST_FACTS]:
        if data.get("shipment_id") != str(parcel.id):
            continue
        window = formats.window(_time(data, "eta_from"), _time(data, "eta_to"))
        if window and (not told or told[-1][1] != window):
            told.append((recorded_at, window))
    now = formats.window(parcel.eta_from, parcel.eta_to)
    if now and (not told or told[-1][1] != now):
        told.append((parcel.updated_at, now))
    last = len(told) - 1
    return [WindowRow(at, window, n == 0, n == last) for n, (at, window) in enumerate(told)][::-1]


def _time(data: dict[str, Any], name: str) -> datetime | None:
    text = data.get(name)
    return parse_datetime(text) if text else None


def _verdict(parcel: Shipment) -> Label | None:
    """The promise against what became of it."""
    if parcel.delivered_at is None or parcel.promised_to is None:
        return None
    late = (formats.local_day(parcel.delivered_at) - formats.local_day(parcel.promised_to)).days
    if late <= 0:
        return Label(_("Kept"), "ok")
    return Label(ngettext("%(count)d day late", "%(count)d days late", late) % {"count": late}, "warn")


def _wish(parcel: Shipment) -> str:
    """What the shopper wishes for the delivery, "" for nothing."""
    if not parcel.wish:
        return ""
    told = (str(words.WISHES.get(parcel.wish["kind"], "")), parcel.wish.get("place"), parcel.wish.get("day"))
    return ": ".join(filter(None, told))

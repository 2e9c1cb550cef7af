"""One order: what was bought, its parcels, everything that happened, and what can be done about it."""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import formats, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.carriers import carrier_label
from dashboard.order_affairs import affairs
from dashboard.order_money import panel
from dashboard.pages.shipment import SOURCES
from dashboard.pages.withdrawal_rules import EXEMPTIONS
from dashboard.shell import page
from dashboard.timeline import timeline
from dashboard.words import Label, label
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.permissions import Permission
from merchants.rest.errors import Unprocessable
from orders import commands
from orders.annotations import LONGEST_NOTE, MOST_TAGS, add_note, change_tags
from orders.models import Order, OrderLine, OrderNote, OrderStatus, Stage
from orders.queries import get_order, portal_path, portal_url
from tracking.carriers.registry import tracking_url
from tracking.eta.expected import expected
from tracking.models import Shipment
from tracking.queries import shipments_with_lines
from tracking.statuses import TERMINAL

# So many lines of the timeline are shown at first: the rest is one click away.
_FIRST = 40
_RAW_SHOWN = 20_000  # letters of what the shop sent


@dataclass(frozen=True)
class Line:
    """An order line as the page shows it."""

    line: OrderLine
    unit_price: str
    total: str
    exemption: str  # why it is without the right of withdrawal: as somebody marked it, or ""


@dataclass(frozen=True)
class Parcel:
    """A parcel as the page shows it. `url` is the carrier's page about it, "" when there is none; `page` is ours."""

    shipment: Shipment
    status: Label
    substatus: str
    carrier: str
    window: str
    promised: str
    url: str
    page: str
    contents: tuple[tuple[int, str], ...]


@require_safe
@merchant_view()
def order(request: HttpRequest, seat: Seat, order_id: str) -> HttpResponse:
    """`?timeline=all` shows every line of a long timeline."""
    found = get_order(id_or_404("ord", order_id))
    notes = list(OrderNote.objects.filter(order_id=found.id).order_by("-created_at", "-id"))
    shipments = list(shipments_with_lines().filter(order_id=found.id).order_by("number"))
    became = affairs(seat.merchant, found)
    entries = timeline(seat.merchant, found, shipments, notes)
    shown = entries if request.GET.get("timeline") == "all" else entries[:_FIRST]
    context = {
        "order": found,
        "order_id": order_id,
        "stage": label(words.STAGES, found.stage),
        "lines": [
            _line(found, line, became.exempt.get(line.pk, "")) for line in found.lines.all() if line.quantity
        ],
        "money": _money(found),
        "parcels": [_parcel(seat.merchant, shipment, found) for shipment in shipments],
        "expected": _expected(seat.merchant, found) if all(row.cancelled_at for row in shipments) else None,
        "entries": shown,
        "hidden_entries": len(entries) - len(shown),
        "address": _address(found),
        "language": formats.language(found.locale),
        "customer_url": _customer_url(seat, found),
        "raw": json.dumps(found.raw, indent=2, ensure_ascii=False)[:_RAW_SHOWN] if found.raw else "",
        "longest_note": LONGEST_NOTE,
        "affairs": became,
        "money_panel": panel(found),
        "exemptions": EXEMPTIONS.items(),
        "portal_url": portal_url(seat.merchant, found),
        "portal_path": portal_path(seat.merchant, found),
        "can_cancel": found.status == OrderStatus.PLACED and found.stage != Stage.DELIVERED,
    }
    return page(request, seat, "dashboard/order.html", context, section="orders")


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.ACT)
def cancel(request: HttpRequest, seat: Seat, order_id: str) -> HttpResponse:
    """Asks first; the POST cancels."""
    found = get_order(id_or_404("ord", order_id))
    back = f"/app/{seat.merchant.slug}/orders/{order_id}/"
    if request.method == "POST":
        try:
            commands.cancel_order(seat.merchant, found.id)
        except Unprocessable:
            messages.error(request, _("A delivered order cannot be cancelled."))
        else:
            messages.success(request, _("Order %(number)s is cancelled.") % {"number": found.number})
        return redirect(back)
    context = {
        "title": _("Cancel order %(number)s?") % {"number": found.number},
        "text": _("The customer is told by e-mail. This cannot be taken back here; your shop is not told."),
        "button": _("Cancel the order"),
        "keep": _("Keep it"),
        "back": back,
    }
    return page(request, seat, "dashboard/confirm.html", context, section="orders")


@require_POST
@merchant_view(needs=Permission.ACT)
def tags(request: HttpRequest, seat: Seat, order_id: str) -> HttpResponse:
    """Add the tags of `add` (commas between them), take off the one of `remove`."""
    found = get_order(id_or_404("ord", order_id))
    try:
        change_tags(
            seat.merchant, found.id, add=request.POST.get("add", "")[:400].split(","),
            remove=request.POST.getlist("remove")[:MOST_TAGS],
        )  # fmt: skip
    except Unprocessable:
        messages.error(request, _("An order has %(count)d tags at most.") % {"count": MOST_TAGS})
    return redirect("dashboard:order", seat.merchant.slug, order_id)


@require_POST
@merchant_view(needs=Permission.ACT)
def note(request: HttpRequest, seat: Seat, order_id: str) -> HttpResponse:
    """Write a note on the order."""
    found = get_order(id_or_404("ord", order_id))
    try:
        add_note(seat.merchant, found.id, request.POST.get("text", ""))
    except Unprocessable:
        text = _("A note has 1 to %(count)d letters.") % {"count": LONGEST_NOTE}
        messages.error(request, text)
    else:
        messages.success(request, _("The note is kept. Only the team sees it."))
    return redirect("dashboard:order", seat.merchant.slug, order_id)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.ACT)
def renew_link(request: HttpRequest, seat: Seat, order_id: str) -> HttpResponse:
    """Asks first; the POST makes the old link useless."""
    found = get_order(id_or_404("ord", order_id))
    back = f"/app/{seat.merchant.slug}/orders/{order_id}/"
    if request.method == "POST":
        commands.renew_link(seat.merchant, found.id)
        messages.success(request, _("The order has a new link. The old one does not work any more."))
        return redirect(back)
    context = {
        "title": _("Make a new link for order %(number)s?") % {"number": found.number},
        "text": _(
            "Links in messages that went out already stop working. Do this when a link fell into wrong hands."
        ),
        "button": _("Make a new link"),
        "keep": _("Keep the old one"),
        "back": back,
    }
    return page(request, seat, "dashboard/confirm.html", context, section="orders")


def _expected(merchant: Merchant, of: Order) -> tuple[str, Any] | None:
    """When an order that nothing was sent of will be there, and who says so; None where nobody waits for a parcel."""
    is_awaited = of.status == OrderStatus.PLACED and any(line.requires_shipping for line in of.lines.all())
    window = expected(merchant, of, timezone.now()).window if is_awaited else None
    return (formats.window(window.start, window.end), SOURCES[window.source]) if window else None


def _customer_url(seat: Seat, of: Order) -> str:
    if of.customer_id is None:
        return ""
    return f"/app/{seat.merchant.slug}/customers/{public_id('cus', of.customer_id)}/"


def _line(of: Order, line: OrderLine, exemption: str) -> Line:
    return Line(
        line,
        formats.money(line.unit_price, of.currency),
        formats.money(line.unit_price * line.quantity, of.currency),
        exemption,
    )


def _money(of: Order) -> dict[str, Any]:
    """The sums; those that are zero are left out, but for the total."""
    names = ("subtotal", "discount", "shipping", "tax")
    sums = {name: formats.money(getattr(of, name), of.currency) for name in names if getattr(of, name)}
    return {**sums, "total": formats.money(of.total, of.currency)}


def _parcel(merchant: Merchant, shipment: Shipment, of: Order) -> Parcel:
    is_over = shipment.status in TERMINAL
    return Parcel(
        shipment=shipment,
        status=label(words.STATUSES, shipment.status),
        substatus=str(words.SUBSTATUSES.get(shipment.substatus, "")),
        carrier=carrier_label(shipment.carrier, shipment.carrier_name),
        window="" if is_over else formats.window(shipment.eta_from, shipment.eta_to),
        promised=formats.window(shipment.promised_from, shipment.promised_to),
        url=formats.web_address(shipment.tracking_url)
        or tracking_url(shipment.carrier, shipment.tracking_number, of.locale or "en"),
        page=f"/app/{merchant.slug}/shipments/{public_id('shp', shipment.id)}/",
        contents=tuple((row.quantity, row.line.title) for row in shipment.lines.all()),
    )


def _address(of: Order) -> list[str]:
    """The address as lines, without those that are empty."""
    given = of.shipping_address
    lines = [given.get(name, "") for name in ("name", "company", "address1", "address2")]
    lines.append(f"{of.postcode} {of.city}".strip())
    lines += [given.get("region") or "", formats.country(of.country)]
    return [line for line in lines if line]

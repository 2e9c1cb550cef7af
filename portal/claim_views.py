"""Claims under the parcel protection: making one from the parcel's page, and the live page of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.ids import parse_public_id, public_id
from merchants.pictures import photo_response
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from portal import errors
from portal.claim_page import claim_context, form_context
from portal.goods import choices_of
from portal.limits import count_write
from portal.loading import OrderRow
from portal.opening import open_order, parcel_or_404
from portal.pages import portal_page, render
from portal.problem_form import Typed, read_message
from portal.site import Site
from portal.style import Style
from returns.claims import commands
from returns.claims.models import Claim, Kind, Resolution
from returns.claims.queries import get_claim, photo_of
from returns.claims.steps import Asked


@portal_page("GET", "POST")
def claim(request: HttpRequest, site: Site, token: str, number: int | None = None) -> HttpResponse:
    """Make a claim about a parcel of an order that is protected."""
    order = open_order(site, token)
    parcel = parcel_or_404(order, number)
    if parcel is None or not order.is_protected:
        raise errors.NotFound
    with site.speaking(order.locale):
        typed = Typed()
        if request.method == "POST":
            count_write(request, site, order)
            typed = read_message(request)
            _read_goods(request, typed, choices_of(order, parcel, Style.of(site, order, timezone.now())))
            asked = _asked(request, typed)
            if not typed.errors and asked is not None:
                try:
                    made = commands.claim(site.merchant, order.id, parcel.id, asked)
                except (Unprocessable, Conflict) as problem:
                    typed.errors["kind"] = _why(problem.code)
                else:
                    return _to(site, token, made)
        context = form_context(site, order, token, parcel, typed, request.POST)
        return render(request, site, "portal/claim_form.html", context, status=422 if typed.errors else 200)


@portal_page("GET", "POST")
def one_claim(request: HttpRequest, site: Site, token: str, claim_id: str) -> HttpResponse:
    """How the claim stands; a POST says more."""
    order = open_order(site, token)
    found = _claim(order, claim_id)
    with site.speaking(order.locale):
        typed = Typed()
        if request.method == "POST":
            count_write(request, site, order)
            typed = read_message(request)
            if not typed.errors:
                try:
                    commands.reply(site.merchant, found.pk, typed.text, tuple(typed.photos))
                except (Unprocessable, Conflict) as problem:
                    typed.errors["text"] = _why(problem.code)
                else:
                    return _to(site, token, found)
        context = claim_context(site, order, token, found, typed)
        return render(request, site, "portal/claim.html", context, status=422 if typed.errors else 200)


@portal_page("GET")
def photo(request: HttpRequest, site: Site, token: str, claim_id: str, evidence_id: str) -> HttpResponse:
    """A photo of one's own, as we drew it anew."""
    found = _claim(open_order(site, token), claim_id)
    try:
        image = photo_of(found, parse_public_id("clp", evidence_id))
    except NotFound:
        raise errors.NotFound from None
    return photo_response(image)


def _claim(order: OrderRow, claim_id: str) -> Claim:
    """A claim of this order: another order's is as absent as one that never was."""
    try:
        found = get_claim(parse_public_id("clm", claim_id))
    except NotFound:
        raise errors.NotFound from None
    if found.order_id != order.id:
        raise errors.NotFound
    return found


def _read_goods(request: HttpRequest, typed: Typed, choices: Any) -> None:
    chosen = set(request.POST.getlist("line"))
    for choice in choices:
        if str(choice.line_id) in chosen:
            count = request.POST.get(f"count-{choice.line_id}", "")
            wanted = int(count) if count.isascii() and count.isdigit() and len(count) < 8 else choice.quantity
            typed.lines[choice.line_id] = min(max(1, wanted), choice.quantity)


def _asked(request: HttpRequest, typed: Typed) -> Asked | None:
    kind, wanted = request.POST.get("kind", ""), request.POST.get("wanted", "refund")
    if kind not in Kind.values:
        typed.errors["kind"] = _("Please choose what happened.")
        return None
    if kind == Kind.DAMAGED and not typed.photos:
        typed.errors.setdefault("photos", _("Please add a photo of the damage."))
    resolution = Resolution(wanted) if wanted in Resolution.values else Resolution.REFUND
    return Asked(Kind(kind), resolution, typed.text, typed.lines, typed.photos)


def _why(code: str) -> str:
    said = {
        "empty_message": _("Please write something, or add a photo."),
        "too_late": _("Claims are made within 30 days. That time is over; please write to us."),
        "returned_to_sender": _("This parcel is on its way back to us. Please write to us."),
        "chargeback": _("The payment of this order is disputed; it is settled there."),
        "parcel_delivered": _(
            "The parcel was delivered. Choose “Delivered, not received” or “Arrived damaged”."
        ),
        "claim_approved": _("This parcel was made good already."),
    }
    return said.get(code, _("This could not be saved."))


def _to(site: Site, token: str, found: Claim) -> HttpResponse:
    response = HttpResponse(status=303)
    response["Location"] = site.path(f"o/{token}/claims/{public_id('clm', found.pk)}/")
    return response

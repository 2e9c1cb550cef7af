"""Changing and cancelling an order before it leaves. Each asks once more before it is done, and only a POST does it."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from merchants.rest.errors import Conflict
from orders.address_rules import LONGEST, faults, normal
from portal import errors
from portal.changes import (
    TypedAddress,
    address_allowance,
    address_context,
    cancel_allowance,
    cancel_context,
    said_faults,
)
from portal.limits import count_write
from portal.opening import open_order
from portal.pages import portal_page, render
from portal.site import Site
from portal.style import Style
from tracking.self_service import cancel_own_order, change_own_address


@portal_page("GET", "POST")
def address(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """Type another address, see it once more, and change it (`step=change`)."""
    order = open_order(site, token)
    with site.speaking(order.locale):
        if not address_allowance(site, order, Style.of(site, order, timezone.now())).allowed:
            raise errors.TooLate
        typed, template = TypedAddress(), "portal/address.html"
        if request.method == "POST":
            count_write(request, site, order)
            typed.parts = normal({name: request.POST.get(name, "")[:1000] for name in LONGEST}, order.country)
            typed.errors = said_faults(faults(typed.parts, order.country))
            step = request.POST.get("step", "check")
            if not typed.errors and step == "change":
                try:
                    change_own_address(site.merchant, order.id, typed.parts)
                except Conflict:
                    raise errors.TooLate from None
                return _see(site.path(f"o/{token}/address/done/"))
            if not typed.errors and step == "check":
                template = "portal/address_check.html"
        context = address_context(site, order, token, typed)
        return render(request, site, template, context, status=422 if typed.errors else 200)


@portal_page("GET")
def address_done(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """It is changed. Looking at this page changes nothing."""
    order = open_order(site, token)
    with site.speaking(order.locale):
        context = address_context(site, order, token, TypedAddress())
        return render(request, site, "portal/address_done.html", context)


@portal_page("GET", "POST")
def cancel(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """Asks; the POST cancels."""
    order = open_order(site, token)
    with site.speaking(order.locale):
        if request.method == "POST":
            count_write(request, site, order)
            try:
                cancel_own_order(site.merchant, order.id)
            except Conflict:
                raise errors.TooLate from None
            return _see(site.path(f"t/{token}/"))
        if not cancel_allowance(site, order, Style.of(site, order, timezone.now())).allowed:
            raise errors.TooLate
        return render(request, site, "portal/cancel.html", cancel_context(site, order, token))


def _see(path: str) -> HttpResponse:
    response = HttpResponse(status=303)
    response["Location"] = path
    return response

"""The portal's pages. Each finds its data, and leaves words and looks to the modules beside it."""

import time

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from merchants.models import Merchant
from notifications import commands as notifications
from notifications.own_pictures import data_of
from orders.queries import token_of
from portal import errors
from portal.calendar import delivery_calendar
from portal.lookup import (
    LINK_ANSWER_SECONDS,
    Asked,
    count_try,
    find_order,
    forget_guesses,
    is_open,
    may_send_link,
    wait_until,
    without_guesses,
)
from portal.opening import open_order, parcel_or_best
from portal.order_page import order_context
from portal.pages import portal_page, render
from portal.parcel_page import parcel_context
from portal.site import Site
from portal.state import hero_of
from portal.style import Style

_A_YEAR = "public, max-age=31536000, immutable"


@portal_page("GET", "POST")
def lookup(request: HttpRequest, site: Site) -> HttpResponse:
    """A1: find an order by its number and an e-mail address or postcode."""
    if request.method != "POST":
        typed = {"typed_order": request.GET.get("order", "")[:100]}
        return render(request, site, "portal/lookup.html", {"title": gettext("Where is my order?"), **typed})
    asked = Asked.of(request)
    count_try(request, site.merchant, asked.number)
    asked = without_guesses(site.merchant, asked)
    order = find_order(asked)
    if order is not None and is_open(order, timezone.now()):
        forget_guesses(site.merchant, asked)
        response = HttpResponse(status=303)
        response["Location"] = site.path(f"t/{token_of(order)}/")
        return response
    typed = {
        "typed_order": request.POST.get("order", "")[:100],
        "typed_who": request.POST.get("who", "")[:254],
    }
    return render(
        request, site, "portal/lookup.html", {"title": gettext("Not found"), "missed": True, **typed}
    )


@portal_page("GET", "POST")
def new_link(request: HttpRequest, site: Site) -> HttpResponse:
    """A17: mail a new link to the address on file. The answer is the same whether or not there is such an order."""
    if request.method != "POST":
        return render(request, site, "portal/new_link.html", {"title": gettext("Send me a new link")})
    started = time.perf_counter()
    asked = Asked.of(request)
    count_try(request, site.merchant, asked.number)
    order = find_order(asked)
    if may_send_link(site.merchant, asked.number) and order is not None and order.email:
        notifications.send_lookup_link(site.merchant, order)
    response = render(
        request, site, "portal/new_link.html", {"title": gettext("Look into your inbox"), "sent": True}
    )
    wait_until(started, LINK_ANSWER_SECONDS)
    return response


@portal_page("GET")
def tracking(request: HttpRequest, site: Site, token: str, number: int | None = None) -> HttpResponse:
    """A3: one parcel, or an order that has none yet."""
    order = open_order(site, token)
    parcel = parcel_or_best(order, number)
    with site.speaking(order.locale):
        return render(request, site, "portal/track.html", parcel_context(site, order, token, parcel))


@portal_page("GET")
def whole_order(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """A2: all parcels of an order, what is still to come, and the bill."""
    order = open_order(site, token)
    with site.speaking(order.locale):
        return render(request, site, "portal/order.html", order_context(site, order, token))


@portal_page("GET")
def calendar(request: HttpRequest, site: Site, token: str, number: int | None = None) -> HttpResponse:
    """The delivery as a calendar file."""
    order = open_order(site, token)
    parcel = parcel_or_best(order, number)
    with site.speaking(order.locale):
        style = Style.of(site, order, timezone.now())
        window = hero_of(site.merchant, order, parcel, style).window
        if window is None:
            raise errors.NotFound
        url = request.build_absolute_uri(site.path(f"t/{token}/"))
        body = delivery_calendar(site, order, parcel, window, style, url)
    headers = {"Content-Disposition": 'attachment; filename="delivery.ics"', "Cache-Control": "private, no-cache",
               "X-Robots-Tag": "noindex"}  # fmt: skip
    return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)


@portal_page("GET")
def logo(request: HttpRequest, site: Site, digest: str) -> HttpResponse:
    """The merchant's logo under an address that changes with it, so that it is fetched once."""
    wanted = Merchant.objects.filter(pk=site.merchant.pk, logo_hash=digest)
    picture = wanted.values_list("logo", flat=True).first()
    if not picture:
        raise errors.NotFound
    return HttpResponse(bytes(picture), content_type="image/png", headers={"Cache-Control": _A_YEAR})


@portal_page("GET")
def message_picture(request: HttpRequest, site: Site, digest: str) -> HttpResponse:
    """A picture that the merchant uploaded for its messages, for mail programs: anybody's who has its address."""
    picture = data_of(digest)
    if picture is None:
        raise errors.NotFound
    headers = {"Cache-Control": _A_YEAR, "Cross-Origin-Resource-Policy": "cross-origin"}
    return HttpResponse(picture, content_type="image/jpeg", headers=headers)


def robots(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Nothing here is for search engines."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


@portal_page("GET", "POST")
def not_found(request: HttpRequest, site: Site, rest: str = "") -> HttpResponse:
    """Any other address of a portal."""
    raise errors.NotFound


@portal_page("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
def broken(request: HttpRequest, site: Site) -> HttpResponse:
    """The page of a fault of ours, on a merchant's own host."""
    raise errors.Broken

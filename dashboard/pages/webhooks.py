"""Settings › Webhooks: addresses of the shop's backend that are told what happens, and their secrets."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import webhook_words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.pages.webhook_deliveries import ROWS, asks_for_more, table
from dashboard.settings_pages import settings_page
from dashboard.shell import page
from dashboard.webhook_forms import EndpointForm, StretchForm
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import Unprocessable
from webhooks import commands, queries, resending
from webhooks.checks import MOST_ENDPOINTS
from webhooks.models import Delivery, Endpoint, EndpointState
from webhooks.schemas import header_names

# Session: ids of endpoints whose secret is shown on the next page, and never again.
_SHOW_SECRET = "webhook_secret_of"  # noqa: S105  # the name of a session entry


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def webhooks(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The endpoints, at most ten."""
    endpoints = list(queries.endpoints().order_by("-created_at", "-id"))
    context = {
        "rows": [_row(seat, endpoint) for endpoint in endpoints],
        "can_add": len(endpoints) < MOST_ENDPOINTS,
        "most": MOST_ENDPOINTS,
    }
    return settings_page(request, seat, "webhooks", "dashboard/webhooks/endpoints.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def add(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A new endpoint. Its secret stands on the page that comes next."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint, _secret = commands.create_endpoint(seat.merchant, form.values())
        except Unprocessable as problem:
            form.refuse(problem)
        else:
            request.session[_SHOW_SECRET] = str(endpoint.pk)
            messages.success(request, _("The endpoint is told what happens from now on."))
            return _to(seat, endpoint.pk)
    return _form(request, seat, form, None)


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def endpoint(request: HttpRequest, seat: Seat, endpoint_id: str) -> HttpResponse:
    """One endpoint: how it does, what can be done with it, and what it was told."""
    found = queries.get_endpoint(id_or_404("whe", endpoint_id))
    rows = Delivery.objects.filter(endpoint=found)
    context = {
        "row": _row(seat, found),
        "endpoint": found,
        "events": [(type_, webhook_words.event(type_)) for type_ in found.types],
        "header_names": header_names(found),
        "secret": found.secret if request.session.pop(_SHOW_SECRET, "") == str(found.pk) else "",
        "is_rotating": bool(found.old_secret_until and found.old_secret_until > timezone.now()),
        **table(request, seat, rows),
    }
    if asks_for_more(request):
        return render(request, ROWS, context)
    return settings_page(request, seat, "webhooks", "dashboard/webhooks/endpoint.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def edit(request: HttpRequest, seat: Seat, endpoint_id: str) -> HttpResponse:
    """Another address, other events."""
    found = queries.get_endpoint(id_or_404("whe", endpoint_id))
    form = EndpointForm(request.POST or None, endpoint=found)
    if request.method == "POST" and form.is_valid():
        try:
            commands.change_endpoint(seat.merchant, found.pk, form.values())
        except Unprocessable as problem:
            form.refuse(problem)
        else:
            messages.success(request, _("Saved."))
            return _to(seat, found.pk)
    return _form(request, seat, form, found)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def test(request: HttpRequest, seat: Seat, endpoint_id: str) -> HttpResponse:
    """Send a test event; the answer appears on the page of its delivery."""
    delivery = commands.send_test(seat.merchant, id_or_404("whe", endpoint_id))
    return redirect("dashboard:webhook_delivery", seat.merchant.slug, public_id("whd", delivery.pk))


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def pause(request: HttpRequest, seat: Seat, endpoint_id: str) -> HttpResponse:
    """Send nothing for a while."""
    found = commands.pause(seat.merchant, id_or_404("whe", endpoint_id))
    messages.success(request, _("Nothing is sent until you resume. What happens meanwhile waits."))
    return _to(seat, found.pk)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def resume(request: HttpRequest, seat: Seat, endpoint_id: str) -> HttpResponse:
    """Send again."""
    found = commands.resume(seat.merchant, id_or_404("whe", endpoint_id))
    messages.success(request, _("The endpoint is told what happens again."))
    return _to(seat, found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def rotate(request: HttpRequest, seat: Seat, endpoint_id: str) -> HttpResponse:
    """Asks first; the POST makes a new secret and shows it."""
    found = queries.get_endpoint(id_or_404("whe", endpoint_id))
    if request.method == "POST":
        commands.rotate_secret(seat.merchant, found.pk)
        request.session[_SHOW_SECRET] = str(found.pk)
        return _to(seat, found.pk)
    context = {
        "title": _("Make a new secret?"),
        "text": _(
            "For 24 hours every webhook carries two signatures, one of the new secret and one of the present one, so"
            " that your backend can change over. A secret from before the present one ends at once."
        ),
        "button": _("Make a new secret"),
        "keep": _("Keep the secret"),
        "back": _url(seat, found.pk),
    }
    return page(request, seat, "dashboard/confirm.html", context, section="settings")


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def delete(request: HttpRequest, seat: Seat, endpoint_id: str) -> HttpResponse:
    """Asks first; the POST deletes it with its history."""
    found = queries.get_endpoint(id_or_404("whe", endpoint_id))
    if request.method == "POST":
        commands.delete_endpoint(seat.merchant, found.pk)
        messages.success(request, _("The endpoint is deleted."))
        return redirect("dashboard:webhooks", seat.merchant.slug)
    context = {
        "title": _("Delete this endpoint?"),
        "text": _(
            "%(url)s is told nothing any more. Its secret and the history of its deliveries are deleted."
        )
        % {"url": found.url},
        "button": _("Delete the endpoint"),
        "keep": _("Keep the endpoint"),
        "back": _url(seat, found.pk),
    }
    return page(request, seat, "dashboard/confirm.html", context, section="settings")


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def resend(request: HttpRequest, seat: Seat, endpoint_id: str) -> HttpResponse:
    """A stretch of time again: asked with `?start=&end=` it says how many events that is, the POST sends them."""
    found = queries.get_endpoint(id_or_404("whe", endpoint_id))
    given = request.POST if request.method == "POST" else request.GET
    form = StretchForm(given or None)
    count = None
    if given and form.is_valid():
        stretch = form.stretch()
        if request.method == "POST":
            try:
                sent = resending.resend_stretch(seat.merchant, found.pk, stretch)
            except Unprocessable:
                count = resending.count(found, stretch)
            else:
                text = ngettext("%(count)s event is sent again.", "%(count)s events are sent again.", sent)
                messages.success(request, text % {"count": sent})
                return _to(seat, found.pk)
        else:
            count = resending.count(found, stretch)
    context = {
        "form": form,
        "row": _row(seat, found),
        "count": count,
        "most": resending.MOST_AT_ONCE,
        "is_too_many": count is not None and count > resending.MOST_AT_ONCE,
    }
    status = 422 if form.errors else 200
    return settings_page(request, seat, "webhooks", "dashboard/webhooks/resend.html", context, status=status)


def _form(request: HttpRequest, seat: Seat, form: EndpointForm, found: Endpoint | None) -> HttpResponse:
    context = {
        "form": form,
        "groups": webhook_words.grouped_types(),
        "chosen": set(form["types"].value() or ()),
        "header_names": header_names(found) if found else [],
        "back": _url(seat, found.pk) if found else f"/app/{seat.merchant.slug}/settings/webhooks/",
        "is_new": found is None,
    }
    status = 422 if form.errors else 200
    return settings_page(request, seat, "webhooks", "dashboard/webhooks/form.html", context, status=status)


def _row(seat: Seat, found: Endpoint) -> dict[str, Any]:
    return {
        "endpoint": found,
        "id": public_id("whe", found.pk),
        "url": _url(seat, found.pk),
        "state": webhook_words.state_of(found),
        "is_active": found.state == EndpointState.ACTIVE,
        "is_gone": found.disabled_reason == "gone",
    }


def _url(seat: Seat, endpoint_id: UUID) -> str:
    return f"/app/{seat.merchant.slug}/settings/webhooks/{public_id('whe', endpoint_id)}/"


def _to(seat: Seat, endpoint_id: UUID) -> HttpResponse:
    return redirect(_url(seat, endpoint_id))

"""The sandbox: how to get into it and out again, and its parcels' next steps."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from dashboard.access import Seat, merchant_view
from dashboard.settings_pages import settings_page
from merchants import audit
from merchants.permissions import Permission
from merchants.sandbox import sandbox_of
from tracking.carriers.sandbox import JOURNEYS
from tracking.sandbox_steps import move_on


@merchant_view(needs=Permission.SETTINGS)
def sandbox(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What the sandbox is for; in it, the numbers that make things happen."""
    numbers = [f"SBX-{kind}-1" for kind in JOURNEYS]
    return settings_page(request, seat, "sandbox", "dashboard/settings/sandbox.html", {"numbers": numbers})


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def open_sandbox(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Into the shop's sandbox, which is made when there is none."""
    with transaction.atomic():
        known = getattr(seat.merchant, "sandbox", None)
        found = sandbox_of(seat.merchant)
        if known is None and not seat.merchant.is_sandbox:
            audit.record_change("sandbox.created", label=found.slug)
    return redirect("dashboard:orders", found.slug)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def move_parcels(request: HttpRequest, seat: Seat) -> HttpResponse:
    """One step further for every parcel of the sandbox that is on its way."""
    moved = len(move_on(seat.merchant)) if seat.merchant.is_sandbox else 0
    if moved:
        text = ngettext("%(count)s parcel moved one step.", "%(count)s parcels moved one step.", moved)
        messages.success(request, text % {"count": moved})
    else:
        messages.info(request, _("No simulated parcel is on its way."))
    return redirect("dashboard:sandbox", seat.merchant.slug)

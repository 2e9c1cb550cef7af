"""Notifications on shoppers' devices: on or off, and a test to the devices that asked on one's own test order."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import Seat, merchant_view
from dashboard.settings_pages import settings_page
from merchants import throttle
from merchants.audit import record_change
from merchants.permissions import Permission
from merchants.scope import merchant_transaction
from notifications.channels.base import Refused
from notifications.models import Message
from notifications.push import commands
from notifications.push.models import PushDevice
from orders.models import Order
from orders.queries import portal_path
from tracking import trial

_TESTS, _WINDOW = 5, 600


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def push(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The switch, how many devices there are, and the test."""
    if request.method == "POST":
        if request.POST.get("switch") == "on":
            commands.switch_on(seat.merchant)
            messages.success(request, _("On. The tracking page offers notifications from now on."))
        else:
            commands.switch_off(seat.merchant)
            messages.success(request, _("Off. Nothing is sent to devices; those that asked are kept."))
        return redirect("dashboard:push", seat.merchant.slug)
    own = trial.latest(seat.merchant)
    context: dict[str, Any] = {
        "is_on": bool(seat.merchant.push_key),
        "devices": PushDevice.objects.count(),
        "orders": PushDevice.objects.values("order_id").distinct().count(),
        "own_order": own,
        "own_path": f"{portal_path(seat.merchant, own)}notify/" if own else "",
        "own_devices": PushDevice.objects.filter(order=own).count() if own else 0,
    }
    return settings_page(request, seat, "push", "dashboard/settings/push.html", context)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def test_push(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A notification to the devices that asked on the newest test order, and what their push services said."""
    own = trial.latest(seat.merchant)
    if not seat.merchant.push_key or own is None or not PushDevice.objects.filter(order=own).exists():
        messages.error(
            request, _("No device asked on your test order yet. Open its page on your phone first.")
        )
    elif seat.merchant.is_sandbox:
        messages.error(request, _("A sandbox sends nothing to anybody."))
    elif throttle.hit("push-test", seat.merchant.pk, limit=_TESTS, window=_WINDOW):
        messages.error(request, _("That was very often. Wait some minutes."))
    else:
        _tell(request, seat, own)
    return redirect("dashboard:push", seat.merchant.slug)


def _tell(request: HttpRequest, seat: Seat, own: Order) -> None:
    # Imported here: the library for push takes 14 MB of the process of whoever tests.
    from notifications.channels.push import tell_devices

    test = Message(
        merchant=seat.merchant, order=own, touchpoint="shipment_out_for_delivery", locale=seat.merchant.locale,
        subject=_("A test from %(shop)s") % {"shop": " ".join(seat.merchant.name.split())[:80]},
        text=_("This is how news of a parcel arrives. Tap it to open the order."),
    )  # fmt: skip
    try:
        told = tell_devices(seat.merchant, test)
    except Refused:
        messages.error(request, _("The keys cannot be read any more. Switch notifications off and on again."))
        return
    with merchant_transaction(seat.merchant):
        record_change("push.tested", label=own.number)
    if taken := sum(each.is_taken for each in told):
        words = ngettext(
            "%(count)d device was told. It shows within seconds.",
            "%(count)d devices were told. They show it within seconds.",
            taken,
        )
        messages.success(request, words % {"count": taken})
    for each in told:
        if each.is_gone:
            messages.error(request, _("A device has ended its notifications, and is forgotten."))
        elif not each.is_taken:
            messages.error(request, _("A push service did not take it: %(why)s") % {"why": each.detail})

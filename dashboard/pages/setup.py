"""B19: the set-up list as a page of its own, and the test order."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.settings_pages import settings_page
from dashboard.setup import checklist_of
from dashboard.words import label
from merchants.commands import change_merchant
from merchants.ids import public_id
from merchants.permissions import Permission
from notifications.models import Message, MessageState
from orders.models import Order
from orders.queries import portal_path
from tracking import trial

_STEP_WORDS: dict[str, tuple[Promise, Promise]] = {
    "placed": (gettext_lazy("Ordered"), gettext_lazy("Place the order")),
    "shipped": (gettext_lazy("Shipped"), gettext_lazy("Hand the parcel to the carrier")),
    "in_transit": (gettext_lazy("In transit"), gettext_lazy("Let it arrive at a depot")),
    "out_for_delivery": (gettext_lazy("Out for delivery"), gettext_lazy("Load it on the van")),
    "delivered": (gettext_lazy("Delivered"), gettext_lazy("Deliver it")),
}


@require_http_methods(["GET", "HEAD"])
@merchant_view(needs=Permission.SETTINGS)
def setup(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The list."""
    context = {
        "checklist": checklist_of(seat.merchant),
        "is_hidden": seat.merchant.setup_hidden_at is not None,
    }
    return settings_page(request, seat, "setup", "dashboard/settings/setup.html", context)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def hide_setup(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Put the list away from the first page, or (`show=1`) bring it back."""
    hidden = None if request.POST.get("show") else timezone.now()
    change_merchant(seat.merchant, "settings.setup", setup_hidden_at=hidden)
    messages.success(
        request, _("The list is on the first page again.") if hidden is None else _("The list is put away.")
    )
    return redirect("dashboard:setup" if hidden is None else "dashboard:overview", seat.merchant.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def trial_order(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The newest test order and its next step; the POST places a new one. Asked by htmx, only what moves."""
    if request.method == "POST":
        if "@" not in _own_address(seat):
            messages.error(request, _("Your account has no e-mail address that a test order could go to."))
        else:
            trial.begin(seat.merchant, email=_own_address(seat))
        return redirect("dashboard:trial", seat.merchant.slug)
    order = trial.latest(seat.merchant)
    context = {"address": _own_address(seat), **(_context(seat, order) if order else {})}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "dashboard/settings/trial.html#moving", {"seat": seat, **context})
    return settings_page(request, seat, "trial", "dashboard/settings/trial.html", context)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def trial_step(request: HttpRequest, seat: Seat, order_id: str) -> HttpResponse:
    """Take the next step of a test order."""
    trial.go_on(seat.merchant, id_or_404("ord", order_id))
    return redirect("dashboard:trial", seat.merchant.slug)


def _own_address(seat: Seat) -> str:
    return seat.user.email or seat.user.get_username()


def _context(seat: Seat, order: Order) -> dict[str, Any]:
    done = trial.done(order)
    steps = [
        {"words": _STEP_WORDS[step.key][0], "is_done": place < done, "is_next": place == done}
        for place, step in enumerate(trial.STEPS)
    ]
    mails = Message.objects.filter(order=order).order_by("planned_at")
    return {
        "order": order,
        "order_id": public_id("ord", order.pk),
        "portal_path": portal_path(seat.merchant, order),
        "steps": steps,
        "next_words": _STEP_WORDS[trial.STEPS[done].key][1] if done < len(trial.STEPS) else "",
        "mails": [
            {
                "words": words.TOUCHPOINTS.get(mail.touchpoint, mail.touchpoint),
                "state": label(words.MESSAGE_STATES, mail.state),
                "mail": mail,
                "url": f"/app/{seat.merchant.slug}/messages/{public_id('msg', mail.pk)}/",
            }
            for mail in mails[:20]
        ],
        "is_moving": any(mail.state in (MessageState.PLANNED, MessageState.SENDING) for mail in mails[:20]),
    }

"""B16: the merchant's accounts at carriers, whether they work, and the carrier of parcels that name none."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import Seat, merchant_view
from dashboard.carriers import carrier_label
from dashboard.settings_forms import MerchantForm, edit
from dashboard.settings_pages import settings_page
from dashboard.words import Label
from merchants import throttle
from merchants.ids import public_id
from merchants.permissions import Permission
from tracking.account_health import Health, healths, remove_account, try_access
from tracking.asking import set_account
from tracking.carriers.base import Credential
from tracking.carriers.registry import ADAPTERS, KNOWN
from tracking.models import UnknownCode
from tracking.radar import unknown_codes

# Carriers that we ask, with the names of what they want to see of us.
ASKED = tuple(code for code in ADAPTERS if code != "sandbox")
_TRIES, _WINDOW = 5, 300
_WHY: dict[str, Promise] = {
    "authentication_failed": gettext_lazy("The carrier refused the key."),
    "no_access": gettext_lazy("There is no key for this carrier."),
    "rate_limited": gettext_lazy("The carrier was asked too often. It lets us ask again later."),
    "carrier_down": gettext_lazy("The carrier did not answer."),
    "cannot_read": gettext_lazy("The carrier answered something that we do not understand."),
}


class DefaultCarrierForm(MerchantForm):
    """The carrier of parcels whose shop names none."""

    default_carrier = forms.ChoiceField(
        label=gettext_lazy("Carrier of parcels that name none"),
        required=False,
        choices=lambda: [
            ("", _("None: leave it open")),
            *((c.code, c.name) for c in KNOWN.values() if c.code != "sandbox"),
        ],
    )

    class Meta(MerchantForm.Meta):
        fields = ("default_carrier",)


_LABELS: dict[str, Promise] = {
    "api_key": gettext_lazy("API key"),
    "api_token": gettext_lazy("API token"),
    "api_secret": gettext_lazy("API secret"),
    "client_id": gettext_lazy("Client ID"),
    "client_secret": gettext_lazy("Client secret"),
    "user": gettext_lazy("User name"),
    "username": gettext_lazy("User name"),
    "password": gettext_lazy("Password"),
    "delis_id": gettext_lazy("Delis ID"),
    "service": gettext_lazy("Division"),
    "account_number": gettext_lazy("Customer number"),
    "customer_number": gettext_lazy("Customer number"),
    "webhook_secret": gettext_lazy("Secret of the webhook"),
}


class AccountForm(forms.Form):
    """What a carrier gives its customers, by its adapter. Secrets are never shown again."""

    calls_per_day = forms.IntegerField(
        label=gettext_lazy("Calls a day"),
        required=False,
        min_value=1,
        max_value=10_000_000,
        help_text=gettext_lazy("When you bought more than the usual allowance."),
    )

    def __init__(self, carrier: str, data: Any = None) -> None:
        super().__init__(data)
        self.wanted = ADAPTERS[carrier].credentials
        for wanted in self.wanted:
            self.fields[wanted.name] = _credential_field(wanted)
        self.order_fields([wanted.name for wanted in self.wanted])

    def credentials(self) -> dict[str, str]:
        return {name: str(value).strip() for name, value in self.cleaned_data.items() if value}


def _credential_field(wanted: Credential) -> forms.CharField:
    kind = forms.PasswordInput if wanted.secret else forms.TextInput
    return forms.CharField(
        label=str(_LABELS.get(wanted.name) or wanted.name.replace("_", " ").capitalize()),
        max_length=200,
        required=wanted.required,
        widget=kind(attrs={"autocomplete": "off"}),
        help_text=_("Stored encrypted and never shown again.") if wanted.secret else "",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def carriers(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Every carrier that we ask with its health, and the default carrier."""
    return edit(
        request,
        seat,
        "carriers",
        DefaultCarrierForm,
        around=lambda form: {
            "rows": [_row(seat, health) for health in healths(seat.merchant, list(ASKED))],
            "unknown": [_unknown(seat, code) for code in unknown_codes()],
        },
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def carrier_account(request: HttpRequest, seat: Seat, carrier: str) -> HttpResponse:
    """Another key for a carrier. Saved, it is tried at once."""
    if carrier not in ASKED:
        raise Http404
    form = AccountForm(carrier, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        set_account(seat.merchant, carrier, form.credentials())
        _try(request, seat, carrier, saved=True)
        return redirect("dashboard:carriers", seat.merchant.slug)
    [health] = healths(seat.merchant, [carrier])
    context = {"form": form, "health": health, "carrier": carrier}
    status = 422 if form.errors else 200
    return settings_page(
        request, seat, "carriers", "dashboard/settings/carrier_account.html", context, status=status
    )


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def test_carrier(request: HttpRequest, seat: Seat, carrier: str) -> HttpResponse:
    """Ask the carrier now whether it knows us."""
    if carrier not in ASKED:
        raise Http404
    _try(request, seat, carrier)
    return redirect("dashboard:carriers", seat.merchant.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def remove_carrier(request: HttpRequest, seat: Seat, carrier: str) -> HttpResponse:
    """Asks first; the POST forgets the key."""
    if carrier not in ASKED:
        raise Http404
    name = KNOWN[carrier].name
    if request.method == "POST":
        remove_account(seat.merchant, carrier)
        messages.success(request, _("The key for %(carrier)s is forgotten.") % {"carrier": name})
        return redirect("dashboard:carriers", seat.merchant.slug)
    context = {
        "title": _("Forget the key for %(carrier)s?") % {"carrier": name},
        "text": _("Parcels are followed only if the installation has a key of its own."),
        "button": _("Forget it"),
        "keep": _("Keep it"),
        "back": f"/app/{seat.merchant.slug}/settings/carriers/",
    }
    return settings_page(request, seat, "carriers", "dashboard/confirm.html", context)


def _try(request: HttpRequest, seat: Seat, carrier: str, *, saved: bool = False) -> None:
    name = KNOWN[carrier].name
    done = _("Saved.") + " " if saved else ""
    if throttle.hit("carrier-test", seat.merchant.pk, carrier, limit=_TRIES, window=_WINDOW):
        messages.error(request, done + _("That was very often. Wait some minutes before you test again."))
    elif code := try_access(seat.merchant, carrier):
        messages.error(request, done + str(_WHY.get(code, code)))
    else:
        messages.success(request, done + _("%(carrier)s answers.") % {"carrier": name})


def _row(seat: Seat, health: Health) -> dict[str, Any]:
    base = f"/app/{seat.merchant.slug}/settings/carriers/{health.code}/"
    return {
        "health": health,
        "state": _state(health),
        "why": _WHY.get(health.closed_because, health.closed_because),
        "account_url": base,
        "test_url": base + "test/",
        "remove_url": base + "remove/",
    }


def _unknown(seat: Seat, row: UnknownCode) -> dict[str, Any]:
    return {
        "row": row,
        "carrier": carrier_label(row.carrier),
        "parcel": row.shipment.tracking_number,
        "parcel_url": f"/app/{seat.merchant.slug}/shipments/{public_id('shp', row.shipment_id)}/",
    }


def _state(health: Health) -> Label:
    if health.source == "none":
        return Label(_("No key"), "quiet")
    if health.closed_until is not None:
        return Label(_("Closed for now"), "bad")
    if health.failing_percent >= 20:  # one in five: more than a bad minute
        return Label(_("Failing often"), "warn")
    return Label(_("Works"), "ok") if health.last_answer else Label(_("Ready"), "info")

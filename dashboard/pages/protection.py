"""Settings of the parcel protection: on or off, its price table, its clocks, and what is decided by rule."""

from typing import Any

from django import forms
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard.access import Seat, merchant_view
from dashboard.rule_settings import CommaField, edit_rules
from merchants.permissions import Permission
from returns.claims.models import Resolution
from returns.claims.rules import rules_of, set_rules
from returns.claims.words import RESOLUTIONS


def _days(label: Any, help_text: Any = "", *, most: int = 120, least: int = 1) -> forms.IntegerField:
    return forms.IntegerField(label=label, help_text=help_text, min_value=least, max_value=most)


class ProtectionForm(forms.Form):
    """Columns of `Protection`."""

    is_on = forms.BooleanField(
        label=gettext_lazy("Protect parcels"), required=False,
        help_text=gettext_lazy("Off: no further order is protected. Who is covered already can still make a claim."),
    )  # fmt: skip
    premium_skus = CommaField(
        label=gettext_lazy("SKUs of the premium"), required=False, max_length=191,
        help_text=gettext_lazy(
            "An order with such a line is protected, for the line’s price. Several with commas between them. Other "
            "orders can be protected over the API or on their page, at the prices below."
        ),
    )  # fmt: skip
    premium_flat = forms.DecimalField(
        label=gettext_lazy("Price below the limit"), min_value=0, max_value=9999, decimal_places=2
    )
    flat_below = forms.DecimalField(
        label=gettext_lazy("Limit: goods worth"), min_value=0, max_value=999_999, decimal_places=2
    )
    premium_percent = forms.DecimalField(
        label=gettext_lazy("From the limit on, percent of the goods"),
        min_value=0,
        max_value=100,
        decimal_places=2,
    )
    auto_approve_up_to = forms.DecimalField(
        label=gettext_lazy("Approve by rule up to"), required=False, min_value=0, max_value=999_999, decimal_places=2,
        help_text=gettext_lazy("Empty: somebody of the team decides about each."),
    )  # fmt: skip
    auto_resolution = forms.ChoiceField(
        label=gettext_lazy("Then the customer gets"), choices=lambda: list(RESOLUTIONS.items())
    )
    lost_home_days = _days(gettext_lazy("Lost: days without a scan within the country"))
    lost_abroad_days = _days(gettext_lazy("Lost: days without a scan to other countries"))
    late_hours = _days(gettext_lazy("Lost: hours after the expected day"), most=720, least=0)
    stolen_days = _days(
        gettext_lazy("Not received: days after the delivery"),
        gettext_lazy("Neighbours and late scans need some time."), least=0,
    )  # fmt: skip
    file_days = _days(gettext_lazy("Days in which a claim can be made"), most=365)
    silent_days = _days(gettext_lazy("Days without an answer until a claim is closed"))
    pauses_on_scan = forms.BooleanField(
        label=gettext_lazy("Pause a claim when its parcel moves again"), required=False
    )

    def clean(self) -> dict[str, Any]:
        """A claim has to be possible for at least a day."""
        given = super().clean() or {}
        waits = [given.get(name) or 0 for name in ("stolen_days",)]
        if (given.get("file_days") or 0) <= max(waits) and "file_days" in given:
            self.add_error("file_days", _("Has to be longer than what is waited for."))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def protection(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The form."""
    now = model_to_dict(rules_of(), fields=list(ProtectionForm.base_fields))
    initial = {name: _plain(value) for name, value in now.items()}
    form = ProtectionForm(request.POST if request.method == "POST" else None, initial=initial)

    def save() -> bool:
        given = form.cleaned_data
        return set_rules(seat.merchant, **{**given, "auto_resolution": Resolution(given["auto_resolution"])})

    return edit_rules(request, seat, "protection", form, save, currency=seat.merchant.currency)


def _plain(value: Any) -> Any:
    """An amount without the zeros that the database keeps."""
    return value.quantize(value.__class__("0.01")) if hasattr(value, "quantize") else value

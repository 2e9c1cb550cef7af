"""B15: what shoppers may do by themselves, and when their cases are answered."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard.access import Seat, merchant_view
from dashboard.settings_forms import MerchantForm, edit
from merchants.models import SelfService
from merchants.permissions import Permission

_CHOICES = [
    (SelfService.OFF, gettext_lazy("Never: they write to you")),
    (SelfService.MINUTES_15, gettext_lazy("15 minutes")),
    (SelfService.MINUTES_30, gettext_lazy("30 minutes")),
    (SelfService.MINUTES_60, gettext_lazy("60 minutes")),
    (SelfService.HANDOVER, gettext_lazy("As long as nothing has left")),
]


class SelfServiceForm(MerchantForm):
    """The times and the promise."""

    address_change = forms.ChoiceField(
        label=gettext_lazy("Change the address"),
        choices=_CHOICES,
        help_text=gettext_lazy("Within the country. You are told by the webhook order.address_changed."),
    )
    self_cancel = forms.ChoiceField(
        label=gettext_lazy("Cancel the order"),
        choices=_CHOICES,
        help_text=gettext_lazy(
            "Only the whole of it, and never once a parcel is announced. Webhook: order.cancelled."
        ),
    )
    case_answer_days = forms.IntegerField(
        label=gettext_lazy("Working days until reports are answered"),
        min_value=1,
        max_value=10,
        help_text=gettext_lazy("Whoever reports a problem is told this day."),
    )

    class Meta(MerchantForm.Meta):
        fields = ("address_change", "self_cancel", "case_answer_days")


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def self_service(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The form."""
    return edit(request, seat, "self_service", SelfServiceForm)

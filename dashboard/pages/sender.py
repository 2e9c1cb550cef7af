"""B15: who messages are from, a test to oneself, and whether the domain lets us send in its name."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import Seat, merchant_view
from dashboard.settings_forms import MerchantForm, edit
from dashboard.settings_pages import settings_page
from dashboard.words import Label
from merchants import throttle
from merchants.permissions import Permission
from notifications import sender_check
from notifications.channels import trial
from notifications.sender import sender, sender_domain

_TESTS, _CHECKS, _WINDOW = 5, 10, 600
_STATES: dict[str, tuple[Promise, str]] = {
    sender_check.OK: (gettext_lazy("Found"), "ok"),
    sender_check.MISSING: (gettext_lazy("Missing"), "warn"),
    sender_check.WRONG: (gettext_lazy("Not right"), "bad"),
    sender_check.UNKNOWN: (gettext_lazy("No answer"), "quiet"),
}


class SenderForm(MerchantForm):
    """Name and addresses."""

    class Meta(MerchantForm.Meta):
        fields = ("sender_name", "sender_email", "reply_to")
        labels = {
            "sender_name": gettext_lazy("Name"),
            "sender_email": gettext_lazy("From"),
            "reply_to": gettext_lazy("Answers go to"),
        }
        help_texts = {
            "sender_name": gettext_lazy("As it stands in the inbox. Empty: the shop's name."),
            "sender_email": gettext_lazy("An address of your own domain. Empty: the installation's address."),
            "reply_to": gettext_lazy("Empty: your support address."),
        }

    def clean_sender_name(self) -> str:
        name: str = self.cleaned_data["sender_name"]
        if any(not letter.isprintable() for letter in name):
            raise forms.ValidationError(_("Write the name in one line."))
        return name


class CheckForm(forms.Form):
    """The selector of the DKIM key, which the mail provider names."""

    selector = forms.CharField(
        label=gettext_lazy("DKIM selector"),
        required=False,
        max_length=63,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$", gettext_lazy("This is no selector.")
            )
        ],
        help_text=gettext_lazy(
            "Your mail provider names it, for example “s1”. Empty: DKIM is not looked at."
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def sender_page(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The form, the test and the check."""
    return edit(request, seat, "sender", SenderForm, around=lambda form: _around(seat))


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def test_sender(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A mail to the person who asks."""
    address = seat.user.email or seat.user.get_username()
    if "@" not in address:
        messages.error(request, _("Your account has no e-mail address."))
    elif throttle.hit("sender-test", seat.merchant.pk, limit=_TESTS, window=_WINDOW):
        messages.error(request, _("That was very often. Wait some minutes."))
    elif failure := trial.send_test(seat.merchant, address):
        messages.error(request, _("The mail server did not take it: %(why)s") % {"why": failure})
    else:
        messages.success(
            request, _("The mail server took it. Look into the inbox of %(address)s.") % {"address": address}
        )
    return redirect("dashboard:sender", seat.merchant.slug)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def check_sender(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What DNS says about the sender's domain."""
    form = CheckForm(request.POST)
    around = _around(seat) | {"check_form": form, "form": SenderForm(merchant=seat.merchant)}
    status = 422
    if throttle.hit("sender-check", seat.merchant.pk, limit=_CHECKS, window=_WINDOW):
        form.add_error(None, _("That was very often. Wait some minutes."))
    elif form.is_valid():
        status = 200
        found = sender_check.check_sender(sender_domain(seat.merchant), form.cleaned_data["selector"])
        around["records"] = [{"record": record, "state": Label(*_STATES[record.state])} for record in found]
    return settings_page(request, seat, "sender", "dashboard/settings/sender.html", around, status=status)


def _around(seat: Seat) -> dict[str, Any]:
    return {
        "from_header": sender(seat.merchant),
        "domain": sender_domain(seat.merchant),
        "is_own": bool(seat.merchant.sender_email),
        "own_address": seat.user.email or seat.user.get_username(),
        "check_form": CheckForm(),
    }

"""B9: whom nothing is sent to: the list, an address by hand, and writing to one again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard import listing, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.settings_pages import settings_page
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import Problem
from notifications import suppressions
from notifications.choices import ADDRESSED, Channel
from notifications.models import Suppression, SuppressionReason

REASONS: dict[str, Promise] = {
    SuppressionReason.BOUNCED: gettext_lazy("Nobody has this address"),
    SuppressionReason.COMPLAINED: gettext_lazy("Reported a mail as spam"),
    SuppressionReason.UNSUBSCRIBED: gettext_lazy("Unsubscribed at the mail provider"),
    SuppressionReason.MANUAL: gettext_lazy("Put here by hand"),
}


class AddressForm(forms.Form):
    """An address that is to be left alone."""

    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"),
        initial=Channel.EMAIL,
        choices=lambda: [(each.value, words.CHANNELS[each]) for each in ADDRESSED],
    )
    address = forms.CharField(
        label=gettext_lazy("Address or number"),
        max_length=254,
        help_text=gettext_lazy("An e-mail address, or a number with its country: +49 …"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    detail = forms.CharField(label=gettext_lazy("Why, for your team"), max_length=500, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.ACT)
def suppression_list(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?q=` (a whole address) and `?cursor=` say which; the form adds one."""
    if request.method != "POST":
        return _show(request, seat, AddressForm())
    form = AddressForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            suppressions.suppress(
                seat.merchant, given["channel"], given["address"], SuppressionReason.MANUAL, given["detail"]
            )
        except Problem:
            form.add_error("address", _("This is no address of this channel."))
        else:
            messages.success(request, _("Nothing is sent to %(address)s any more.") % given)
            return redirect("dashboard:suppressions", seat.merchant.slug)
    return _show(request, seat, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.ACT)
def lift_suppression(request: HttpRequest, seat: Seat, suppression_id: str) -> HttpResponse:
    """Asks first; the POST takes the address off the list."""
    row = Suppression.objects.filter(pk=id_or_404("sup", suppression_id)).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        suppressions.lift(seat.merchant, row.pk)
        messages.success(request, _("%(address)s is written to again.") % {"address": row.address})
        return redirect("dashboard:suppressions", seat.merchant.slug)
    context = {
        "title": _("Write to %(address)s again?") % {"address": row.address},
        "text": _("Do it when somebody asks for it, or the address works again: mails that come back harm your name."),
        "button": _("Write to it again"),
        "keep": _("Leave it alone"),
        "back": f"/app/{seat.merchant.slug}/settings/suppressions/",
    }  # fmt: skip
    return settings_page(request, seat, "suppressions", "dashboard/confirm.html", context)


def _show(request: HttpRequest, seat: Seat, form: AddressForm, *, status: int = 200) -> HttpResponse:
    typed = request.GET.get("q", "").replace("\0", "").strip()[:254]
    stretch = listing.newest(request, suppressions.found(typed), by="created_at")
    context = {
        "rows": [_row(seat, row) for row in stretch.rows],
        "stretch": stretch,
        "typed": typed,
        "form": form,
    }
    template = "dashboard/settings/suppressions.html"
    if request.htmx and "more" in (request.htmx.target or ""):  # type: ignore[attr-defined]
        return render(request, f"{template}#rows", context)
    return settings_page(request, seat, "suppressions", template, context, status=status)


def _row(seat: Seat, row: Suppression) -> dict[str, Any]:
    return {
        "row": row,
        "channel": words.CHANNELS.get(row.channel, row.channel),
        "reason": REASONS.get(row.reason, row.reason),
        "lift_url": f"/app/{seat.merchant.slug}/settings/suppressions/{public_id('sup', row.pk)}/lift/",
    }

"""Settings: where the shop is asked what it has of a variant, when a shopper picks one for an exchange."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from dashboard.access import Seat, merchant_view
from dashboard.settings_pages import settings_page
from merchants.permissions import Permission
from merchants.rest.errors import NotFound, Unprocessable
from returns.live_stock import remove_stock_hook, set_stock_hook
from returns.stock_models import StockHook


class StockHookForm(forms.Form):
    """The address."""

    url = forms.CharField(
        label=gettext_lazy("Address of your shop"), max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("It gets the variants, signed, and answers within two seconds how many there are."),
    )  # fmt: skip


@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS, step_up=True)
def stock_hook(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The address and its last answer. The answer to the first one is the only page that shows its secret."""
    if request.method == "POST" and request.POST.get("do") == "remove":
        try:
            remove_stock_hook(seat.merchant)
        except NotFound:
            messages.success(request, _("Nothing was changed."))
        else:
            messages.success(request, _("Your shop is not asked any more."))
        return redirect(request.path)
    hook, secret = StockHook.objects.first(), ""
    form = StockHookForm(
        request.POST if request.method == "POST" else None, initial={"url": hook.url if hook else ""}
    )
    if request.method == "POST" and form.is_valid():
        try:
            hook, secret = set_stock_hook(seat.merchant, form.cleaned_data["url"])
        except Unprocessable:
            form.add_error("url", _("This address cannot be called: https, and reachable from outside."))
        else:
            if not secret:
                messages.success(request, _("Saved."))
                return redirect(request.path)
    context = {"form": form, "hook": hook, "secret": secret}
    status = 422 if form.errors else 200
    return settings_page(request, seat, "stock", "dashboard/settings/stock.html", context, status=status)

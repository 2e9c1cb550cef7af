"""How the settings' pages take their forms: validated, saved with an audit entry, said so, and redirected."""

from collections.abc import Callable
from copy import copy
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from dashboard.access import Seat
from dashboard.settings_pages import settings_page
from merchants.commands import change_merchant
from merchants.models import Merchant


class MerchantForm(forms.ModelForm):
    """A form over columns of the merchant. Its instance is a copy: what is refused shows nowhere else on the page."""

    class Meta:
        model = Merchant
        fields: tuple[str, ...] = ()

    def __init__(self, data: Any = None, files: Any = None, *, merchant: Merchant) -> None:
        super().__init__(data, files, instance=copy(merchant))
        self.merchant = merchant

    def values(self) -> dict[str, Any]:
        """Columns and their new values, once the form is valid."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


def edit(
    request: HttpRequest,
    seat: Seat,
    key: str,
    form_class: type[MerchantForm],
    *,
    around: Callable[[MerchantForm], dict[str, Any]] = lambda form: {},
) -> HttpResponse:
    """A page with one form over the merchant. `around` makes the rest of its context out of the form."""
    template = f"dashboard/settings/{key}.html"
    if request.method != "POST":
        form = form_class(merchant=seat.merchant)
        return settings_page(request, seat, key, template, {"form": form, **around(form)})
    form = form_class(request.POST, request.FILES, merchant=seat.merchant)
    if form.is_valid():
        try:
            changed = change_merchant(seat.merchant, f"settings.{key}", **form.values())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return redirect(request.path)
    return settings_page(request, seat, key, template, {"form": form, **around(form)}, status=422)

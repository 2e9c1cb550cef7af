"""Another shop of the same installation, where the operator lets people make them."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard.access import seats_of
from dashboard.account.gate import account_view
from merchants import commands
from merchants.audit import record_change
from merchants.models import Membership, Merchant, Role
from merchants.scope import merchant_scope


class ShopForm(forms.Form):
    """What a shop needs to begin with; the rest is in its settings."""

    name = forms.CharField(label=gettext_lazy("Name of the shop"), max_length=120)
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=63,
        help_text=gettext_lazy("Part of every link: small letters, digits and hyphens."),
    )
    locale = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    currency = forms.RegexField(
        label=gettext_lazy("Currency"),
        regex=r"^[A-Z]{3}$",
        initial="EUR",
        help_text=gettext_lazy("Three letters: EUR, CHF, GBP."),
    )

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].lower()
        return slug


def may_make_shops(user: User, mine: list[Membership]) -> bool:
    """Owners of a shop may make another one, where the installation allows it."""
    return settings.NEW_SHOPS and any(m.role == Role.OWNER for m in mine)


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(step_up=True)
def new_shop(request: HttpRequest, user: User) -> HttpResponse:
    """Whoever makes it owns it."""
    if not may_make_shops(user, seats_of(user)):
        raise Http404
    form = ShopForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = _make(user, form.cleaned_data)
        except ValidationError as error:
            _show_at_fields(form, error)
        else:
            messages.success(request, _("%(shop)s is there.") % {"shop": made.name})
            return redirect("dashboard:overview", made.slug)
    status = 422 if form.errors else 200
    return render(request, "dashboard/account/new_shop.html", {"form": form}, status=status)


@transaction.atomic
def _make(user: User, values: dict[str, Any]) -> Merchant:
    made = commands.create_merchant(**values)
    Membership.objects.create(user=user, merchant=made, role=Role.OWNER)
    with merchant_scope(made):
        record_change("merchant.created", label=made.name)
    return made


def _show_at_fields(form: ShopForm, error: ValidationError) -> None:
    for name, found in error.message_dict.items():
        for text in found:
            form.add_error(name if name in form.fields else None, text)

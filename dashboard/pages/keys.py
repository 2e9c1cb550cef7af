"""B16: the keys of the merchant's own programs: made, shown once, revoked."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.settings_pages import settings_page
from merchants.ids import public_id
from merchants.models import ApiKey
from merchants.permissions import Permission
from merchants.rest.auth import SCOPES, create_api_key, revoke_api_key

# More keys than anybody can keep apart.
MOST_KEYS = 50
_REVOKED_SHOWN = 10

# What a scope lets a program do. A scope without words here shows as itself.
SCOPE_WORDS: dict[str, Promise] = {
    "orders:read": gettext_lazy("Read orders"),
    "orders:write": gettext_lazy("Add, change and cancel orders"),
    "shipments:read": gettext_lazy("Read shipments"),
    "shipments:write": gettext_lazy("Add and change shipments and scans"),
    "customers:read": gettext_lazy("Read customers"),
    "customers:write": gettext_lazy("Add and change customers"),
    "products:read": gettext_lazy("Read products"),
    "products:write": gettext_lazy("Add and change products"),
    "messages:read": gettext_lazy("Read messages"),
    "messages:write": gettext_lazy("Change the suppression list"),
    "cases:read": gettext_lazy("Read cases"),
    "returns:read": gettext_lazy("Read returns"),
    "returns:write": gettext_lazy("Ask for and decide about returns"),
    "refunds:read": gettext_lazy("Read refunds and orders' money"),
    "refunds:write": gettext_lazy("Ask for, confirm and fail refunds"),
    "credit:read": gettext_lazy("Read store credit"),
    "credit:write": gettext_lazy("Give and spend store credit"),
    "events:read": gettext_lazy("Read events"),
    "imports:read": gettext_lazy("Read imports"),
    "imports:write": gettext_lazy("Import data"),
    "exports:read": gettext_lazy("Export data"),
    "webhooks:read": gettext_lazy("Read webhook endpoints"),
    "webhooks:write": gettext_lazy("Add and change webhook endpoints"),
}


class KeyForm(forms.Form):
    """A new key: what it is for and what it may do."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("What will use it, for example “Shop backend”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=lambda: [(scope, SCOPE_WORDS.get(scope, scope)) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one thing that it may do.")},
    )


@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS, step_up=True)
def keys(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The keys, and a form for a new one. The answer to the form is the only page that ever shows the key."""
    if request.method != "POST":
        return _show(request, seat, KeyForm(initial={"scopes": SCOPES}))
    form = KeyForm(request.POST)
    if form.is_valid() and _live(seat).count() >= MOST_KEYS:
        form.add_error(None, _("There are too many keys. Revoke those that nobody uses."))
    if not form.is_valid():
        return _show(request, seat, form, status=422)
    row, secret = create_api_key(
        seat.merchant, name=form.cleaned_data["name"], scopes=tuple(form.cleaned_data["scopes"])
    )
    return _show(request, seat, KeyForm(initial={"scopes": SCOPES}), new=row, secret=secret)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS, step_up=True)
def revoke_key(request: HttpRequest, seat: Seat, key_id: str) -> HttpResponse:
    """Asks first; the POST makes the key useless."""
    key = ApiKey.objects.filter(merchant=seat.merchant, pk=id_or_404("key", key_id)).first()
    if key is None:
        raise Http404
    if request.method == "POST":
        revoke_api_key(key)
        messages.success(request, _("The key “%(name)s” does not work any more.") % {"name": key.name})
        return redirect("dashboard:keys", seat.merchant.slug)
    context = {
        "title": _("Revoke the key “%(name)s”?") % {"name": key.name},
        "text": _("Whatever uses it is refused from this moment on. This cannot be taken back."),
        "button": _("Revoke the key"),
        "keep": _("Keep it"),
        "back": f"/app/{seat.merchant.slug}/settings/keys/",
    }
    return settings_page(request, seat, "keys", "dashboard/confirm.html", context)


def _live(seat: Seat) -> Any:
    return ApiKey.objects.filter(merchant=seat.merchant, revoked_at=None)


def _show(
    request: HttpRequest,
    seat: Seat,
    form: KeyForm,
    *,
    new: ApiKey | None = None,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    revoked = ApiKey.objects.filter(merchant=seat.merchant, revoked_at__isnull=False).order_by("-revoked_at")
    context = {
        "form": form,
        "new": new,
        "secret": secret,
        "rows": [_row(seat, key) for key in _live(seat).order_by(F("created_at").desc())[: MOST_KEYS + 1]],
        "revoked": [_row(seat, key) for key in revoked[:_REVOKED_SHOWN]],
    }
    return settings_page(request, seat, "keys", "dashboard/settings/keys.html", context, status=status)


def _row(seat: Seat, key: ApiKey) -> dict[str, Any]:
    all_of_them = set(SCOPES) <= set(key.scopes)
    return {
        "key": key,
        "scopes": _("everything")
        if all_of_them
        else ", ".join(str(SCOPE_WORDS.get(s, s)) for s in key.scopes),
        "revoke_url": f"/app/{seat.merchant.slug}/settings/keys/{public_id('key', key.id)}/revoke/",
    }

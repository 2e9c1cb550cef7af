"""B16: the merchant's accesses to those who make return labels, whether they work, and where parcels go."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import formats
from dashboard.access import Seat, merchant_view
from dashboard.label_forms import ADDRESS, NAMES, AccountForm, AddressForm, Destinations
from dashboard.settings_pages import settings_page
from dashboard.words import Label
from merchants import throttle
from merchants.models import Merchant
from merchants.permissions import Permission
from returns.label_models import LabelAccount, LabelMaker
from returns.logistics import accounts
from returns.policy.queries import newest

_TRIES, _WINDOW = 5, 300
_WHY: dict[str, Promise] = {
    "refused": gettext_lazy("The access was refused. Please check the keys."),
    "not_now": gettext_lazy("There was no answer. Please try again later."),
    "no_access": gettext_lazy("There is no access yet."),
}


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def label_accounts(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Everybody who makes labels, with what is set up."""
    held = {account.maker: account for account in LabelAccount.objects.all()}
    named = _destinations()
    context = {
        "rows": [_row(seat.merchant, maker, held.get(maker), named) for maker in NAMES],
        "none": not held,
    }
    return settings_page(request, seat, "labels", "dashboard/settings/labels.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def label_account(request: HttpRequest, seat: Seat, maker: str) -> HttpResponse:
    """One access with its settings and addresses. Saved, it is tried at once."""
    if maker not in NAMES:
        raise Http404
    account = LabelAccount.objects.filter(maker=maker).first()
    forms = _Forms(request, seat.merchant, maker, account)
    if request.method == "POST" and forms.are_valid():
        accounts.set_account(
            seat.merchant, maker, forms.account.credentials(), countries=forms.account.cleaned_data["countries"],
            values=forms.values(),
        )  # fmt: skip
        _try(request, seat, maker, saved=True)
        return redirect("dashboard:labels", seat.merchant.slug)
    context = {
        "form": forms.account, "address": forms.address, "destinations": forms.destinations, "maker": maker,
        "name": NAMES[maker], "account": account, "named": _destinations(),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return settings_page(
        request, seat, "labels", "dashboard/settings/label_account.html", context, status=status
    )


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def test_label_account(request: HttpRequest, seat: Seat, maker: str) -> HttpResponse:
    """Ask the maker now whether it knows us. No label is made."""
    if maker not in NAMES:
        raise Http404
    _try(request, seat, maker)
    return redirect("dashboard:labels", seat.merchant.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def remove_label_account(request: HttpRequest, seat: Seat, maker: str) -> HttpResponse:
    """Asks first; the POST forgets the access."""
    if maker not in NAMES:
        raise Http404
    if request.method == "POST":
        accounts.remove_account(seat.merchant, maker)
        messages.success(request, _("The access to %(maker)s is forgotten.") % {"maker": NAMES[maker]})
        return redirect("dashboard:labels", seat.merchant.slug)
    context = {
        "title": _("Forget the access to %(maker)s?") % {"maker": NAMES[maker]},
        "text": _("Its addresses and settings go as well. Labels that it made stay valid."),
        "button": _("Forget it"),
        "keep": _("Keep it"),
        "back": f"/app/{seat.merchant.slug}/settings/labels/",
    }
    return settings_page(request, seat, "labels", "dashboard/confirm.html", context)


class _Forms:
    """The forms of the page: the access, the usual address, and other ones by name. DHL knows its addresses itself."""

    def __init__(
        self, request: HttpRequest, merchant: Merchant, maker: str, account: LabelAccount | None
    ) -> None:
        data = request.POST if request.method == "POST" else None
        values = account.settings if account else {}
        self.account = AccountForm(maker, account, data)
        self.address: AddressForm | None = None
        self.destinations: Any = None
        if maker != LabelMaker.DHL_RETURNS:
            home = merchant.country
            self.address = AddressForm(data, prefix="address", initial=values.get("address") or {}, home=home)
            others = [{"destination": name, **at} for name, at in (values.get("destinations") or {}).items()]
            self.destinations = Destinations(data, prefix="to", initial=others, form_kwargs={"home": home})

    def are_valid(self) -> bool:
        """All of them, so that every fault is shown at once."""
        asked = (self.account, self.address, self.destinations)
        wrong = [form for form in asked if form is not None and not form.is_valid()]
        return not wrong

    def values(self) -> dict[str, Any]:
        """`LabelAccount.settings`."""
        values = self.account.values()
        if self.address is not None:
            values["address"] = self.address.address()
            values["destinations"] = {
                form.cleaned_data["destination"].strip(): form.address()
                for form in self.destinations
                if form.has_changed() and not form.cleaned_data.get("DELETE")
            } | {
                form.initial["destination"]: {
                    name: form.initial[name] for name in ADDRESS if form.initial.get(name)
                }
                for form in self.destinations.initial_forms
                if not form.has_changed()
            }
        return values


def _try(request: HttpRequest, seat: Seat, maker: str, *, saved: bool = False) -> None:
    done = _("Saved.") + " " if saved else ""
    if throttle.hit("label-test", seat.merchant.pk, maker, limit=_TRIES, window=_WINDOW):
        messages.error(request, done + _("That was very often. Wait some minutes before you test again."))
    elif code := accounts.try_account(maker):
        messages.error(request, done + str(_WHY[code]))
    else:
        messages.success(request, done + _("%(maker)s knows you.") % {"maker": NAMES[maker]})


def _destinations() -> list[str]:
    """What the return rules in force call the places that goods go to."""
    _number, policy = newest()
    outcomes = [policy.standard, *(rule.outcome for rule in policy.rules if rule.is_on)]
    return sorted({outcome.destination for outcome in outcomes if outcome.destination})


def _row(merchant: Merchant, maker: str, account: LabelAccount | None, named: list[str]) -> dict[str, Any]:
    base = f"/app/{merchant.slug}/settings/labels/{maker}/"
    lacks = bool(account) and bool(accounts.missing(maker, account))
    values = account.settings if account else {}
    at = values.get("address") or {}
    known = set(values.get("destinations") or {})
    receivers = values.get("receivers") or {}
    known |= {key.rpartition("/")[0] for key in receivers if "/" in key}
    return {
        "maker": maker,
        "name": NAMES[maker],
        "account": account,
        "state": Label(_("Not set up"), "quiet") if account is None
        else Label(_("A key is missing"), "bad") if lacks else Label(_("Set up"), "ok"),
        "countries": ", ".join(formats.country(code) for code in account.countries) if account else "",
        "address": ", ".join(
            part for part in (at.get("company") or at.get("name"), at.get("street"), at.get("city")) if part
        ),
        "others": sorted(known),
        "unknown": [name for name in named if name not in known] if account else [],
        "url": base, "test_url": base + "test/", "remove_url": base + "remove/",
    }  # fmt: skip

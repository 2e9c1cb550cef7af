"""The form of an access to somebody who makes return labels: keys, from where, the parcel, and where it goes."""

import re
from typing import Any, Final

from babel import Locale
from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard import formats
from dashboard.pages.legal import countries
from returns.label_models import LabelAccount, LabelMaker
from returns.logistics.accounts import missing
from returns.logistics.labels import CREDENTIALS
from returns.logistics.labels.dhl_returns import COUNTRIES
from tracking.carriers.base import Credential

NAMES: Final[dict[str, str]] = {
    LabelMaker.DHL_RETURNS: "DHL Parcel DE Returns",
    LabelMaker.EASYPOST: "EasyPost",
    LabelMaker.SENDCLOUD: "Sendcloud",
    LabelMaker.SHIPPO: "Shippo",
}
_LABELS: Final[dict[str, Promise]] = {
    "api_key": gettext_lazy("API key"),
    "token": gettext_lazy("API token"),
    "public_key": gettext_lazy("Public key"),
    "secret_key": gettext_lazy("Secret key"),
    "username": gettext_lazy("User name"),
    "password": gettext_lazy("Password"),
}
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
# What of the settings each maker reads, beside the weight.
_SIZES: Final = ("length_cm", "width_cm", "height_cm")
_RATES: Final = ("carrier", "service")
_READS: Final[dict[str, tuple[str, ...]]] = {
    LabelMaker.DHL_RETURNS: ("receivers",),
    LabelMaker.EASYPOST: _RATES,
    LabelMaker.SENDCLOUD: ("shipping_option_code", "contract"),
    LabelMaker.SHIPPO: (*_SIZES, *_RATES),
}
ADDRESS: Final = ("company", "name", "street", "house", "postcode", "city", "country", "phone", "email")


class AccountForm(forms.Form):
    """Keys and settings of one maker. A key that is left empty stays as it is stored."""

    countries = forms.CharField(
        label=gettext_lazy("From which countries"), required=False, max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "DE, AT"}),
        help_text=gettext_lazy("Two letters each, commas between them. Empty: from everywhere."),
    )  # fmt: skip
    weight_grams = forms.IntegerField(
        label=gettext_lazy("Usual weight of a return in grams"), min_value=1, max_value=70_000
    )
    length_cm = forms.IntegerField(label=gettext_lazy("Length in cm"), min_value=1, max_value=300)
    width_cm = forms.IntegerField(label=gettext_lazy("Width in cm"), min_value=1, max_value=300)
    height_cm = forms.IntegerField(label=gettext_lazy("Height in cm"), min_value=1, max_value=300)
    carrier = forms.CharField(
        label=gettext_lazy("Only this carrier"), required=False, max_length=60,
        help_text=gettext_lazy("As your account calls it. Empty: the cheapest that there is."),
    )  # fmt: skip
    service = forms.CharField(label=gettext_lazy("Only this service"), required=False, max_length=60)
    shipping_option_code = forms.CharField(
        label=gettext_lazy("Shipping option"), max_length=120,
        help_text=gettext_lazy("Its code in Sendcloud, for example postnl:return."),
    )  # fmt: skip
    contract = forms.IntegerField(
        label=gettext_lazy("Number of the contract"), required=False, min_value=1,
        help_text=gettext_lazy("Only when you have several with this carrier."),
    )  # fmt: skip
    receivers = forms.CharField(
        label=gettext_lazy("Receivers"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "DE = deu\nAT = aut"}),
        help_text=gettext_lazy(
            "One a line: country = receiver ID of the business customer portal. For a destination of your return "
            "rules: its name/country = ID. What is not named goes to the receiver with the country’s three letters."
        ),
    )  # fmt: skip

    def __init__(self, maker: str, account: LabelAccount | None, data: Any = None) -> None:
        # A name before the secrets that go with it: browsers take another order for several forms in one.
        self.maker, self.wanted = maker, sorted(CREDENTIALS[maker], key=lambda each: each.secret)
        super().__init__(data, initial=_initial(account))
        for name in {*_SIZES, *_RATES, "shipping_option_code", "contract", "receivers"} - set(_READS[maker]):
            del self.fields[name]
        needed = set(missing(maker, account))
        for each in self.wanted:
            self.fields[each.name] = _credential(each, needed=each.name in needed)

    def keys(self) -> list[Any]:
        """The fields of the credentials."""
        return [self[each.name] for each in self.wanted]

    def rest(self) -> list[Any]:
        """The fields that are no credentials."""
        secret = {each.name for each in self.wanted}
        return [field for field in self if field.name not in secret]

    def clean_countries(self) -> list[str]:
        found = [word.strip().upper() for word in self.cleaned_data["countries"].split(",") if word.strip()]
        known = {code for code, _name in countries(Locale("en"))}
        for code in found:
            if code not in known or (self.maker == LabelMaker.DHL_RETURNS and code not in COUNTRIES):
                raise forms.ValidationError(
                    _("%(code)s is no country that labels are made for.") % {"code": code}
                )
        return found

    def clean_receivers(self) -> dict[str, str]:
        found = {}
        for line in filter(None, (row.strip() for row in self.cleaned_data["receivers"].splitlines())):
            key, _sign, receiver = (part.strip() for part in line.partition("="))
            place, _slash, country = key.rpartition("/")
            if not _COUNTRY.fullmatch(country.upper()) or not receiver or len(receiver) > 30:
                raise forms.ValidationError(_("This line is not understood: %(line)s") % {"line": line})
            found[f"{place.strip()}/{country.upper()}" if place else country.upper()] = receiver
        return found

    def credentials(self) -> dict[str, str]:
        return {each.name: str(self.cleaned_data[each.name]).strip() for each in self.wanted}

    def values(self) -> dict[str, Any]:
        """The settings of the account but for addresses; what is empty is left out."""
        names = ("weight_grams", *_READS[self.maker])
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}


def _credential(wanted: Credential, *, needed: bool) -> forms.CharField:
    kind = forms.PasswordInput if wanted.secret else forms.TextInput
    stored = _("Stored already. Leave it empty to keep it.")
    return forms.CharField(
        label=str(_LABELS[wanted.name]),
        max_length=200,
        required=needed,
        widget=kind(attrs={"autocomplete": "off"}),
        help_text=(_("Stored encrypted and never shown again.") if wanted.secret else "")
        if needed
        else stored,
    )


def _initial(account: LabelAccount | None) -> dict[str, Any]:
    values = {"weight_grams": 1000, "length_cm": 30, "width_cm": 20, "height_cm": 10}
    if account is None:
        return values
    receivers = account.settings.get("receivers") or {}
    return {
        **values,
        **account.settings,
        "countries": ", ".join(account.countries),
        "receivers": "\n".join(f"{key} = {receiver}" for key, receiver in sorted(receivers.items())),
    }


class AddressForm(forms.Form):
    """Where parcels go. home: the country that stands there first."""

    company = forms.CharField(label=gettext_lazy("Company"), max_length=60, required=False)
    name = forms.CharField(label=gettext_lazy("Name or department"), max_length=60, required=False)
    street = forms.CharField(label=gettext_lazy("Street"), max_length=60)
    house = forms.CharField(label=gettext_lazy("House number"), max_length=10, required=False)
    postcode = forms.CharField(label=gettext_lazy("Postcode"), max_length=12)
    city = forms.CharField(label=gettext_lazy("City"), max_length=60)
    country = forms.ChoiceField(label=gettext_lazy("Country"))
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=30, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=120, required=False)

    def __init__(self, *args: Any, home: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].initial = home
        self.fields["country"].choices = countries(Locale.parse(formats.locale(), sep="-"))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("company") and not given.get("name") and not self.errors:
            self.add_error("company", _("A company or a name is needed."))
        return given

    def address(self) -> dict[str, str]:
        """What was filled in."""
        return {name: self.cleaned_data[name] for name in ADDRESS if self.cleaned_data.get(name)}


class DestinationForm(AddressForm):
    """Another address, under the name that the return rules use."""

    destination = forms.CharField(label=gettext_lazy("Its name in your return rules"), max_length=60)
    field_order = ("destination", *ADDRESS)


Destinations: Final = forms.formset_factory(DestinationForm, extra=1, max_num=20, can_delete=True)

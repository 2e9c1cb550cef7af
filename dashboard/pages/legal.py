"""B15: languages, region, who stands behind the shop, and the links that the law asks for."""

from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.numbers import list_currencies
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard import formats
from dashboard.access import Seat, merchant_view
from dashboard.settings_forms import MerchantForm, edit
from merchants.permissions import Permission

_LINKS = ("website", "help_url", "withdraw_url", "imprint_url", "privacy_url")


def _is_web(address: str) -> None:
    if not formats.web_address(address):
        raise forms.ValidationError(_("This has to begin with https:// or http://."))


def _web(label: Any, help_text: Any = "") -> forms.URLField:
    """A field for a web address: https or http and nothing else, so that no link of the portal runs a script."""
    return forms.URLField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=200,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        validators=[_is_web],
    )


class _RegionForm(MerchantForm):
    """Choices out of Babel: the page's language names the countries and currencies."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        locale = Locale.parse(formats.locale(), sep="-")
        self.fields["country"].widget = forms.Select(choices=countries(locale))
        self.fields["currency"].widget = forms.Select(choices=currencies(locale, self.merchant.currency))
        known = available_timezones() & set(get_global("zone_territories"))
        zones = sorted({zone for zone in known if "/" in zone} | {"UTC", self.merchant.timezone})
        self.fields["timezone"].widget = forms.Select(choices=[(zone, zone) for zone in zones])


class LegalForm(_RegionForm):
    """Languages, region, company and links."""

    locale = forms.ChoiceField(
        label=gettext_lazy("Main language"),
        choices=settings.LANGUAGES,
        help_text=gettext_lazy("For shoppers whose language is not known or not offered."),
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages of portal and messages"),
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Offer at least one language.")},
    )
    website = _web(gettext_lazy("Website"), gettext_lazy("Addresses begin with https:// or http://."))
    help_url = _web(gettext_lazy("Help"))
    withdraw_url = _web(
        gettext_lazy("Withdrawal from contract"), gettext_lazy("Your shop's own page for it.")
    )
    imprint_url = _web(gettext_lazy("Imprint"))
    privacy_url = _web(gettext_lazy("Privacy"))

    withdrawal_for = forms.ChoiceField(
        label=gettext_lazy("Withdrawal on the portal"),
        choices=[
            ("eu", gettext_lazy("For orders to the EU and EEA")),
            ("all", gettext_lazy("For all orders")),
            ("off", gettext_lazy("Off")),
        ],
        help_text=gettext_lazy("Your own page is linked only while this is off."),
    )

    class Meta(MerchantForm.Meta):
        fields = (
            "withdrawal_for",
            "locale", "languages", "country", "timezone", "currency", "legal_name", "postal_address",
            "support_email", "support_phone", *_LINKS,
        )  # fmt: skip
        labels: dict[str, Promise] = {
            "country": gettext_lazy("Country"),
            "timezone": gettext_lazy("Time zone"),
            "currency": gettext_lazy("Currency"),
            "legal_name": gettext_lazy("Legal name"),
            "postal_address": gettext_lazy("Postal address"),
            "support_email": gettext_lazy("Support e-mail"),
            "support_phone": gettext_lazy("Support telephone"),
        }
        help_texts: dict[str, Any] = {
            "country": "",
            "currency": "",
            "postal_address": gettext_lazy("One line each; it stands at the foot of every message."),
            "support_email": gettext_lazy("Where shoppers reach you. Answers to messages go there too."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound and not self.merchant.languages:
            self.initial["languages"] = [code for code, _name in settings.LANGUAGES]
        self.fields["postal_address"].widget.attrs["rows"] = 3
        self.fields["support_phone"].widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "off"})

    def clean_country(self) -> str:
        return _one_of(self.cleaned_data["country"], self.fields["country"], _("Choose a country."))

    def clean_currency(self) -> str:
        return _one_of(self.cleaned_data["currency"], self.fields["currency"], _("Choose a currency."))

    def clean_timezone(self) -> str:
        return _one_of(self.cleaned_data["timezone"], self.fields["timezone"], _("Choose a time zone."))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        offered = cleaned.get("languages")
        if offered and cleaned.get("locale") not in offered:
            self.add_error("locale", _("The main language has to be one of those that you offer."))
        return cleaned


def _one_of(value: str, field: forms.Field, words: str) -> str:
    if value not in dict(field.widget.choices):
        raise forms.ValidationError(words)
    return value


def countries(locale: Locale) -> list[tuple[str, str]]:
    """Code and name of every country, by name."""
    found = [(code, name) for code, name in locale.territories.items() if len(code) == 2 and code.isalpha()]
    not_countries = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
    return sorted(((c, n) for c, n in found if c not in not_countries), key=lambda pair: pair[1].casefold())


def currencies(locale: Locale, current: str) -> list[tuple[str, str]]:
    """Code and name of the currencies that are in use, by code."""
    codes = {code for code in list_currencies(locale) if len(code) == 3 and not code.startswith("X")} | {
        current
    }
    in_use = [code for code in codes if "(" not in locale.currencies.get(code, code)] + [current]
    return [(code, f"{code} – {locale.currencies.get(code, code)}") for code in sorted(set(in_use))]


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def legal(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The form."""
    return edit(request, seat, "legal", LegalForm)

"""The forms that connect a shop. A secret that is left empty stays as it is."""

import json
import secrets
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.connectors.generic import FIELDS, NEEDED, Tried, try_mapping
from orders.connectors.lenient import Unreadable, payload_of
from orders.connectors.paths import LONGEST, BadPath, check
from orders.connectors.shopify_api import DOMAIN
from orders.models import ShopConnection, ShopKind
from orders.shops import SIGNATURE_HEADER, ShopValues

_LARGEST_SAMPLE = 200_000
_MAPPING = "map:"


def _secret_field(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=400,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=True),
    )


def mapping_field(name: str) -> str:
    """What the form calls the path of a field."""
    return _MAPPING + name


class ShopForm(forms.Form):
    """What all of them have. `connection`: None when the shop is connected only now."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("What your team calls this shop. May stay empty."),
    )

    def __init__(self, data: Any = None, *, connection: ShopConnection | None = None, **kwargs: Any) -> None:
        self.connection = connection
        super().__init__(data, initial={**self.first_values(), **kwargs.pop("initial", {})}, **kwargs)
        if connection is not None:
            for name, field in self.fields.items():
                if isinstance(field.widget, forms.PasswordInput) or name == "secret":
                    field.help_text = _("Stored and not shown. Leave empty to keep it.")

    def first_values(self) -> dict[str, Any]:
        """What stands in the form at first."""
        if self.connection is None:
            return {}
        return {"name": self.connection.name, "address": self.connection.address}

    def values(self) -> ShopValues:
        """What the form says, once it is valid."""
        raise NotImplementedError


class ShopifyForm(ShopForm):
    """A Shopify shop: its domain, the secret of its webhooks, and the token of its Admin API."""

    address = forms.CharField(
        label=gettext_lazy("Shopify domain"),
        max_length=120,
        help_text=gettext_lazy("For example your-shop.myshopify.com."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url"}),
    )
    secret = _secret_field(
        gettext_lazy("Webhook secret"),
        gettext_lazy(
            "Shopify shows it under Settings › Notifications › Webhooks, or as your app's client secret."
        ),
    )
    token = _secret_field(
        gettext_lazy("Admin API access token"),
        gettext_lazy(
            "Of a custom app that may read orders, customers and products. Only needed to fetch what was before."
        ),
    )

    def clean_address(self) -> str:
        """The domain, however it was pasted."""
        typed = self.cleaned_data["address"].strip().lower()
        domain = (urlsplit(typed).hostname if "//" in typed else typed.split("/")[0]) or ""
        if not DOMAIN.fullmatch(domain):
            raise forms.ValidationError(_("This is no Shopify domain: it ends in .myshopify.com."))
        return domain

    def clean_secret(self) -> str:
        secret = self.cleaned_data["secret"].strip()
        if not secret and self.connection is None:
            raise forms.ValidationError(_("Without the secret no webhook of the shop can be believed."))
        return secret

    def values(self) -> ShopValues:
        given = self.cleaned_data
        token = given["token"].strip()
        return ShopValues(
            given["name"], given["address"], given["secret"], {"token": token} if token else None
        )


class WooCommerceForm(ShopForm):
    """A WooCommerce shop: its address, the secret of its webhooks, and the keys of its REST API."""

    address = forms.URLField(
        label=gettext_lazy("Address of the shop"),
        max_length=255,
        assume_scheme="https",
        help_text=gettext_lazy("Where WordPress is, for example https://www.your-shop.com."),
    )
    secret = forms.CharField(
        label=gettext_lazy("Webhook secret"),
        max_length=400,
        required=False,
        help_text=gettext_lazy("Copy it into the field “Secret” of each webhook in WooCommerce."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    key = _secret_field(
        gettext_lazy("Consumer key"),
        gettext_lazy(
            "WooCommerce › Settings › Advanced › REST API, with “Read”. Only needed to fetch what was before."
        ),
    )
    key_secret = _secret_field(gettext_lazy("Consumer secret"))

    def first_values(self) -> dict[str, Any]:
        return super().first_values() or {"secret": secrets.token_hex(24)}

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"].strip().rstrip("/")
        if urlsplit(address).scheme != "https":
            raise forms.ValidationError(_("The shop has to be reached over https."))
        return address

    def clean(self) -> None:
        given = self.cleaned_data
        if bool(given.get("key")) != bool(given.get("key_secret")):
            self.add_error("key_secret", _("The consumer key and its secret belong together."))

    def values(self) -> ShopValues:
        given = self.cleaned_data
        credentials = {"key": given["key"], "secret": given["key_secret"]} if given["key"] else None
        return ShopValues(given["name"], given["address"], given["secret"].strip(), credentials)


class GenericForm(ShopForm):
    """Any other shop: how it signs, and one JSONPath a field, tried on a sample."""

    secret = forms.CharField(
        label=gettext_lazy("Secret"),
        max_length=400,
        required=False,
        help_text=gettext_lazy("Your shop signs each body with it: HMAC-SHA256, in hex or Base64."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    signature_header = forms.RegexField(
        r"^[A-Za-z0-9-]{1,80}$",
        label=gettext_lazy("Header with the signature"),
        initial=SIGNATURE_HEADER,
    )
    id_header = forms.RegexField(
        r"^[A-Za-z0-9-]{1,80}$",
        label=gettext_lazy("Header with the id of a delivery"),
        required=False,
        help_text=gettext_lazy("A delivery that comes twice is then dropped. May stay empty."),
    )
    cents = forms.BooleanField(
        label=gettext_lazy("Amounts come in cents"),
        required=False,
    )
    sample = forms.CharField(
        label=gettext_lazy("A sample of what your shop sends"),
        max_length=_LARGEST_SAMPLE,
        required=False,
        help_text=gettext_lazy("Paste one order as JSON. It is only used to try the paths, and not stored."),
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "class": "mono"}),
    )

    def __init__(self, data: Any = None, *, connection: ShopConnection | None = None, **kwargs: Any) -> None:
        super().__init__(data, connection=connection, **kwargs)
        known = (connection.options.get("mapping") or {}) if connection else FIELDS
        for name in FIELDS:
            self.fields[_MAPPING + name] = forms.CharField(
                required=False,
                max_length=LONGEST,
                initial=known.get(name, ""),
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
            )

    def first_values(self) -> dict[str, Any]:
        if self.connection is None:
            return {"secret": secrets.token_hex(24)}
        options = self.connection.options
        return {
            **super().first_values(),
            **{k: options.get(k) for k in ("signature_header", "id_header", "cents")},
        }

    def clean_sample(self) -> Any:
        typed = self.cleaned_data["sample"].strip()
        if typed:
            try:
                payload_of(typed.encode())
            except Unreadable as error:
                raise forms.ValidationError(str(error)) from None
        return typed

    def clean(self) -> None:
        for name in FIELDS:
            path = (self.cleaned_data.get(_MAPPING + name) or "").strip()
            try:
                if path:
                    check(path)
                elif name in NEEDED:
                    self.add_error(_MAPPING + name, _("This is needed."))
            except BadPath as error:
                self.add_error(_MAPPING + name, str(error))
        if self.cleaned_data.get("sample"):
            for name, tried in self.tried().items():
                if tried.error and not self.errors.get(_MAPPING + name):
                    self.add_error(_MAPPING + name, tried.error)

    def mapping(self) -> dict[str, str]:
        """Field → path as they were typed; those that were left empty are not in it."""
        typed = {name: str(self[_MAPPING + name].value() or "").strip() for name in FIELDS}
        return {name: path for name, path in typed.items() if path}

    def tried(self) -> dict[str, Tried]:
        """What each path gives on the sample. Empty without one that can be read."""
        try:
            return try_mapping(payload_of(str(self["sample"].value() or "").encode()), self.mapping())
        except Unreadable:
            return {}

    def values(self) -> ShopValues:
        given = self.cleaned_data
        options = {name: given[name] for name in ("signature_header", "id_header", "cents")}
        return ShopValues(
            given["name"], "", given["secret"].strip(), None, {**options, "mapping": self.mapping()}
        )


FORMS: dict[str, type[ShopForm]] = {
    ShopKind.SHOPIFY: ShopifyForm,
    ShopKind.WOOCOMMERCE: WooCommerceForm,
    ShopKind.GENERIC: GenericForm,
}


def pretty(body: bytes) -> str:
    """A body that came as JSON people can read, "" when it is none or too long."""
    try:
        return json.dumps(payload_of(body), indent=2, ensure_ascii=False)[:_LARGEST_SAMPLE]
    except Unreadable:
        return ""

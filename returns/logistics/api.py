"""REST: the merchant's accesses to those who make return labels."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.rest.errors import NotFound, Unprocessable
from merchants.rest.views import ApiView
from orders.schemas import In
from returns.label_models import LabelAccount
from returns.logistics.accounts import missing, remove_account, set_account
from returns.logistics.labels import CREDENTIALS, MAKERS

Country = Annotated[str, Meta(pattern="^[A-Za-z]{2}$(?!\n)")]
Word = Annotated[str, Meta(max_length=120)]


class LabelAddressIn(In, kw_only=True):
    """Where returned goods go. country: two letters."""

    company: Word = ""
    name: Word = ""
    street: Word = ""
    house: Annotated[str, Meta(max_length=20)] = ""
    postcode: Annotated[str, Meta(max_length=20)] = ""
    city: Word = ""
    region: Word = ""
    country: Country
    phone: Annotated[str, Meta(max_length=40)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""


class LabelSettingsIn(In):
    """What its maker is told. receivers: of DHL, by country (`DE`) or destination and country (`Outlet/DE`).

    address: the usual one; destinations: by the names of your return rules. carrier, service: only this one of EasyPost
    and Shippo; shipping_option_code, contract: of Sendcloud.
    """

    weight_grams: Annotated[int, Meta(ge=1, le=70_000)] = 1000
    address: LabelAddressIn | None = None
    destinations: Annotated[dict[Word, LabelAddressIn], Meta(max_length=50)] = {}
    receivers: Annotated[
        dict[Word, Annotated[str, Meta(min_length=1, max_length=30)]], Meta(max_length=200)
    ] = {}
    length_cm: Annotated[int, Meta(ge=1, le=300)] | None = None
    width_cm: Annotated[int, Meta(ge=1, le=300)] | None = None
    height_cm: Annotated[int, Meta(ge=1, le=300)] | None = None
    carrier: Annotated[str, Meta(max_length=60)] = ""
    service: Annotated[str, Meta(max_length=60)] = ""
    shipping_option_code: Word = ""
    contract: Annotated[int, Meta(ge=1, le=2_147_483_647)] | None = None


class LabelAccountIn(In):
    """An access. credentials: by the names that `GET /label-accounts` lists; one that is left out stays as it is.

    countries: from which parcels can be sent; empty for all.
    """

    credentials: Annotated[dict[Word, Annotated[str, Meta(max_length=400)]], Meta(max_length=10)] = {}
    countries: Annotated[list[Country], Meta(max_length=250)] = []
    settings: LabelSettingsIn = msgspec.field(default_factory=LabelSettingsIn)


class LabelAccountOut(msgspec.Struct, kw_only=True):
    """A maker of labels. credentials: what it gives its customers; missing: what of it is not stored. None is shown."""

    maker: str
    is_set_up: bool
    credentials: list[str]
    missing: list[str]
    countries: list[str]
    settings: dict[str, Any]
    created_at: datetime | None


class LabelAccountsOut(msgspec.Struct, kw_only=True):
    """Everybody who can make labels."""

    data: list[LabelAccountOut]


class LabelAccounts(ApiView):
    """Accesses to makers of labels."""

    scopes = {"GET": "returns:read"}

    @extend_schema(operation_id="label_accounts_list", responses={200: LabelAccountsOut})
    def get(self, request: HttpRequest) -> HttpResponse:
        """List everybody who can make return labels, and what is set up."""
        held = {account.maker: account for account in LabelAccount.objects.all()}
        return self.show(LabelAccountsOut(data=[_shown(maker, held.get(maker)) for maker in MAKERS]))


class OneLabelAccount(ApiView):
    """The access to one maker of labels."""

    scopes = {"PUT": "returns:write", "DELETE": "returns:write"}

    @extend_schema(
        operation_id="label_accounts_put", request=LabelAccountIn, responses={200: LabelAccountOut}
    )
    def put(self, request: HttpRequest, maker: str) -> HttpResponse:
        """Set up an access, in place of an earlier one."""
        _named(maker)
        told = self.body(LabelAccountIn)
        unknown = set(told.credentials) - {each.name for each in CREDENTIALS[maker]}
        if unknown:
            raise Unprocessable(
                f"There is no {sorted(unknown)[0]} of it.", param="credentials", code="unknown_credential"
            )
        values = {name: value for name, value in msgspec.to_builtins(told.settings).items() if value}
        account = set_account(self.merchant, maker, told.credentials, countries=told.countries, values=values)
        return self.show(_shown(maker, account))

    @extend_schema(operation_id="label_accounts_remove", responses={200: LabelAccountOut})
    def delete(self, request: HttpRequest, maker: str) -> HttpResponse:
        """Forget an access, with its addresses. Labels that it made stay valid. Twice is once."""
        _named(maker)
        remove_account(self.merchant, maker)
        return self.show(_shown(maker, None))


def _named(maker: str) -> None:
    if maker not in MAKERS:
        raise NotFound("There is no such maker of labels.", param="maker")


def _shown(maker: str, account: LabelAccount | None) -> LabelAccountOut:
    return LabelAccountOut(
        maker=maker, is_set_up=account is not None, credentials=[each.name for each in CREDENTIALS[maker]],
        missing=missing(maker, account), countries=list(account.countries) if account else [],
        settings=account.settings if account else {}, created_at=account.created_at if account else None,
    )  # fmt: skip

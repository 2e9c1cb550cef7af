"""REST: what a shop says about its protection, and what its pool holds."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.rest.decode import money
from merchants.rest.errors import InvalidBody, Unprocessable
from merchants.rest.views import ApiView
from orders.schemas import Amount, In
from returns.claims.models import Protection, Resolution
from returns.claims.pool import balances, lanes
from returns.claims.rules import rules_of, set_rules

_AMOUNTS = ("premium_flat", "flat_below", "premium_percent", "auto_approve_up_to")
Days = Annotated[int, Meta(ge=1, le=120)]


class ProtectionIn(In):
    """The rules of the protection, as a whole; what is left out has the value that is usual.

    A premium is flat for goods below `flat_below`, from there on `premium_percent` of them; or the price of a line with
    one of `premium_skus`. auto_approve_up_to: approved by rule up to this value, null for never. Then the clocks: lost
    (days without a scan, hours after the expected day), stolen (days after the delivery), until when it can be claimed,
    and after how many days without an answer a claim is closed.
    """

    is_on: bool = True
    premium_flat: Amount = Decimal("1.90")
    flat_below: Amount = Decimal(100)
    premium_percent: Amount = Decimal(2)
    premium_skus: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=191)]], Meta(max_length=50)
    ] = []
    auto_approve_up_to: Amount | None = None
    auto_resolution: Literal["refund", "reship", "credit"] = "refund"
    lost_home_days: Days = 7
    lost_abroad_days: Days = 20
    late_hours: Annotated[int, Meta(ge=0, le=720)] = 48
    stolen_days: Annotated[int, Meta(ge=0, le=120)] = 5
    file_days: Annotated[int, Meta(ge=1, le=365)] = 30
    silent_days: Days = 10
    pauses_on_scan: bool = True


class ProtectionOut(ProtectionIn, omit_defaults=False):
    """The rules of the protection."""


class PoolOut(msgspec.Struct, kw_only=True):
    """What came into the pool, went out of it and is left. loss_percent: out of a hundred in, null for nothing in."""

    currency: str
    premiums: Decimal
    payouts: Decimal
    left: Decimal
    loss_percent: int | None


class LaneOut(msgspec.Struct, kw_only=True):
    """Covered orders and paid claims of a carrier and a country. A premium is the first parcel's carrier's."""

    carrier: str
    country: str
    currency: str
    orders: int
    premiums: Decimal
    claims: int
    payouts: Decimal
    loss_percent: int | None


class PoolsOut(msgspec.Struct, kw_only=True):
    """The pool in each currency, and losses by carrier and country."""

    pools: list[PoolOut]
    lanes: list[LaneOut]


class ProtectionRules(ApiView):
    """The rules of the protection."""

    scopes = {"GET": "returns:read", "PUT": "returns:write"}

    @extend_schema(operation_id="protection_read", responses={200: ProtectionOut})
    def get(self, request: HttpRequest) -> HttpResponse:
        """Read prices, clocks and what is decided by rule."""
        return self.show(_shown(rules_of()))

    @extend_schema(operation_id="protection_put", request=ProtectionIn, responses={200: ProtectionOut})
    def put(self, request: HttpRequest) -> HttpResponse:
        """Say what protection costs and when a claim can be made. Who is covered keeps it. The same changes nothing."""
        told = self.body(ProtectionIn)
        if told.file_days <= told.stolen_days:
            raise Unprocessable(
                "Nothing could be claimed: file_days has to be more than stolen_days.", param="file_days",
                code="clocks_cross",
            )  # fmt: skip
        values = {name: getattr(told, name) for name in ProtectionIn.__struct_fields__}
        for name in _AMOUNTS:
            if values[name] is not None:
                values[name] = money(values[name], name)
        if values["premium_percent"] > 100:
            raise InvalidBody("A hundred percent at most.", param="premium_percent", code="invalid_field")
        set_rules(self.merchant, **{**values, "auto_resolution": Resolution(told.auto_resolution)})
        return self.show(_shown(rules_of()))


class ProtectionPool(ApiView):
    """The pool."""

    scopes = {"GET": "returns:read"}

    @extend_schema(operation_id="protection_pool", responses={200: PoolsOut})
    def get(self, request: HttpRequest) -> HttpResponse:
        """Read what the pool holds and where its losses are."""
        pools = [
            PoolOut(currency=row.currency, premiums=row.premiums, payouts=row.payouts, left=row.left,
                    loss_percent=row.loss_percent)
            for row in balances()
        ]  # fmt: skip
        rows = [
            LaneOut(carrier=row.carrier, country=row.country, currency=row.currency, orders=row.orders,
                    premiums=row.premiums, claims=row.claims, payouts=row.payouts, loss_percent=row.loss_percent)
            for row in lanes()
        ]  # fmt: skip
        return self.show(PoolsOut(pools=pools, lanes=rows))


def _shown(rules: Protection) -> ProtectionOut:
    return ProtectionOut(**{name: getattr(rules, name) for name in ProtectionIn.__struct_fields__})

"""REST: what a shop says about withdrawals."""

from typing import Annotated, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.rest.decode import money
from merchants.rest.views import ApiView
from orders.schemas import Amount, In
from returns.withdrawal.goods import BUSINESS_TAGS, rules_of
from returns.withdrawal.models import Rules
from returns.withdrawal.rules import set_rules

Tag = Annotated[str, Meta(min_length=1, max_length=60)]
Exempt = Literal["custom_made", "sealed_hygiene", "perishable", "digital"]


class WithdrawalRulesIn(In):
    """The rules, as a whole; what is left out has the value that is usual.

    days: after the last delivery, the law's 14 or more. informs: shoppers are told of their right; else they have 12
    months more. exempt_tags: tag of a product → why it is exempt. business_tags: of orders. standard_shipping:
    the most that goes back of the way there, null for all of it. offers_labels: at your cost, for the way back.
    """

    days: Annotated[int, Meta(ge=14, le=365)] = 14
    informs: bool = True
    exempt_tags: Annotated[dict[Tag, Exempt], Meta(max_length=100)] = {}
    business_tags: Annotated[list[Tag], Meta(max_length=50)] = msgspec.field(
        default_factory=lambda: list(BUSINESS_TAGS)
    )
    standard_shipping: Amount | None = None
    offers_labels: bool = True


class WithdrawalRulesOut(WithdrawalRulesIn, omit_defaults=False):
    """The rules of withdrawals."""


class WithdrawalRules(ApiView):
    """The rules of withdrawals."""

    scopes = {"GET": "returns:read", "PUT": "returns:write"}

    @extend_schema(operation_id="withdrawal_rules_read", responses={200: WithdrawalRulesOut})
    def get(self, request: HttpRequest) -> HttpResponse:
        """Read how long, which goods and orders are without the right, and who pays for the way back."""
        return self.show(_shown(rules_of()))

    @extend_schema(
        operation_id="withdrawal_rules_put", request=WithdrawalRulesIn, responses={200: WithdrawalRulesOut}
    )
    def put(self, request: HttpRequest) -> HttpResponse:
        """Say how withdrawals are judged. What was declared already keeps its day. The same changes nothing."""
        told = self.body(WithdrawalRulesIn)
        if told.standard_shipping is not None:
            told.standard_shipping = money(told.standard_shipping, "standard_shipping")
        set_rules(
            self.merchant, **{name: getattr(told, name) for name in WithdrawalRulesIn.__struct_fields__}
        )
        return self.show(_shown(rules_of()))


def _shown(rules: Rules) -> WithdrawalRulesOut:
    return WithdrawalRulesOut(**{name: getattr(rules, name) for name in WithdrawalRulesIn.__struct_fields__})

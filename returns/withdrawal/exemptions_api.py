"""REST: which goods of an order are without the right of withdrawal."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.ids import parse_public_id, public_id
from merchants.rest.errors import InvalidBody, Unprocessable
from merchants.rest.views import ApiView
from orders.models import Order
from orders.queries import get_order
from returns.withdrawal.exempting import set_exemptions
from returns.withdrawal.goods import goods_of, rules_of
from returns.withdrawal.models import Exemption
from returns.withdrawal.schemas import ExemptionOut, ExemptionsIn, ExemptionsOut


class Exemptions(ApiView):
    """Goods without the right of withdrawal."""

    scopes = {"GET": "returns:read", "PUT": "returns:write"}

    @extend_schema(operation_id="orders_exemptions_read", responses={200: ExemptionsOut})
    def get(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """Read which goods of an order are without the right of withdrawal, by tag or by your word."""
        return self.show(_shown(get_order(parse_public_id("ord", order_id))))

    @extend_schema(operation_id="orders_exemptions", request=ExemptionsIn, responses={200: ExemptionsOut})
    def put(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """Say which goods are without the right of withdrawal. It is a hint: a withdrawal is recorded in any case."""
        order = get_order(parse_public_id("ord", order_id))
        known = {line.external_id: line.pk for line in order.lines.all()}
        said: dict[UUID, Exemption | None] = {}
        for each in self.body(ExemptionsIn).lines:
            if each.line not in known:
                raise Unprocessable("The order has no such line.", param="lines", code="unknown_line")
            if each.exemption is not None and each.exemption not in Exemption.values:
                one_of = ", ".join(Exemption.values)
                raise InvalidBody(f"exemption is one of {one_of}.", param="lines", code="invalid_field")
            said[known[each.line]] = Exemption(each.exemption) if each.exemption else None
        set_exemptions(self.merchant, order.pk, said)
        return self.show(_shown(order))


def _shown(order: Order) -> ExemptionsOut:
    goods = goods_of(order, rules_of())
    return ExemptionsOut(
        order_id=public_id("ord", order.pk),
        lines=[
            ExemptionOut(
                line=good.line.external_id, line_id=public_id("lin", pk), exemption=good.exemption or None
            )
            for pk, good in goods.items()
        ],
    )

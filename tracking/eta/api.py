"""REST: when an order will be there, which of several dates is shown, and why."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.ids import parse_public_id, public_id
from merchants.models import Merchant
from merchants.rest.errors import NotFound
from merchants.rest.views import ApiView
from orders.models import Order, OrderStatus
from tracking.eta.choice import CONFIDENCE, Said
from tracking.eta.expected import EtaReason, Expected, expected, reason_of
from tracking.models import Shipment
from tracking.queries import show_eta
from tracking.schemas import EtaOut
from tracking.windows import Window


class SpanOut(msgspec.Struct, kw_only=True, rename={"from_": "from"}):
    """From when to when."""

    from_: datetime
    to: datetime


class PredictionOut(msgspec.Struct, kw_only=True):
    """What our own model says: by then one, five, nine in ten such parcels are there."""

    p10: datetime
    p50: datetime
    p90: datetime


class ShipmentEtaOut(msgspec.Struct, kw_only=True):
    """One parcel: the window that is shown, why, and what each source says."""

    shipment_id: str
    number: int
    status: str
    eta: EtaOut | None
    reason: EtaReason
    promised: Annotated[
        SpanOut | None, Meta(description="What was told first: by the shop, else by the rule.")
    ]
    carrier: Annotated[SpanOut | None, Meta(description="What the carrier named last, also when it is over.")]
    model: PredictionOut | None


class OrderEtaOut(msgspec.Struct, kw_only=True):
    """When an order will be there.

    `eta` is of an order that nothing is in a parcel of yet, from what the shop `promised`, our `model` and your `rule`
    say; once there are parcels it is null, and each parcel in `shipments` has its own.
    """

    order_id: str
    eta: EtaOut | None
    reason: EtaReason
    promised: SpanOut | None
    model: PredictionOut | None
    rule: SpanOut
    shipments: list[ShipmentEtaOut]


class OrderEta(ApiView):
    """When an order will be there."""

    scopes = {"GET": "shipments:read"}

    @extend_schema(operation_id="orders_eta", responses={200: OrderEtaOut})
    def get(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """Read when an order will be there, before it is shipped and after: the shown window and the reason for it."""
        return self.show(show_order_eta(self.merchant, parse_public_id("ord", order_id)))


def show_order_eta(merchant: Merchant, order_id: UUID | None) -> OrderEtaOut:
    """An order's dates: two queries, and a third when this process has not seen the merchant's model yet.

    Raises NotFound, the same for an order that belongs to somebody else.
    """
    order = Order.objects.defer("raw", "search").filter(pk=order_id).first() if order_id else None
    if order is None:
        raise NotFound("There is no such order.", param="order_id")
    found = expected(merchant, order, timezone.now())
    shipments = list(Shipment.outbound.filter(order_id=order.id).defer("raw").order_by("number"))
    is_open = order.status == OrderStatus.PLACED and all(one.cancelled_at for one in shipments)
    return OrderEtaOut(
        order_id=public_id("ord", order.id),
        eta=_eta(found) if is_open else None,
        reason=found.reason if is_open else EtaReason.IN_PARCELS if shipments else EtaReason.NOT_AWAITED,
        promised=_span(found.promised),
        model=_prediction(found.said),
        rule=SpanOut(from_=found.rule.start, to=found.rule.end),
        shipments=[_show(one) for one in shipments],
    )


def _show(shipment: Shipment) -> ShipmentEtaOut:
    said = None
    if shipment.eta_p10 and shipment.eta_p50 and shipment.eta_p90:
        said = Said(shipment.eta_p10, shipment.eta_p50, shipment.eta_p90)
    return ShipmentEtaOut(
        shipment_id=public_id("shp", shipment.id),
        number=shipment.number,
        status=shipment.status,
        eta=show_eta(shipment),
        reason=reason_of(shipment, timezone.now()),
        promised=_between(shipment.promised_from, shipment.promised_to),
        carrier=_between(shipment.carrier_from, shipment.carrier_to),
        model=_prediction(said),
    )


def _eta(found: Expected) -> EtaOut | None:
    window, said = found.window, found.said
    if window is None:
        return None
    return EtaOut(
        from_=window.start, to=window.end, source=window.source, confidence=CONFIDENCE.get(window.source),
        p10=said.p10 if said else None, p50=said.p50 if said else None, p90=said.p90 if said else None,
    )  # fmt: skip


def _span(window: Window | None) -> SpanOut | None:
    return SpanOut(from_=window.start, to=window.end) if window else None


def _between(start: datetime | None, end: datetime | None) -> SpanOut | None:
    return SpanOut(from_=start, to=end) if start and end else None


def _prediction(said: Said | None) -> PredictionOut | None:
    return PredictionOut(p10=said.p10, p50=said.p50, p90=said.p90) if said else None

"""The export of shipments. Its CSV has the columns that an import reads without being told."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from drf_spectacular.utils import extend_schema

from merchants.exporting import Export
from merchants.ids import public_id
from merchants.rest.exports import FILE, ExportView, parameters
from tracking.api import SHIPMENT_FILTERS, filtered_shipments
from tracking.models import Shipment
from tracking.queries import show_shipment

_COLUMNS = (
    "id", "order_external_id", "order_number", "external_id", "carrier", "carrier_name", "tracking_number",
    "tracking_url", "service", "status", "substatus", "shipped_at", "out_for_delivery_at", "delivered_at", "eta_from",
    "eta_to", "promised_from", "promised_to", "failed_attempts", "created_at", "lines[].line", "lines[].quantity",
)  # fmt: skip


def _lines(shipment: Shipment) -> Iterator[Sequence[Any]]:
    head = [
        public_id("shp", shipment.id), shipment.order.external_id, shipment.order.number, shipment.external_id,
        shipment.carrier, shipment.carrier_name, shipment.tracking_number, shipment.tracking_url, shipment.service,
        shipment.status, shipment.substatus, shipment.shipped_at, shipment.out_for_delivery_at, shipment.delivered_at,
        shipment.eta_from, shipment.eta_to, shipment.promised_from, shipment.promised_to, shipment.failed_attempts,
        shipment.created_at,
    ]  # fmt: skip
    held = list(shipment.lines.all())
    for row in held:
        yield [*head, row.line.external_id, row.quantity]
    if not held:
        yield [*head, "", ""]


SHIPMENTS = Export("shipments", _COLUMNS, _lines, lambda _merchant, shipment: show_shipment(shipment))


class ExportShipments(ExportView):
    """The parcels as a file."""

    scopes = {"GET": "shipments:read"}
    export = SHIPMENTS

    @extend_schema(
        operation_id="exports_shipments",
        parameters=parameters(*SHIPMENT_FILTERS),
        responses=FILE,
    )
    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Export all shipments as a file, newest first: a row a line of each. CSV as in `GET /exports/orders`."""
        return self.send(request)

    def rows(self, request: HttpRequest) -> QuerySet[Shipment]:
        return with_what_is_exported(filtered_shipments(request))


def with_what_is_exported(shipments: QuerySet[Shipment]) -> QuerySet[Shipment]:
    """Parcels with their orders."""
    return shipments.select_related("order")

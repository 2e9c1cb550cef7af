"""REST: shipments and scans."""

from dataclasses import asdict

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.ids import NOBODY, parse_public_id
from merchants.rest.decode import has_field, read_body
from merchants.rest.errors import InvalidParameter, NotFound
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from tracking import asking, choosing, commands, queries
from tracking.examples import SCAN, SCANS, SHIPMENT
from tracking.models import Shipment
from tracking.schemas import (
    CandidateOut,
    CarrierIn,
    DetectedOut,
    ScanIn,
    ScanOut,
    ScansIn,
    ScansOut,
    ShipmentIn,
    ShipmentOut,
)
from tracking.statuses import Status

# What `filtered_shipments` reads: for the list and for its export.
SHIPMENT_FILTERS = (
    query("order_id", "Of one order: `ord_…`"),
    query("tracking_number", "As the carrier calls it."),
    query("status", "Where it is.", values=Status),
)


class Shipments(ApiView):
    """The merchant's parcels."""

    scopes = {"GET": "shipments:read", "POST": "shipments:write"}

    @extend_schema(
        operation_id="shipments_list",
        parameters=[*SHIPMENT_FILTERS, *PAGING],
        responses={200: Page[ShipmentOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List shipments, newest first."""
        return self.show(newest_first(filtered_shipments(request), request.GET, queries.show_shipment))

    @extend_schema(
        operation_id="shipments_put",
        request=ShipmentIn,
        responses={200: ShipmentOut, 201: ShipmentOut},
        examples=[SHIPMENT],
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """Store a parcel of an order, or update it. 201 when it is new, else 200."""
        return self.once("POST /shipments", self._put)

    def _put(self) -> HttpResponse:
        put = commands.put_shipment(self.merchant, self.body(ShipmentIn))
        shown = queries.show_shipment(queries.get_shipment(put.shipment_id))
        return self.show(shown, 201 if put.created else 200)


class OneShipment(ApiView):
    """One parcel."""

    scopes = {"GET": "shipments:read", "PATCH": "shipments:write"}

    @extend_schema(operation_id="shipments_read", responses={200: ShipmentOut})
    def get(self, request: HttpRequest, shipment_id: str) -> HttpResponse:
        """Read a shipment and its scans, newest first."""
        shipment = queries.get_shipment(parse_public_id("shp", shipment_id))
        return self.show(queries.show_shipment(shipment, with_scans=True))

    @extend_schema(operation_id="shipments_change", request=CarrierIn, responses={200: ShipmentOut})
    def patch(self, request: HttpRequest, shipment_id: str) -> HttpResponse:
        """Say which carrier has the shipment. Its scans stay; the other carrier is asked now."""
        parsed = queries.get_shipment(parse_public_id("shp", shipment_id) or NOBODY).pk
        choosing.choose_carrier(self.merchant, parsed, self.body(CarrierIn).carrier)
        return self.show(queries.show_shipment(queries.get_shipment(parsed)))


class DetectCarrier(ApiView):
    """Finding the carrier by the number."""

    scopes = {"POST": "shipments:write"}

    @extend_schema(operation_id="shipments_detect", request=None, responses={200: DetectedOut})
    def post(self, request: HttpRequest, shipment_id: str) -> HttpResponse:
        """Find the shipment's carrier by its number again: the likeliest is taken when it is sure; all are listed."""
        return self.once(f"POST /shipments/{shipment_id}/detect", lambda: self._detect(shipment_id))

    def _detect(self, shipment_id: str) -> HttpResponse:
        parsed = parse_public_id("shp", shipment_id) or NOBODY
        found = [CandidateOut(**asdict(one)) for one in choosing.detect_anew(self.merchant, parsed)]
        shown = queries.show_shipment(queries.get_shipment(parsed))
        return self.show(DetectedOut(shipment=shown, carriers=found))


class CancelShipment(ApiView):
    """Taking a parcel back."""

    scopes = {"POST": "shipments:write"}

    @extend_schema(operation_id="shipments_cancel", request=None, responses={200: ShipmentOut})
    def post(self, request: HttpRequest, shipment_id: str) -> HttpResponse:
        """Cancel a shipment that its carrier does not have yet. Doing it twice changes nothing."""
        return self.once(f"POST /shipments/{shipment_id}/cancel", lambda: self._cancel(shipment_id))

    def _cancel(self, shipment_id: str) -> HttpResponse:
        parsed = parse_public_id("shp", shipment_id)
        if parsed is None:
            raise NotFound("There is no such shipment.", param="shipment_id")
        commands.cancel_shipment(self.merchant, parsed)
        return self.show(queries.show_shipment(queries.get_shipment(parsed)))


class RefreshShipment(ApiView):
    """Looking at a parcel now."""

    scopes = {"POST": "shipments:write"}

    @extend_schema(operation_id="shipments_refresh", request=None, responses={202: ShipmentOut})
    def post(self, request: HttpRequest, shipment_id: str) -> HttpResponse:
        """Have the carrier asked now; read the shipment again a moment later. At most once in five minutes (429)."""
        return self.once(f"POST /shipments/{shipment_id}/refresh", lambda: self._refresh(shipment_id))

    def _refresh(self, shipment_id: str) -> HttpResponse:
        shipment = queries.get_shipment(parse_public_id("shp", shipment_id))
        asking.refresh(self.merchant, shipment.id)
        return self.show(queries.show_shipment(shipment), 202)


class Scans(ApiView):
    """What happened to parcels."""

    scopes = {"GET": "shipments:read", "POST": "shipments:write"}

    @extend_schema(
        operation_id="scans_list",
        parameters=[query("shipment_id", "Of this parcel: `shp_…`", required=True), *PAGING],
        responses={200: Page[ScanOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List the scans of one shipment (`?shipment_id=`), newest first."""
        shipment_id = parse_public_id("shp", request.GET.get("shipment_id", ""))
        if shipment_id is None:
            raise InvalidParameter("Name the shipment: ?shipment_id=shp_…", param="shipment_id")
        queries.get_shipment(shipment_id)
        rows = queries.scans_of(shipment_id)
        return self.show(newest_first(rows, request.GET, queries.show_scan, by="occurred_at"))

    @extend_schema(
        operation_id="scans_push",
        request=ScanIn | ScansIn,
        responses={200: ScansOut},
        examples=[SCAN, SCANS],
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """Push one scan, or up to 1,000 as `{"scans": […]}`: all are stored or none. Repeats are dropped."""
        return self.once("POST /scans", self._push)

    def _push(self) -> HttpResponse:
        # Which of the two forms it is decides which errors make sense to the sender.
        many = has_field(read_body(self.request._request), "scans")
        scans = self.body(ScansIn).scans if many else [self.body(ScanIn)]
        recorded = commands.record_scans(self.merchant, scans)
        return self.show(ScansOut(recorded=recorded.recorded, duplicates=recorded.duplicates))


def filtered_shipments(request: HttpRequest) -> QuerySet[Shipment]:
    """The parcels that the request's parameters leave. Raises InvalidParameter."""
    rows = queries.shipments_with_lines()
    asked = request.GET
    if order := asked.get("order_id"):
        rows = rows.filter(order_id=parse_public_id("ord", order) or NOBODY)
    if number := asked.get("tracking_number"):
        rows = rows.filter(tracking_number=number)
    if status := asked.get("status"):
        if status not in list(Status):
            raise InvalidParameter(f"status is one of {', '.join(Status)}.", param="status")
        rows = rows.filter(status=status)
    return rows

"""REST: what there is in a sandbox only."""

from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.ids import parse_public_id
from merchants.rest.errors import NotFound
from merchants.rest.views import ApiView
from orders.schemas import In
from tracking import queries
from tracking.sandbox_steps import move_on
from tracking.schemas import ShipmentOut


class AdvanceIn(In):
    """How far: so many `steps` of the journey, or what would happen in the next `hours` (then `steps` is not read).

    Without `shipment_id` all simulated parcels that are on their way are moved, a hundred at once.
    """

    shipment_id: Annotated[str, Meta(max_length=40)] = ""
    steps: Annotated[int, Meta(ge=1, le=100)] = 1
    hours: Annotated[float, Meta(gt=0, le=10_000)] | None = None


class AdvancedOut(msgspec.Struct, kw_only=True):
    """The parcels that moved; one that was named with all its scans, newest first."""

    data: list[ShipmentOut]


class Advance(ApiView):
    """Time travel."""

    scopes = {"POST": "shipments:write"}

    @extend_schema(operation_id="sandbox_advance", request=AdvanceIn, responses={200: AdvancedOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Move simulated parcels forward on their journey. Answers keys of a sandbox only."""
        return self.once("POST /sandbox/advance", self._advance)

    def _advance(self) -> HttpResponse:
        body = self.body(AdvanceIn) if self.request._request.body else AdvanceIn()
        named = parse_public_id("shp", body.shipment_id) if body.shipment_id else None
        if body.shipment_id and named is None:
            raise NotFound("There is no such simulated shipment.", param="shipment_id")
        moved = move_on(self.merchant, named, steps=body.steps, hours=body.hours)
        rows = queries.shipments_with_lines().filter(pk__in=moved).order_by("created_at", "id")
        shown = [queries.show_shipment(row, with_scans=named is not None) for row in rows]
        return self.show(AdvancedOut(data=shown))

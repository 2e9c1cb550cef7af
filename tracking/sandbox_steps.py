"""Moving the parcels of a merchant's sandbox: their next scans happen now instead of in some hours.

A parcel of the carrier `sandbox` takes the journey that its number names (`tracking.carriers.sandbox`). In the sandbox
of a merchant no time has to pass for it: whoever tries something out says when the next step comes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Forbidden, NotFound
from merchants.scope import merchant_scope
from tracking.carriers.base import CarrierScan
from tracking.carriers.sandbox import itinerary
from tracking.models import Scan, Shipment
from tracking.sandbox_parcels import parcel_of
from tracking.scans import record_scans
from tracking.schemas import ScanIn

SOURCE = "sandbox"
# Parcels that are moved at once when none is named.
MOST = 100


def move_on(
    merchant: Merchant, shipment_id: UUID | None = None, *, steps: int = 1, hours: float | None = None
) -> list[UUID]:
    """Let the next `steps` of a parcel's journey happen now, or what would happen in the next `hours`; without a
    parcel, of all that are on their way. Returns the parcels that moved.

    Raises Forbidden outside of a sandbox, and NotFound for a parcel that is not one of its simulated ones.
    """
    if not merchant.is_sandbox:
        raise Forbidden(
            "Only parcels of a sandbox are moved: use a key that begins with aw_test_.",
            param="Authorization",
            code="not_a_sandbox",
        )
    with merchant_scope(merchant):
        parcels = _parcels(shipment_id)
        if shipment_id is not None and not parcels:
            raise NotFound("There is no such simulated shipment.", param="shipment_id", code="not_found")
        done = _done(parcels)
        scans = [scan for p in parcels for scan in _next(merchant, p, done.get(p.id, 0), steps, hours)]
        if scans:
            record_scans(merchant, scans, source=SOURCE)
    named = {scan.shipment_id for scan in scans}
    return [parcel.id for parcel in parcels if public_id("shp", parcel.id) in named]


def _parcels(shipment_id: UUID | None) -> Sequence[Shipment]:
    rows = Shipment.objects.filter(carrier="sandbox", cancelled_at=None).select_related("order")
    rows = rows.filter(pk=shipment_id) if shipment_id else rows.filter(delivered_at=None)
    return list(rows.order_by("created_at", "id")[:MOST])


def _done(parcels: Sequence[Shipment]) -> dict[UUID, int]:
    """How many steps of its journey each parcel has behind it."""
    ours = Scan.objects.filter(shipment_id__in=[parcel.id for parcel in parcels], source=SOURCE)
    return dict(ours.order_by().values_list("shipment_id").annotate(Count("id")))


def _next(merchant: Merchant, parcel: Shipment, done: int, steps: int, hours: float | None) -> list[ScanIn]:
    """The scans that come next, a millisecond apart from now on."""
    parcel.merchant = merchant
    way = parcel_of(parcel)
    plan = itinerary(
        parcel.tracking_number, shipped_at=way.shipped_at, origin=way.origin, destination=way.destination
    )
    if hours is not None:
        until = plan[max(done - 1, 0)].occurred_at + timedelta(hours=hours)
        steps = sum(scan.occurred_at <= until for scan in plan[done:])
    now = timezone.now()
    begin = max(now, parcel.last_scan_at or now) + timedelta(milliseconds=1)
    return [
        _scan(parcel, scan, number, begin + timedelta(milliseconds=number - done))
        for number, scan in enumerate(plan[done : done + steps], done)
    ]


def _scan(parcel: Shipment, scan: CarrierScan, number: int, at: datetime) -> ScanIn:
    return ScanIn(
        # Moved twice at one moment, a step happens once.
        external_id=f"{SOURCE}:{number}",
        shipment_id=public_id("shp", parcel.id),
        status=scan.status,
        substatus=scan.substatus,
        occurred_at=at,
        raw_code=scan.raw_code,
        description=scan.description,
        city=scan.city,
        postcode=scan.postcode,
        country=scan.country or None,
    )

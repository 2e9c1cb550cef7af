"""Reading parcels: a bounded number of queries, whatever the number of rows."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from merchants.ids import public_id
from merchants.rest.errors import NotFound
from tracking.eta.choice import CONFIDENCE
from tracking.models import Scan, Shipment, ShipmentLine
from tracking.progress import is_awaited
from tracking.schemas import EtaOut, HandedOverOut, ScanOut, ShipmentLineOut, ShipmentOut, WishOut
from tracking.statuses import Status


def shipments_with_lines() -> QuerySet[Shipment]:
    """Parcels of the open scope with their lines and these lines' order lines, without `raw`: three queries."""
    lines = ShipmentLine.objects.select_related("line").order_by("line__position")
    return Shipment.outbound.defer("raw").prefetch_related(Prefetch("lines", lines))


def get_shipment(shipment_id: UUID | None) -> Shipment:
    """A parcel of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    shipment = shipments_with_lines().filter(pk=shipment_id).first() if shipment_id else None
    if shipment is None:
        raise NotFound("There is no such shipment.", param="shipment_id")
    return shipment


def scans_of(shipment_id: UUID) -> QuerySet[Scan]:
    """A parcel's scans, newest first."""
    return Scan.objects.filter(shipment_id=shipment_id).order_by("-occurred_at", "-received_at", "-id")


def show_shipment(shipment: Shipment, *, with_scans: bool = False) -> ShipmentOut:
    """A parcel as the API shows it. Its lines must be loaded."""
    shown = ShipmentOut(
        id=public_id("shp", shipment.id),
        external_id=shipment.external_id,
        order_id=public_id("ord", shipment.order_id),
        number=shipment.number,
        carrier=shipment.carrier,
        carrier_name=shipment.carrier_name,
        carrier_source=shipment.carrier_source,
        tracking_number=shipment.tracking_number,
        tracking_url=shipment.tracking_url,
        service=shipment.service,
        status=shipment.status,
        substatus=shipment.substatus,
        status_at=shipment.status_at,
        shipped_at=shipment.shipped_at,
        out_for_delivery_at=shipment.out_for_delivery_at,
        delivered_at=shipment.delivered_at,
        failed_attempts=shipment.failed_attempts,
        eta_from=shipment.eta_from,
        eta_to=shipment.eta_to,
        eta_source=shipment.eta_source,
        eta=show_eta(shipment),
        promised_from=shipment.promised_from,
        promised_to=shipment.promised_to,
        signed_by=shipment.signed_by,
        pickup_place=shipment.pickup_place,
        pickup_until=shipment.pickup_until,
        weight_grams=shipment.weight_grams,
        handed_over_to=HandedOverOut(carrier=shipment.next_carrier, tracking_number=shipment.next_number)
        if shipment.next_number
        else None,
        wish=msgspec.convert(shipment.wish, WishOut) if shipment.wish else None,
        polled_at=shipment.polled_at,
        poll_error=shipment.poll_error,
        lines=[
            ShipmentLineOut(
                line=row.line.external_id, line_id=public_id("lin", row.line_id), quantity=row.quantity
            )
            for row in shipment.lines.all()
        ],
        created_at=shipment.created_at,
        updated_at=shipment.updated_at,
    )
    if with_scans:
        shown.scans = [show_scan(scan) for scan in scans_of(shipment.id)]
    return shown


def show_eta(shipment: Shipment) -> EtaOut | None:
    """When a parcel will be there, as the API shows it; None for one that is not awaited or whose time is over."""
    if not is_awaited(shipment) or shipment.eta_to is None or shipment.eta_to < timezone.now():
        return None
    return EtaOut(
        from_=shipment.eta_from, to=shipment.eta_to, source=shipment.eta_source,
        confidence=CONFIDENCE.get(shipment.eta_source),
        p10=shipment.eta_p10, p50=shipment.eta_p50, p90=shipment.eta_p90,
    )  # fmt: skip


def show_scan(scan: Scan) -> ScanOut:
    """A scan as the API shows it."""
    return ScanOut(
        id=public_id("scn", scan.id),
        shipment_id=public_id("shp", scan.shipment_id),
        occurred_at=scan.occurred_at,
        status=scan.status,
        substatus=scan.substatus,
        raw_code=scan.raw_code,
        description=scan.description,
        city=scan.city,
        region=scan.region,
        postcode=scan.postcode,
        country=scan.country,
        source=scan.source,
        received_at=scan.received_at,
    )


# A parcel of long ago that nobody ever told us the end of bothers nobody any more.
_STILL_MATTERS: Final = timedelta(days=60)


def orders_with_late_parcels(
    customer_ids: Collection[UUID], order_ids: Collection[UUID], now: datetime
) -> list[tuple[UUID, UUID | None]]:
    """Orders with a parcel past its window or in trouble, as (order, its customer): one query.

    Of these customers, or among these orders. A parcel that arrived, is cancelled or back is none of them.
    """
    whose = Q(order__customer_id__in=customer_ids) | Q(order_id__in=order_ids)
    over = (Status.DELIVERED, Status.CANCELLED, Status.RETURNED)
    since = now - _STILL_MATTERS
    wrong = Q(status__in=(Status.EXCEPTION, Status.ATTEMPT_FAILED, Status.RETURNING), status_at__gt=since)
    late = Q(eta_to__lt=now, eta_to__gt=since) & ~Q(status__in=over)
    rows = Shipment.objects.filter(whose & (wrong | late), cancelled_at=None)
    return list(rows.values_list("order_id", "order__customer_id").distinct())

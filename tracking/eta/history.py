"""Our own parcels as cases: the past ones to learn from, and a living one to predict.

A case is made here only, so that a parcel looks the same while it travels and when something is learned from it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from math import inf, nan
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from orders.models import Order
from tracking.eta.cases import Case, Past, Stage, to_days
from tracking.statuses import Status

REMEMBERED: Final = timedelta(days=430)
_PARCELS: Final = 20_000
_SCANS_A_PARCEL: Final = 8
# While it has one of these a parcel comes by itself, and when can be told.
TRAVELS: Final = frozenset(
    {
        Status.PENDING, Status.INFO_RECEIVED, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.ATTEMPT_FAILED,
        Status.EXCEPTION,
    }
)  # fmt: skip

_HISTORY = """
SELECT p.carrier, p.service, p.shipped_at, p.delivered_at, p.promised_to, o.placed_at, o.country, o.postcode,
       o.shipping, o.total,
       (SELECT array_agg(ARRAY[extract(epoch FROM s.occurred_at)::text, s.status, s.substatus]
                         ORDER BY s.occurred_at, s.id)
        FROM tracking_scan s WHERE s.merchant_id = p.merchant_id AND s.shipment_id = p.id AND s.source <> 'afterward')
FROM tracking_shipment p JOIN orders_order o ON o.merchant_id = p.merchant_id AND o.id = p.order_id
WHERE p.merchant_id = %(merchant)s::uuid AND p.created_at > %(since)s AND p.cancelled_at IS NULL
  AND NOT p.inbound AND p.status NOT IN ('returning', 'returned', 'cancelled')
ORDER BY p.created_at DESC, p.id DESC LIMIT %(limit)s
"""


def make_case(
    stage: Stage,
    at: datetime,
    zone: ZoneInfo,
    *,
    merchant_id: UUID,
    home: str,
    carrier: str,
    service: str,
    placed_at: datetime,
    shipped_at: datetime | None,
    promised_to: datetime | None,
    country: str,
    postcode: str,
    shipping: Any,
    total: Any,
    status: str = "",
    substatus: str = "",
    scans: int = 0,
    attempts: int = 0,
) -> Case:
    """What is known about one of our parcels at a moment. home: the merchant's country, where parcels come from."""
    now = to_days(at, zone)
    shipped = to_days(shipped_at, zone) if shipped_at and stage != Stage.PURCHASE else nan
    return Case(
        stage, now, to_days(placed_at, zone), shipped,
        carrier=carrier, service=service if stage != Stage.PURCHASE else "", origin=str(merchant_id)[-12:],
        origin_country=home, country=country or home, postcode=postcode.upper(),
        promise=to_days(promised_to, zone) - now if promised_to else nan,
        price=float(total), shipping=float(shipping),
        status=status, substatus=substatus, scans=scans, attempts=attempts,
    )  # fmt: skip


def pasts_of(merchant: Merchant, now: datetime, *, limit: int = _PARCELS) -> list[Past]:
    """A merchant's newest parcels as past cases: at purchase, at hand-over and at their scans."""
    values: dict[str, Any] = {"merchant": merchant.id, "since": now - REMEMBERED, "limit": limit}
    with merchant_scope(merchant), connection.cursor() as cursor:
        cursor.execute(_HISTORY, values)
        rows = cursor.fetchall()
    zone = ZoneInfo(merchant.timezone)
    return [past for row in rows for past in _pasts(merchant, zone, row)]


def pasts_with_consent(merchant: Merchant, now: datetime) -> list[Past]:
    """The merchant's past cases; where it shares, those of everybody else who shares too, the newest of each."""
    found = pasts_of(merchant, now)
    if merchant.shares_delivery_times:
        with platform_scope("who shares delivery times"):
            others = list(
                Merchant.objects.filter(shares_delivery_times=True, sandbox_of=None).exclude(pk=merchant.pk)
                .defer("logo").order_by("id")
            )  # fmt: skip
        for other in others:
            found += pasts_of(other, now, limit=_PARCELS // len(others))
    return found


def pasts_of_slug(slug: str) -> list[Past]:
    """A merchant's past cases, for `eta_backtest --merchant`. Raises Merchant.DoesNotExist."""
    return pasts_of(Merchant.objects.defer("logo").get(slug=slug), timezone.now(), limit=10 * _PARCELS)


def _pasts(merchant: Merchant, zone: ZoneInfo, row: Sequence[Any]) -> Iterator[Past]:
    (
        carrier,
        service,
        shipped_at,
        delivered_at,
        promised_to,
        placed_at,
        country,
        postcode,
        shipping,
        total,
        scans,
    ) = row
    known = {
        "merchant_id": merchant.id, "home": merchant.country, "carrier": carrier, "service": service,
        "placed_at": placed_at, "shipped_at": shipped_at, "promised_to": promised_to, "country": country,
        "postcode": postcode, "shipping": shipping, "total": total,
    }  # fmt: skip
    delivered = to_days(delivered_at, zone) if delivered_at else inf
    shipped = to_days(shipped_at, zone) if shipped_at else nan
    yield Past(make_case(Stage.PURCHASE, placed_at, zone, **known), delivered, shipped)
    if shipped_at is None or (delivered_at is not None and delivered_at <= shipped_at):
        return
    yield Past(make_case(Stage.HANDOVER, shipped_at, zone, **known), delivered, shipped)
    for case in _at_scans(scans or [], shipped_at, zone, known):
        if case.at < delivered:
            yield Past(case, delivered, shipped)


def _at_scans(
    scans: Iterable[Sequence[str]], shipped_at: datetime, zone: ZoneInfo, known: dict[str, Any]
) -> Iterator[Case]:
    attempts = 0
    for count, (seconds, status, substatus) in enumerate(scans, start=1):
        at = datetime.fromtimestamp(float(seconds), zone)
        attempts += status == Status.ATTEMPT_FAILED
        if count > _SCANS_A_PARCEL or status not in TRAVELS or at < shipped_at:
            continue
        yield make_case(
            Stage.SCAN, at, zone, **known, status=status, substatus=substatus, scans=count, attempts=attempts
        )


def living_case(
    merchant: Merchant, order: Order, shipment: Any, scans: int, now: datetime
) -> tuple[Case, datetime] | None:
    """A travelling parcel as it is now, and the moment that its days count from; None for one that does not travel.

    shipment: a `tracking.models.Shipment`. scans: how many there are.
    """
    if shipment.status not in TRAVELS:
        return None
    stage, at = Stage.PURCHASE, order.placed_at
    if shipment.shipped_at is not None:
        stage, at = Stage.HANDOVER, shipment.shipped_at
        if shipment.last_scan_at is not None and shipment.status != Status.INFO_RECEIVED:
            stage, at = Stage.SCAN, max(shipment.last_scan_at, shipment.shipped_at)
    case = make_case(
        stage, at, ZoneInfo(merchant.timezone), merchant_id=merchant.id, home=merchant.country,
        carrier=shipment.carrier, service=getattr(shipment, "service", ""), placed_at=order.placed_at,
        shipped_at=shipment.shipped_at, promised_to=shipment.promised_to, country=order.country,
        postcode=order.postcode, shipping=order.shipping, total=order.total,
        status=shipment.status if stage == Stage.SCAN else "",
        substatus=shipment.substatus if stage == Stage.SCAN else "",
        scans=scans if stage == Stage.SCAN else 0, attempts=shipment.failed_attempts if stage == Stage.SCAN else 0,
    )  # fmt: skip
    return case, at

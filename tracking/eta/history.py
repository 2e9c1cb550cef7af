"""Our own parcels as cases: the past ones to learn from, and a living one to predict.

A case is made here only, so that a parcel looks the same while it travels and when something is learned from it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import inf, nan
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from orders.models import Order
from tracking import windows
from tracking.eta.cases import Case, Past, Stage, to_days
from tracking.regions import area_of, weekdays_off
from tracking.statuses import Status
from tracking.windows import Bought

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
SELECT o.placed_at, o.country, coalesce(o.shipping_address->>'region', ''), o.postcode, o.shipping, o.total,
       o.promised_from, o.promised_to, p.carrier, p.service, p.shipped_at, p.delivered_at, p.promised_to,
       (SELECT array_agg(ARRAY[extract(epoch FROM s.occurred_at)::text, s.status, s.substatus]
                         ORDER BY s.occurred_at, s.id)
        FROM tracking_scan s WHERE s.merchant_id = p.merchant_id AND s.shipment_id = p.id AND s.source <> 'afterward')
FROM tracking_shipment p JOIN orders_order o ON o.merchant_id = p.merchant_id AND o.id = p.order_id
WHERE p.merchant_id = %(merchant)s::uuid AND p.created_at > %(since)s AND p.cancelled_at IS NULL
  AND NOT p.inbound AND p.status NOT IN ('returning', 'returned', 'cancelled')
ORDER BY p.created_at DESC, p.id DESC LIMIT %(limit)s
"""


class _Bought(NamedTuple):
    """An order of the past, in the order of the statement's columns."""

    placed_at: datetime
    country: str
    region: str
    postcode: str
    shipping: Decimal
    total: Decimal
    promised_from: date | None
    promised_to: date | None


def make_case(
    stage: Stage,
    at: datetime,
    merchant: Merchant,
    order: Bought,
    *,
    promised_to: datetime | None,
    carrier: str = "",
    service: str = "",
    shipped_at: datetime | None = None,
    status: str = "",
    substatus: str = "",
    scans: int = 0,
    attempts: int = 0,
) -> Case:
    """What is known about one of our parcels at a moment. Parcels come from the merchant's country."""
    zone = ZoneInfo(merchant.timezone)
    now = to_days(at, zone)
    case = Case(
        stage, now, to_days(order.placed_at, zone), to_days(shipped_at, zone) if shipped_at else nan,
        carrier=carrier, service=service, origin=str(merchant.id)[-12:],
        origin_country=merchant.country, country=order.country or merchant.country,
        postcode=order.postcode.upper(), promise=to_days(promised_to, zone) - now if promised_to else nan,
        price=float(order.total), shipping=float(order.shipping),
        status=status, substatus=substatus, scans=scans, attempts=attempts,
    )  # fmt: skip
    if merchant.keeps_holidays:
        day = at.astimezone(zone).date()
        case.origin_days_off = weekdays_off(windows.days_off(merchant), day)
        case.days_off = weekdays_off(area_of(case.country, order.region, order.postcode), day)
    return case


def purchase_case(merchant: Merchant, order: Bought) -> Case:
    """An order at its purchase: nobody knows yet who will carry it. Its promise is the shop's, else the rule's."""
    promise = windows.promised(merchant, order) or windows.rule_of(merchant, order)
    return make_case(Stage.PURCHASE, order.placed_at, merchant, order, promised_to=promise.end)


def pasts_of(merchant: Merchant, now: datetime, *, limit: int = _PARCELS) -> list[Past]:
    """A merchant's newest parcels as past cases: at purchase, at hand-over and at their scans."""
    values: dict[str, Any] = {"merchant": merchant.id, "since": now - REMEMBERED, "limit": limit}
    with merchant_scope(merchant), connection.cursor() as cursor:
        cursor.execute(_HISTORY, values)
        rows = cursor.fetchall()
    return [past for row in rows for past in _pasts(merchant, row)]


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


def _pasts(merchant: Merchant, row: Sequence[Any]) -> Iterator[Past]:
    order, rest = _Bought(*row[: len(_Bought._fields)]), row[len(_Bought._fields) :]
    carrier, service, shipped_at, delivered_at, promised_to, scans = rest
    known = {
        "carrier": carrier, "service": service, "shipped_at": shipped_at, "promised_to": promised_to,
    }  # fmt: skip
    zone = ZoneInfo(merchant.timezone)
    delivered = to_days(delivered_at, zone) if delivered_at else inf
    shipped = to_days(shipped_at, zone) if shipped_at else nan
    yield Past(purchase_case(merchant, order), delivered, shipped)
    if shipped_at is None or (delivered_at is not None and delivered_at <= shipped_at):
        return
    yield Past(make_case(Stage.HANDOVER, shipped_at, merchant, order, **known), delivered, shipped)
    for case in _at_scans(merchant, order, scans or [], known):
        if case.at < delivered:
            yield Past(case, delivered, shipped)


def _at_scans(
    merchant: Merchant, order: Bought, scans: Iterable[Sequence[str]], known: dict[str, Any]
) -> Iterator[Case]:
    zone, attempts = ZoneInfo(merchant.timezone), 0
    for count, (seconds, status, substatus) in enumerate(scans, start=1):
        at = datetime.fromtimestamp(float(seconds), zone)
        attempts += status == Status.ATTEMPT_FAILED
        if count > _SCANS_A_PARCEL or status not in TRAVELS or at < known["shipped_at"]:
            continue
        yield make_case(
            Stage.SCAN, at, merchant, order, **known, status=status, substatus=substatus, scans=count,
            attempts=attempts,
        )  # fmt: skip


def living_case(
    merchant: Merchant, order: Order, shipment: Any, scans: int, now: datetime
) -> tuple[Case, datetime] | None:
    """A travelling parcel as it is now, and the moment that its days count from; None for one that does not travel.

    shipment: a `tracking.models.Shipment`. scans: how many there are.
    """
    if shipment.status not in TRAVELS:
        return None
    if shipment.shipped_at is None:
        return purchase_case(merchant, order), order.placed_at
    known: dict[str, Any] = {
        "carrier": shipment.carrier, "service": shipment.service, "shipped_at": shipment.shipped_at,
        "promised_to": shipment.promised_to,
    }  # fmt: skip
    if shipment.last_scan_at is None or shipment.status == Status.INFO_RECEIVED:
        at = shipment.shipped_at
        return make_case(Stage.HANDOVER, at, merchant, order, **known), at
    at = max(shipment.last_scan_at, shipment.shipped_at)
    case = make_case(
        Stage.SCAN, at, merchant, order, **known, status=shipment.status, substatus=shipment.substatus, scans=scans,
        attempts=shipment.failed_attempts,
    )  # fmt: skip
    return case, at

"""Everything that changes a parcel: one function a verb, one transaction, facts recorded."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from msgspec import UNSET

from merchants.ids import parse_public_id, uuid7
from merchants.models import Merchant
from merchants.rest.decode import aware
from merchants.rest.errors import InvalidBody, NotFound, Unprocessable
from merchants.scope import merchant_scope, merchant_transaction
from orders import commands as orders
from orders.models import Order, OrderLine, OrderStatus
from tracking import facts, polling, windows
from tracking.carriers.registry import carrier_from_name, tracking_url
from tracking.locks import lock_shipment
from tracking.models import Shipment, ShipmentLine
from tracking.progress import advance, is_awaited, record_delay, record_fact, refresh_stages, set_window
from tracking.resolve import FUTURE_TOLERANCE
from tracking.schemas import ScanIn, ShipmentIn
from tracking.statuses import SUBSTATUSES, Status
from tracking.writes import insert_scans

# (carrier, number) means one parcel only inside this window: carriers use their numbers again (PRODUCT, T6).
NUMBER_IS_ONE_PARCEL_FOR = timedelta(days=120)


@dataclass(frozen=True)
class Put:
    """What `put_shipment` did: the parcel's id and whether it was new."""

    shipment_id: UUID
    created: bool


@dataclass(frozen=True)
class Recorded:
    """What became of scans: how many were new, how many known already."""

    recorded: int
    duplicates: int


def put_shipment(
    merchant: Merchant, body: ShipmentIn, *, raw: Mapping[str, Any] | None = None, happened: bool = False
) -> Put:
    """Store a parcel of an order, or update the one with the same external id (default: tracking number).

    Raises NotFound for an order that the merchant does not have, Unprocessable for a line that the order
    lacks, for more than was ordered, and for a cancelled order or parcel. With `happened` (a shop's system tells
    what was done already) nothing of that is refused: the parcel holds what fits of `body.lines`, and no more.
    """
    with merchant_transaction(merchant):
        order = _lock_named_order(body)
        external_id = body.external_id or body.tracking_number or "1"
        known = (
            Shipment.objects.select_for_update(no_key=True)
            .filter(order=order, external_id=external_id)
            .first()
        )
        if known is not None:
            known.order = order
            if known.cancelled_at is None:
                _update_shipment(merchant, known, body, raw, happened=happened)
            elif not happened:
                raise Unprocessable("The shipment was cancelled.", code="shipment_cancelled")
            return Put(known.id, created=False)
        if order.status == OrderStatus.CANCELLED and not happened:
            raise Unprocessable("The order was cancelled.", param="order_id", code="order_cancelled")
        return Put(
            _new_shipment(merchant, order, external_id, body, raw, happened=happened).id, created=True
        )


def cancel_shipment(merchant: Merchant, shipment_id: UUID) -> Shipment:
    """Take a parcel back before its carrier has it: its pieces count as not shipped again.

    Doing it twice changes nothing. Raises NotFound, and Unprocessable once the carrier has scanned it.
    """
    with merchant_transaction(merchant):
        shipment = lock_shipment(shipment_id)
        if shipment.cancelled_at:
            return shipment
        if shipment.last_scan_at is not None:
            raise Unprocessable("Its carrier has the parcel already.", code="shipment_in_transit")
        quantities = {line.line_id: -line.quantity for line in shipment.lines.all()}
        orders.add_shipped_quantities(quantities)
        shipment.status, shipment.substatus = Status.CANCELLED, ""
        shipment.cancelled_at = shipment.status_at = shipment.updated_at = timezone.now()
        shipment.due_at = None
        shipment.save()
        record_fact(facts.ShipmentCancelled, shipment)
        refresh_stages([shipment.order])
    return shipment


def record_scans(
    merchant: Merchant, scans: Sequence[ScanIn], *, source: str = "api", notify: bool = True
) -> Recorded:
    """Store pushed scans and bring their parcels to the state that they add up to. All of them or none.

    Raises InvalidBody and Unprocessable naming the scan that is wrong (`scans[3].occurred_at`), NotFound for
    a parcel that the merchant does not have.
    """
    now = timezone.now()
    for index, scan in enumerate(scans):
        _check_scan(scan, _where(scans, index), now)
    with merchant_scope(merchant), transaction.atomic():
        shipments, targets = _lock_scanned(scans, now)
        rows = [_scan_row(scan, targets[index]) for index, scan in enumerate(scans)]
        new = insert_scans(merchant.id, rows, source=source, now=now)
        if new:
            advance(merchant, [shipments[shipment_id] for shipment_id in sorted(set(new))], notify=notify)
    return Recorded(recorded=len(new), duplicates=len(scans) - len(new))


# --- parcels ---


def _lock_named_order(body: ShipmentIn) -> Order:
    if body.order_id:
        order_id = parse_public_id("ord", body.order_id)
    elif body.order_external_id:
        found = Order.objects.filter(external_id=body.order_external_id).values_list("pk", flat=True)
        order_id = found.first()
    else:
        raise InvalidBody(
            "Name the order by order_id or order_external_id.", param="order_id", code="invalid_field"
        )
    if order_id is None:
        param = "order_id" if body.order_id else "order_external_id"
        raise NotFound("There is no such order.", param=param, code="order_not_found")
    return orders.lock_order(order_id)


def _new_shipment(
    merchant: Merchant,
    order: Order,
    external_id: str,
    body: ShipmentIn,
    raw: Mapping[str, Any] | None,
    *,
    happened: bool,
) -> Shipment:
    now = timezone.now()
    last = Shipment.objects.filter(order=order).aggregate(last=Max("number"))["last"] or 0
    shipped_at = _shipped_at(body, now)
    shipment = Shipment(
        merchant=merchant, order=order, external_id=external_id, number=last + 1, shipped_at=shipped_at,
        status=Status.INFO_RECEIVED if shipped_at or body.tracking_number else Status.PENDING,
        status_at=shipped_at or now, created_at=now, updated_at=now, raw=dict(raw or {}),
    )  # fmt: skip
    _put_carrier(shipment, body)
    _put_window(merchant, order, shipment, body)
    shipment.due_at = now if polling.next_poll(shipment, now) else None
    shipment.save(force_insert=True)
    _put_lines(merchant, order, shipment, _wanted_lines(order, body, {}, happened=happened), {})
    orders.add_search_words(order, [shipment.tracking_number])
    record_fact(facts.ShipmentCreated, shipment, notify=body.notify)
    if shipped_at:
        record_fact(facts.ShipmentShipped, shipment, notify=body.notify)
    refresh_stages([order])
    return shipment


def _update_shipment(
    merchant: Merchant,
    shipment: Shipment,
    body: ShipmentIn,
    raw: Mapping[str, Any] | None,
    *,
    happened: bool,
) -> None:
    now = timezone.now()
    was_shipped = shipment.shipped_at is not None
    number_was, asked_with = shipment.tracking_number, (shipment.carrier, shipment.tracking_number)
    _put_carrier(shipment, body)
    if body.shipped_at is not UNSET:
        shipment.shipped_at = _shipped_at(body, now) or shipment.shipped_at
    eta_was = _put_window(merchant, shipment.order, shipment, body)
    if shipment.shipped_at and shipment.status == Status.PENDING:
        shipment.status, shipment.status_at = Status.INFO_RECEIVED, shipment.shipped_at
    shipment.raw = dict(raw or shipment.raw)
    same = asked_with == (shipment.carrier, shipment.tracking_number)
    shipment.due_at = polling.next_poll(shipment, now) and ((same and shipment.due_at) or now)
    shipment.updated_at = now
    shipment.save()
    if body.lines or happened:
        held = {line.line_id: line.quantity for line in shipment.lines.all()}
        wanted = _wanted_lines(shipment.order, body, held, happened=happened)
        _put_lines(merchant, shipment.order, shipment, wanted, held)
    if shipment.tracking_number != number_was:
        orders.add_search_words(shipment.order, [shipment.tracking_number])
    if shipment.shipped_at and not was_shipped:
        record_fact(facts.ShipmentShipped, shipment, notify=body.notify)
    if eta_was and is_awaited(shipment):
        record_delay(shipment, eta_was, notify=body.notify)
    refresh_stages([shipment.order])


def _shipped_at(body: ShipmentIn, now: datetime) -> datetime | None:
    if body.shipped_at is UNSET:
        return now
    if body.shipped_at is None:
        return None
    assert isinstance(body.shipped_at, datetime)
    shipped_at = aware(body.shipped_at, "shipped_at")
    if shipped_at > now + FUTURE_TOLERANCE:
        raise InvalidBody("This time lies in the future.", param="shipped_at", code="invalid_field")
    return shipped_at


def _put_carrier(shipment: Shipment, body: ShipmentIn) -> None:
    if body.carrier:
        shipment.carrier = carrier_from_name(body.carrier)[:40]
        shipment.carrier_name = body.carrier
    shipment.tracking_number = body.tracking_number.strip() or shipment.tracking_number
    shipment.service = body.service or shipment.service
    shipment.tracking_url = (
        body.tracking_url or shipment.tracking_url or tracking_url(shipment.carrier, shipment.tracking_number)
    )


def _put_window(merchant: Merchant, order: Order, shipment: Shipment, body: ShipmentIn) -> datetime | None:
    """The shop's window for this parcel, else what was promised, else the rule. Returns the told end if it slips."""
    if body.delivery is not None:
        start = aware(body.delivery.earliest, "delivery.earliest")
        end = aware(body.delivery.latest, "delivery.latest")
        if end < start:
            raise InvalidBody(
                "The latest time is before the earliest.", param="delivery.latest", code="invalid_field"
            )
        return set_window(merchant, shipment, windows.Window(start, end, "shop"))
    if shipment.eta_source in ("", "rule"):
        rule = windows.by_rule(merchant, placed_at=order.placed_at, shipped_at=shipment.shipped_at)
        set_window(merchant, shipment, windows.promised(merchant, order) or rule)
    return None


def _wanted_lines(
    order: Order, body: ShipmentIn, held: Mapping[UUID, int], *, happened: bool
) -> dict[UUID, int]:
    """Line → quantity in the parcel. Raises Unprocessable naming the entry that asks for too much."""
    lines = {line.external_id: line for line in OrderLine.objects.filter(order=order)}
    if happened:
        return _what_fits(lines, body, held)
    if not body.lines:
        rest = {
            line.id: line.quantity - line.shipped_quantity
            for line in lines.values()
            if line.requires_shipping
        }
        return {line_id: quantity for line_id, quantity in rest.items() if quantity > 0}
    wanted: dict[UUID, int] = {}
    for index, entry in enumerate(body.lines):
        line = lines.get(entry.line)
        if line is None:
            raise Unprocessable(
                f"The order has no line {entry.line!r}.", param=f"lines[{index}].line", code="unknown_line"
            )
        wanted[line.id] = wanted.get(line.id, 0) + entry.quantity
        left = line.quantity - line.shipped_quantity + held.get(line.id, 0)
        if wanted[line.id] > left:
            raise Unprocessable(
                f"Of line {entry.line!r} {left} can be shipped, not {wanted[line.id]}.",
                param=f"lines[{index}].quantity",
                code="more_than_ordered",
            )
    return wanted


def _what_fits(
    lines: Mapping[str, OrderLine], body: ShipmentIn, held: Mapping[UUID, int]
) -> dict[UUID, int]:
    """Line → quantity in the parcel: of the named lines that exist, as much as was ordered and is left."""
    wanted: dict[UUID, int] = {}
    for entry in body.lines:
        line = lines.get(entry.line)
        if line is not None:
            left = line.quantity - line.shipped_quantity + held.get(line.id, 0)
            wanted[line.id] = min(wanted.get(line.id, 0) + entry.quantity, left)
    return {line_id: quantity for line_id, quantity in wanted.items() if quantity > 0}


def _put_lines(
    merchant: Merchant, order: Order, shipment: Shipment, wanted: Mapping[UUID, int], held: Mapping[UUID, int]
) -> None:
    changes = {line_id: wanted.get(line_id, 0) - held.get(line_id, 0) for line_id in {*wanted, *held}}
    orders.add_shipped_quantities({line_id: change for line_id, change in changes.items() if change})
    if held:
        ShipmentLine.objects.filter(shipment=shipment).delete()
    ShipmentLine.objects.bulk_create(
        ShipmentLine(merchant=merchant, shipment=shipment, line_id=line_id, quantity=quantity)
        for line_id, quantity in wanted.items()
    )


# --- scans ---


def _where(scans: Sequence[ScanIn], index: int) -> str:
    return f"scans[{index}]." if len(scans) > 1 else ""


def _check_scan(scan: ScanIn, where: str, now: datetime) -> None:
    if not scan.shipment_id and not scan.tracking_number:
        raise InvalidBody(
            "Name the parcel by shipment_id or tracking_number.",
            param=f"{where}shipment_id",
            code="invalid_field",
        )
    if aware(scan.occurred_at, f"{where}occurred_at") > now + FUTURE_TOLERANCE:
        raise InvalidBody("This time lies in the future.", param=f"{where}occurred_at", code="invalid_field")
    if scan.substatus:
        known = SUBSTATUSES.get(scan.substatus)
        if known is None or known.status != scan.status:
            raise InvalidBody(
                f"{scan.status} has no sub-status {scan.substatus!r}.",
                param=f"{where}substatus",
                code="invalid_field",
            )


def _lock_scanned(scans: Sequence[ScanIn], now: datetime) -> tuple[dict[UUID, Shipment], list[UUID]]:
    """The parcels of the scans, locked with their orders in key order; and each scan's parcel."""
    ids = {parse_public_id("shp", scan.shipment_id) for scan in scans if scan.shipment_id} - {None}
    numbers = {scan.tracking_number for scan in scans if not scan.shipment_id}
    by_number = Q(tracking_number__in=numbers, created_at__gt=now - NUMBER_IS_ONE_PARCEL_FOR)
    wanted = Q(pk__in=ids) | by_number if ids and numbers else by_number if numbers else Q(pk__in=ids)
    rows = Shipment.objects.filter(wanted).select_related("order").order_by("order_id", "id")
    # Row by row the order is locked before its parcel, as everywhere (`tracking.locks`).
    locked = list(rows.select_for_update(of=("order", "self"), no_key=True))
    targets = [_target(scan, locked, _where(scans, index)) for index, scan in enumerate(scans)]
    return {shipment.id: shipment for shipment in locked}, targets


def _target(scan: ScanIn, shipments: Iterable[Shipment], where: str) -> UUID:
    """The newest parcel that the scan names. Raises NotFound."""
    wanted_id = parse_public_id("shp", scan.shipment_id) if scan.shipment_id else None
    carrier = carrier_from_name(scan.carrier) if scan.carrier else ""
    fitting = [
        shipment
        for shipment in shipments
        if (
            shipment.id == wanted_id
            if scan.shipment_id
            else shipment.tracking_number == scan.tracking_number and carrier in ("", shipment.carrier)
        )
    ]
    if not fitting:
        param = "shipment_id" if scan.shipment_id else "tracking_number"
        raise NotFound("There is no such shipment.", param=where + param, code="shipment_not_found")
    return max(fitting, key=lambda shipment: shipment.created_at).id


def _scan_row(scan: ScanIn, shipment_id: UUID) -> dict[str, Any]:
    occurred_at = scan.occurred_at.astimezone(UTC)
    key = scan.external_id or _content_key(scan, occurred_at)
    return {
        "id": uuid7(), "shipment_id": shipment_id, "key": _digest(key), "occurred_at": occurred_at,
        "local_time": scan.occurred_at.isoformat(), "offset_known": True, "status": scan.status,
        "substatus": scan.substatus, "raw_code": scan.raw_code, "description": scan.description,
        "city": scan.city, "region": scan.region, "postcode": scan.postcode, "country": scan.country or "",
    }  # fmt: skip


def _content_key(scan: Any, occurred_at: datetime) -> str:
    """What makes a scan without an id of its own the same scan (PRODUCT, T3)."""
    return "\n".join(
        (occurred_at.isoformat(), scan.status, scan.substatus, scan.raw_code, scan.city, scan.postcode,
         scan.country or "")
    )  # fmt: skip


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

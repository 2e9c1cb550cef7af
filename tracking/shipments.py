"""Everything that a shop does with a parcel: one function a verb, one transaction, facts recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils import timezone
from msgspec import UNSET

from merchants.ids import parse_public_id
from merchants.models import Merchant
from merchants.rest.decode import aware
from merchants.rest.errors import InvalidBody, NotFound, Unprocessable
from merchants.scope import merchant_transaction
from orders import commands as orders
from orders.models import Order, OrderLine, OrderStatus
from tracking import choosing, facts, polling, windows
from tracking.carriers.registry import OTHER, carrier_from_name, tracking_url
from tracking.eta.predicting import predict
from tracking.locks import lock_shipment
from tracking.models import Shipment, ShipmentLine
from tracking.progress import is_awaited, record_delay, record_fact, refresh_stages, set_window
from tracking.resolve import FUTURE_TOLERANCE
from tracking.schemas import ShipmentIn
from tracking.statuses import Status


@dataclass(frozen=True)
class Put:
    """What `put_shipment` did: the parcel's id and whether it was new."""

    shipment_id: UUID
    created: bool


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
            Shipment.outbound.select_for_update(no_key=True)
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
        return Put(_new_shipment(merchant, order, external_id, body, raw, happened=happened).id, created=True)


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
    last = Shipment.outbound.filter(order=order).aggregate(last=Max("number"))["last"] or 0
    shipped_at = _shipped_at(body, now)
    shipment = Shipment(
        merchant=merchant, order=order, external_id=external_id, number=last + 1, shipped_at=shipped_at,
        status=Status.INFO_RECEIVED if shipped_at or body.tracking_number else Status.PENDING,
        status_at=shipped_at or now, created_at=now, updated_at=now, raw=dict(raw or {}),
        historical=not body.notify,
    )  # fmt: skip
    put_carrier(merchant, shipment, body)
    _put_window(merchant, order, shipment, body)
    predict(merchant, shipment, 0, now)
    shipment.due_at = now if polling.is_followed(merchant, shipment, now) else None
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
    put_carrier(merchant, shipment, body)
    if body.shipped_at is not UNSET:
        shipment.shipped_at = _shipped_at(body, now) or shipment.shipped_at
    eta_was = _put_window(merchant, shipment.order, shipment, body)
    if shipment.shipped_at and shipment.status == Status.PENDING:
        shipment.status, shipment.status_at = Status.INFO_RECEIVED, shipment.shipped_at
    told_anew = shipment.last_scan_at is None and predict(
        merchant, shipment, 0, now
    )  # else with the next scan
    shipment.raw = dict(raw or shipment.raw)
    same = asked_with == (shipment.carrier, shipment.tracking_number)
    followed = polling.is_followed(merchant, shipment, now)
    shipment.due_at = ((same and shipment.due_at) or now) if followed else None
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
    if told_anew:
        record_fact(facts.ShipmentEtaChanged, shipment, notify=body.notify)
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


def put_carrier(merchant: Merchant, shipment: Shipment, body: ShipmentIn) -> None:
    number_was, source_was = shipment.tracking_number, shipment.carrier_source
    if body.carrier and (code := carrier_from_name(body.carrier)[:40]) != OTHER:
        shipment.carrier, shipment.carrier_source = code, ""
    elif not shipment.carrier:
        shipment.carrier = OTHER if body.carrier else shipment.merchant.default_carrier
    shipment.carrier_name = body.carrier or shipment.carrier_name
    shipment.tracking_number = body.tracking_number.strip() or shipment.tracking_number
    shipment.service = body.service or shipment.service
    is_open = shipment.carrier in ("", OTHER) or source_was == shipment.carrier_source == choosing.DETECTED
    if is_open and shipment.tracking_number and shipment.tracking_number != number_was:
        choosing.put_detected(merchant, shipment)
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
        rule = windows.rule_of(merchant, order, shipped_at=shipment.shipped_at)
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


def _what_fits(lines: Mapping[str, OrderLine], body: ShipmentIn, held: Mapping[UUID, int]) -> dict[UUID, int]:
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

"""What a planned parcel would have left behind: its way scan by scan, and the facts that each scan made true."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from demo.seed.plan import SILENT, PlannedOrder, PlannedParcel
from demo.seed.record import History
from merchants.ids import uuid7
from merchants.models import Merchant
from orders.models import Order
from tracking import facts, windows
from tracking.carriers.base import CarrierScan, TrackingResult, scan_key
from tracking.carriers.registry import KNOWN, tracking_url
from tracking.carriers.sandbox import Parcel, Place, Sandbox, itinerary
from tracking.models import Scan, Shipment, ShipmentLine
from tracking.polling import SILENT_FOR
from tracking.progress import FACT_OF_STATUS, set_window
from tracking.resolve import ScanFacts, resolve
from tracking.sandbox_parcels import origin_of
from tracking.statuses import Status

# Journeys during which the carrier gives a new day, and the step at which it does.
_SLIPS = {"DELAYED": "exception.delay_carrier", "CUSTOMS": "exception.payment_due"}
_FIRST_STEPS_OF_THE_SILENT = 4


def add_parcel(
    merchant: Merchant,
    history: History,
    planned: PlannedOrder,
    parcel: PlannedParcel,
    number: int,
    now: datetime,
) -> None:
    """Add the order's parcel of this number, with everything that happened to it up to `now`."""
    order = history.order
    began = parcel.handed_over_at or min(now, planned.placed_at + timedelta(hours=2))
    shipment = Shipment(
        id=uuid7(), merchant=merchant, order=order, external_id=f"{order.external_id}-{number}", number=number,
        carrier=parcel.carrier, carrier_name=KNOWN[parcel.carrier].name if parcel.carrier else "",
        tracking_number=parcel.tracking_number,
        tracking_url=tracking_url(parcel.carrier, parcel.tracking_number, order.locale),
        status=Status.INFO_RECEIVED if parcel.announced else Status.PENDING, status_at=began,
        shipped_at=parcel.handed_over_at, created_at=began, updated_at=began,
    )  # fmt: skip
    rule = windows.by_rule(merchant, placed_at=planned.placed_at, shipped_at=parcel.handed_over_at)
    set_window(merchant, shipment, rule)
    history.shipments.append(shipment)
    _tell(history, shipment, facts.ShipmentCreated, began)
    if parcel.cancelled_after:
        _take_back(history, shipment, began + parcel.cancelled_after)
        return
    _put_contents(history, shipment, parcel)
    if parcel.handed_over_at:
        _tell(history, shipment, facts.ShipmentShipped, began)
        _travel(merchant, history, shipment, parcel, now)


def _put_contents(history: History, shipment: Shipment, parcel: PlannedParcel) -> None:
    for index, quantity in parcel.contents:
        line = history.lines[index]
        line.shipped_quantity += quantity
        row = ShipmentLine(merchant=shipment.merchant, shipment=shipment, line=line, quantity=quantity)
        history.contents.append(row)


def _take_back(history: History, shipment: Shipment, at: datetime) -> None:
    shipment.status, shipment.status_at, shipment.cancelled_at, shipment.updated_at = (
        Status.CANCELLED, at, at, at,
    )  # fmt: skip
    _tell(history, shipment, facts.ShipmentCancelled, at)


def _travel(
    merchant: Merchant, history: History, shipment: Shipment, parcel: PlannedParcel, now: datetime
) -> None:
    """Let the parcel go its way up to now: scan by scan, with the facts that each of them makes true."""
    result = _carrier_says(merchant, history.order, parcel, now)
    known: list[ScanFacts] = []
    for index, scan in enumerate(result.scans):
        key = scan_key(shipment.carrier, shipment.tracking_number, scan)
        known.append(ScanFacts(scan.occurred_at, scan.status, scan.substatus, key.hex()))
        history.scans.append(_scan_row(shipment, scan, key))
        before = (shipment.status, shipment.substatus if shipment.status == Status.EXCEPTION else "")
        _put_state(shipment, known, scan.occurred_at)
        after = (shipment.status, shipment.substatus if shipment.status == Status.EXCEPTION else "")
        if after != before and shipment.status in FACT_OF_STATUS:
            _tell(history, shipment, FACT_OF_STATUS[Status(shipment.status)], scan.occurred_at)
        if index == 1 or scan.substatus == _SLIPS.get(parcel.journey):
            slipped = index != 1
            _put_window(merchant, history, shipment, parcel, result, scan.occurred_at, slipped=slipped)
    shipment.service, shipment.signed_by = result.service, result.signed_by
    shipment.pickup_place, shipment.pickup_until = result.pickup_place, result.pickup_until


def _carrier_says(merchant: Merchant, order: Order, parcel: PlannedParcel, now: datetime) -> TrackingResult:
    """What the sandbox carrier tells about the journey, as the parcel's own carrier."""
    at = parcel.handed_over_at
    assert at is not None
    journey = Parcel(at, origin_of(merchant), Place(order.city, order.country, order.postcode))
    told = Sandbox(clock=lambda: now).result(parcel.sandbox_number, journey)
    scans = [_as_handed_over(scan, parcel.hand_over) for scan in told.scans]
    if parcel.journey == SILENT:
        scans = scans[:_FIRST_STEPS_OF_THE_SILENT]
        given_up = scans[-1].occurred_at + SILENT_FOR
        if given_up <= now:
            scans.append(CarrierScan(given_up, "", True, Status.EXPIRED))
    own = parcel.carrier == "sandbox"
    return replace(
        told, scans=tuple(scans), service=told.service if own else f"{KNOWN[parcel.carrier].name} Standard",
        signed_by=order.last_name if scans and scans[-1].substatus == "delivered.signed" else "",
    )  # fmt: skip


def _as_handed_over(scan: CarrierScan, hand_over: str) -> CarrierScan:
    return replace(scan, substatus=hand_over) if scan.substatus == "delivered.recipient" else scan


def _put_state(shipment: Shipment, known: Sequence[ScanFacts], now: datetime) -> None:
    state = resolve(known, now=now)
    shipment.status, shipment.substatus, shipment.status_at = state.status, state.substatus, state.status_at
    shipment.out_for_delivery_at, shipment.delivered_at = state.out_for_delivery_at, state.delivered_at
    shipment.last_scan_at, shipment.failed_attempts = state.last_scan_at, state.attempts
    shipment.updated_at = now


def _put_window(
    merchant: Merchant, history: History, shipment: Shipment, parcel: PlannedParcel, result: TrackingResult,
    at: datetime, *, slipped: bool,
) -> None:  # fmt: skip
    """The carrier's window: as planned, or (`slipped`) the day on which it will really be there."""
    start, end = result.eta_from, result.eta_to
    if slipped:
        start, end = _real_arrival(merchant, history.order, parcel)
    assert start is not None
    assert end is not None
    eta_was = set_window(merchant, shipment, windows.Window(start, end, "carrier"))
    if eta_was:
        delayed = facts.ShipmentDelayed(
            shipment_id=shipment.id, status=shipment.status, substatus=shipment.substatus, at=at,
            eta_from=shipment.eta_from, eta_to=shipment.eta_to, eta_was=eta_was, notify=False,
        )  # fmt: skip
        history.tell(at, delayed)


def _real_arrival(merchant: Merchant, order: Order, parcel: PlannedParcel) -> tuple[datetime, datetime]:
    assert parcel.handed_over_at is not None
    plan = itinerary(
        parcel.sandbox_number, shipped_at=parcel.handed_over_at, origin=origin_of(merchant),
        destination=Place(order.city, order.country, order.postcode),
    )  # fmt: skip
    return plan[-1].occurred_at - timedelta(hours=1), plan[-1].occurred_at + timedelta(hours=1)


def _scan_row(shipment: Shipment, scan: CarrierScan, key: bytes) -> Scan:
    own = scan.status == Status.EXPIRED
    values: dict[str, Any] = {
        name: getattr(scan, name)
        for name in (
            "occurred_at", "local_time", "offset_known", "status", "substatus", "raw_code", "description", "city",
            "region", "postcode", "country",
        )
    }  # fmt: skip
    return Scan(
        merchant=shipment.merchant, shipment=shipment, key=key, source="afterward" if own else shipment.carrier,
        received_at=scan.occurred_at + timedelta(minutes=2), **values,
    )  # fmt: skip


def _tell(history: History, shipment: Shipment, kind: type[facts.ShipmentFact], at: datetime) -> None:
    told = kind(
        shipment_id=shipment.id, status=shipment.status, substatus=shipment.substatus, at=at,
        eta_from=shipment.eta_from, eta_to=shipment.eta_to, notify=False,
    )  # fmt: skip
    history.tell(at, told)

"""What a planned parcel would have left behind: its way scan by scan, and the facts that each scan made true."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from demo.seed.carriers import way_of
from demo.seed.plan import SLIPPING, PlannedOrder, PlannedParcel
from demo.seed.record import History
from merchants.ids import uuid7
from merchants.models import Merchant
from tracking import facts, windows
from tracking.carriers.base import CarrierScan, scan_key
from tracking.carriers.registry import KNOWN, tracking_url
from tracking.models import Scan, Shipment, ShipmentLine
from tracking.progress import FACT_OF_STATUS, set_window
from tracking.resolve import ScanFacts, resolve
from tracking.statuses import Status

_FIRST_WINDOW = 1  # The carrier names one with its first own scan.


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
    rule = windows.rule_of(merchant, order, shipped_at=parcel.handed_over_at)
    set_window(merchant, shipment, windows.promised(merchant, order) or rule)
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
    way = way_of(merchant, history.order, parcel, now)
    known: list[ScanFacts] = []
    for index, scan in enumerate(way.scans):
        key = scan_key(shipment.carrier, shipment.tracking_number, scan)
        known.append(ScanFacts(scan.occurred_at, scan.status, scan.substatus, key.hex()))
        history.scans.append(_scan_row(shipment, scan, key, now))
        before = (shipment.status, shipment.substatus if shipment.status == Status.EXCEPTION else "")
        _put_state(shipment, known, scan.occurred_at)
        after = (shipment.status, shipment.substatus if shipment.status == Status.EXCEPTION else "")
        if after != before and shipment.status in FACT_OF_STATUS:
            _tell(history, shipment, FACT_OF_STATUS[Status(shipment.status)], scan.occurred_at)
        if index == _FIRST_WINDOW or scan.substatus == SLIPPING.get(parcel.journey):
            window = way.planned if index == _FIRST_WINDOW else way.real
            _put_window(merchant, history, shipment, window, scan.occurred_at)
    shipment.service, shipment.signed_by = way.service, way.signed_by
    if parcel.poll_error:
        shipment.poll_error, shipment.polled_at = parcel.poll_error, now
    shipment.pickup_place, shipment.pickup_until = way.pickup_place, way.pickup_until
    shipment.pickup, shipment.proof = way.pickup, way.proof


def _put_state(shipment: Shipment, known: Sequence[ScanFacts], now: datetime) -> None:
    state = resolve(known, now=now)
    shipment.status, shipment.substatus, shipment.status_at = state.status, state.substatus, state.status_at
    shipment.out_for_delivery_at, shipment.delivered_at = state.out_for_delivery_at, state.delivered_at
    shipment.last_scan_at, shipment.failed_attempts = state.last_scan_at, state.attempts
    shipment.updated_at = now


def _put_window(
    merchant: Merchant, history: History, shipment: Shipment, window: windows.Window, at: datetime
) -> None:
    """Put the carrier's window on the parcel, and tell of it when the parcel now comes on a later day."""
    eta_was = set_window(merchant, shipment, window)
    if eta_was:
        delayed = facts.ShipmentDelayed(
            shipment_id=shipment.id, status=shipment.status, substatus=shipment.substatus, at=at,
            eta_from=shipment.eta_from, eta_to=shipment.eta_to, eta_was=eta_was, notify=False,
        )  # fmt: skip
        history.tell(at, delayed)


# Minutes until a scan of these carriers usually reaches us.
_USUAL_DELAY = {"dhl": 6, "dpd": 14, "hermes": 31, "gls": 19, "ups": 8}


def _delay(carrier: str, key: bytes) -> timedelta:
    """Some scans come at once, few take five times as long as usual; the same scan always takes the same time."""
    return timedelta(minutes=_USUAL_DELAY.get(carrier, 2) * (0.4 + (key[0] / 120) ** 2))


def _scan_row(shipment: Shipment, scan: CarrierScan, key: bytes, now: datetime) -> Scan:
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
        received_at=min(scan.occurred_at + _delay(shipment.carrier, key), max(now, scan.occurred_at)), **values,
    )  # fmt: skip


def _tell(history: History, shipment: Shipment, kind: type[facts.ShipmentFact], at: datetime) -> None:
    told = kind(
        shipment_id=shipment.id, status=shipment.status, substatus=shipment.substatus, at=at,
        eta_from=shipment.eta_from, eta_to=shipment.eta_to, notify=False,
    )  # fmt: skip
    history.tell(at, told)

"""From new scans to the parcel's state, the facts about it and the order's stage. Called by commands only."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from events import log as event_log
from events.facts import FactData
from merchants.models import Merchant
from orders import commands as orders
from orders.models import Order, Stage
from tracking import facts, polling, windows
from tracking.eta.predicting import predict
from tracking.models import Shipment
from tracking.resolve import ScanFacts, ShipmentState, resolve
from tracking.statuses import PROBLEM, Status
from tracking.watch import keeping
from tracking.windows import PRECEDENCE, Window, is_later
from tracking.writes import Known, contents_of, load_scans, store_states

# A fact, and the order that it is about.
Told = tuple[FactData, UUID | None]

# A carrier that still knows a number's former parcel answers with its scans: they are not this parcel's.
RECYCLED_BEFORE = timedelta(days=30)

# The fact that a parcel coming to a status records. The others (on its way, announced) go without saying.
FACT_OF_STATUS: dict[str, type[facts.ShipmentFact]] = {
    Status.OUT_FOR_DELIVERY: facts.ShipmentOutForDelivery,
    Status.ATTEMPT_FAILED: facts.ShipmentAttemptFailed,
    Status.AVAILABLE_FOR_PICKUP: facts.ShipmentReadyForPickup,
    Status.DELIVERED: facts.ShipmentDelivered,
    Status.EXCEPTION: facts.ShipmentException,
    Status.RETURNING: facts.ShipmentReturning,
    Status.RETURNED: facts.ShipmentReturned,
    Status.CANCELLED: facts.ShipmentCancelled,
    Status.EXPIRED: facts.ShipmentExpired,
}
# What the order's people have to look at, beside the carriers' problems: nobody knows where these are.
ATTENTION = PROBLEM | {Status.EXPIRED}
_ENDED = frozenset({Status.DELIVERED, Status.RETURNING, Status.RETURNED, Status.CANCELLED})


def advance(
    merchant: Merchant, shipments: Sequence[Shipment], scans: Known | None = None, *, notify: bool = True
) -> None:
    """Bring locked parcels (their orders locked too) to the state that their scans add up to.

    Records what changed as facts, and moves the orders' stages. `scans`: all of these parcels' scans, when the
    caller has them at hand.
    """
    now = timezone.now()
    if scans is None:
        scans = load_scans(merchant.id, [shipment.id for shipment in shipments])
    told: list[Told] = []
    moved: list[Order] = []
    for shipment in shipments:
        became_true, moves_order = advance_one(merchant, shipment, scans[shipment.id], now, notify=notify)
        told += became_true
        if moves_order:
            moved.append(shipment.order)
    watched = store_states(merchant, shipments, told)
    if moved:
        refresh_stages(moved)
    if watched:
        keeping.look(merchant, watched)


def advance_one(
    merchant: Merchant, shipment: Shipment, scans: Iterable[ScanFacts], now: datetime, *, notify: bool
) -> tuple[list[Told], bool]:
    """Put the state that the scans add up to on the parcel (unsaved).

    Returns the facts that became true by it, and whether the order's stage may be another one now.
    """
    before = shipment.status
    scans = list(scans)
    if shipment.inbound:
        return _advance_inbound(merchant, shipment, scans, now), False
    kinds = _put_resolved(merchant, shipment, scans, now)
    if predict(merchant, shipment, len(scans), now):
        kinds.append(facts.ShipmentEtaChanged)
    told: list[Told] = [(_fact(kind, shipment, notify), shipment.order_id) for kind in kinds]
    return told, _means(shipment.status) != _means(before)


def _advance_inbound(
    merchant: Merchant, shipment: Shipment, scans: Sequence[ScanFacts], now: datetime
) -> list[Told]:
    """A parcel on its way back: no window, no prediction, and a fact of its own that only returns listen to."""
    before = (shipment.status, shipment.shipped_at is not None)
    _put_state(shipment, resolve([*scans, *_taken_back(shipment)], now=now))
    shipment.due_at = polling.next_poll(merchant, shipment, now)
    shipment.updated_at = now
    if (shipment.status, shipment.shipped_at is not None) == before:
        return []
    return [(_fact(facts.ReturnShipmentMoved, shipment, True), shipment.order_id)]


def _put_resolved(
    merchant: Merchant, shipment: Shipment, scans: Iterable[ScanFacts], now: datetime
) -> list[type[facts.ShipmentFact]]:
    """Put the resolved state on the parcel (unsaved). Returns the types of the facts that became true."""
    state = resolve([*scans, *_taken_back(shipment)], now=now)
    before = (shipment.status, shipment.substatus if shipment.status == Status.EXCEPTION else "")
    was_shipped = shipment.shipped_at is not None
    _put_state(shipment, state)
    if shipment.shipped_at and shipment.eta_source == "rule":
        set_window(
            merchant, shipment, windows.rule_of(merchant, shipment.order, shipped_at=shipment.shipped_at)
        )
    told: list[type[facts.ShipmentFact]] = []
    if not was_shipped and shipment.shipped_at is not None:
        told.append(facts.ShipmentShipped)
    after = (shipment.status, shipment.substatus if shipment.status == Status.EXCEPTION else "")
    if after != before and shipment.status in FACT_OF_STATUS:
        told.append(FACT_OF_STATUS[shipment.status])
    shipment.due_at = polling.next_poll(merchant, shipment, now)
    shipment.updated_at = now
    return told


def _put_state(shipment: Shipment, state: ShipmentState) -> None:
    # Without a scan the shop's word stands: handed over, or announced.
    if state.status_at and (state.status != Status.PENDING or not shipment.shipped_at):
        shipment.status = state.status
        shipment.substatus = state.substatus
        shipment.status_at = state.status_at
    # The earlier of what the shop said and the carrier's first scan, so that it does not matter which
    # of two scans came in first.
    known = [at for at in (shipment.shipped_at, state.shipped_at) if at is not None]
    shipment.shipped_at = min(known, default=None)
    shipment.out_for_delivery_at = state.out_for_delivery_at
    shipment.delivered_at = state.delivered_at
    shipment.last_scan_at = state.last_scan_at
    shipment.failed_attempts = state.attempts


def _taken_back(shipment: Shipment) -> list[ScanFacts]:
    """The shop's cancellation, read among the scans: only a delivery or a return shows that it came too late."""
    at = shipment.cancelled_at
    return [ScanFacts(at, Status.CANCELLED, "", "cancelled by the shop")] if at else []


def is_awaited(shipment: Shipment) -> bool:
    """Whether the shopper still waits for a parcel: only then can it be late."""
    return not shipment.inbound and shipment.status not in _ENDED


def set_window(merchant: Merchant, shipment: Shipment, window: Window) -> datetime | None:
    """Put a delivery window on a parcel (unsaved), unless a better source has given one.

    The first one is the promise. Returns the end that was told before when the parcel now comes on a later day.
    """
    if window.source == "carrier":
        shipment.carrier_from, shipment.carrier_to = window.start, window.end
    if PRECEDENCE[window.source] < PRECEDENCE[shipment.eta_source]:
        return None
    if shipment.eta_source == "model" and window.end < timezone.now():
        return None  # The carrier repeats a date that is over: ours took its place.
    told = shipment.eta_to
    shipment.eta_from, shipment.eta_to, shipment.eta_source = window.start, window.end, window.source
    if shipment.promised_to is None:
        shipment.promised_from, shipment.promised_to = window.start, window.end
    late = told is not None and shipment.shipped_at is not None and is_later(merchant, window.end, told)
    return told if late else None


def record_delay(shipment: Shipment, eta_was: datetime, *, notify: bool = True) -> None:
    """Record that the parcel comes later than was told."""
    delayed = facts.ShipmentDelayed(
        shipment_id=shipment.id, status=shipment.status, substatus=shipment.substatus, at=timezone.now(),
        eta_from=shipment.eta_from, eta_to=shipment.eta_to, eta_was=eta_was,
        notify=notify and not _is_history(shipment, shipment.eta_to),
    )  # fmt: skip
    event_log.record(delayed, order_id=shipment.order_id)


def _fact(kind: type[facts.ShipmentFact], shipment: Shipment, notify: bool) -> facts.ShipmentFact:
    if shipment.inbound:
        kind = facts.ReturnShipmentMoved
    at = shipment.shipped_at if kind is facts.ShipmentShipped else shipment.status_at
    more: dict[str, Any] = {}
    if kind is facts.ShipmentEtaChanged:
        more = {
            "source": shipment.eta_source, "p10": shipment.eta_p10, "p50": shipment.eta_p50,
            "p90": shipment.eta_p90, "model": shipment.eta_fitted_at,
        }  # fmt: skip
    return kind(
        shipment_id=shipment.id,
        status=shipment.status,
        substatus=shipment.substatus,
        at=at,
        eta_from=shipment.eta_from,
        eta_to=shipment.eta_to,
        notify=notify and not _is_history(shipment, at),
        **more,
    )


def _is_history(shipment: Shipment, at: datetime | None) -> bool:
    """Whether something about a parcel that came as history was over when it came: its carrier tells it only now."""
    return shipment.historical and at is not None and at < shipment.created_at


def record_fact(kind: type[facts.ShipmentFact], shipment: Shipment, *, notify: bool = True) -> None:
    """Record a fact about a parcel as it stands now."""
    event_log.record(_fact(kind, shipment, notify), order_id=shipment.order_id)


def refresh_stages(orders_: Iterable[Order]) -> None:
    """Move locked orders to the stage that their lines and parcels add up to: two statements, however many orders."""
    by_id = {order.id: order for order in orders_}
    if by_id:
        merchant_id = next(iter(by_id.values())).merchant_id
        contents = contents_of(merchant_id, by_id)
        orders.set_stages(
            (by_id[order_id], stage_of(statuses, left_over)) for order_id, statuses, left_over in contents
        )


def stage_of(statuses: Sequence[str], open_quantity: int) -> Stage:
    """The stage of an order with parcels of these statuses and so many pieces not in a parcel yet."""
    live = {stage for status in statuses if (stage := _means(status)) is not None}
    if Stage.ATTENTION in live:
        return Stage.ATTENTION
    if not live:
        return Stage.TO_SHIP
    if open_quantity > 0:
        return Stage.PARTLY_SHIPPED
    return live.pop() if len(live) == 1 else Stage.IN_TRANSIT


def _means(status: str) -> Stage | None:
    """The stage of an order whose only parcel has this status; None for a parcel that will not be sent."""
    if status == Status.CANCELLED:
        return None
    if status in ATTENTION:
        return Stage.ATTENTION
    if status in (Status.DELIVERED, Status.RETURNED):
        return Stage.DELIVERED
    return Stage.TO_SHIP if status == Status.PENDING else Stage.IN_TRANSIT

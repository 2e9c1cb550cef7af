"""What would have become of the facts of one batch: planned by the live planner, and decided as at sending.

The same code plans (`planner.plan_fact`). At sending the live check sees the world of that moment, which is gone; what
is known of it is put together here: when an order was cancelled, what the log said of a parcel until then. Conditions
on what changes (tags, segments), suppressions and consent are those of today.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from events.facts import RecordedFact
from events.models import Fact
from merchants.models import Merchant
from notifications import conditions, planner, planning
from notifications.condition_context import contexts
from notifications.conditions import Context
from notifications.holdout import is_held_out, percent_of
from notifications.planner import Planned, Subject
from notifications.push.queries import hosts_by_order
from notifications.reasons import Reason
from notifications.suppressions import Suppressed, suppressed
from notifications.switches import Switch
from notifications.touchpoints import Touchpoint
from orders.models import Order
from tracking.facts import ShipmentFact
from tracking.models import Shipment

# A message that goes out at once meets the world that its fact told of.
_AT_ONCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Outcome:
    """One message that would have been. reason: why it would not have gone out, None when it would."""

    planned: Planned
    at: datetime
    reason: Reason | None
    is_history: bool


@dataclass(frozen=True)
class World:
    """What the messages of one batch are held against, in a fixed number of queries."""

    merchant: Merchant
    switch: Switch
    known: Mapping[UUID, Context]
    suppressed: Suppressed
    parcels: Mapping[UUID, Shipment]
    told: Mapping[UUID, Sequence[tuple[datetime, ShipmentFact]]]


def decide(
    merchant: Merchant,
    touchpoint: Touchpoint,
    switch: Switch,
    facts: Sequence[RecordedFact],
    *,
    has_sms: bool,
) -> list[Outcome]:
    """The messages of these facts of the open scope. At most ten queries, however many facts."""
    orders = Order.objects.defer("raw", "search").in_bulk({fact.order_id for fact in facts if fact.order_id})
    live = [each for each in switch.conditions if each.is_live]
    known = contexts(merchant, orders.values(), planner.needs([switch]) | conditions.needs(live))
    devices = hosts_by_order(merchant, orders.keys())
    outcomes: list[tuple[Planned, datetime, bool]] = []
    for fact in facts:
        order = orders.get(fact.order_id) if fact.order_id else None
        if order is None:
            continue
        is_history = fact.data.get("notify", True) is False
        then = _as_it_was(fact, order) if is_history else fact
        for planned in planner.plan_fact(
            merchant, touchpoint, switch, then, Subject(order, known[order.id], order.id in devices),
            now=then.recorded_at, has_sms=has_sms,
        ):  # fmt: skip
            outcomes.append((planned, planned.due_at or then.recorded_at, is_history))
    world = _load(merchant, switch, known, outcomes)
    return [
        Outcome(planned, at, planned.skip or _why_not(planned, at, world), is_history)
        for planned, at, is_history in outcomes
    ]


def _as_it_was(fact: RecordedFact, order: Order) -> RecordedFact:
    """A fact of imported history, told at the time that it is about: the log has it from the day of the import."""
    if fact.type != "order.placed" or order.placed_at >= fact.recorded_at:
        return fact
    return RecordedFact(
        position=fact.position, type=fact.type, merchant_id=fact.merchant_id, order_id=fact.order_id,
        data=fact.data, recorded_at=order.placed_at,
    )  # fmt: skip


def _load(
    merchant: Merchant,
    switch: Switch,
    known: Mapping[UUID, Context],
    outcomes: Sequence[tuple[Planned, datetime, bool]],
) -> World:
    due = [planned for planned, _, _ in outcomes if planned.skip is None]
    ids = {planned.shipment_id for planned in due if planned.shipment_id}
    parcels = Shipment.objects.defer("raw").in_bulk(ids) if ids else {}
    return World(
        merchant, switch, known,
        suppressed((planned.channel, planning.recipient(planned.order, planned.channel)) for planned in due),
        parcels, _what_was_told(parcels, outcomes),
    )  # fmt: skip


def _what_was_told(
    parcels: Mapping[UUID, Shipment], outcomes: Sequence[tuple[Planned, datetime, bool]]
) -> dict[UUID, list[tuple[datetime, ShipmentFact]]]:
    """The facts about these parcels, if any of the messages waits: one query."""
    told: dict[UUID, list[tuple[datetime, ShipmentFact]]] = {}
    if not parcels or all(at - planned.fact.recorded_at <= _AT_ONCE for planned, at, _ in outcomes):
        return told
    orders = {parcel.order_id for parcel in parcels.values()}
    rows = Fact.objects.filter(order_id__in=orders, type__startswith="shipment.").order_by("position")
    for row in rows:
        payload = _payload(row)
        if isinstance(payload, ShipmentFact) and payload.shipment_id in parcels:
            told.setdefault(payload.shipment_id, []).append((row.recorded_at, payload))
    return told


def _payload(row: Fact) -> Any:
    return RecordedFact(
        position=row.position, type=row.type, merchant_id=row.merchant_id, order_id=row.order_id,
        data=row.data, recorded_at=row.recorded_at,
    ).payload()  # fmt: skip


def _why_not(planned: Planned, at: datetime, world: World) -> Reason | None:
    """What would have spoken against it at that moment, in the order of the live check (`recheck`, `sending`)."""
    order, touchpoint = planned.order, planned.touchpoint
    if touchpoint.needs_order and order.cancelled_at is not None and order.cancelled_at <= at:
        return Reason.ORDER_CANCELLED
    live = [each for each in world.switch.conditions if each.is_live]
    if live and not conditions.all_hold(live, world.known[order.id].of_parcel(planned.shipment_id)):
        return Reason.CONDITION
    address = planning.recipient(order, planned.channel)
    if reason := world.suppressed.why(planned.channel, address, touchpoint.message_class):
        return reason
    if planned.shipment_id and (reason := _parcel_speaks_against(planned, at, world)):
        return reason
    percent = percent_of(touchpoint.message_class, world.switch.holdout)
    return Reason.HOLDOUT if is_held_out(touchpoint.key, order, percent) else None


def _parcel_speaks_against(planned: Planned, at: datetime, world: World) -> Reason | None:
    assert planned.shipment_id is not None
    parcel = world.parcels.get(planned.shipment_id)
    if parcel is None:
        return Reason.SHIPMENT_GONE
    if parcel.cancelled_at is not None and parcel.cancelled_at <= at:
        return Reason.SHIPMENT_CANCELLED
    told = planned.fact.payload()
    if not isinstance(told, ShipmentFact):
        return None
    last = told
    for when, news in world.told.get(parcel.id, ()):
        if planned.fact.recorded_at <= when <= at:
            last = news
    then = copy(parcel)
    then.status, then.substatus, then.eta_to = last.status, last.substatus, last.eta_to
    return None if planned.touchpoint.holds(then, told, world.merchant) else Reason.OVERTAKEN

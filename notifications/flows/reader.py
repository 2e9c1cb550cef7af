"""What facts do to flows: start runs, wake those that wait for them, stop those that they end."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from events import due
from events import log as event_log
from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from notifications import conditions
from notifications.condition_context import contexts
from notifications.flows import definition
from notifications.flows.definition import ORDERED_AGAIN, Definition
from notifications.flows.facts import FlowFinished, FlowStarted
from notifications.flows.models import FlowRun, FlowVersion, RunState
from notifications.planner import TOLD_WITHIN
from notifications.switches import triggers
from orders.models import Order, OrderStatus

STEP: Final = "flows.step"


@dataclass(frozen=True)
class Live:
    """A flow that is on, with the version that holds."""

    version: FlowVersion
    definition: Definition


def live_flows() -> list[Live]:
    """The flows of the open scope that are on: one query."""
    rows = FlowVersion.objects.select_related("flow").filter(flow__is_on=True, flow__deleted_at__isnull=True)
    return [
        Live(row, definition.read(row.definition))
        for row in rows.order_by("flow_id")
        if row.number == row.flow.number
    ]


# Without `forget`: replaying the log must not start anything again.
@subscribe("flows.run", triggers())
def run_flows(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Wake, stop and start runs: a fixed number of queries, however many facts; two where a shop has no flow."""
    told = [fact for fact in facts if fact.order_id]
    if not told:
        return
    flows = live_flows()
    has_runs = FlowRun.objects.filter(state=RunState.RUNNING).exists()
    wanted = {kind for live in flows for kind in live.definition.trigger}
    starts = [fact for fact in told if fact.type in wanted and fact.data.get("notify", True)]
    if not (has_runs or starts):
        return
    orders = Order.objects.defer("raw", "search").in_bulk({fact.order_id for fact in told})
    if has_runs:
        _touch(told, orders)
    runs = _start(merchant, flows, starts, orders)
    for run in runs:
        _apply(run, told, orders)  # what came after its start, in the same batch
    _save(runs)


def _touch(facts: Sequence[RecordedFact], orders: Mapping[UUID, Order]) -> None:
    """Wake or stop the runs that these facts are about. Locked, so that no step is taken meanwhile."""
    customers = {
        order.customer_id
        for fact in facts
        if fact.type == "order.placed" and (order := orders.get(fact.order_id)) and order.customer_id  # type: ignore[arg-type]
    }
    mine = Q(order_id__in={fact.order_id for fact in facts}) | Q(customer_id__in=customers)
    rows = FlowRun.objects.filter(mine, state=RunState.RUNNING).order_by("id").select_for_update(of=("self",))
    changed = [run for run in rows.select_related("version__flow") if _apply(run, facts, orders)]
    if not changed:
        return
    columns = ["state", "reason", "woken_by", "waits_for", "seen_position", "due_at", "ended_at"]
    FlowRun.objects.bulk_update(changed, columns)
    event_log.record_many((finished(run), run.order_id) for run in changed if run.state == RunState.STOPPED)
    if any(run.state == RunState.RUNNING for run in changed):
        due.ring_when_committed(STEP)


def _apply(run: FlowRun, facts: Sequence[RecordedFact], orders: Mapping[UUID, Order]) -> bool:
    """What the facts, in order, do to a run. Whether they did anything."""
    now, changed = timezone.now(), False
    for fact in facts:
        names = _names(run, fact, orders)
        if fact.position <= run.seen_position or not names:
            continue
        if reason := _stops(run, names):
            run.state, run.reason, run.due_at, run.ended_at = RunState.STOPPED, reason, None, now
            run.waits_for = []
            return True
        if not run.woken_by and (by := next((name for name in names if name in run.waits_for), "")):
            run.woken_by, run.seen_position, run.due_at, changed = by, fact.position, now, True
    return changed


def _names(run: FlowRun, fact: RecordedFact, orders: Mapping[UUID, Order]) -> list[str]:
    """What a fact is called, seen from a run: of its own order by its type, of another one "ordered again"."""
    if fact.order_id == run.order_id:
        return [fact.type]
    order = orders.get(fact.order_id) if fact.order_id else None
    is_theirs = fact.type == "order.placed" and order is not None and run.customer_id == order.customer_id
    return [ORDERED_AGAIN] if is_theirs and run.customer_id else []


def _stops(run: FlowRun, names: Sequence[str]) -> str:
    if "order.cancelled" in names and run.fact_type != "order.cancelled":
        return "order_cancelled"
    return next((name for name in names if name in run.stops_on), "")


def finished(run: FlowRun) -> FlowFinished:
    """The fact that a run ended."""
    return FlowFinished(
        flow_id=run.flow_id,
        run_id=run.id,
        version=run.version.number,
        name=run.version.flow.name,
        reason=run.reason,
    )


def _start(
    merchant: Merchant, flows: Sequence[Live], facts: Sequence[RecordedFact], orders: Mapping[UUID, Order]
) -> list[FlowRun]:
    """The runs that these facts start, unsaved."""
    needs = conditions.needs([each for live in flows for each in live.definition.conditions])
    about = {order.id: order for fact in facts if (order := orders.get(fact.order_id))}  # type: ignore[arg-type]
    known = contexts(merchant, about.values(), needs) if about else {}
    now = timezone.now()
    runs = []
    for fact in facts:
        order = about.get(fact.order_id)  # type: ignore[arg-type]
        if order is None or now - fact.recorded_at > TOLD_WITHIN:
            continue
        parcel = getattr(fact.payload(), "shipment_id", None)
        for live in flows:
            meets = conditions.all_hold(live.definition.conditions, known[order.id].of_parcel(parcel))
            if fact.type in live.definition.trigger and meets and _is_wanted(order, fact):
                runs.append(_run(merchant, live, fact, order, parcel))
    return runs


def _save(runs: Sequence[FlowRun]) -> None:
    """Save those that are new: one an order or customer, whatever bounces."""
    if not runs:
        return
    FlowRun.objects.bulk_create(runs, ignore_conflicts=True)
    ids = set(FlowRun.objects.filter(pk__in=[run.pk for run in runs]).values_list("pk", flat=True))
    new = [run for run in runs if run.pk in ids]
    event_log.record_many((started(run), run.order_id) for run in new)
    event_log.record_many((finished(run), run.order_id) for run in new if run.state == RunState.STOPPED)
    due.ring_when_committed(STEP)


def started(run: FlowRun) -> FlowStarted:
    """The fact that a run began."""
    return FlowStarted(
        flow_id=run.flow_id, run_id=run.id, version=run.version.number, name=run.version.flow.name
    )


def _is_wanted(order: Order, fact: RecordedFact) -> bool:
    return order.status != OrderStatus.CANCELLED or fact.type == "order.cancelled"


def _run(
    merchant: Merchant, live: Live, fact: RecordedFact, order: Order, shipment_id: UUID | None
) -> FlowRun:
    per_customer = live.definition.once == "customer" and order.customer_id
    key = f"customer\n{order.customer_id}" if per_customer else f"order\n{order.id}"
    now = timezone.now()
    return FlowRun(
        merchant=merchant, flow_id=live.version.flow_id, version=live.version, order=order,
        customer_id=order.customer_id, shipment_id=shipment_id, key=hashlib.sha256(key.encode()).digest(),
        step=definition.first(live.definition), stops_on=list(live.definition.stop_on),
        fact_position=fact.position, fact_type=fact.type, seen_position=fact.position,
        started_at=now, due_at=now,
    )  # fmt: skip

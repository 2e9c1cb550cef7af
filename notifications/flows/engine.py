"""Taking the steps of runs that are due: one step, one transaction, once.

What a step does (a message planned, a wait begun), its line in the run's log, and the run's move to the next step
commit together, under the run's claim. A worker that dies between two steps leaves the run at the second one; one that
was away longer than its lease finds that its claim does not hold, and changes nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.utils import timezone

from events import due
from events import log as event_log
from events.models import Fact
from events.outage import is_outage
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from notifications import clocks, conditions, planner, planning
from notifications.flows import definition
from notifications.flows.context import context_of_run
from notifications.flows.definition import (
    END,
    ORDERED_AGAIN,
    AnyStep,
    Branch,
    Definition,
    Send,
    Split,
    Until,
    Wait,
)
from notifications.flows.models import FlowRun, FlowStep, RunState
from notifications.flows.reader import finished
from notifications.push.queries import hosts_by_order
from notifications.touchpoints import TOUCHPOINTS
from orders.models import OrderStatus

log = structlog.get_logger(__name__)

BATCH: Final = 20
LEASE: Final = timedelta(seconds=45)
MOST_FAILURES: Final = 12


@dataclass(frozen=True)
class Outcome:
    """What came out of a step. until: when to go on (UTC), None for at once. waits_for: facts that end the wait."""

    code: str
    goes_to: str
    until: datetime | None = None
    waits_for: tuple[str, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)


def step_due() -> int:
    """Take the steps of one batch of runs that are due. Returns how many runs were claimed."""
    runs = due.claim(FlowRun, limit=BATCH, lease=LEASE, related=("version__flow",))
    for run in runs:
        with merchant_scope(run.merchant):
            try:
                while _step(run.merchant, run):
                    pass
            except Exception as error:  # One run's fault must not cost the others of the batch.
                if is_outage(error):
                    raise
                log.exception("flow_step_failed", run_id=str(run.id), step=run.step)
                _postpone(run)
    return len(runs)


def _step(merchant: Merchant, run: FlowRun) -> bool:
    """Take the next step of a claimed run. Whether another one follows at once."""
    with merchant_transaction(merchant):
        row = due.held(run).select_for_update(of=("self",)).select_related("order", "version__flow").first()
        if row is None or row.state != RunState.RUNNING:
            return False
        row.merchant = merchant
        if row.order.status == OrderStatus.CANCELLED and row.fact_type != "order.cancelled":
            _end(row, RunState.STOPPED, "order_cancelled")
            return False
        asked = definition.read(row.version.definition)
        step = definition.find(asked, row.step)
        if step is None:
            _end(row, RunState.FINISHED)
            return False
        outcome = _take(merchant, row, asked, step)
        _note(row, step, outcome)
        return _move(row, step, outcome)


def _take(merchant: Merchant, run: FlowRun, asked: Definition, step: AnyStep) -> Outcome:
    on = definition.following(asked, step.id)
    if isinstance(step, Wait):
        zone = clocks.zone_of(merchant, run.order.country, run.order.postcode)
        until = clocks.moment(timezone.now(), step.length, step.at, zone)
        return Outcome("waits", on, until, detail={"until": until.isoformat(), "zone": str(zone)})
    if isinstance(step, Until):
        return _until(run, step, on)
    if isinstance(step, Branch):
        found = conditions.explain(step.conditions, context_of_run(merchant, run, step.conditions))
        holds = all(each.holds for each in found)
        detail = {"conditions": [each.as_json() for each in found]}
        return Outcome("yes" if holds else "no", on if holds else step.otherwise, detail=detail)
    if isinstance(step, Split):
        goes_on = definition.goes_on(step, run.flow_id, run.customer_id or run.order_id)
        return Outcome("yes" if goes_on else "no", on if goes_on else step.otherwise)
    if isinstance(step, Send):
        return _send(merchant, run, step, on)
    return Outcome("ends", END)


def _until(run: FlowRun, step: Until, on: str) -> Outcome:
    """Begin to wait, or end the wait: by a fact, by one that had come before it began, or because the time is up."""
    if run.woken_by:
        return Outcome("happened", on, detail={"fact": run.woken_by})
    if run.waits_for:
        return Outcome("timed_out", step.timed_out or on)
    if before := _since(run, step.facts):
        return Outcome("happened", on, detail={"fact": before})
    until = timezone.now() + step.length
    return Outcome(
        "waits", step.id, until, step.facts, {"until": until.isoformat(), "facts": list(step.facts)}
    )


def _since(run: FlowRun, facts: tuple[str, ...]) -> str:
    """The first of these facts that came since the run last went on by one. The run's row is locked: none slips by."""
    rows = Fact.objects.filter(position__gt=run.seen_position)
    own = rows.filter(order_id=run.order_id, type__in=facts).order_by("position").first()
    if own is None and ORDERED_AGAIN in facts and run.customer_id:
        others = type(run.order).objects.filter(customer_id=run.customer_id).exclude(pk=run.order_id)
        again = (
            rows.filter(type="order.placed", order_id__in=others.values("pk")).order_by("position").first()
        )
        if again is not None:
            run.seen_position = again.position
            return ORDERED_AGAIN
    if own is None:
        return ""
    run.seen_position = own.position
    return own.type


def _send(merchant: Merchant, run: FlowRun, step: Send, on: str) -> Outcome:
    """Plan the message. Whether it goes out is decided as for every message, when it does."""
    touchpoint = TOUCHPOINTS[step.touchpoint]
    about_parcel = any(each.startswith("shipment.") for each in touchpoint.facts)
    messages = planner.plan_step(
        merchant, run.order, touchpoint, step.channels, step.reach,
        moment=f"flow:{run.id}:{step.id}", shipment_id=run.shipment_id if about_parcel else None,
        plan={"flow": str(run.flow_id), "run": str(run.id), "step": step.id, "version": run.version.number},
        has_device=bool(hosts_by_order(merchant, [run.order_id])),
    )  # fmt: skip
    for message in messages:
        message.fact_position, message.fact_type = run.fact_position, run.fact_type
    planning.store(messages)
    return Outcome("planned", on, detail={"messages": [str(message.id) for message in messages]})


def _note(run: FlowRun, step: AnyStep, outcome: Outcome) -> None:
    run.steps_taken += 1
    FlowStep.objects.create(
        merchant=run.merchant, run=run, number=run.steps_taken, step=step.id, kind=definition.kind_of(step),
        outcome=outcome.code, goes_to=outcome.goes_to, detail=outcome.detail, taken_at=timezone.now(),
    )  # fmt: skip


def _move(run: FlowRun, step: AnyStep, outcome: Outcome) -> bool:
    """Put the run where the step sends it. Whether it goes on at once."""
    if outcome.goes_to == END and outcome.until is None:
        _end(run, RunState.FINISHED)
        return False
    columns = {
        "step": outcome.goes_to, "waits_for": list(outcome.waits_for), "woken_by": "",
        "seen_position": run.seen_position, "steps_taken": run.steps_taken,
    }  # fmt: skip
    if outcome.until is not None:  # The claim ends with the wait; what failed before counts no more.
        columns |= {"due_at": outcome.until, "attempts": 0}
    due.held(run).update(**columns)
    return outcome.until is None


def _end(run: FlowRun, state: RunState, reason: str = "") -> None:
    run.state, run.reason = state, reason
    due.held(run).update(
        state=state, reason=reason, due_at=None, ended_at=timezone.now(), steps_taken=run.steps_taken,
        waits_for=[], woken_by="", step=END if state == RunState.FINISHED else run.step,
    )  # fmt: skip
    event_log.record(finished(run), order_id=run.order_id)


def _postpone(run: FlowRun) -> None:
    """Try the step again later; give up after about a day, so that a fault of ours is seen."""
    if run.attempts >= MOST_FAILURES:
        with merchant_transaction(run.merchant):
            _end(run, RunState.STOPPED, "internal_error")
        return
    due.held(run).update(due_at=due.backoff(run.attempts))

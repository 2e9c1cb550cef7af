"""What people do with flows: save a version, switch on or off, delete, stop a run."""

from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone
from msgspec import structs

from events import log as event_log
from merchants.audit import current_actor, record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_transaction
from notifications.flows import definition as definitions
from notifications.flows.definition import Definition
from notifications.flows.models import Flow, FlowRun, FlowVersion, RunState
from notifications.flows.reader import finished
from notifications.flows.templates import TEMPLATES

MOST_FLOWS = 100
LONGEST_NAME = 120


def create(merchant: Merchant, name: str, asked: Definition, *, template: str = "") -> Flow:
    """A new flow, switched off. Raises Unprocessable as `save` does, and for a hundred flows."""
    _check(name, asked)
    now = timezone.now()
    with merchant_transaction(merchant):
        if Flow.objects.filter(deleted_at__isnull=True).count() >= MOST_FLOWS:
            raise Unprocessable(
                f"A shop has at most {MOST_FLOWS} flows.", param="name", code="too_many_flows"
            )
        flow = Flow.objects.create(
            merchant=merchant, name=name.strip(), number=1, template=template, created_at=now
        )
        _add_version(flow, asked, 1)
        record_change("flow.created", subject=public_id("flow", flow.id), label=flow.name)
    return flow


def create_from_template(merchant: Merchant, key: str, name: str) -> Flow:
    """A new flow, switched off, with a template's steps. Raises NotFound."""
    if key not in TEMPLATES:
        raise NotFound("There is no such template.", param="template")
    asked = TEMPLATES[key].definition
    known = definitions.waitable()
    asked = structs.replace(asked, stop_on=tuple(each for each in asked.stop_on if each in known))
    return create(merchant, name, asked, template=key)


def save(merchant: Merchant, flow_id: UUID, name: str, asked: Definition, *, based_on: int) -> Flow:
    """Save a flow: a new version when its steps differ. Runs under way finish on theirs.

    Raises NotFound, Unprocessable for what `definition.faults` finds, Conflict when somebody else saved meanwhile.
    """
    _check(name, asked)
    with merchant_transaction(merchant):
        flow = _locked(flow_id)
        if flow.number != based_on:
            raise _changed()
        before = FlowVersion.objects.get(flow=flow, number=flow.number)
        plain = definitions.write(asked)
        changes: dict[str, list[object]] = {}
        if name.strip() != flow.name:
            changes["name"] = [flow.name, name.strip()]
        if plain != before.definition:
            changes["version"] = [flow.number, flow.number + 1]
            _add_version(flow, asked, flow.number + 1)
            flow.number += 1
        if changes:
            flow.name = name.strip()
            flow.save(update_fields=["name", "number"])
            record_change("flow.changed", public_id("flow", flow.id), flow.name, changes)
    return flow


def switch(merchant: Merchant, flow_id: UUID, is_on: bool) -> Flow:
    """Let a flow start runs, or not any more. Runs under way finish. Raises NotFound, and Unprocessable for a version
    that names what is not there any more."""
    with merchant_transaction(merchant):
        flow = _locked(flow_id)
        if is_on:
            _check(
                flow.name, definitions.read(FlowVersion.objects.get(flow=flow, number=flow.number).definition)
            )
        if flow.is_on != is_on:
            flow.is_on = is_on
            flow.save(update_fields=["is_on"])
            record_change(
                "flow.changed", public_id("flow", flow.id), flow.name, {"is_on": [not is_on, is_on]}
            )
    return flow


def delete(merchant: Merchant, flow_id: UUID, *, stop_runs: bool = False) -> int:
    """Delete a flow; what its runs did stays to be read. Returns how many runs were stopped.

    Raises NotFound, and Conflict `flow_in_use` while runs are under way, unless they are to be stopped.
    """
    with merchant_transaction(merchant):
        flow = _locked(flow_id)
        runs = list(
            FlowRun.objects.filter(flow=flow, state=RunState.RUNNING)
            .select_for_update(of=("self",))
            .select_related("version__flow")
        )
        if runs and not stop_runs:
            raise Conflict(
                f"{len(runs)} runs are under way: stop them, or switch the flow off and wait.",
                code="flow_in_use",
            )
        flow.is_on, flow.deleted_at = False, timezone.now()
        flow.save(update_fields=["is_on", "deleted_at"])
        _stop(runs, "flow_deleted")
        record_change("flow.deleted", public_id("flow", flow.id), flow.name)
    return len(runs)


def stop_run(merchant: Merchant, run_id: UUID) -> FlowRun:
    """Stop one run. Messages that it planned go on by themselves. Raises NotFound, Conflict for one that has ended."""
    with merchant_transaction(merchant):
        run = (
            FlowRun.objects.filter(pk=run_id)
            .select_for_update(of=("self",))
            .select_related("version__flow")
            .first()
        )
        if run is None:
            raise NotFound("There is no such run.", param="run_id")
        if run.state != RunState.RUNNING:
            raise Conflict("This run has ended.", code="run_ended")
        _stop([run], "stopped_by_team")
        record_change("flow.run_stopped", public_id("run", run.id), run.version.flow.name)
    return run


def _stop(runs: list[FlowRun], reason: str) -> None:
    for run in runs:
        run.state, run.reason, run.due_at, run.ended_at = RunState.STOPPED, reason, None, timezone.now()
    FlowRun.objects.bulk_update(runs, ["state", "reason", "due_at", "ended_at"], batch_size=500)
    event_log.record_many((finished(run), run.order_id) for run in runs)


def _check(name: str, asked: Definition) -> None:
    if not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
        raise Unprocessable("A flow needs a name.", param="name", code="invalid_field")
    if found := definitions.faults(asked):
        worst = found[0]
        param = f"steps.{worst.step}.{worst.field}" if worst.step else worst.field
        raise Unprocessable(f"This flow cannot be: {worst.code}.", param=param, code="invalid_flow")


def _locked(flow_id: UUID) -> Flow:
    flow: Flow | None = (
        Flow.objects.filter(pk=flow_id, deleted_at__isnull=True).select_for_update(of=("self",)).first()
    )
    if flow is None:
        raise NotFound("There is no such flow.", param="flow_id")
    return flow


def _changed() -> Conflict:
    return Conflict("Somebody else saved this flow meanwhile.", param="based_on", code="flow_changed")


def _add_version(flow: Flow, asked: Definition, number: int) -> None:
    try:
        FlowVersion.objects.create(
            merchant=flow.merchant, flow=flow, number=number, definition=definitions.write(asked),
            saved_at=timezone.now(), saved_by=current_actor().name[:254],
        )  # fmt: skip
    except IntegrityError as error:
        raise _changed() from error

"""REST: flows and their runs, to read."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.ids import parse_public_id, public_id
from merchants.rest.errors import InvalidParameter, NotFound
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from notifications.flows.models import Flow, FlowRun, FlowStep, FlowVersion, RunState

_SCOPES = {"GET": "messages:read"}


class FlowOut(msgspec.Struct, kw_only=True):
    """A flow. `version`: the number of the one that new runs go through."""

    id: str
    name: str
    is_on: bool
    version: int
    created_at: datetime


class FullFlowOut(FlowOut, kw_only=True):
    """A flow with its definition: what starts it, and its steps from top to bottom."""

    definition: dict[str, Any]


class FlowRunOut(msgspec.Struct, kw_only=True):
    """One order's way through a flow: running → finished or stopped.

    `reason` says what stopped it: `order_cancelled`, `stopped_by_team`, `flow_deleted`, `internal_error`, or the fact.
    `step`: the one that comes next, or is waited in. `waits_for`: the facts that end the wait; `continues_at`: when it
    goes on at the latest.
    """

    id: str
    flow_id: str
    version: int
    order_id: str
    state: str
    reason: str
    step: str
    waits_for: list[str]
    steps_taken: int
    started_by: str
    started_at: datetime
    continues_at: datetime | None
    ended_at: datetime | None


class FlowStepOut(msgspec.Struct, kw_only=True):
    """A step that a run took. `detail`: its conditions with what was found, its messages, until when it waits."""

    number: int
    step: str
    kind: str
    outcome: str
    goes_to: str
    detail: dict[str, Any]
    taken_at: datetime


class FullFlowRunOut(FlowRunOut, kw_only=True):
    """A run with every step that it took, first one first."""

    steps: list[FlowStepOut]


def _flow(flow: Flow) -> dict[str, Any]:
    return {
        "id": public_id("flow", flow.id), "name": flow.name, "is_on": flow.is_on, "version": flow.number,
        "created_at": flow.created_at,
    }  # fmt: skip


def _run(run: FlowRun) -> dict[str, Any]:
    return {
        "id": public_id("run", run.id), "flow_id": public_id("flow", run.flow_id), "version": run.version.number,
        "order_id": public_id("ord", run.order_id), "state": run.state, "reason": run.reason, "step": run.step,
        "waits_for": run.waits_for, "steps_taken": run.steps_taken, "started_by": run.fact_type,
        "started_at": run.started_at, "continues_at": run.due_at, "ended_at": run.ended_at,
    }  # fmt: skip


def _get_flow(flow_id: str) -> Flow:
    found: Flow | None = Flow.objects.filter(
        pk=parse_public_id("flow", flow_id), deleted_at__isnull=True
    ).first()
    if found is None:
        raise NotFound("There is no such flow.", param="flow_id")
    return found


class Flows(ApiView):
    """The merchant's flows."""

    scopes = _SCOPES

    @extend_schema(operation_id="flows_list", parameters=[*PAGING], responses={200: Page[FlowOut]})
    def get(self, request: HttpRequest) -> HttpResponse:
        """List flows, newest first."""
        rows = Flow.objects.filter(deleted_at__isnull=True)
        return self.show(newest_first(rows, request.GET, lambda flow: FlowOut(**_flow(flow))))


class OneFlow(ApiView):
    """One flow."""

    scopes = _SCOPES

    @extend_schema(operation_id="flows_read", responses={200: FullFlowOut})
    def get(self, request: HttpRequest, flow_id: str) -> HttpResponse:
        """Read a flow with its steps."""
        flow = _get_flow(flow_id)
        version = FlowVersion.objects.get(flow=flow, number=flow.number)
        return self.show(FullFlowOut(**_flow(flow), definition=version.definition))


class FlowRuns(ApiView):
    """What runs of a flow there are."""

    scopes = _SCOPES

    @extend_schema(
        operation_id="flow_runs_list",
        parameters=[query("state", "Where they stand.", values=RunState.values), *PAGING],
        responses={200: Page[FlowRunOut]},
    )
    def get(self, request: HttpRequest, flow_id: str) -> HttpResponse:
        """List runs of a flow, newest first. `?state=` narrows them."""
        rows = FlowRun.objects.filter(flow=_get_flow(flow_id)).select_related("version")
        if state := request.GET.get("state"):
            if state not in RunState.values:
                raise InvalidParameter(f"state is one of {', '.join(RunState.values)}.", param="state")
            rows = rows.filter(state=state)
        return self.show(
            newest_first(rows, request.GET, lambda run: FlowRunOut(**_run(run)), by="started_at")
        )


class OneFlowRun(ApiView):
    """One run."""

    scopes = _SCOPES

    @extend_schema(operation_id="flow_runs_read", responses={200: FullFlowRunOut})
    def get(self, request: HttpRequest, flow_id: str, run_id: str) -> HttpResponse:
        """Read a run: every step that it took, with the reason of each decision."""
        rows = FlowRun.objects.filter(flow=_get_flow(flow_id), pk=parse_public_id("run", run_id))
        run = rows.select_related("version").first()
        if run is None:
            raise NotFound("There is no such run.", param="run_id")
        steps = [
            FlowStepOut(
                number=row.number, step=row.step, kind=row.kind, outcome=row.outcome, goes_to=row.goes_to,
                detail=_detail(row), taken_at=row.taken_at,
            )
            for row in FlowStep.objects.filter(run=run).order_by("number")
        ]  # fmt: skip
        return self.show(FullFlowRunOut(**_run(run), steps=steps))


def _detail(row: FlowStep) -> dict[str, Any]:
    detail: dict[str, Any] = dict(row.detail)
    if ids := detail.pop("messages", None):
        detail["message_ids"] = [public_id("msg", UUID(each)) for each in ids]
    return detail

"""What runs of a flow did, step by step, each with its reason."""

from typing import Any

from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dashboard import listing, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.flows import sentences
from dashboard.flows.places import get_flow, url
from dashboard.messaging.sentences import fact, facts, names
from dashboard.settings_pages import settings_page
from dashboard.words import Label
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import Problem
from notifications.flows import commands
from notifications.flows import definition as flows
from notifications.flows.models import FlowRun, FlowStep, RunState
from notifications.models import Message
from notifications.reasons import sentence

STATES: dict[str, Label] = {
    RunState.RUNNING: Label(gettext_lazy("Under way"), "info"),
    RunState.FINISHED: Label(gettext_lazy("Finished"), "ok"),
    RunState.STOPPED: Label(gettext_lazy("Stopped")),
}


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def flow_runs(request: HttpRequest, seat: Seat, flow_id: str) -> HttpResponse:
    """Runs of a flow, newest first; `?state=` narrows them."""
    flow = get_flow(flow_id)
    rows = FlowRun.objects.filter(flow=flow).select_related("order", "version")
    state = request.GET.get("state", "")
    if state in RunState.values:
        rows = rows.filter(state=state)
    stretch = listing.newest(request, rows, by="started_at")
    context = {
        "flow": flow,
        "stretch": stretch,
        "rows": [
            {
                "run": run,
                "state": STATES[run.state],
                "url": url(seat, "flow_run", flow_id, public_id("run", run.id)),
                "reason": sentences.ended(run.reason) if run.reason else "",
            }
            for run in stretch.rows
        ],
        "states": [
            {"words": _("All"), "url": request.path, "current": not state},
            *(
                {"words": label.text, "url": f"?state={key}", "current": key == state}
                for key, label in STATES.items()
            ),
        ],
        "back_url": url(seat, "flow", flow_id),
    }
    if request.htmx and "more" in (request.htmx.target or ""):  # type: ignore[attr-defined]
        return render(request, "dashboard/flows/runs.html#rows", context)
    return settings_page(request, seat, "flows", "dashboard/flows/runs.html", context)


def _run(flow_id: str, run_id: str) -> FlowRun:
    rows = FlowRun.objects.select_related("order", "version__flow")
    found: FlowRun | None = rows.filter(
        pk=id_or_404("run", run_id), flow_id=id_or_404("flow", flow_id)
    ).first()
    if found is None:
        raise Http404
    return found


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def flow_run(request: HttpRequest, seat: Seat, flow_id: str, run_id: str) -> HttpResponse:
    """One run: what started it, every step with its reason, what it waits for, why it ended."""
    run = _run(flow_id, run_id)
    asked = flows.read(run.version.definition)
    called = names(sentences.conditions(asked))
    log = list(FlowStep.objects.filter(run=run).order_by("number"))
    ids = [each for row in log for each in row.detail.get("messages", ())]
    messages = {str(row.pk): row for row in Message.objects.filter(pk__in=ids).defer("html", "text")}
    context = {
        "run": run,
        "state": STATES[run.state],
        "started_by": fact(run.fact_type),
        "reason": sentences.ended(run.reason) if run.reason else "",
        "waits_for": facts(run.waits_for) if run.waits_for else "",
        "steps": [
            {**sentences.taken(row, asked, called), "messages": _messages(seat, row, messages)} for row in log
        ],
        "order_url": f"/app/{seat.merchant.slug}/orders/{public_id('ord', run.order_id)}/",
        "back_url": url(seat, "flow_runs", flow_id),
        "stop_url": url(seat, "flow_run_stop", flow_id, run_id) if run.state == RunState.RUNNING else "",
    }
    return settings_page(request, seat, "flows", "dashboard/flows/run.html", context)


def _messages(seat: Seat, row: FlowStep, messages: dict[str, Message]) -> list[dict[str, Any]]:
    return [
        {
            "words": f"{sentences.touchpoint(found.touchpoint)} · {words.CHANNELS.get(found.channel, found.channel)}",
            "state": words.label(words.MESSAGE_STATES, found.state),
            "reason": sentence(found.reason),
            "url": f"/app/{seat.merchant.slug}/messages/{public_id('msg', found.pk)}/",
        }
        for each in row.detail.get("messages", ())
        if (found := messages.get(each))
    ]


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def flow_run_stop(request: HttpRequest, seat: Seat, flow_id: str, run_id: str) -> HttpResponse:
    """Stop a run."""
    run = _run(flow_id, run_id)
    try:
        commands.stop_run(seat.merchant, run.id)
    except Problem as problem:
        toasts.error(request, problem.detail)
    else:
        toasts.success(request, _("Stopped."))
    return redirect(url(seat, "flow_run", flow_id, run_id))

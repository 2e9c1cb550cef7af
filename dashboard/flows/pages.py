"""The list of flows, and the page of one: a list of steps that can be read and changed, and its versions."""

from itertools import zip_longest
from typing import Any

from django.contrib import messages as toasts
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import words
from dashboard.access import Seat, merchant_view
from dashboard.flows import drafts, sentences
from dashboard.flows.places import get_flow, url
from dashboard.messaging import condition_rows
from dashboard.messaging.sentences import fact
from dashboard.messaging.sentences import names as all_names
from dashboard.settings_pages import settings_page
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import Conflict, Problem
from notifications.choices import TOOLS
from notifications.flows import commands
from notifications.flows import definition as flows
from notifications.flows.definition import END, Definition, Wait
from notifications.flows.models import Flow, FlowRun, FlowVersion, RunState
from notifications.flows.templates import TEMPLATES
from notifications.switches import triggers

_VERSIONS = 10
_BLANK = Definition(trigger=("shipment.delivered",), steps=(Wait(id="s1", days=1),))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def flow_list(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Every flow with how many are under way; POST makes one, from a template or blank."""
    if request.method == "POST":
        return _create(request, seat)
    rows = list(Flow.objects.filter(deleted_at__isnull=True).order_by("name", "id"))
    running = FlowRun.objects.filter(flow__in=rows, state=RunState.RUNNING).values("flow_id")
    under_way = {row["flow_id"]: row["count"] for row in running.annotate(count=Count("id"))}
    newest = FlowVersion.objects.filter(flow__in=rows).order_by("flow_id", "-number").distinct("flow_id")
    steps = {row.flow_id: flows.read(row.definition) for row in newest}
    context = {
        "rows": [
            {
                "flow": row,
                "under_way": under_way.get(row.id, 0),
                "url": url(seat, "flow", public_id("flow", row.id)),
                "starts": " / ".join(fact(kind) for kind in steps[row.id].trigger),
                "steps": len(steps[row.id].steps),
            }
            for row in rows
        ],
        "templates": [(key, template.name, template.lead) for key, template in TEMPLATES.items()],
    }
    return settings_page(request, seat, "flows", "dashboard/flows/list.html", context)


def _create(request: HttpRequest, seat: Seat) -> HttpResponse:
    key = request.POST.get("template", "")
    try:
        if key in TEMPLATES:
            flow = commands.create_from_template(seat.merchant, key, str(TEMPLATES[key].name))
        else:
            flow = commands.create(seat.merchant, _("New flow"), _BLANK)
    except Problem as problem:
        toasts.error(request, problem.detail)
        return redirect(url(seat, "flows"))
    toasts.success(request, _("Made, and switched off until you switch it on."))
    return redirect(url(seat, "flow", public_id("flow", flow.id)))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def flow(request: HttpRequest, seat: Seat, flow_id: str) -> HttpResponse:
    """One flow. Its buttons add, move and delete steps in the form; only "save" saves, as a new version."""
    found = get_flow(flow_id)
    called = all_names()
    if request.method != "POST":
        version = FlowVersion.objects.get(flow=found, number=found.number)
        draft = drafts.of(found.name, flows.read(version.definition), called)
        return _show(request, seat, found, draft, called, based_on=found.number)
    draft = drafts.posted(request.POST)
    based_on = _number(request.POST.get("based_on", ""))
    do = request.POST.get("do", "save")
    if do != "save":
        drafts.change(draft, do, request.POST.get("add_kind", ""))
        return _show(request, seat, found, draft, called, based_on=based_on, is_changed=True)
    asked = drafts.read(draft, called)
    if draft.is_wrong:
        return _show(request, seat, found, draft, called, based_on=based_on, asked=asked, status=422)
    try:
        commands.save(seat.merchant, found.id, draft.name, asked, based_on=based_on)
    except Conflict:
        draft.errors["flow"] = _(
            "Somebody else saved this flow meanwhile. Look at the versions below, then save again."
        )
        return _show(request, seat, found, draft, called, based_on=found.number, asked=asked, status=409)
    except Problem as problem:
        draft.errors["flow"] = problem.detail
        return _show(request, seat, found, draft, called, based_on=based_on, asked=asked, status=422)
    toasts.success(request, _("Saved. What is under way finishes as it began."))
    return redirect(url(seat, "flow", flow_id))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _show(
    request: HttpRequest, seat: Seat, found: Flow, draft: drafts.Draft, called: Any,
    *, based_on: int, asked: Definition | None = None, is_changed: bool = False, status: int = 200,
) -> HttpResponse:  # fmt: skip
    flow_id = public_id("flow", found.id)
    asked = asked or _said(draft, called)
    facts = sorted(((kind, fact(kind)) for kind in triggers()), key=lambda each: each[1])
    waitable = [(flows.ORDERED_AGAIN, fact(flows.ORDERED_AGAIN)), *facts]
    context = {
        "flow": found,
        "draft": draft,
        "based_on": based_on,
        "is_changed": is_changed,
        "facts": facts,
        "waitable": waitable,
        "conditions": condition_rows.shown("flow", draft.conditions, called),
        "steps": _steps(draft, asked, called),
        "kinds": list(sentences.KINDS.items()),
        "sendable": [(key, sentences.touchpoint(key)) for key in flows.sendable()],
        "channels": [
            pair
            for pair in words.CHANNELS.items()
            if pair[0] not in TOOLS or pair[0] in seat.merchant.marketing_tools
        ],
        "under_way": FlowRun.objects.filter(flow=found, state=RunState.RUNNING).count(),
        "versions": _versions(found, called),
        "urls": {
            name: url(seat, name, flow_id) for name in ("flow", "flow_switch", "flow_delete", "flow_runs")
        },
        "list_url": url(seat, "flows"),
    }
    return settings_page(request, seat, "flows", "dashboard/flows/flow.html", context, status=status)


def _said(draft: drafts.Draft, called: Any) -> Definition:
    """What a draft says so far, for its sentences; what is wrong is not told before somebody saves."""
    asked = drafts.read(draft, called)
    draft.errors.clear()
    for each in draft.steps:
        each.errors.clear()
    return asked


def _steps(draft: drafts.Draft, asked: Definition, called: Any) -> list[dict[str, Any]]:
    said = {each.id: sentences.step(each, asked, called) for each in asked.steps}
    places = [(each.id, _("step %(n)d") % {"n": n}) for n, each in enumerate(draft.steps, 1)]
    return [
        {
            "draft": each,
            "words": said.get(each.id, ""),
            "kind": sentences.KINDS.get(each.kind, each.kind),
            "below": [*places[n:], (END, _("the end"))],
            "conditions": condition_rows.shown(each.id, each.conditions, called, of_run=True),
            "channels": [each.channels[place] if place < len(each.channels) else "" for place in range(3)],
            "is_wrong": bool(each.errors or any(row.error for row in each.conditions)),
        }
        for n, each in enumerate(draft.steps, 1)
    ]


def _versions(found: Flow, called: Any) -> list[dict[str, Any]]:
    rows = list(FlowVersion.objects.filter(flow=found).order_by("-number")[: _VERSIONS + 1])
    lines = [sentences.lines(flows.read(row.definition), called) for row in rows]
    return [
        {
            "row": row,
            "is_current": row.number == found.number,
            "lines": sentences.difference(before or [], after),
        }
        for row, after, before in zip_longest(rows, lines, lines[1:])
    ][:_VERSIONS]


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def flow_switch(request: HttpRequest, seat: Seat, flow_id: str) -> HttpResponse:
    """On (`on=1`) or off."""
    found = get_flow(flow_id)
    is_on = request.POST.get("on") == "1"
    try:
        commands.switch(seat.merchant, found.id, is_on)
    except Problem as problem:
        toasts.error(request, problem.detail)
    else:
        toasts.success(request, _("Switched on.") if is_on else _("Switched off. What is under way goes on."))
    return redirect(url(seat, "flow", flow_id))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def flow_delete(request: HttpRequest, seat: Seat, flow_id: str) -> HttpResponse:
    """Asks first, and says how many runs it ends."""
    found = get_flow(flow_id)
    if request.method == "POST":
        commands.delete(seat.merchant, found.id, stop_runs=True)
        toasts.success(request, _("Deleted."))
        return redirect(url(seat, "flows"))
    count = FlowRun.objects.filter(flow=found, state=RunState.RUNNING).count()
    context = {
        "title": _("Delete %(name)s?") % {"name": found.name},
        "text": _(
            "Runs that are under way and end with it: %(n)d. To let them finish, switch the flow off instead."
        )
        % {"n": count},
        "button": _("Delete"),
        "keep": _("Keep it"),
        "back": url(seat, "flow", flow_id),
    }
    return settings_page(request, seat, "flows", "dashboard/confirm.html", context)

"""A dry run: what a message, or a change to it, would have done in the last days."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import charts, formats, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.charts import Bar
from dashboard.settings_pages import settings_page
from merchants.ids import public_id
from merchants.permissions import Permission
from merchants.rest.errors import Unprocessable
from notifications.dry_run import jobs
from notifications.dry_run.models import DryRun
from notifications.reasons import sentence
from notifications.switches import all_switches, facts_of

PERIODS = (30, 90, 180, 365)
_DELAYS: tuple[tuple[str, Promise], ...] = (
    ("", _("As it is now")),
    ("0m", _("At once")),
    ("1h", _("1 hour later")),
    ("1d", _("1 day later")),
    ("3d", _("3 days later")),
    ("7d", _("7 days later")),
    ("14d", _("14 days later")),
    ("30d", _("30 days later")),
)
_ERRORS: dict[str, Promise] = {
    "not_runnable": _("No fact sets this message off any more."),
    "too_long": _("There is too much in these days for this page. Choose fewer, or use the command."),
    "internal_error": _("Something went wrong. It stands in the installation's log."),
}
_PROBLEMS: dict[str, Promise] = {
    "not_runnable": _(
        "A person, a flow or its own clock sends this message: there is nothing to run it over."
    ),
    "invalid_change": _("With this change it cannot go out."),
}
_LISTED_DAYS = 60


class DryRunForm(forms.Form):
    """Which message, over how many days, and what is to be different."""

    touchpoint = forms.ChoiceField(label=_("Message"))
    days = forms.TypedChoiceField(label=_("Over the last days"), coerce=int)
    delay = forms.ChoiceField(label=_("When it goes out"), choices=_DELAYS, required=False)

    def __init__(self, *args: Any, kinds: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["touchpoint"].choices = kinds  # type: ignore[attr-defined]
        self.fields["days"].choices = [(days, formats.number(days)) for days in PERIODS]  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def dry_runs(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Ask for one; the last ones below. `?touchpoint=` chooses the message."""
    kinds = [
        (key, words.TOUCHPOINTS.get(key, key))
        for key, switch in all_switches().items()
        if facts_of(key, switch)
    ]
    first = {"touchpoint": request.GET.get("touchpoint", ""), "days": PERIODS[0]}
    form = DryRunForm(request.POST or None, kinds=kinds, initial=first)
    if request.method == "POST" and form.is_valid():
        asked = {"delay": form.cleaned_data["delay"]} if form.cleaned_data["delay"] else {}
        try:
            row = jobs.ask(seat.merchant, form.cleaned_data["touchpoint"], form.cleaned_data["days"], asked)
        except Unprocessable as problem:
            form.add_error(None, str(_PROBLEMS.get(problem.code, problem.detail)))
        else:
            return redirect("dashboard:dry_run", seat.merchant.slug, public_id("dry", row.pk))
    context = {
        "form": form,
        "rows": [_line(row) for row in DryRun.objects.order_by("-created_at")[: jobs.KEPT]],
    }
    status = 422 if form.is_bound else 200
    return settings_page(
        request, seat, "messages", "dashboard/settings/dry_runs.html", context, status=status
    )


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def dry_run(request: HttpRequest, seat: Seat, dry_run_id: str) -> HttpResponse:
    """How far it is, or what it found."""
    row = jobs.get(id_or_404("dry", dry_run_id))
    if row is None:
        raise Http404
    context = {"run": row, "run_id": dry_run_id, **_line(row), **(_found(row.result) if row.result else {})}
    if request.headers.get("HX-Request") and not row.finished_at:
        return render(request, "dashboard/settings/dry_run.html#progress", {"seat": seat, **context})
    return settings_page(request, seat, "messages", "dashboard/settings/dry_run.html", context)


def _line(row: DryRun) -> dict[str, Any]:
    return {
        "id": public_id("dry", row.pk),
        "name": words.TOUCHPOINTS.get(row.touchpoint, row.touchpoint),
        "days": row.days,
        "change": dict(_DELAYS).get(row.asked.get("delay", "")) if row.asked.get("delay") else "",
        "at": row.created_at,
        "is_done": row.finished_at is not None,
        "error": _ERRORS.get(row.error, row.error),
        "would_send": formats.number(row.result["would_send"]) if row.result else "",
    }


def _found(result: dict[str, Any]) -> dict[str, Any]:
    was = result["was"]
    happened = [each for each in result["by_day"] if any(each[name] for name in _COUNTS)]
    return {
        "would_send": formats.number(result["would_send"]),
        "would_skip": formats.number(result["would_skip"]),
        "was_sent": formats.number(was.get("sent", 0)),
        "history": formats.number(result["from_imported_history"]) if result["from_imported_history"] else "",
        "channels": [(words.CHANNELS.get(key, key), formats.number(n)) for key, n in result["by_channel"].items()],
        "skipped": [(sentence(each["reason"]), formats.number(each["number"])) for each in result["skipped"]],
        "was_not": [(_became(key), formats.number(n)) for key, n in was.items() if key != "sent"],
        "chart": _chart(result["by_day"]),
        "newest": [{**each, "when": parse_datetime(each["at"]), "why": sentence(each["reason"])}
                   for each in result["newest"]],
        "table": [_day(each) for each in happened[-_LISTED_DAYS:][::-1]],
    }  # fmt: skip


def _became(state_or_reason: str) -> str:
    """What became of a message, in words."""
    label = words.MESSAGE_STATES.get(state_or_reason)
    return str(label.text) if label else sentence(state_or_reason)


_COUNTS = ("would_send", "would_skip", "sent", "not_sent")


def _day(line: dict[str, Any]) -> dict[str, Any]:
    return {"day": parse_date(line["day"]), **{name: formats.number(line[name]) for name in _COUNTS}}


def _chart(days: list[dict[str, Any]]) -> Any:
    bars = []
    for line in days:
        day = parse_date(line["day"])
        assert day is not None
        label = formats.short_day(day)
        parts = (line["would_send"], line["would_skip"])
        counts = {"day": label, "sent": parts[0], "skipped": parts[1]}
        told = _("%(day)s: %(sent)s would be sent, %(skipped)s not") % counts if sum(parts) else ""
        bars.append(Bar(label, told if len(days) <= 92 else "", parts))
    return charts.stacked_bars(
        bars, ("is-ok", "is-warn"), str(_("Messages by day: would be sent, would not"))
    )

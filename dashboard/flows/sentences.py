"""Flows in sentences: each step, what stands around them, what a run did, what differs between two versions."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard import words
from dashboard.messaging import sentences
from dashboard.messaging.sentences import Names
from notifications.conditions import Condition, Op
from notifications.flows.definition import END, AnyStep, Branch, Definition, Send, Split, Until, Wait
from notifications.flows.models import FlowStep

KINDS: dict[str, Promise] = {
    "wait": gettext_lazy("Wait"), "until": gettext_lazy("Wait until"), "branch": gettext_lazy("Branch"),
    "split": gettext_lazy("Split"), "send": gettext_lazy("Send"), "stop": gettext_lazy("Stop"),
}  # fmt: skip
OUTCOMES: dict[str, Promise] = {
    "waits": gettext_lazy("It waits."), "happened": gettext_lazy("It happened."),
    "timed_out": gettext_lazy("The time was up."), "yes": gettext_lazy("Yes: it goes on."),
    "no": gettext_lazy("No: it goes elsewhere."), "planned": gettext_lazy("The message was planned."),
    "ends": gettext_lazy("It ends here."),
}  # fmt: skip
ENDED: dict[str, Promise] = {
    "order_cancelled": gettext_lazy("The order was cancelled."),
    "flow_deleted": gettext_lazy("The flow was deleted."),
    "stopped_by_team": gettext_lazy("Somebody of the team stopped it."),
    "internal_error": gettext_lazy("Something went wrong on our side, however often we tried."),
}


def touchpoint(key: str) -> str:
    """A message by its name."""
    return str(words.TOUCHPOINTS.get(key, key))


def place(definition: Definition, step_id: str) -> str:
    """Where a step goes: "step 4", "the end"."""
    ids = [step.id for step in definition.steps]
    return _("step %(n)d") % {"n": ids.index(step_id) + 1} if step_id in ids else _("the end")


def step(asked: AnyStep, definition: Definition, called: Names) -> str:
    """One step: "Wait 3 days, until 10:00 of the shopper's day"."""
    if isinstance(asked, Wait):
        return _wait(asked)
    if isinstance(asked, Until):
        said = _("Wait until: %(facts)s; at most %(span)s") % {
            "facts": sentences.facts(asked.facts), "span": sentences.length(asked.length),
        }  # fmt: skip
        return said + _elsewhere(_("When the time is up: %(place)s"), asked.timed_out, definition)
    if isinstance(asked, Branch):
        only = "; ".join(sentences.condition(each, called) for each in asked.conditions)
        return _("If %(conditions)s") % {"conditions": only} + _otherwise(asked.otherwise, definition)
    if isinstance(asked, Split):
        return _("%(n)d in a hundred go on") % {"n": asked.percent} + _otherwise(asked.otherwise, definition)
    if isinstance(asked, Send):
        said = _("Send: %(message)s") % {"message": touchpoint(asked.touchpoint)}
        return f"{said} ({sentences.channels(asked.channels, asked.reach)})" if asked.channels else said
    return _("Stop here")


def _wait(asked: Wait) -> str:
    clock = asked.at.strftime("%H:%M") if asked.at else ""
    span = sentences.length(asked.length)
    if clock and span:
        return _("Wait %(span)s, until %(clock)s of the shopper’s day") % {"span": span, "clock": clock}
    return (
        _("Wait until %(clock)s of the shopper’s day") % {"clock": clock}
        if clock
        else _("Wait %(span)s") % {"span": span}
    )


def _otherwise(target: str, definition: Definition) -> str:
    return _elsewhere(_("Otherwise: %(place)s"), target, definition)


def _elsewhere(text: str, target: str, definition: Definition) -> str:
    return ". " + text % {"place": place(definition, target)} if target else ""


def lines(definition: Definition, called: Names) -> list[str]:
    """A whole flow, a line each."""
    once = _("Once a customer") if definition.once == "customer" else _("Once an order")
    found = [_("Starts with: %(facts)s") % {"facts": sentences.facts(definition.trigger)}, once]
    found += [sentences.condition(each, called) for each in definition.conditions]
    if definition.stop_on:
        found.append(_("Stops with: %(facts)s") % {"facts": sentences.facts(definition.stop_on)})
    return found + [f"{n}. {step(each, definition, called)}" for n, each in enumerate(definition.steps, 1)]


def difference(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str]]:
    """Two versions line by line: ("same" | "gone" | "new", line)."""
    return list(_difference(before, after))


def _difference(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    matcher = SequenceMatcher(a=list(before), b=list(after), autojunk=False)
    for what, first, last, start, end in matcher.get_opcodes():
        if what == "equal":
            yield from (("same", line) for line in before[first:last])
        else:
            yield from (("gone", line) for line in before[first:last])
            yield from (("new", line) for line in after[start:end])


def conditions(definition: Definition) -> list[Condition]:
    """Every condition of a flow."""
    own = [each for asked in definition.steps if isinstance(asked, Branch) for each in asked.conditions]
    return [*definition.conditions, *own]


def ended(reason: str) -> str:
    """Why a run was stopped."""
    return str(ENDED[reason]) if reason in ENDED else sentences.fact(reason)


def taken(row: FlowStep, definition: Definition, called: Names) -> dict[str, Any]:
    """What a run did in a step, and why."""
    asked = next((each for each in definition.steps if each.id == row.step), None)
    found = []
    for each in row.detail.get("conditions", ()):
        condition = Condition(each["field"], Op(each["op"]), tuple(each["values"]))
        found.append(
            {
                "holds": each["holds"],
                "words": sentences.condition(condition, called),
                "found": sentences.found(each["field"], each["found"], called),
            }
        )
    return {
        "row": row,
        "words": step(asked, definition, called) if asked else row.step,
        "outcome": OUTCOMES.get(row.outcome, row.outcome),
        "fact": sentences.fact(row.detail["fact"]) if row.detail.get("fact") else "",
        "conditions": found,
        "goes_to": _("the end") if row.goes_to == END else place(definition, row.goes_to),
    }

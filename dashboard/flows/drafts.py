"""A flow while it is written: what stands in the form, as typed, to a definition and back.

Nothing is kept on the way: the form carries the whole flow, and only "save" saves. So steps can be added, moved and
deleted without JavaScript, and what was typed wrongly stays where it was typed.
"""

import re
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboard.messaging import condition_rows
from dashboard.messaging.condition_rows import Row
from dashboard.messaging.sentences import Names
from notifications.choices import Reach
from notifications.flows import definition as flows
from notifications.flows.definition import (
    END,
    AnyStep,
    Branch,
    Definition,
    Send,
    Split,
    Stop,
    Until,
    Wait,
)

_ID = re.compile(r"[a-z0-9_]{1,40}")
_CHANNELS = 3
FAULTS: dict[str, Promise] = {
    "no_trigger": _("Choose what starts it."), "unknown_fact": _("This cannot be waited for."),
    "no_facts": _("Choose what is waited for."), "no_steps": _("A flow needs at least one step."),
    "too_many_steps": _("At most 40 steps."), "step_twice": _("This step is there twice."),
    "not_below": _("It can only go further down, or to the end."),
    "invalid_length": _("At least an hour, at most a year; a time of day is enough for a wait."),
    "no_conditions": _("A branch needs a condition."), "invalid_percent": _("From 1 to 99."),
    "unknown_touchpoint": _("Choose a message that there is."),
    "no_channel": _("This message does not go by this channel."), "too_many_conditions": _("At most 12 conditions."),
}  # fmt: skip


@dataclass
class StepDraft:
    """A step as it was typed. errors: by field."""

    id: str
    kind: str
    days: str = "0"
    hours: str = "0"
    at: str = ""
    facts: list[str] = field(default_factory=list)
    goes_to: str = ""
    percent: str = "50"
    touchpoint: str = ""
    channels: list[str] = field(default_factory=list)
    reach: str = Reach.FIRST.value
    conditions: list[Row] = field(default_factory=list)
    errors: dict[str, Any] = field(default_factory=dict)


@dataclass
class Draft:
    """A flow as it was typed."""

    name: str
    trigger: list[str]
    once: str
    stop_on: list[str]
    conditions: list[Row]
    steps: list[StepDraft]
    errors: dict[str, Any] = field(default_factory=dict)

    @property
    def is_wrong(self) -> bool:
        """Whether anything was found."""
        rows = [*self.conditions, *(row for step in self.steps for row in step.conditions)]
        return bool(self.errors or any(step.errors for step in self.steps) or any(row.error for row in rows))


def of(name: str, definition: Definition, called: Names) -> Draft:
    """A definition, to be changed."""
    return Draft(
        name, list(definition.trigger), definition.once, list(definition.stop_on),
        condition_rows.rows_of(definition.conditions, called), [_typed(each, called) for each in definition.steps],
    )  # fmt: skip


def _typed(step: AnyStep, called: Names) -> StepDraft:
    draft = StepDraft(step.id, flows.kind_of(step), goes_to=flows.jump(step) or "")
    if isinstance(step, Wait | Until):
        draft.days, draft.hours = str(step.days), str(step.hours)
    if isinstance(step, Wait):
        draft.at = step.at.strftime("%H:%M") if step.at else ""
    elif isinstance(step, Until):
        draft.facts = list(step.facts)
    elif isinstance(step, Branch):
        draft.conditions = condition_rows.rows_of(step.conditions, called)
    elif isinstance(step, Split):
        draft.percent = str(step.percent)
    elif isinstance(step, Send):
        draft.touchpoint, draft.channels, draft.reach = step.touchpoint, list(step.channels), step.reach.value
    return draft


def posted(data: QueryDict) -> Draft:
    """What stands in the form."""
    ids = [each for each in data.getlist("step")[: flows.MOST_STEPS + 1] if _ID.fullmatch(each)]
    return Draft(
        name=data.get("name", "").replace("\0", "").strip(),
        trigger=data.getlist("trigger"),
        once=data.get("once", "order"),
        stop_on=data.getlist("stop_on"),
        conditions=condition_rows.posted(data, "flow"),
        steps=[_posted_step(data, each) for each in ids],
    )


def _posted_step(data: QueryDict, step: str) -> StepDraft:
    def text(name: str, default: str = "") -> str:
        return data.get(f"{step}-{name}", default).strip()[:60]

    return StepDraft(
        id=step, kind=text("kind"), days=text("days", "0"), hours=text("hours", "0"), at=text("at"),
        facts=data.getlist(f"{step}-facts"), goes_to=text("goes_to"), percent=text("percent"),
        touchpoint=text("touchpoint"), reach=text("reach", Reach.FIRST.value),
        channels=[each for n in range(_CHANNELS) if (each := text(f"channel_{n}"))],
        conditions=condition_rows.posted(data, step),
    )  # fmt: skip


def change(draft: Draft, do: str, kind: str) -> None:
    """Add a step (`add`), or move or delete one (`up:ID`, `down:ID`, `delete:ID`)."""
    what, _colon, step = do.partition(":")
    places = [each.id for each in draft.steps]
    if what == "add" and kind in flows.KINDS and len(places) < flows.MOST_STEPS:
        number = next(n for n in range(1, 2 * flows.MOST_STEPS) if f"s{n}" not in places)
        goes_to = END if kind in ("branch", "split") else ""
        draft.steps.append(
            StepDraft(f"s{number}", kind, days="1" if kind in ("wait", "until") else "0", goes_to=goes_to)
        )
    elif step in places:
        here = places.index(step)
        moved = draft.steps.pop(here)
        if what == "up":
            draft.steps.insert(max(0, here - 1), moved)
        elif what == "down":
            draft.steps.insert(here + 1, moved)
        elif what != "delete":
            draft.steps.insert(here, moved)


def read(draft: Draft, called: Names) -> Definition:
    """The definition that a draft says. What is wrong is noted in it (`is_wrong`): then it is not to be used."""
    asked = Definition(
        trigger=tuple(draft.trigger),
        conditions=condition_rows.read(draft.conditions, called),
        once="customer" if draft.once == "customer" else "order",
        stop_on=tuple(draft.stop_on),
        steps=tuple(_step(each, called) for each in draft.steps if each.kind in flows.KINDS),
    )
    if not draft.name:
        draft.errors["name"] = _("A flow needs a name.")
    by_id = {each.id: each for each in draft.steps}
    for fault in flows.faults(asked):
        if fault.field == "conditions" and fault.code not in FAULTS:
            continue  # told at the row
        errors = by_id[fault.step].errors if fault.step in by_id else draft.errors
        errors.setdefault(fault.field, FAULTS.get(fault.code, fault.code))
    return asked


def _step(draft: StepDraft, called: Names) -> AnyStep:
    days, hours = _number(draft.days), _number(draft.hours)
    if draft.kind == "wait":
        return Wait(id=draft.id, days=days, hours=hours, at=_time(draft))
    if draft.kind == "until":
        return Until(id=draft.id, days=days, hours=hours, facts=tuple(draft.facts), timed_out=draft.goes_to)
    if draft.kind == "branch":
        asked = condition_rows.read(draft.conditions, called)
        return Branch(id=draft.id, conditions=asked, otherwise=draft.goes_to or END)
    if draft.kind == "split":
        return Split(id=draft.id, percent=_number(draft.percent), otherwise=draft.goes_to or END)
    if draft.kind == "send":
        reach = Reach.ALL if draft.reach == Reach.ALL else Reach.FIRST
        return Send(
            id=draft.id,
            touchpoint=draft.touchpoint,
            channels=tuple(dict.fromkeys(draft.channels)),
            reach=reach,
        )
    return Stop(id=draft.id)


def _number(text: str) -> int:
    """A whole number; -1, which nothing may be, for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1


def _time(draft: StepDraft) -> time | None:
    if not draft.at:
        return None
    try:
        return time.fromisoformat(draft.at).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        draft.errors["at"] = _("Write a time such as 10:00.")
        return None

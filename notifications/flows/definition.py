"""What a flow is: what starts it, and a list of steps that is read from top to bottom.

A step goes on to the next one. Where it can go elsewhere, it goes further down or to the end, never up: every run ends.
Pure: nothing here reads or writes.
"""

import hashlib
from collections.abc import Sequence
from datetime import time, timedelta
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

import msgspec

from notifications import conditions
from notifications.choices import Channel, Reach
from notifications.conditions import Condition
from notifications.switches import triggers
from notifications.touchpoints import TOUCHPOINTS

MOST_STEPS: Final = 40
LONGEST_WAIT: Final = timedelta(days=365)
END: Final = "end"
# Not a fact of the order itself: the same customer placed another one.
ORDERED_AGAIN: Final = "ordered_again"


class Step(msgspec.Struct, frozen=True, tag_field="kind"):
    """Base of a step. id: what other steps and the log of runs call it; it stays when the step moves."""

    id: str


class Span(Step, frozen=True, kw_only=True):
    """A step that takes time."""

    days: int = 0
    hours: int = 0

    @property
    def length(self) -> timedelta:
        """How long."""
        return timedelta(days=self.days, hours=self.hours)


class Wait(Span, frozen=True, kw_only=True, tag="wait"):
    """Wait for a time; at: until that time of the shopper's day (`clocks.moment`)."""

    at: time | None = None


class Until(Span, frozen=True, kw_only=True, tag="until"):
    """Wait until one of the facts is told about the order, at most so long.

    Then it goes on with the next step; when the time is up, with `timed_out` ("": the next one as well).
    """

    facts: tuple[str, ...] = ()
    timed_out: str = ""


class Branch(Step, frozen=True, kw_only=True, tag="branch"):
    """Go on when all conditions hold, else to `otherwise`."""

    conditions: tuple[Condition, ...] = ()
    otherwise: str = END


class Split(Step, frozen=True, kw_only=True, tag="split"):
    """This share of shoppers goes on, the others to `otherwise`: the same one always the same way."""

    percent: int = 50
    otherwise: str = END


class Send(Step, frozen=True, kw_only=True, tag="send"):
    """Send a message. channels: in order; empty: those of the message."""

    touchpoint: str = ""
    channels: tuple[str, ...] = ()
    reach: Reach = Reach.FIRST


class Stop(Step, frozen=True, kw_only=True, tag="stop"):
    """The run ends here: what stands below is for who came by another way."""


AnyStep = Wait | Until | Branch | Split | Send | Stop
KINDS: Final[dict[str, type[Step]]] = {
    "wait": Wait, "until": Until, "branch": Branch, "split": Split, "send": Send, "stop": Stop,
}  # fmt: skip


def kind_of(step: AnyStep) -> str:
    """The name of its kind: wait, until, branch, split, send, stop."""
    return str(step.__struct_config__.tag)


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a flow.

    trigger: types of facts that start it. once: for each order, or once in a customer's life. stop_on: facts that end a
    run wherever it stands; a cancelled order always does.
    """

    trigger: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    once: Literal["order", "customer"] = "order"
    stop_on: tuple[str, ...] = ()
    steps: tuple[AnyStep, ...] = ()


def read(stored: Any) -> Definition:
    """A definition as it was kept."""
    return msgspec.convert(stored, Definition)


def write(definition: Definition) -> Any:
    """Plain, to be kept."""
    return msgspec.to_builtins(definition)


S = TypeVar("S", bound=AnyStep)


def find(definition: Definition, step_id: str) -> AnyStep | None:
    """The step of this id; None for the end."""
    return next((step for step in definition.steps if step.id == step_id), None)


def first(definition: Definition) -> str:
    """Where a run begins."""
    return definition.steps[0].id if definition.steps else END


def following(definition: Definition, step_id: str) -> str:
    """The id of the step below, END after the last."""
    ids = [step.id for step in definition.steps]
    place = ids.index(step_id) + 1
    return ids[place] if place < len(ids) else END


def jump(step: AnyStep) -> str | None:
    """Where else a step may go: an id or END; None when it only goes on."""
    if isinstance(step, Branch | Split):
        return step.otherwise
    return step.timed_out or None if isinstance(step, Until) else None


def goes_on(step: Split, flow_id: UUID, shopper: UUID) -> bool:
    """Whether a shopper is in the share of a split that goes on: a hash decides, always the same way."""
    digest = hashlib.sha256(f"{flow_id}\n{step.id}\n{shopper}".encode()).digest()
    return int.from_bytes(digest[:8]) % 10_000 < step.percent * 100


# Their words speak of what only their own sender knows: a report, a guide, the products on offer.
_NOT_BY_FLOWS: Final = (
    "case_opened", "case_answered", "care_guide", "replenishment", "complement", "survey_return", "survey_support",
)  # fmt: skip


def sendable() -> list[str]:
    """The messages that a flow can send: about an order, in words that need nothing more."""
    return [
        key
        for key, known in TOUCHPOINTS.items()
        if known.is_optional and not known.to_address and key not in _NOT_BY_FLOWS
    ]


def waitable() -> list[str]:
    """What a run can wait for, or be stopped by."""
    return [ORDERED_AGAIN, *triggers()]


class Fault(msgspec.Struct, frozen=True):
    """What is wrong: at which step ("" for the flow itself), in which field, and a code."""

    step: str
    field: str
    code: str


def faults(definition: Definition) -> list[Fault]:
    """Everything that is wrong with a definition, in the order of the page."""
    found: list[Fault] = []
    known, may_wait = set(triggers()), set(waitable())
    if not definition.trigger or not set(definition.trigger) <= known:
        found.append(Fault("", "trigger", "no_trigger" if not definition.trigger else "unknown_fact"))
    if not set(definition.stop_on) <= may_wait:
        found.append(Fault("", "stop_on", "unknown_fact"))
    found += [Fault("", "conditions", code) for code in _condition_faults(definition.conditions)]
    if not definition.steps:
        found.append(Fault("", "steps", "no_steps"))
    if len(definition.steps) > MOST_STEPS:
        found.append(Fault("", "steps", "too_many_steps"))
    ids = [step.id for step in definition.steps]
    if len(set(ids)) < len(ids) or END in ids or "" in ids:
        found.append(Fault("", "steps", "step_twice"))
    for place, step in enumerate(definition.steps):
        found += [
            Fault(step.id, field, code) for field, code in _step_faults(step, ids[place + 1 :], may_wait)
        ]
    return found


def _condition_faults(asked: Sequence[Condition]) -> list[str]:
    if len(asked) > conditions.MOST_CONDITIONS:
        return ["too_many_conditions"]
    return [code for each in asked if (code := conditions.fault(each))]


def _step_faults(step: AnyStep, below: Sequence[str], may_wait: set[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    target = jump(step)
    if target is not None and target != END and target not in below:
        found.append(("goes_to", "not_below"))
    if isinstance(step, Span):
        least = timedelta() if isinstance(step, Wait) and step.at else timedelta(hours=1)
        if step.days < 0 or step.hours < 0 or not least <= step.length <= LONGEST_WAIT:
            found.append(("length", "invalid_length"))
    if isinstance(step, Until) and (not step.facts or not set(step.facts) <= may_wait):
        found.append(("facts", "unknown_fact" if step.facts else "no_facts"))
    if isinstance(step, Branch):
        found += [("conditions", code) for code in _condition_faults(step.conditions) or _none(step)]
    if isinstance(step, Split) and not 1 <= step.percent <= 99:
        found.append(("percent", "invalid_percent"))
    if isinstance(step, Send):
        found += _send_faults(step)
    return found


def _none(step: Branch) -> list[str]:
    return [] if step.conditions else ["no_conditions"]


def _send_faults(step: Send) -> list[tuple[str, str]]:
    if step.touchpoint not in sendable():
        return [("touchpoint", "unknown_touchpoint")]
    known = TOUCHPOINTS[step.touchpoint]
    if not set(step.channels) <= set(Channel.values) or (
        step.channels and not set(step.channels) & set(known.possible)
    ):
        return [("channels", "no_channel")]
    return []

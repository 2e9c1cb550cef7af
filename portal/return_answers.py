"""What a shopper has answered so far on the way through a return: read from the address, and written into it.

Every step but the last is a link: the answers stand in its address, so nothing is stored before the shopper confirms,
and the browser's own way back works. Words and photos are asked for last, in the form that is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from returns.policy.choices import ItemCondition
from returns.queries import Returnable
from returns.reasons import Reason
from returns.states import SENDS_GOODS, Kind, Resolution

STEPS = ("items", "reason", "resolution", "confirm")
# Of these the shopper says which variant.
PICKED = frozenset(SENDS_GOODS - {Resolution.REPLACEMENT})


def key_of(found: Returnable) -> str:
    """How a form names a piece: its line, and its part where it is one of a bundle."""
    line, part = found.piece.key
    return f"{line}.{part}" if part else str(line)


@dataclass(frozen=True, slots=True)
class Answer:
    """About one piece."""

    found: Returnable
    key: str
    quantity: int
    reason: str = ""
    condition: str = ""
    resolution: str = ""
    variant: str = ""


@dataclass(slots=True)
class Answers:
    """Everything so far. kind: a Kind. `errors`: the place on the page → what is wrong there."""

    lines: list[Answer] = field(default_factory=list)
    gift: bool = False
    method: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    kind: str = Kind.RETURN

    @property
    def is_defect(self) -> bool:
        """Whether something is broken: the seller's duty, whatever the shop's window says."""
        return self.kind == Kind.WARRANTY

    def pairs(self) -> list[tuple[str, str]]:
        """The answers as the names and values of a form."""
        found = [("kind", self.kind)] if self.is_defect else []
        found += [("gift", "1")] if self.gift else []
        for line in self.lines:
            found.append(("item", line.key))
            values = {"count": str(line.quantity), "reason": line.reason, "condition": line.condition,
                      "resolution": line.resolution, "variant": line.variant}  # fmt: skip
            found += [(f"{name}-{line.key}", value) for name, value in values.items() if value]
        return found

    def query(self, step: str) -> str:
        """The address of a step, with everything that is answered."""
        return "?" + urlencode([("step", step), *self.pairs()])


def reasons_for(line: Answer, *, defect: bool) -> list[Reason]:
    """The reasons to choose from, each before its sub-reasons: of a defect, what a photo can show."""
    offered = list(line.found.reasons)
    shown = {reason.parent or reason.code for reason in offered if reason.needs_photos} if defect else set()
    return [reason for reason in offered if (reason.parent or reason.code) in shown] or offered


def kind_of(data: QueryDict) -> str:
    """A return by the shop's rules, or a defect."""
    return str(Kind.WARRANTY if data.get("kind") == Kind.WARRANTY else Kind.RETURN)


def read(data: QueryDict, goods: Sequence[Returnable]) -> Answers:
    """The answers about goods that can be returned; whatever names something else is left out."""
    chosen = set(data.getlist("item"))
    kind = kind_of(data)
    gift = data.get("gift") == "1" and kind == Kind.RETURN
    answers = Answers(gift=gift, method=data.get("method", ""), kind=kind)
    for found in goods:
        key = key_of(found)
        if key in chosen and found.possible:
            answers.lines.append(_line(data, found, key))
    return answers


def _line(data: QueryDict, found: Returnable, key: str) -> Answer:
    count = data.get(f"count-{key}", "1")
    wanted = int(count) if count.isascii() and count.isdigit() and len(count) < 8 else 1
    given, condition = data.get(f"reason-{key}", ""), data.get(f"condition-{key}", "")
    reason = given if given in {each.code for each in found.reasons} else ""
    resolution = data.get(f"resolution-{key}", "")
    variant = data.get(f"variant-{resolution}-{key}", "") or data.get(f"variant-{key}", "")
    variant = variant.replace("\0", "")
    return Answer(
        found, key, min(max(wanted, 1), found.piece.left), reason,
        condition if condition in ItemCondition.values else "",
        resolution if resolution in Resolution.values else "", variant[:191] if resolution in PICKED else "",
    )  # fmt: skip


def with_terms(answers: Answers, goods: Mapping[str, Returnable]) -> Answers:
    """The same answers, with what the rules say now that the reasons are known."""
    lines = [replace(line, found=goods[line.key]) for line in answers.lines if line.key in goods]
    return replace(answers, lines=lines)


def offered(line: Answer, *, gift: bool) -> list[str]:
    """What the rules offer for it. Of a present the money is who bought it's: there is credit instead."""
    allowed = [str(resolution) for resolution in line.found.verdict.resolutions]
    if not gift or not allowed:
        return allowed
    rest = [resolution for resolution in allowed if resolution != Resolution.REFUND]
    return rest if Resolution.STORE_CREDIT in rest else [*rest, str(Resolution.STORE_CREDIT)]


def asks_condition(line: Answer) -> bool:
    """Whether a rule wants to know in what state it is."""
    return "condition" in line.found.verdict.asks


def first_unanswered(answers: Answers, wanted: str) -> str:
    """The step to show: the wanted one, or an earlier one that lacks an answer, with the errors beside the places."""
    checks = {"items": _check_items, "reason": _check_reasons, "resolution": _check_resolutions}
    for step in STEPS[: STEPS.index(wanted)]:
        checks[step](answers)
        if answers.errors:
            return step
    return wanted


def _check_items(answers: Answers) -> None:
    if not answers.lines:
        answers.errors["goods"] = _("Please choose what you send back.")


def _check_reasons(answers: Answers) -> None:
    for line in answers.lines:
        if not line.reason:
            answers.errors[f"reason-{line.key}"] = _("%(title)s: please choose a reason.") % {
                "title": line.found.piece.title
            }
        elif asks_condition(line) and not line.condition:
            answers.errors[f"condition-{line.key}"] = _("%(title)s: please say what state it is in.") % {
                "title": line.found.piece.title
            }


def _check_resolutions(answers: Answers) -> None:
    for line in answers.lines:
        title = {"title": line.found.piece.title}
        if not line.found.possible:
            answers.errors[f"resolution-{line.key}"] = (
                f"{line.found.piece.title}: {line.found.verdict.sentence}"
            )
        elif line.resolution not in offered(line, gift=answers.gift):
            answers.errors[f"resolution-{line.key}"] = (
                _("%(title)s: please choose what you would like.") % title
            )
        elif line.resolution in PICKED and not line.variant:
            answers.errors[f"resolution-{line.key}"] = (
                _("%(title)s: please choose what you get for it.") % title
            )

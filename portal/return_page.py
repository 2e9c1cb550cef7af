"""A6–A9: the four steps of a return, as their templates show them."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Order
from portal.goods import own_picture
from portal.loading import OrderRow
from portal.return_answers import STEPS, Answer, Answers, asks_condition, key_of, reasons_for
from portal.return_offers import Offer, brings, offers_for, when_of, worth_of
from portal.site import Site
from portal.style import Style
from returns import reasons
from returns.amounts import ZERO
from returns.policy.choices import ItemCondition
from returns.queries import Returnable
from returns.reasons import Reason
from returns.states import SENDS_GOODS, Kind, Method, Resolution
from returns.steps import MOST_PHOTOS

TITLES: Final[dict[str, Promise]] = {
    "items": gettext_lazy("What do you send back?"),
    "reason": gettext_lazy("What’s wrong with it?"),
    "resolution": gettext_lazy("How can we make it right?"),
    "confirm": gettext_lazy("How do you send it back?"),
}
DEFECT_TITLES: Final[dict[str, Promise]] = {"items": gettext_lazy("What is broken?")}
METHODS: Final[dict[str, tuple[Promise, Promise]]] = {
    Method.QR: (gettext_lazy("QR code"), gettext_lazy("Nothing to print: show it where you hand it in.")),
    Method.LABEL: (gettext_lazy("Label to print"), gettext_lazy("We send you the label by e-mail.")),
    Method.STORE: (gettext_lazy("Bring it to a store"), gettext_lazy("Show the code of your return at the counter.")),
    Method.OWN: (gettext_lazy("Your own parcel"), gettext_lazy("With any carrier, at your own cost.")),
}  # fmt: skip
LONGEST_NOTE: Final = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """A piece on the first page. why: what the rules say."""

    key: str
    title: str
    variant: str
    picture: str
    price: str
    counts: range
    count: int
    checked: bool
    possible: bool
    why: str


def steps_context(
    site: Site, row: OrderRow, order: Order, token: str, step: str, answers: Answers, goods: list[Returnable],
    style: Style,
) -> dict[str, Any]:  # fmt: skip
    """What the template of a step shows."""
    place = STEPS.index(step)
    back = STEPS[place - 1] if place else ""
    context = {
        "title": DEFECT_TITLES.get(step, TITLES[step]) if answers.is_defect else TITLES[step],
        "order_number": row.number,
        "step": place + 1,
        "steps": [number <= place for number in range(len(STEPS))],
        "next": STEPS[place + 1] if place + 1 < len(STEPS) else "",
        "action": site.path(f"o/{token}/return/"),
        "back_url": site.path(f"o/{token}/return/") + answers.query(back)
        if back
        else site.path(f"o/{token}/"),
        "answers": answers,
        "typed": answers,
    }
    return context | _PARTS[step](site, order, token, answers, goods, style)


def _items(
    site: Site, order: Order, token: str, answers: Answers, goods: list[Returnable], style: Style
) -> dict[str, Any]:
    chosen = {line.key: line for line in answers.lines}
    rows = [_row(found, chosen.get(key_of(found)), order, style) for found in goods]
    if answers.is_defect:
        rows = [replace(row, why="") if row.possible else row for row in rows]
    possible = [row for row in rows if row.possible]
    if len(possible) == 1 and not answers.errors:
        rows = [replace(row, checked=True) if row.possible else row for row in rows]
    action = site.path(f"o/{token}/return/")
    return {
        "rows": rows,
        "any_possible": bool(possible),
        "defect_url": "" if answers.is_defect else f"{action}?kind={Kind.WARRANTY}",
    }


def _row(found: Returnable, answer: Answer | None, order: Order, style: Style) -> Row:
    piece, left = found.piece, found.piece.left
    why = found.verdict.sentence
    if found.verdict.returnable and not left:
        why = _("You have returned it already.")
    return Row(
        key_of(found), piece.title, piece.line.variant if piece.part is None else piece.line.title,
        own_picture(piece.line.image_url), style.money(piece.worth(max(left, 1), Decimal("0.01")), order.currency),
        range(1, min(left, 99) + 1) if left > 1 else range(0), answer.quantity if answer else left,
        answer is not None, found.possible, why,
    )  # fmt: skip


def _reasons(
    site: Site, order: Order, token: str, answers: Answers, goods: list[Returnable], style: Style
) -> dict[str, Any]:
    return {
        "lines": [
            {
                "answer": line,
                "row": _row(line.found, line, order, style),
                "reasons": _chips(line, defect=answers.is_defect),
                "conditions": [(value, label, value == line.condition) for value, label in ItemCondition.choices]
                if asks_condition(line) else [],
                "reason_id": f"reason-{line.key}", "condition_id": f"condition-{line.key}",
            }
            for line in answers.lines
        ],
        "hidden": [p for p in answers.pairs() if not p[0].startswith(("reason-", "condition-"))],
    }  # fmt: skip


def _chips(line: Answer, *, defect: bool) -> list[tuple[Reason, bool, list[tuple[Reason, bool]]]]:
    """The reasons with whether they are chosen, each with its sub-reasons likewise."""
    found = [(reason, reason.code == line.reason) for reason in reasons_for(line, defect=defect)]
    return [
        (reason, chosen, [sub for sub in found if sub[0].parent == reason.code])
        for reason, chosen in found
        if not reason.parent
    ]


def _resolutions(
    site: Site, order: Order, token: str, answers: Answers, goods: list[Returnable], style: Style
) -> dict[str, Any]:
    return {
        "lines": [
            {
                "answer": line, "row": _row(line.found, line, order, style),
                "offers": offers_for(line, order, style, gift=answers.gift, defect=answers.is_defect),
                "id": f"resolution-{line.key}",
            }
            for line in answers.lines
        ],
        "hidden": [p for p in answers.pairs() if not p[0].startswith(("resolution-", "variant-"))],
        "fee": style.money(fee, order.currency) if (fee := fee_of(answers)) else "",
    }  # fmt: skip


def fee_of(answers: Answers) -> Decimal:
    """What sending it back costs, once: the highest that the rules ask for what was chosen (or for a refund)."""
    if all(line.found.verdict.keep_item for line in answers.lines):
        return ZERO
    return max(
        (line.found.verdict.cost_of(line.resolution or Resolution.REFUND).flat for line in answers.lines),
        default=ZERO,
    )


def methods_of(answers: Answers) -> list[str]:
    """The ways that all chosen goods can take, in the rules' order; none when everything is kept."""
    lines = [line for line in answers.lines if not line.found.verdict.keep_item]
    if not lines:
        return []
    ways = [set(map(str, line.found.verdict.methods)) for line in lines]
    return [str(m) for m in lines[0].found.verdict.methods if all(str(m) in way for way in ways)]


def _confirm(
    site: Site, order: Order, token: str, answers: Answers, goods: list[Returnable], style: Style
) -> dict[str, Any]:
    methods = methods_of(answers)
    chosen = answers.method if answers.method in methods else methods[0] if len(methods) == 1 else ""
    fee = fee_of(answers)
    money: dict[str, Decimal] = {}
    for line in answers.lines:
        if line.resolution in (Resolution.REFUND, Resolution.STORE_CREDIT):
            as_credit = line.resolution == Resolution.STORE_CREDIT or answers.gift
            kind = "credit" if as_credit else "refund"
            money[kind] = money.get(kind, ZERO) + brings(line, order, line.resolution)
    refund = max(money.get("refund", ZERO) - fee, ZERO)
    return {
        "methods": [
            (value, METHODS[value][0], METHODS[value][1] if not (answers.is_defect and value == Method.OWN) else
             _("With any carrier. What is broken costs you nothing: keep the receipt."), value == chosen)
            for value in methods
        ],
        "keeps_all": not methods,
        "lines": [
            {"answer": line, "row": _row(line.found, line, order, style), "gets": _gets(line, order, style),
             "reason": reasons.name_of(line.reason)}
            for line in answers.lines
        ],
        "worth": style.money(sum((worth_of(line, order) for line in answers.lines), ZERO), order.currency),
        "fee": style.money(fee, order.currency) if fee else "",
        "refund": style.money(refund, order.currency) if "refund" in money else "",
        "credit": style.money(money["credit"], order.currency) if "credit" in money else "",
        "when": when_of(answers.lines[0]) if answers.lines else "",
        "wants_photos": any(reasons.known()[line.reason].needs_photos for line in answers.lines),
        "most_photos": MOST_PHOTOS,
        "longest": LONGEST_NOTE,
        "hidden": answers.pairs(),
        "key": uuid4().hex,
    }  # fmt: skip


def _gets(line: Answer, order: Order, style: Style) -> str:
    found: Offer | None = next(
        (offer for offer in offers_for(line, order, style) if offer.value == line.resolution), None
    )
    if found is None:
        return str(Resolution(line.resolution).label) if line.resolution in SENDS_GOODS else ""
    picked = next((pick.name for pick in found.picks if pick.chosen), "")
    return f"{found.name}: {picked}" if picked else found.name


_PARTS: Final = {"items": _items, "reason": _reasons, "resolution": _resolutions, "confirm": _confirm}

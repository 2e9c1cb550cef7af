"""What the team does with a return: one form field says what, each a command of `returns`."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from returns import commands
from returns.models import Return
from returns.receiving import InspectedLine, ReceivedLine
from returns.states import Condition, Side

Act = Callable[[Merchant, Return, QueryDict], str]


def _counts(ret: Return, asked: QueryDict, name: str) -> dict[UUID, int]:
    """How many of each line a form says; what it does not name, or what is no number, is 0."""
    found = {}
    for line in ret.lines.all():
        text = asked.get(f"{name}-{line.pk}", "").strip()
        found[line.pk] = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    return found


def _approve(merchant: Merchant, ret: Return, asked: QueryDict) -> str:
    some = _counts(ret, asked, "approve") if asked.get("part") else None
    commands.approve(merchant, ret.pk, quantities=some, text=asked.get("text", ""))
    return _("It is approved, and the customer is told.")


def _reject(merchant: Merchant, ret: Return, asked: QueryDict) -> str:
    commands.reject(merchant, ret.pk, asked.get("text", ""))
    return _("It is refused, and the customer is told why.")


def _ask(merchant: Merchant, ret: Return, asked: QueryDict) -> str:
    commands.ask(merchant, ret.pk, asked.get("text", ""))
    return _("The customer is asked.")


def _receive(merchant: Merchant, ret: Return, asked: QueryDict) -> str:
    lines = [ReceivedLine(pk, count) for pk, count in _counts(ret, asked, "came").items() if count]
    if not lines:
        raise Unprocessable("Nothing came.", param="lines", code="nothing_came")
    commands.receive(merchant, ret.pk, lines)
    return _("It is noted what came.")


def _inspect(merchant: Merchant, ret: Return, asked: QueryDict) -> str:
    accepted = _counts(ret, asked, "accepted")
    lines = [
        InspectedLine(
            line.pk, min(accepted[line.pk], line.quantity),
            condition=asked.get(f"condition-{line.pk}", Condition.GOOD),
            disposition=asked.get(f"disposition-{line.pk}", ""), grade=asked.get(f"grade-{line.pk}", "")[:2],
        )
        for line in ret.lines.all()
        if line.received or line.accepted is not None or asked.get(f"condition-{line.pk}") == Condition.MISSING
    ]  # fmt: skip
    commands.inspect(merchant, ret.pk, lines, text=asked.get("text", ""))
    return _("It is noted what was found; the money follows it.")


def _restock(merchant: Merchant, ret: Return, asked: QueryDict) -> str:
    commands.restock(merchant, ret.pk)
    return _("The shop is told what is back in stock.")


def _note(merchant: Merchant, ret: Return, asked: QueryDict) -> str:
    commands.add_note(merchant, ret.pk, asked.get("text", ""))
    return _("The note is kept.")


def _cancel(merchant: Merchant, ret: Return, asked: QueryDict) -> str:
    commands.cancel(merchant, ret.pk, by=Side.TEAM, text=asked.get("text", ""))
    return _("It is cancelled, and the customer is told.")


def _extend(merchant: Merchant, ret: Return, asked: QueryDict) -> str:
    commands.extend(merchant, ret.pk, 14)
    return _("The customer has 14 days more to send it.")


def _close(merchant: Merchant, ret: Return, asked: QueryDict) -> str:
    commands.resolve(merchant, ret.pk, asked.get("text", ""))
    return _("It is closed.")


ACTS: Final[dict[str, Act]] = {
    "approve": _approve, "reject": _reject, "ask": _ask, "receive": _receive, "inspect": _inspect,
    "restock": _restock, "note": _note, "cancel": _cancel, "extend": _extend, "close": _close,
}  # fmt: skip


def why_not(code: str) -> str:
    """Why something could not be done, for people."""
    said = {
        "empty_message": _("Please say why, or what you ask."),
        "nothing_approved": _("Nothing would be left of it: refuse it instead."),
        "nothing_came": _("Please say how many came."),
        "unknown_line": _("That is more than was asked for."),
        "received_too_many": _("That is more than was asked for."),
    }
    return said.get(code, _("This cannot be done in the state that it has by now."))

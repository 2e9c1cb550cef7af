"""What the page of a return tells of the withdrawal that it belongs to: until when, which way, and the money."""

from typing import Any

from django.utils.translation import gettext as _

from portal.return_page import METHODS
from portal.style import Style
from returns.models import Return
from returns.states import Approval, Kind, Logistics, Method
from returns.withdrawal.models import Status, Withdrawal
from returns.withdrawal.refunds import deadline_of, withheld
from returns.withdrawal.way_back import SEND_WITHIN, ways_of


def withdrawal_of(ret: Return) -> Withdrawal | None:
    """The withdrawal whose goods a return brings back."""
    return ret.withdrawal if ret.kind == Kind.WITHDRAWAL else None


def is_refunded(ret: Return) -> bool:
    """Whether the money of its withdrawal has gone back."""
    found = withdrawal_of(ret)
    return found is not None and found.status == Status.COMPLETED


def withdrawal_context(ret: Return, style: Style, action: str) -> dict[str, Any]:
    """`withdrawal` and its parts, or nothing for another return. Every way is offered alike, with its cost."""
    found = withdrawal_of(ret)
    if found is None:
        return {}
    chooses = ret.approval_state == Approval.APPROVED and ret.logistics_state == Logistics.AWAITING
    ways = ways_of(ret) if chooses else []
    return {
        "withdrawal": found,
        "until": style.day(found.declared_at + SEND_WITHIN),
        "refund_by": "" if found.status == Status.COMPLETED else style.day(deadline_of(found)),
        "withheld": withheld(found),
        "way_action": action + "way/",
        "ways": [(way, METHODS[way][0], _cost(way), way == ret.method) for way in ways]
        if len(ways) > 1
        else [],
    }


def _cost(way: str) -> str:
    if way == Method.OWN:
        return str(METHODS[way][1])
    return f"{METHODS[way][1]} " + _("It costs you nothing.")

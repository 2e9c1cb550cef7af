"""What a decision about a return does. The order and the return are locked; a transaction is open."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from returns import exchanging
from returns.counting import give_back
from returns.facts import ReturnApproved, ReturnReviewNeeded
from returns.logistics import labelling
from returns.models import Return
from returns.settling import close_if_done, settle
from returns.states import Approval, EntryKind, Kind, Logistics, Side
from returns.steps import add_entry, lines_of, move, save, tell, told

# How long a shopper has to send it once it is approved.
TIME_TO_SEND: Final = timedelta(days=28)


def needs_review(ret: Return) -> bool:
    """Whether somebody has to look whatever the rules say: a defect is judged by people."""
    return ret.kind == Kind.WARRANTY


def review_now(ret: Return, because: str) -> None:
    """Put it before the team."""
    move(ret, approval_state=Approval.REVIEW, review_reason=because)
    entry = add_entry(ret, EntryKind.REVIEW, Side.SYSTEM, because)
    tell(ret, ReturnReviewNeeded(**told(ret, entry), because=because, notify=False))


def approve_now(ret: Return, side: Side, text: str = "") -> None:
    """Let it come. What the shopper keeps, and what is given back at once, is settled here."""
    now = timezone.now()
    lines = [line for line in lines_of(ret) if line.quantity]
    sends = any(not line.keep for line in lines)
    # A withdrawal has its own clock: the law's.
    expires = now + TIME_TO_SEND if sends and ret.kind != Kind.WITHDRAWAL else None
    move(
        ret, approval_state=Approval.APPROVED, decided_at=now, expires_at=expires, due_at=expires,
        **({"logistics_state": Logistics.AWAITING} if sends else {}),
    )  # fmt: skip
    entry = add_entry(ret, EntryKind.APPROVED, side, text)
    tell(ret, ReturnApproved(**told(ret, entry), expires_at=expires))
    labelling.want(ret)
    exchanging.begin(ret, lines)
    settle(ret)
    close_if_done(ret)


def free_goods(ret: Return) -> None:
    """Let what was not settled be returned anew."""
    for line in lines_of(ret):
        left = line.quantity - line.settled
        if left > 0:
            give_back(ret.merchant_id, line.line_id, line.part_id, left, line.paid - line.settled_amount)


def end(ret: Return, **values: object) -> None:
    """It is over: its goods can be returned anew, and nothing is due any more."""
    now = timezone.now()
    if "approval_state" in values or "logistics_state" in values:
        move(ret, closed_at=now, due_at=None, **values)
    else:
        save(ret, closed_at=now, due_at=None, **values)
    free_goods(ret)
    exchanging.drop(ret)

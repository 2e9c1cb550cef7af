"""When money and goods for a return are due. The order and the return are locked; a transaction is open."""

from typing import Final

from django.utils import timezone

from returns.amounts import unit_of, up_to
from returns.facts import ReturnResolved, ReturnSettled
from returns.models import Return, ReturnLine
from returns.states import Approval, EntryKind, Kind, Logistics, Money, Side, Trigger
from returns.steps import add_entry, lines_of, move, save, tell, told


def ready_count(ret: Return, line: ReturnLine) -> int:
    """How many of a line have reached the point at which they are settled, by the return's trigger."""
    if ret.approval_state != Approval.APPROVED:
        return 0
    if line.keep or ret.refund_trigger == Trigger.INSTANT:
        return line.quantity
    if line.accepted is not None:  # somebody looked: that counts from now on
        return min(line.accepted, line.quantity)
    if ret.refund_trigger in (Trigger.SCAN, Trigger.DROP_OFF) and ret.sent_at is not None:
        return line.quantity
    if ret.refund_trigger == Trigger.INSPECTION:
        return 0
    return min(line.received, line.quantity)


def settle(ret: Return) -> None:
    """Settle whatever is ready and not settled yet. Doing it twice settles nothing twice.

    A withdrawal's money is `returns.withdrawal`'s: here only its goods move.
    """
    if ret.kind == Kind.WITHDRAWAL:
        return
    unit = unit_of(ret.currency)
    moved = []
    for line in lines_of(ret):
        count = ready_count(ret, line)
        if count > line.settled:
            line.settled_amount, line.settled = up_to(line.paid, count, line.quantity, unit), count
            line.save(update_fields=["settled", "settled_amount"])
            moved.append(line)
    if moved:
        move(ret, money_state=Money.DUE)
        entry = add_entry(ret, EntryKind.MONEY, Side.SYSTEM)
        tell(ret, ReturnSettled(**told(ret, entry), notify=False))


_LEFT_OPEN: Final = (Money.DUE, Money.PENDING, Money.AWAITING_PAYMENT, Money.FAILED, Money.PARTLY_DONE)


def close_if_done(ret: Return) -> None:
    """Close it when neither goods nor money are on their way any more."""
    if ret.closed_at or ret.approval_state != Approval.APPROVED or ret.money_state in _LEFT_OPEN:
        return
    at_rest = ret.logistics_state in (Logistics.INSPECTED, Logistics.EXPIRED)
    kept = ret.logistics_state == Logistics.NONE
    if at_rest or (kept and ret.money_state == Money.DONE):
        close(ret, Side.SYSTEM)


def close(ret: Return, side: Side, text: str = "") -> None:
    """Nothing is left to do."""
    save(ret, closed_at=timezone.now(), due_at=None)
    entry = add_entry(ret, EntryKind.RESOLVED, side, text)
    tell(ret, ReturnResolved(**told(ret, entry), notify=False))

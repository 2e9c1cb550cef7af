"""When money and goods for a return are due. The order and the return are locked; a transaction is open."""

from typing import Final

from django.utils import timezone

from returns import exchanging
from returns.amounts import percent_of, unit_of, up_to
from returns.facts import ReturnResolved, ReturnSettled
from returns.models import Return, ReturnLine
from returns.paying import Due, pay, take_fee
from returns.states import SENDS_GOODS, Approval, EntryKind, Kind, Logistics, Money, Resolution, Side, Trigger
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
    if ret.kind == Kind.WITHDRAWAL or ret.approval_state != Approval.APPROVED:
        return
    due, lines = Due(), lines_of(ret)
    moved = [line for line in lines if _settle_line(ret, line, due)]
    exchange = exchanging.advance(ret, lines)
    if exchange is not None and exchange.pays_back:
        if ret.gift:
            due.credit += exchange.pays_back
        else:
            due.refund += exchange.pays_back
    if moved or due.anything or (exchange and exchange.released):
        _give_back(ret, due, lines)


def _settle_line(ret: Return, line: ReturnLine, due: Due) -> bool:
    """Add to `due` what a line brings now. Returns whether any of it was ready and not settled."""
    count, unit = ready_count(ret, line), unit_of(ret.currency)
    if count <= line.settled:
        return False
    until = up_to(line.paid, count, line.quantity, unit)
    worth, pieces = until - line.settled_amount, count - line.settled
    kept = percent_of(worth, line.restocking_percent, unit)
    line.settled_amount, line.settled = until, count
    line.save(update_fields=["settled", "settled_amount"])
    # A present's worth never goes to who bought it.
    if line.resolution == Resolution.STORE_CREDIT or (ret.gift and line.resolution == Resolution.REFUND):
        due.credit += worth - kept
        due.bonus += percent_of(worth, line.bonus_percent, unit)
        due.kept += kept
    elif line.resolution not in SENDS_GOODS and line.resolution != Resolution.REPAIR:
        due.refund += worth - kept
        due.kept += kept
        if line.part_id is None:
            due.lines[line.line_id] = due.lines.get(line.line_id, 0) + pieces
    return True


def _give_back(ret: Return, due: Due, lines: list[ReturnLine]) -> None:
    take_fee(ret, due)
    number = ret.settlements
    wrong = pay(ret, due) if due.anything else ""
    state = Money.FAILED if wrong else Money.PENDING if due.refund > 0 else settled_state(ret, lines)
    move(ret, money_state=state, fee_taken=ret.fee_taken, settlements=ret.settlements + 1,
         **({"settled_at": timezone.now()} if state == Money.DONE else {}))  # fmt: skip
    numbers = {
        "refund": str(due.refund), "credit": str(due.credit), "bonus": str(due.bonus), "kept": str(due.kept),
        "number": number, "failed": bool(wrong), "lines": {str(line): n for line, n in due.lines.items()},
    }  # fmt: skip
    entry = add_entry(ret, EntryKind.MONEY, Side.SYSTEM, wrong, data=numbers)
    tell(
        ret, ReturnSettled(**told(ret, entry), refund=due.refund, credit=due.credit + due.bonus, notify=False)
    )


def settled_state(ret: Return, lines: list[ReturnLine]) -> Money:
    """Where the money is when none of it is on its way: done, or partly, while something has yet to come."""
    if ret.money_state in (Money.PENDING, Money.AWAITING_PAYMENT, Money.FAILED):
        return Money(ret.money_state)
    open_ = [line for line in lines if line.settled < line.quantity and line.accepted is None]
    waits = exchanging.waits(ret)
    return Money.PARTLY_DONE if open_ or waits else Money.DONE


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
    tell(ret, ReturnResolved(**told(ret, entry)))

"""Money of a return that failed, once more: what was refused before, and what the shop could not give back."""

from decimal import Decimal
from uuid import UUID

from merchants.models import Merchant
from merchants.scope import merchant_transaction
from returns.models import Return
from returns.money.commands import request_refund
from returns.money.models import Refund, RefundState
from returns.paying import Due, pay_once
from returns.settling import close_if_done, settled_state
from returns.states import EntryKind, Money, Side
from returns.steps import add_entry, lines_of, lock_return, move, note, refuse_unless

_AGAIN = ":again"


def refunds_that_count(ret: Return) -> list[Refund]:
    """The refunds of a return, without those that failed and were asked for once more."""
    rows = {row.key: row for row in Refund.objects.filter(source_kind="return", source_id=ret.id)}
    return [row for key, row in rows.items() if key + _AGAIN not in rows]


def pay_again(merchant: Merchant, return_id: UUID) -> Return:
    """Ask for the failed money of a return once more. Nothing that went through is asked for again.

    Raises NotFound, Conflict for one whose money did not fail, and whatever money refuses: then nothing has changed.
    """
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        refuse_unless(ret, "money_state", (Money.FAILED,))
        for refund in refunds_that_count(ret):
            if refund.state == RefundState.FAILED:
                request_refund(
                    merchant, ret.order_id, amount=refund.amount, key=refund.key + _AGAIN, source=("return", ret.id),
                    lines={UUID(line): count for line, count in refund.lines.items()}, shipping=refund.shipping,
                    fee=refund.fee, reason=refund.reason,
                )  # fmt: skip
        for number, due in _refused(ret):
            pay_once(ret, due, number)
        waits = any(row.state == RefundState.REQUESTED for row in refunds_that_count(ret))
        ret.money_state = Money.PARTLY_DONE  # so that what is left decides
        move(ret, money_state=Money.PENDING if waits else settled_state(ret, lines_of(ret)))
        add_entry(ret, EntryKind.MONEY, Side.TEAM, data={"again": True})
        close_if_done(ret)
        note("return.paid_again", ret)
    return ret


def _refused(ret: Return) -> list[tuple[int, Due]]:
    """Settlements that money refused: their number, and what was due. Their keys are free still."""
    found = []
    for entry in ret.entries.filter(kind=EntryKind.MONEY, data__failed=True):
        data = entry.data
        amounts = {name: Decimal(data[name]) for name in ("refund", "credit", "bonus", "kept")}
        lines = {UUID(line): int(count) for line, count in data["lines"].items()}
        found.append((int(data["number"]), Due(**amounts, lines=lines)))
    return found

"""A return at the counter of a branch: taken in and looked at in one go, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction
from returns.models import Return, ReturnLine
from returns.receiving import InspectedLine, ReceivedLine, inspect, receive
from returns.states import NOT_SENT, Approval, Condition, Disposition, Logistics
from returns.steps import lock_return, refuse_unless

# Whatever came before is the warehouse's, and is looked at there.
TAKES: Final = (*NOT_SENT, Logistics.IN_TRANSIT, Logistics.EXPIRED)
CONDITIONS: Final = (
    Condition.GOOD, Condition.OPENED, Condition.USED, Condition.DAMAGED, Condition.DEFECTIVE, Condition.WRONG,
)  # fmt: skip
_SOLD_AGAIN: Final = (Condition.GOOD,)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of a return line lie on the counter, and how they look. grade: A, B, C or ""."""

    return_line_id: UUID
    came: int
    condition: str
    grade: str = ""


def may_take(ret: Return) -> bool:
    """Whether a branch can take it in."""
    return ret.approval_state == Approval.APPROVED and ret.logistics_state in TAKES


def take_in(
    merchant: Merchant, return_id: UUID, lines: Sequence[Counted], *, unsure: bool = False, text: str = ""
) -> Return:
    """Receive what lies on the counter and note how it is; whoever acts now is its author.

    unsure: it is only received, and nothing of it accepted before the team has looked. Raises NotFound, Conflict
    for one that was taken in already or is not approved, Unprocessable for nothing, or more than was announced.
    """
    came = [line for line in lines if line.came]
    if not came:
        raise Unprocessable("Say what came.", param="lines", code="nothing_received")
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        refuse_unless(ret, "approval_state", (Approval.APPROVED,))
        refuse_unless(ret, "logistics_state", TAKES)
        announced = {row.pk: 0 if row.keep else row.quantity for row in ret.lines.all()}
        if any(
            line.condition not in CONDITIONS or not 0 < line.came <= announced.get(line.return_line_id, 0)
            for line in came
        ):
            raise Unprocessable(
                "The return has not that many of it.", param="lines", code="received_too_many"
            )
        # Before it counts as received: a rule may let money go with the receipt.
        held = [line.return_line_id for line in came if unsure or line.condition == Condition.WRONG]
        ReturnLine.objects.filter(ret=ret, pk__in=held).update(accepted=0)
        received = [ReceivedLine(line.return_line_id, line.came) for line in came]
        ret = receive(merchant, return_id, received, text=text)
        if not unsure:
            ret = inspect(merchant, return_id, [_found(line) for line in came])
    return ret


def _found(line: Counted) -> InspectedLine:
    accepted = 0 if line.condition == Condition.WRONG else line.came
    again = line.condition in _SOLD_AGAIN
    return InspectedLine(
        line.return_line_id, accepted, condition=line.condition, grade=line.grade,
        disposition=Disposition.RESTOCK if again else Disposition.QUARANTINE,
    )  # fmt: skip

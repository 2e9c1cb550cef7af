"""What returns do when money was given back, and when a parcel with returned goods is somewhere else."""

from collections.abc import Sequence

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from returns.models import Return
from returns.money.models import RefundState
from returns.parcels import parcel_moved
from returns.retrying import refunds_that_count
from returns.settling import close_if_done, settled_state
from returns.states import Money
from returns.steps import lines_of, lock_return, move
from tracking.facts import ReturnShipmentMoved


def forget_nothing() -> None:
    """The states stay: reading the log again changes only what is not so."""


@subscribe("returns.money", ["refund.completed", "refund.failed"], forget=forget_nothing)
def follow_money(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Whether the shop has given back what returns asked for. Return by return, in one order for everybody."""
    ids = {fact.data["source_id"] for fact in facts if fact.data.get("source_kind") == "return"}
    rows = Return.objects.filter(pk__in=ids).order_by("order_id", "id").values_list("pk", flat=True)
    for return_id in rows:
        ret = lock_return(return_id)
        states = {refund.state for refund in refunds_that_count(ret)}
        if RefundState.FAILED in states and ret.money_state == Money.PENDING:
            move(ret, money_state=Money.FAILED)
        elif RefundState.REQUESTED not in states and RefundState.FAILED not in states:
            if ret.money_state == Money.PENDING:
                ret.money_state = Money.PARTLY_DONE
                move(ret, money_state=settled_state(ret, lines_of(ret)))
            close_if_done(ret)


@subscribe("returns.parcels", ["return_shipment.moved"], forget=forget_nothing)
def follow_parcels(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Scans move the return: handed over, there."""
    moved = [fact.payload() for fact in facts]
    ids = {one.shipment_id for one in moved if isinstance(one, ReturnShipmentMoved)}
    rows = Return.objects.filter(shipment_id__in=ids).order_by("order_id", "id").values_list("pk", flat=True)
    for return_id in rows:
        parcel_moved(return_id)

"""The parcel of a return: followed by `tracking`, and what its scans mean for the return."""

from uuid import UUID

from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction
from returns.facts import ReturnReceived
from returns.models import Return
from returns.receiving import sent_now
from returns.settling import settle
from returns.states import Approval, EntryKind, Logistics, Side
from returns.steps import add_entry, lines_of, lock_return, move, refuse_unless, save, tell, told
from tracking.inbound import follow_return_parcel
from tracking.statuses import Status

# With its carrier, whatever came of it then.
_HANDED_OVER = frozenset(
    {
        Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.ATTEMPT_FAILED, Status.AVAILABLE_FOR_PICKUP,
        Status.DELIVERED, Status.EXCEPTION,
    }
)  # fmt: skip


def set_parcel(
    merchant: Merchant, return_id: UUID, *, tracking_number: str, carrier: str = "", by: str = Side.SHOPPER
) -> Return:
    """Follow this parcel (the shopper's own, or a label's): its scans move the return. The same again changes nothing.

    Without a carrier, the number's form tells it. Raises NotFound, Conflict for one that is not approved, Unprocessable
    for a number that is none.
    """
    number = "".join(tracking_number.split())
    if not 4 <= len(number) <= 100:
        raise Unprocessable(
            "This is not a tracking number.", param="tracking_number", code="invalid_tracking_number"
        )
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        refuse_unless(ret, "approval_state", (Approval.APPROVED,))
        if ret.tracking_number != number:
            follow(merchant, ret, number, carrier)
            add_entry(
                ret, EntryKind.LABEL, Side(by), data={"tracking_number": number, "carrier": ret.carrier}
            )
    return ret


def follow(merchant: Merchant, ret: Return, number: str, carrier: str) -> None:
    """Let `tracking` follow the parcel of a locked return."""
    parcel = follow_return_parcel(
        merchant, ret.order, external_id=f"return:{ret.number}", carrier=carrier, tracking_number=number
    )
    save(ret, shipment=parcel, tracking_number=number, carrier=parcel.carrier)


def parcel_moved(return_id: UUID) -> None:
    """Bring a return to where its parcel is by now, in the open transaction. Twice is once; back goes nothing."""
    ret = lock_return(return_id)
    parcel = ret.shipment
    if parcel is None or ret.approval_state != Approval.APPROVED or parcel.status not in _HANDED_OVER:
        return
    if ret.sent_at is None:
        sent_now(ret, carrier=parcel.carrier, tracking_number=parcel.tracking_number)
    if parcel.status == Status.DELIVERED and ret.logistics_state == Logistics.IN_TRANSIT:
        _arrived(ret)


def _arrived(ret: Return) -> None:
    """The carrier brought it: it counts as whole until somebody counts or inspects it."""
    now = timezone.now()
    for line in lines_of(ret):
        if not line.keep:
            line.received = line.quantity
            line.save(update_fields=["received"])
    move(ret, logistics_state=Logistics.RECEIVED, received_at=now, due_at=None)
    entry = add_entry(ret, EntryKind.RECEIVED, Side.SYSTEM, data={"by": "carrier"})
    tell(ret, ReturnReceived(**told(ret, entry), complete=True))
    settle(ret)

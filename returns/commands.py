"""Deciding about a return: one function a verb, one transaction, facts recorded.

Asking for one is in `returns.requesting`, what happens to its goods in `returns.receiving`.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_transaction
from returns.amounts import unit_of, up_to
from returns.counting import give_back
from returns.deciding import approve_now, end
from returns.facts import ReturnAsked, ReturnCancelled, ReturnExpired, ReturnRejected, ReturnReplied
from returns.models import Return
from returns.receiving import inspect as inspect
from returns.receiving import mark_sent as mark_sent
from returns.receiving import receive as receive
from returns.receiving import restock as restock
from returns.requesting import request_return as request_return
from returns.settling import close, close_if_done, settle
from returns.states import NOT_SENT, UNDECIDED, Approval, EntryKind, Kind, Logistics, Side
from returns.steps import (
    add_entry,
    cleaned,
    lines_of,
    lock_return,
    move,
    note,
    redrawn,
    refuse_unless,
    save,
    tell,
    told,
)


def approve(
    merchant: Merchant, return_id: UUID, *, quantities: Mapping[UUID, int] | None = None, text: str = ""
) -> Return:
    """The shop lets it come; some of it only, when `quantities` says how many of which return line. Twice is once.

    Raises NotFound, Conflict for one that is decided otherwise, Unprocessable for more than was asked for or nothing.
    """
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        if ret.approval_state == Approval.APPROVED:
            return ret
        refuse_unless(ret, "approval_state", UNDECIDED)
        if quantities is not None:
            _keep_only(ret, quantities)
        approve_now(ret, Side.TEAM, cleaned(text))
        note("return.approved", ret)
    return ret


def _keep_only(ret: Return, quantities: Mapping[UUID, int]) -> None:
    """Leave of each line what is approved; the rest can be returned anew."""
    lines, unit = lines_of(ret), unit_of(ret.currency)
    known = {line.id: line.quantity for line in lines}
    if any(not 0 <= count <= known.get(pk, -1) for pk, count in quantities.items()):
        raise Unprocessable("The return does not have that many of it.", param="lines", code="unknown_line")
    if not any(quantities.get(pk, 0) for pk in known):
        raise Unprocessable(
            "Nothing would be left: reject it instead.", param="lines", code="nothing_approved"
        )
    for line in lines:
        count = quantities.get(line.id, 0)
        if count == line.quantity:
            continue
        paid = up_to(line.paid, count, line.quantity, unit)
        tax = up_to(line.tax, count, line.quantity, unit)
        give_back(ret.merchant_id, line.line_id, line.part_id, line.quantity - count, line.paid - paid)
        line.quantity, line.paid, line.tax = count, paid, tax
        line.save(update_fields=["quantity", "paid", "tax"])


def reject(merchant: Merchant, return_id: UUID, text: str) -> Return:
    """The shop refuses it, and says why. Twice is once. Raises NotFound, Conflict, Unprocessable without a reason."""
    text = cleaned(text)
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        if not text:
            raise Unprocessable("Say why.", param="text", code="empty_message")
        if ret.approval_state == Approval.REJECTED:
            return ret
        refuse_unless(ret, "approval_state", UNDECIDED)
        end(ret, approval_state=Approval.REJECTED, decided_at=timezone.now())
        entry = add_entry(ret, EntryKind.REJECTED, Side.TEAM, text)
        tell(ret, ReturnRejected(**told(ret, entry)))
        note("return.rejected", ret)
    return ret


def ask(merchant: Merchant, return_id: UUID, text: str) -> Return:
    """Ask the shopper something; the return waits.

    Raises NotFound, Conflict when decided, Unprocessable without words.
    """
    text = cleaned(text)
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        if not text:
            raise Unprocessable("A question needs words.", param="text", code="empty_message")
        refuse_unless(ret, "approval_state", UNDECIDED)
        move(ret, approval_state=Approval.ASKED)
        entry = add_entry(ret, EntryKind.ASKED, Side.TEAM, text)
        tell(ret, ReturnAsked(**told(ret, entry)))
        note("return.asked", ret)
    return ret


def reply(merchant: Merchant, return_id: UUID, text: str, photos: Sequence[bytes] = ()) -> Return:
    """The shopper says more: the shop has to decide. The same twice in a row adds nothing.

    photos: as they were uploaded. Raises NotFound, Conflict for a closed one, Unprocessable for nothing or too much.
    """
    text, pictures = cleaned(text), redrawn(photos)
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        if not text and not pictures:
            raise Unprocessable("Say something, or add a photo.", param="text", code="empty_message")
        refuse_unless(ret, "approval_state", (*UNDECIDED, Approval.APPROVED))
        last = ret.entries.last()
        if not pictures and last is not None and (last.side, last.text) == (Side.SHOPPER, text):
            return ret
        if ret.approval_state == Approval.ASKED:
            move(ret, approval_state=Approval.REQUESTED)
        entry = add_entry(ret, EntryKind.REPLIED, Side.SHOPPER, text, photos=pictures)
        tell(ret, ReturnReplied(**told(ret, entry), notify=False))
    return ret


def cancel(merchant: Merchant, return_id: UUID, *, by: str, text: str = "") -> Return:
    """Take it back, as long as the goods have not gone off and nothing was settled. Twice is once. by: a Side.

    Raises NotFound, and Conflict when it is too late.
    """
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        if ret.approval_state == Approval.CANCELLED:
            return ret
        refuse_unless(ret, "approval_state", (*UNDECIDED, Approval.APPROVED))
        if (
            by == Side.SHOPPER and ret.kind == Kind.WITHDRAWAL
        ):  # what was declared is not taken back like this
            raise Conflict("This is a withdrawal's.", param="return_id", code="return_state")
        refuse_unless(ret, "logistics_state", NOT_SENT)
        refuse_unless(ret, "money_state", ("none", "awaiting_payment"))
        end(ret, approval_state=Approval.CANCELLED)
        entry = add_entry(ret, EntryKind.CANCELLED, Side(by), cleaned(text))
        tell(ret, ReturnCancelled(**told(ret, entry), by=by))
        note("return.cancelled", ret)
    return ret


def expire(merchant: Merchant, return_id: UUID) -> None:
    """It was not sent in time: its goods can be returned anew. One that is on its way, or was moved on, stays."""
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        now = timezone.now()
        too_late = ret.expires_at is not None and ret.expires_at <= now
        waits = ret.logistics_state in (Logistics.AWAITING, Logistics.LABEL_CREATED)
        if ret.closed_at or not waits or not too_late:
            save(ret, due_at=ret.expires_at if waits and not ret.closed_at else None)
            return
        if ret.money_state == "none":
            end(ret, logistics_state=Logistics.EXPIRED)
        else:  # money went ahead of the goods: the team has to see that they never came
            move(ret, logistics_state=Logistics.EXPIRED, due_at=None)
        entry = add_entry(ret, EntryKind.EXPIRED, Side.SYSTEM)
        tell(ret, ReturnExpired(**told(ret, entry)))


def extend(merchant: Merchant, return_id: UUID, days: int) -> Return:
    """Give the shopper more time to send it: 1 to 365 days from now. Raises NotFound, Conflict, Unprocessable."""
    if not 1 <= days <= 365:
        raise Unprocessable("1 to 365 days.", param="days", code="invalid_days")
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        refuse_unless(ret, "logistics_state", (Logistics.AWAITING, Logistics.LABEL_CREATED))
        refuse_unless(ret, "approval_state", (Approval.APPROVED,))
        until = timezone.now() + timedelta(days=days)
        save(ret, expires_at=until, due_at=until)
        note("return.extended", ret, {"days": [None, days]})
    return ret


def resolve(merchant: Merchant, return_id: UUID, text: str = "") -> Return:
    """The team ends it as it stands: what is ready is settled, the rest is not. Twice is once.

    Raises NotFound, and Conflict for one that is not approved.
    """
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        refuse_unless(ret, "approval_state", (Approval.APPROVED,))
        if ret.closed_at is None:
            settle(ret)
            close_if_done(ret)
        if ret.closed_at is None:
            close(ret, Side.TEAM, cleaned(text))
            note("return.resolved", ret)
    return ret


def assign(merchant: Merchant, return_id: UUID, person_id: int | None, address: str = "") -> Return:
    """Say who of the team looks after it; None for nobody. Raises NotFound."""
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        before = ret.assignee
        save(ret, assignee_id=person_id, assignee=address[:254])
        note("return.assigned", ret, {"assignee": [before, ret.assignee]})
    return ret


def add_note(merchant: Merchant, return_id: UUID, text: str) -> Return:
    """Write something down for the team; shoppers never see it. Raises NotFound, Unprocessable without words."""
    text = cleaned(text)
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        if not text:
            raise Unprocessable("A note needs words.", param="text", code="empty_message")
        add_entry(ret, EntryKind.NOTE, Side.TEAM, text)
        note("return.noted", ret)
    return ret

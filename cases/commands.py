"""Everything that changes a case: one function a verb, one transaction, facts recorded."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from cases.facts import CaseAnnounced, CaseAnswered, CaseClosed, CaseReopened
from cases.models import Case, CaseKind, CaseStatus, EntryKind, Outcome, Side
from cases.steps import (
    ONE_MORE_DAY,
    Report,
    active_case,
    add_entry,
    add_reply,
    check_photos,
    checked_lines,
    cleaned,
    lock_case,
    move,
    new_case,
    note,
    open_now,
    refuse_second,
    set_lines,
    tell,
    told,
)
from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_transaction


def open_case(
    merchant: Merchant, order_id: UUID, shipment_id: UUID | None, report: Report, *, side: Side = Side.SHOPPER
) -> Case:
    """Open a case. One of the same kind that is not closed is gone on with instead; the same said twice adds nothing.

    Raises NotFound for an order or parcel that the merchant does not have, Unprocessable for too much text, too
    many photos or lines that the order does not have.
    """
    text = cleaned(report.text)
    with merchant_transaction(merchant):
        lines = checked_lines(order_id, shipment_id, report)
        case = active_case(order_id, shipment_id, report.kind)
        if case is None:
            case = new_case(merchant, order_id, shipment_id, report.kind, CaseStatus.OPEN)
            set_lines(case, lines)
            open_now(merchant, case, add_entry(case, EntryKind.OPENED, side, text, report.photos))
        elif case.status == CaseStatus.WAITING:
            set_lines(case, lines)
            open_now(merchant, case, add_entry(case, EntryKind.OPENED, side, text, report.photos))
        elif (text or report.photos) and not case.entries.filter(side=side, text=text).exists():
            add_reply(merchant, case, text, report.photos)
    return case


def wait_a_day(merchant: Merchant, order_id: UUID, shipment_id: UUID) -> Case:
    """Give a parcel that is said to be delivered one more day; then its case opens by itself. Twice changes nothing.

    Raises NotFound.
    """
    report = Report(CaseKind.NOT_RECEIVED)
    with merchant_transaction(merchant):
        checked_lines(order_id, shipment_id, report)
        case = active_case(order_id, shipment_id, report.kind)
        if case is None:
            case = new_case(merchant, order_id, shipment_id, report.kind, CaseStatus.WAITING)
            case.due_at = case.created_at + ONE_MORE_DAY
            case.save(update_fields=["due_at"])
            entry = add_entry(case, EntryKind.WAITING, Side.SHOPPER)
            tell(case, CaseAnnounced(**told(case, entry), opens_at=case.due_at, notify=False))
    return case


def open_waiting(merchant: Merchant, case_id: UUID) -> None:
    """Open a case whose day is over, unless somebody has opened or closed it meanwhile."""
    with merchant_transaction(merchant):
        case = lock_case(case_id)
        if case.status == CaseStatus.WAITING:
            open_now(merchant, case, add_entry(case, EntryKind.OPENED, Side.SYSTEM))


def reply(merchant: Merchant, case_id: UUID, text: str, photos: Sequence[bytes] = ()) -> Case:
    """The shopper says more: the case is open again, a closed one too. The same twice in a row adds nothing.

    Raises NotFound, Unprocessable for neither text nor photo or too much, and Conflict where another case of the kind
    is open by now.
    """
    text = cleaned(text)
    if not text and not photos:
        raise Unprocessable("Say something, or add a photo.", param="text", code="empty_message")
    with merchant_transaction(merchant):
        case = lock_case(case_id)
        last = case.entries.last()
        if not photos and last is not None and last.side == Side.SHOPPER and last.text == text:
            return case
        check_photos(case, photos)
        if case.status == CaseStatus.CLOSED:
            refuse_second(case)
        if case.status == CaseStatus.WAITING:
            open_now(merchant, case, add_entry(case, EntryKind.OPENED, Side.SHOPPER, text, photos))
        else:
            add_reply(merchant, case, text, photos)
    return case


def answer(merchant: Merchant, case_id: UUID, text: str) -> Case:
    """The team answers; the shopper gets it by mail.

    Raises NotFound, Unprocessable without text, and Conflict for a case that is closed.
    """
    text = cleaned(text)
    if not text:
        raise Unprocessable("An answer needs words.", param="text", code="empty_message")
    with merchant_transaction(merchant):
        case = lock_case(case_id)
        move(case, CaseStatus.ANSWERED, answered_at=case.answered_at or timezone.now(), due_at=None)
        entry = add_entry(case, EntryKind.ANSWER, Side.TEAM, text)
        tell(case, CaseAnswered(**told(case, entry)))
        note("case.answered", case)
    return case


def close(merchant: Merchant, case_id: UUID, *, side: Side, outcome: Outcome = Outcome.SOLVED) -> Case:
    """End a case. Doing it twice changes nothing. Raises NotFound."""
    with merchant_transaction(merchant):
        case = lock_case(case_id)
        if case.status == CaseStatus.CLOSED:
            return case
        move(case, CaseStatus.CLOSED, outcome=outcome, closed_at=timezone.now(), due_at=None)
        entry = add_entry(case, EntryKind.CLOSED, side)
        tell(case, CaseClosed(**told(case, entry), outcome=outcome, by=side))
        note("case.closed", case)
    return case


def reopen(merchant: Merchant, case_id: UUID) -> Case:
    """The team takes a closed case up again.

    Raises NotFound, and Conflict for one that is not closed, or while another one about the same thing is open.
    """
    with merchant_transaction(merchant):
        case = lock_case(case_id)
        if case.status != CaseStatus.CLOSED:
            raise Conflict("This case is not closed.", param="case_id", code="case_not_closed")
        refuse_second(case)
        move(case, CaseStatus.OPEN, outcome="", closed_at=None)
        entry = add_entry(case, EntryKind.REOPENED, Side.TEAM)
        tell(case, CaseReopened(**told(case, entry), notify=False))
        note("case.reopened", case)
    return case


def assign(merchant: Merchant, case_id: UUID, person_id: int | None, address: str = "") -> Case:
    """Say who of the team looks after a case; None for nobody. Raises NotFound."""
    with merchant_transaction(merchant):
        case = lock_case(case_id)
        before = case.assignee
        case.assignee_id, case.assignee, case.updated_at = person_id, address[:254], timezone.now()
        case.save(update_fields=["assignee_id", "assignee", "updated_at"])
        note("case.assigned", case, {"assignee": [before, case.assignee]})
    return case

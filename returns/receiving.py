"""What happens to the goods of a return: sent, received, inspected, put back on sale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_transaction
from returns.counting import pieces_of, take
from returns.facts import ReturnGoods, ReturnInspected, ReturnInTransit, ReturnReceived, ReturnRestocked
from returns.models import Return, ReturnLine
from returns.settling import close_if_done, settle
from returns.states import Approval, Condition, Disposition, EntryKind, Logistics, Side
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

# Found so, it is not what was to come back.
_NOT_IT = (Condition.WRONG, Condition.MISSING)


@dataclass(frozen=True)
class ReceivedLine:
    """How many of a return line came with this parcel (added to what came before)."""

    return_line_id: UUID
    quantity: int


@dataclass(frozen=True)
class InspectedLine:
    """What somebody found of a return line. accepted: how many are as they should be, and are settled.

    photos: as they were uploaded.
    """

    return_line_id: UUID
    accepted: int
    condition: str = Condition.GOOD
    grade: str = ""
    disposition: str = Disposition.RESTOCK
    text: str = ""
    photos: Sequence[bytes] = ()


def mark_sent(
    merchant: Merchant,
    return_id: UUID,
    *,
    carrier: str = "",
    tracking_number: str = "",
    by: str = Side.SYSTEM,
    photos: Sequence[bytes] = (),
) -> Return:
    """A carrier has it, or the shopper says so. Twice is once. Raises NotFound, Conflict unless approved.

    photos: of the receipt of posting, as they were uploaded. Raises Unprocessable for what is no picture.
    """
    pictures = redrawn(photos)
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        sent_now(ret, carrier=carrier, tracking_number=tracking_number, by=by, photos=pictures)
    return ret


def sent_now(
    ret: Return,
    *,
    carrier: str = "",
    tracking_number: str = "",
    by: str = Side.SYSTEM,
    photos: Sequence[bytes] = (),
) -> None:
    """`mark_sent` of a locked return."""
    refuse_unless(ret, "approval_state", (Approval.APPROVED,))
    if ret.sent_at is not None and ret.logistics_state != Logistics.EXPIRED:
        return
    _take_again(ret)
    move(
        ret, logistics_state=Logistics.IN_TRANSIT, sent_at=timezone.now(), due_at=None, closed_at=None,
        carrier=carrier or ret.carrier, tracking_number=tracking_number or ret.tracking_number,
    )  # fmt: skip
    entry = add_entry(ret, EntryKind.SENT, Side(by), photos=photos)
    tell(ret, ReturnInTransit(**told(ret, entry), carrier=ret.carrier, tracking_number=ret.tracking_number))
    settle(ret)


def receive(
    merchant: Merchant, return_id: UUID, lines: Sequence[ReceivedLine] | None = None, *, text: str = ""
) -> Return:
    """Goods came: these, or (None) everything that was announced and has not come yet.

    More than was announced is taken in as an extra: counted, never settled. Raises NotFound, Conflict for one that is
    not approved, Unprocessable for a line that the return does not have.
    """
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        refuse_unless(ret, "approval_state", (Approval.APPROVED,))
        rows = lines_of(ret)
        if lines is not None and ret.counted_at is None:
            _forget_assumed(rows)
        counts = _received(rows, lines)
        if not any(counts.values()):
            if lines is None:
                return ret  # it was told before
            raise Unprocessable("Say what came.", param="lines", code="nothing_received")
        _take_again(ret)
        for row in rows:
            if counts.get(row.id):
                row.received += counts[row.id]
                row.save(update_fields=["received"])
        complete = all(row.keep or row.received >= row.quantity for row in rows)
        _come(ret, complete)
        entry = add_entry(ret, EntryKind.RECEIVED, Side.TEAM, cleaned(text), data=_numbers(rows, counts))
        tell(ret, ReturnReceived(**told(ret, entry), complete=complete, goods=_goods(rows, counts)))
        settle(ret)
        note("return.received", ret)
    return ret


def _come(ret: Return, complete: bool) -> None:
    now = timezone.now()
    if ret.logistics_state == Logistics.NONE:
        move(ret, logistics_state=Logistics.AWAITING)
    if ret.logistics_state != Logistics.INSPECTED:
        move(ret, logistics_state=Logistics.RECEIVED if complete else Logistics.PARTLY_RECEIVED)
    save(ret, received_at=now, counted_at=now, sent_at=ret.sent_at or now, due_at=None, closed_at=None)


def _forget_assumed(rows: Iterable[ReturnLine]) -> None:
    """What the carrier brought counted as whole until now: from here on what was counted does."""
    for row in rows:
        row.received = 0
        row.save(update_fields=["received"])


def _received(rows: Iterable[ReturnLine], lines: Sequence[ReceivedLine] | None) -> dict[UUID, int]:
    announced = {row.id: 0 if row.keep else max(row.quantity - row.received, 0) for row in rows}
    if lines is None:
        return announced
    counts: dict[UUID, int] = {}
    for line in lines:
        if line.return_line_id not in announced or not 0 <= line.quantity <= 10_000:
            raise Unprocessable("The return has no such line.", param="lines", code="unknown_line")
        counts[line.return_line_id] = counts.get(line.return_line_id, 0) + line.quantity
    return counts


def inspect(merchant: Merchant, return_id: UUID, lines: Sequence[InspectedLine], *, text: str = "") -> Return:
    """Somebody looked at what came: item by item what it is, and what is done with it. Restocks what is to be.

    An item that was found in order before stays so when its money went back. Raises NotFound, Conflict for one of which
    nothing came, Unprocessable for what does not fit the return.
    """
    pictures = [redrawn(line.photos) for line in lines]
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        refuse_unless(
            ret, "logistics_state", (Logistics.PARTLY_RECEIVED, Logistics.RECEIVED, Logistics.INSPECTED)
        )
        rows = {row.id: row for row in lines_of(ret)}
        entry = add_entry(ret, EntryKind.INSPECTED, Side.TEAM, cleaned(text))
        for line, photos in zip(lines, pictures, strict=True):
            row = rows.get(line.return_line_id)
            if row is None:
                raise Unprocessable("The return has no such line.", param="lines", code="unknown_line")
            _found(row, line)
            if photos or line.text:
                add_entry(ret, EntryKind.INSPECTED, Side.TEAM, cleaned(line.text), photos=photos, line=row,
                          data={"return_line": str(row.id)})  # fmt: skip
        if all(row.accepted is not None or row.keep or not row.quantity for row in rows.values()):
            move(ret, logistics_state=Logistics.INSPECTED, inspected_at=timezone.now())
        looked_at = [rows[line.return_line_id] for line in lines]
        tell(
            ret,
            ReturnInspected(
                **told(ret, entry), goods=_goods(looked_at, {r.id: r.accepted or 0 for r in looked_at})
            ),
        )
        _restock(ret, looked_at)
        settle(ret)
        close_if_done(ret)
        note("return.inspected", ret)
    return ret


def _found(row: ReturnLine, found: InspectedLine) -> None:
    """Note on a line what was found. Raises Unprocessable, and Conflict where money went back for more already."""
    known = found.condition in Condition.values and found.disposition in ("", *Disposition.values)
    if not known:
        raise Unprocessable(
            "There is no such condition or disposition.", param="lines", code="unknown_item_condition"
        )
    if not 0 <= found.accepted <= min(row.received, row.quantity) or (
        found.accepted and found.condition in _NOT_IT
    ):
        raise Unprocessable("More cannot be in order than came.", param="lines", code="unknown_line")
    row.accepted, row.condition, row.grade = found.accepted, found.condition, found.grade.strip()[:2]
    row.disposition = "" if found.condition in _NOT_IT else found.disposition
    row.save(update_fields=["accepted", "condition", "grade", "disposition"])


def restock(merchant: Merchant, return_id: UUID) -> Return:
    """Put on sale again what was found fit for it and is not yet. Moves no money. Raises NotFound."""
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        _restock(ret, lines_of(ret))
    return ret


def _restock(ret: Return, rows: Sequence[ReturnLine]) -> None:
    """Tell what can be sold again: each piece once."""
    counts = {}
    for row in rows:
        fit = (row.accepted or 0) if row.disposition == Disposition.RESTOCK else 0
        if fit > row.restocked:
            counts[row.id] = fit - row.restocked
            row.restocked = fit
            row.save(update_fields=["restocked"])
    if counts:
        entry = add_entry(ret, EntryKind.RESTOCKED, Side.SYSTEM, data=_numbers(rows, counts))
        tell(ret, ReturnRestocked(**told(ret, entry), goods=_goods(rows, counts), notify=False))


def _take_again(ret: Return) -> None:
    """An expired return that comes after all takes its goods again. Raises Conflict when another one has them."""
    if ret.logistics_state != Logistics.EXPIRED or ret.closed_at is None:
        return
    pieces = {piece.key: piece for piece in pieces_of(ret.order)}
    for row in lines_of(ret):
        count, amount = row.quantity - row.settled, row.paid - row.settled_amount
        if count:
            piece = pieces.get((row.line_id, row.part_id))
            if piece is None:
                raise Conflict(
                    "The order has no such line any more.", param="return_id", code="already_returned"
                )
            take(ret.order, [(piece, count, amount)])


def _numbers(rows: Iterable[ReturnLine], counts: dict[UUID, int]) -> dict[str, int]:
    return {str(row.id): counts[row.id] for row in rows if counts.get(row.id)}


def _goods(rows: Iterable[ReturnLine], counts: dict[UUID, int]) -> list[ReturnGoods]:
    return [
        ReturnGoods(return_line_id=row.id, line_id=row.line_id, quantity=counts[row.id],
                    sku=row.part.sku if row.part else row.line.sku, disposition=row.disposition)
        for row in rows if row.id in counts and (counts[row.id] or row.accepted is not None)
    ]  # fmt: skip

"""Asking for a return: what is wanted is checked against the rules and what is left, counted, and stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import Conflict, Problem, Unprocessable
from merchants.scope import merchant_transaction
from orders.commands import lock_order
from orders.models import Order, OrderStatus
from returns import counting, exchanging
from returns.amounts import ZERO, unit_of
from returns.counting import Piece
from returns.deciding import approve_now, needs_review, review_now
from returns.facts import ReturnRequested
from returns.logistics.labelling import maker_for
from returns.models import Return, ReturnLine
from returns.policy.choices import Code, ItemCondition
from returns.policy.fees import WITH_BONUS
from returns.policy.line_facts import Asked
from returns.policy.verdict import Verdict
from returns.reasons import with_parent
from returns.states import EntryKind, Kind, Method, Resolution, Side
from returns.steps import add_entry, add_photos, cleaned, redrawn, tell, told
from returns.terms import Terms, terms_of

MOST_LINES: Final = 1000  # as many as an order has


@dataclass(frozen=True)
class RequestedLine:
    """One item of a return. photos: as they were uploaded.

    condition: as the shopper says (ItemCondition). exchange_variant: what the shop calls the wanted one.
    """

    line_id: UUID
    quantity: int = 1
    reason: str = ""
    note: str = ""
    condition: str = ""
    resolution: str = Resolution.REFUND
    exchange_variant: str = ""
    part_id: UUID | None = None
    photos: Sequence[bytes] = ()


@dataclass(frozen=True)
class RequestedReturn:
    """What somebody wants to return. No lines: all that is left of the order, for `resolution`.

    gift: who got it returns it; credit goes to `gift_email`, and who bought it is told nothing. key: of the form, so
    that it makes one return however often it is sent (at most 64 letters).
    """

    lines: Sequence[RequestedLine] = ()
    resolution: str = Resolution.REFUND
    kind: str = Kind.RETURN
    method: str = ""
    gift: bool = False
    gift_email: str = ""
    note: str = ""
    key: str = ""


@dataclass(frozen=True)
class _Wanted:
    asked: RequestedLine
    piece: Piece
    terms: Verdict
    paid: Decimal


def request_return(
    merchant: Merchant, order_id: UUID, wanted: RequestedReturn, *, by: str, at: datetime | None = None
) -> Return:
    """Ask for a return. by: a Side; the team may return what the rules would not let (but never more than was bought).

    at: the moment that counts for the rules (UTC), now unless given. Approved at once where the rules say so. Raises
    NotFound, Conflict for goods that are in another return, Unprocessable for what the rules or common sense refuse.
    """
    at = at or timezone.now()
    _check_shape(wanted)
    photos = [redrawn(line.photos) for line in wanted.lines]
    with merchant_transaction(merchant):
        order = lock_order(order_id)
        if wanted.key and (same := Return.objects.filter(order=order, request_key=wanted.key).first()):
            return same
        if order.status == OrderStatus.CANCELLED:
            raise Unprocessable("This order was cancelled.", param="order_id", code="order_cancelled")
        terms = terms_of(merchant, order, wanted.kind, at=at, asked=_asked(wanted))
        lines = _wanted_lines(order, wanted, terms, by)
        counting.take(order, [(w.piece, w.asked.quantity, w.paid) for w in lines])
        ret = _stored(order, wanted, terms, lines, by, at)
        rows = _store_lines(ret, lines, unit_of(order.currency))
        entry = add_entry(ret, EntryKind.REQUESTED, Side(by), cleaned(wanted.note))
        for row, pictures in zip(rows, photos, strict=False):
            add_photos(ret, entry, pictures, row)
        exchanging.prepare(ret, rows)
        tell(ret, ReturnRequested(**told(ret, entry)))
        _decide(ret, lines, by)
    return ret


def _check_shape(wanted: RequestedReturn) -> None:
    if len(wanted.lines) > MOST_LINES:
        raise Unprocessable(f"{MOST_LINES} lines at most.", param="lines", code="too_many_lines")
    pieces = [(line.line_id, line.part_id) for line in wanted.lines]
    if len(set(pieces)) < len(pieces):
        raise Unprocessable("Name a line once, with its quantity.", param="lines", code="line_twice")
    for index, line in enumerate(wanted.lines):
        if line.quantity < 1:
            raise Unprocessable(
                "A quantity is 1 or more.", param=f"lines[{index}].quantity", code="unknown_line"
            )
        if line.resolution not in Resolution.values:
            raise Unprocessable("There is no such resolution.", param=f"lines[{index}].resolution",
                                code="resolution_not_offered")  # fmt: skip
    if any(line.condition not in ("", *ItemCondition.values) for line in wanted.lines):
        raise Unprocessable("There is no such condition.", param="lines", code="unknown_item_condition")
    if wanted.method and wanted.method not in Method.values:
        raise Unprocessable("There is no such method.", param="method", code="method_not_offered")
    if wanted.gift and "@" not in wanted.gift_email:
        raise Unprocessable("Say where the credit goes.", param="gift_email", code="gift_without_address")


def _asked(wanted: RequestedReturn) -> Mapping[UUID, Asked]:
    """What the rules may ask of the shopper, by line."""
    return {
        line.line_id: Asked(with_parent(line.reason), line.condition or None, line.quantity)
        for line in wanted.lines
    }


def _wanted_lines(order: Order, wanted: RequestedReturn, terms: Terms, by: str) -> list[_Wanted]:
    """Every wanted line with what there is of it. Raises Conflict and Unprocessable."""
    unit = unit_of(order.currency)
    pieces = {piece.key: piece for piece in counting.pieces_of(order)}
    asked = wanted.lines or [
        RequestedLine(piece.line.id, piece.left, resolution=wanted.resolution, part_id=key[1])
        for key, piece in pieces.items()
        if piece.left and (by == Side.TEAM or _may(terms, piece))
    ]
    if not asked:
        raise _nothing_left(pieces.values(), terms)
    lines = []
    for index, line in enumerate(asked):
        piece = pieces.get((line.line_id, line.part_id))
        if piece is None or line.quantity > piece.bought:
            raise Unprocessable("The order does not have that many of it.", param=f"lines[{index}]",
                                code="unknown_line")  # fmt: skip
        mine = terms.lines[line.line_id]
        if by == Side.SHOPPER:
            _check_terms(mine, line, wanted, index)
        lines.append(_Wanted(line, piece, mine, piece.worth(line.quantity, unit)))
    return lines


def _may(terms: Terms, piece: Piece) -> bool:
    verdict = terms.lines.get(piece.line.id)
    return verdict is not None and verdict.returnable


def _nothing_left(pieces: Iterable[Piece], terms: Terms) -> Problem:
    """Why nothing of an order can come back: what the rules say about what is left of it."""
    for piece in pieces:
        verdict = terms.lines.get(piece.line.id)
        if piece.left and verdict is not None and not verdict.returnable:
            return _refusal(verdict, "order_id")
    return Conflict("Nothing of this order can be returned.", param="order_id", code="nothing_returnable")


def _refusal(verdict: Verdict, param: str) -> Unprocessable:
    """What the rules say, as the API tells it."""
    if verdict.code == Code.WINDOW_OVER:
        return Unprocessable(verdict.sentence, param=param, code="window_over")
    if verdict.code == Code.FINAL_SALE:
        return Unprocessable(verdict.sentence, param=param, code="final_sale")
    return Unprocessable(verdict.sentence, param=param, code="not_returnable")


def _check_terms(terms: Verdict, line: RequestedLine, wanted: RequestedReturn, index: int) -> None:
    """Raises Unprocessable for what the rules do not let a shopper do."""
    if not terms.returnable:
        raise _refusal(terms, f"lines[{index}]")
    offered = set(terms.resolutions)
    if wanted.gift:  # the money is who bought it's
        offered = offered - {Resolution.REFUND} | {Resolution.STORE_CREDIT}
    if line.resolution not in offered:
        raise Unprocessable("This is not offered for it.", param=f"lines[{index}].resolution",
                            code="resolution_not_offered")  # fmt: skip
    if wanted.method and wanted.method not in terms.methods:
        raise Unprocessable("It cannot be sent back this way.", param="method", code="method_not_offered")


def _stored(
    order: Order, wanted: RequestedReturn, terms: Terms, lines: Sequence[_Wanted], by: str, at: datetime
) -> Return:
    mine = [w.terms for w in lines]
    last = Return.objects.filter(order=order).order_by("-sequence").values_list("sequence", flat=True).first()
    sequence = (last or 0) + 1
    now = timezone.now()
    keeps_all = all(t.keep_item for t in mine)
    fee = max((w.terms.cost_of(w.asked.resolution).flat for w in lines), default=ZERO)
    method = "" if keeps_all else _method(order, wanted.method, mine[0].methods or (Method.OWN,))
    ret: Return = Return.objects.create(
        merchant_id=order.merchant_id, order=order, customer_id=order.customer_id, sequence=sequence,
        number=f"R-{(order.lookup_number or order.external_id).upper()[:64]}-{sequence}", kind=wanted.kind,
        requested_by=by, gift=wanted.gift, gift_email=wanted.gift_email.strip()[:254], email=order.email,
        policy_version=terms.version, refund_trigger=slowest_trigger(t.refund_trigger for t in mine),
        method=method,
        destination=next((t.destination for t in mine if t.destination), ""), currency=order.currency,
        fee=ZERO if keeps_all else fee, request_key=wanted.key[:64],
        requested_at=at, updated_at=now,
    )  # fmt: skip
    ret.order = order
    return ret


def _method(order: Order, wanted: str, offered: Sequence[str]) -> str:
    """The wanted way, or the first one that there is from where the order went. Raises Unprocessable."""
    for method in [wanted] if wanted else offered:
        if method not in (Method.LABEL, Method.QR):
            return method
        try:
            maker_for(order)
        except Unprocessable:
            if wanted:
                raise
        else:
            return method
    return Method.OWN


# The later, the surer: with several rules in one return nothing is given back before each of them lets it.
_BY_TIME: Final = ("instant", "drop_off", "scan", "receipt", "inspection")


def slowest_trigger(triggers: Iterable[str]) -> str:
    """The latest of several triggers."""
    return max(triggers, key=_BY_TIME.index)


def _store_lines(ret: Return, lines: Sequence[_Wanted], unit: Decimal) -> list[ReturnLine]:
    rows = [
        ReturnLine(
            merchant_id=ret.merchant_id, ret=ret, line=w.piece.line, part=w.piece.part, quantity=w.asked.quantity,
            reason=w.asked.reason[:60], note=cleaned(w.asked.note, 1000), resolution=w.asked.resolution,
            exchange_variant=w.asked.exchange_variant[:191], keep=w.terms.keep_item, paid=w.paid,
            tax=w.piece.tax_in(w.paid, unit), restocking_percent=w.terms.cost_of(w.asked.resolution).restocking_percent,
            bonus_percent=w.terms.bonus_percent if w.asked.resolution in WITH_BONUS else ZERO, rule=w.terms.rule[:120],
        )
        for w in lines
    ]  # fmt: skip
    return ReturnLine.objects.bulk_create(rows)


def _decide(ret: Return, lines: Sequence[_Wanted], by: str) -> None:
    """What the rules decide by themselves: approve, or ask for a second look."""
    reasons = [w.terms.rule or w.terms.code for w in lines if w.terms.needs_review]
    if by == Side.TEAM or ret.kind == Kind.WITHDRAWAL:
        approve_now(ret, Side.SYSTEM if ret.kind == Kind.WITHDRAWAL else Side(by))
    elif needs_review(ret):  # a defect: no rule was asked
        review_now(ret, "")
    elif reasons:
        review_now(ret, "; ".join(sorted(set(reasons)))[:300])
    elif all(w.terms.auto_approve for w in lines):
        approve_now(ret, Side.SYSTEM)

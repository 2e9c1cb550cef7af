"""The way back of withdrawn goods: a return of kind `withdrawal`, without fee, rule or steering.

The consumer has 14 days to send the goods (Directive 2011/83/EU, Article 14(1)); the shop may withhold the refund until
they are back or their dispatch is proved, whichever is earlier (Article 13(3)). Both come from the return: its first
scan or a receipt of posting that the consumer photographed, and its arrival.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_transaction
from orders.models import Order
from returns import exchanging
from returns.amounts import ZERO
from returns.commands import cancel
from returns.counting import Piece, pieces_of
from returns.deciding import approve_now
from returns.exchange_models import Hold
from returns.label_models import LabelAccount, LabelState, ReturnLabel
from returns.logistics import labelling
from returns.models import Branch, Return, ReturnLine
from returns.queries import may_cancel
from returns.requesting import RequestedLine, RequestedReturn, request_return
from returns.settling import close_if_done
from returns.states import UNDECIDED, Approval, Kind, Logistics, Method, Money, Resolution, Side, Trigger
from returns.steps import lines_of, lock_return, move, refuse_unless, save
from returns.withdrawal.clock import Finding
from returns.withdrawal.commands import note_goods
from returns.withdrawal.goods import rules_of
from returns.withdrawal.models import Status, Withdrawal
from returns.withdrawal.steps import lock, note

SEND_WITHIN: Final = timedelta(days=14)
# By order line and part: how many.
Counted = dict[tuple[UUID, UUID | None], int]
_CAME: Final = (Logistics.RECEIVED, Logistics.INSPECTED)
_SENT: Final = (Logistics.IN_TRANSIT, Logistics.PARTLY_RECEIVED, *_CAME)


def open_way(merchant: Merchant, withdrawal_id: UUID) -> list[Return]:
    """Let the goods of an open withdrawal come back; twice is once. Returns its returns, newest last.

    What is in a return of the shop's own already becomes the withdrawal's, as long as nothing of it was settled: its
    label and number stay, its fee goes. Empty where all of the goods are in returns that went further. Raises NotFound,
    Conflict unless it is open, Unprocessable (`not_sent`) as long as nothing was sent.
    """
    with merchant_transaction(merchant):
        withdrawal = lock(withdrawal_id)
        if withdrawal.status != Status.OPEN or withdrawal.order_id is None:
            raise Conflict("This withdrawal is not open.", param="withdrawal_id", code="withdrawal_not_open")
        order = Order.objects.prefetch_related("lines").get(pk=withdrawal.order_id)
        wanted = goods_to_send(withdrawal, order)
        if not wanted:
            raise Unprocessable("Nothing of it was sent yet.", param="withdrawal_id", code="not_sent")
        own = list(returns_of_withdrawal(withdrawal))
        for ret in Return.objects.filter(order=order, kind=Kind.RETURN, closed_at=None).order_by("sequence"):
            if taken_over := _take_over(withdrawal, ret.pk, wanted, _counted(own)):
                own.append(taken_over)
        lines = _left(pieces_of(order), wanted, _counted(own))
        if lines:
            asked = RequestedReturn(lines, kind=Kind.WITHDRAWAL, method=Method.OWN)
            made = request_return(merchant, order.pk, asked, by=Side.SHOPPER)
            save(made, withdrawal=withdrawal)
            own.append(made)
        note("withdrawal.way_back", withdrawal)
        follow_goods(merchant, withdrawal_id, timezone.now())  # what was taken over may be back already
    return own


def goods_to_send(withdrawal: Withdrawal, order: Order) -> dict[UUID, int]:
    """The withdrawn goods that have left the shop, by order line. The order's lines should be prefetched."""
    named = {row.line_id: row.quantity for row in withdrawal.lines.all()}
    sent = {line.pk: line.shipped_quantity for line in order.lines.all() if line.requires_shipping}
    counts = {pk: min(count, named.get(pk, 0)) if named else count for pk, count in sent.items()}
    return {pk: count for pk, count in counts.items() if count > 0}


def returns_of_withdrawal(withdrawal: Withdrawal) -> Iterable[Return]:
    """The returns that bring its goods back, oldest first; those that were called off are none."""
    rows = Return.objects.filter(withdrawal=withdrawal).exclude(approval_state=Approval.CANCELLED)
    return rows.order_by("sequence")


def ways_of(ret: Return) -> list[str]:
    """The ways that a withdrawal's goods can take, none before another: two queries.

    A label or a code costs the consumer nothing; whether the shop offers one is its own rule.
    """
    offered = rules_of().offers_labels and any(
        not account.countries or ret.order.country in account.countries
        for account in LabelAccount.objects.only("countries", "merchant_id")
    )
    ways = [Method.QR, Method.LABEL] if offered else []
    return [*ways, *([Method.STORE] if Branch.objects.exists() else []), Method.OWN]


def choose_way(merchant: Merchant, return_id: UUID, method: str) -> Return:
    """How the consumer sends withdrawn goods, as long as they are not sent and no label is made.

    Raises NotFound, Conflict for one that is on its way or has its label, Unprocessable for a way that is not offered.
    """
    with merchant_transaction(merchant):
        ret = lock_return(return_id)
        refuse_unless(ret, "kind", (Kind.WITHDRAWAL,))
        refuse_unless(ret, "approval_state", (Approval.APPROVED,))
        refuse_unless(ret, "logistics_state", (Logistics.AWAITING,))
        if method not in ways_of(ret):
            raise Unprocessable("It cannot be sent this way.", param="method", code="method_not_offered")
        if method != ret.method:
            ReturnLabel.objects.filter(ret=ret).exclude(state=LabelState.READY).delete()
            save(ret, method=method)
            labelling.want(ret)
    return ret


def _counted(own: Sequence[Return]) -> Counted:
    """How many of each piece are in these returns."""
    counted: Counted = {}
    for line in ReturnLine.objects.filter(ret__in=own):
        key = (line.line_id, line.part_id)
        counted[key] = counted.get(key, 0) + line.quantity
    return counted


def _left(pieces: Sequence[Piece], wanted: dict[UUID, int], taken: Counted) -> list[RequestedLine]:
    """What has no return yet, piece by piece; of a bundle all its parts."""
    found = []
    for piece in pieces:
        each = piece.part.quantity if piece.part else 1
        count = min(wanted.get(piece.line.id, 0) * each - taken.get(piece.key, 0), piece.left)
        if count > 0:
            found.append(RequestedLine(piece.line.id, count, part_id=piece.part.id if piece.part else None))
    return found


def _take_over(
    withdrawal: Withdrawal, return_id: UUID, wanted: dict[UUID, int], taken: Counted
) -> Return | None:
    """Make a return the withdrawal's, if it is of withdrawn goods only and nothing of it was settled or is held.

    taken: what is in returns of the withdrawal already. None: it stays as it is.
    """
    ret = lock_return(return_id)
    lines, exchange = lines_of(ret), exchanging.exchange_of(ret)
    moved = ret.settlements or ret.money_state not in (Money.NONE, Money.AWAITING_PAYMENT)
    binding = exchange is not None and (exchange.paid_at is not None or exchange.hold != Hold.NONE)
    beyond = any(
        line.quantity + taken.get((line.line_id, line.part_id), 0) > wanted.get(line.line_id, 0)
        for line in lines
    )
    if ret.gift or moved or binding or beyond:
        return None
    exchanging.drop(ret)
    for line in lines:
        line.resolution, line.exchange_variant, line.exchange_title, line.exchange_price = (
            Resolution.REFUND, "", "", None,
        )  # fmt: skip
        line.keep, line.restocking_percent, line.bonus_percent, line.rule = False, ZERO, ZERO, ""
        line.save()
    move(
        ret, withdrawal=withdrawal, kind=Kind.WITHDRAWAL, fee=ZERO, fee_taken=ZERO, money_state=Money.NONE,
        refund_trigger=Trigger.RECEIPT, method=ret.method or Method.OWN, expires_at=None, due_at=None,
        review_reason="",
    )  # fmt: skip
    if ret.approval_state in UNDECIDED:
        approve_now(ret, Side.SYSTEM)
    close_if_done(ret)
    return ret


def follow_goods(merchant: Merchant, withdrawal_id: UUID, at: datetime) -> None:
    """Note what its returns say by now: all of the goods are on their way, or back. at: when that was told (UTC)."""
    with merchant_transaction(merchant):
        withdrawal = lock(withdrawal_id)
        states = {ret.logistics_state for ret in returns_of_withdrawal(withdrawal)}
        if not states:
            return
        if states <= set(_SENT) and withdrawal.dispatched_at is None:
            note_goods(merchant, withdrawal_id, back=False, at=at)
        if states <= set(_CAME) and withdrawal.goods_back_at is None:
            note_goods(merchant, withdrawal_id, back=True, at=at)


def call_off(merchant: Merchant, withdrawal_id: UUID) -> None:
    """There is nothing to refund: what was not sent yet need not be sent."""
    with merchant_transaction(merchant):
        withdrawal = lock(withdrawal_id)
        if withdrawal.status != Status.SET_ASIDE:
            return
        for ret in returns_of_withdrawal(withdrawal):
            if may_cancel(ret):
                cancel(merchant, ret.pk, by=Side.TEAM)


def opens_by_itself(withdrawal: Withdrawal) -> bool:
    """Whether nothing speaks against the goods' coming back; else the team says so.

    A mark does: a script that guesses orders must not turn a consumer's exchange into a refund, nor have labels made.
    """
    in_time = withdrawal.status == Status.OPEN and withdrawal.finding == Finding.IN_TIME
    return in_time and not withdrawal.marks

"""Everything that changes a withdrawal: one function a verb, one transaction, facts and a link of the chain."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone

from merchants.ids import public_id, uuid7
from merchants.models import Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_transaction
from orders.models import Order
from returns.withdrawal.chain import moment
from returns.withdrawal.chaining import append
from returns.withdrawal.facts import (
    WithdrawalCompleted,
    WithdrawalDeclared,
    WithdrawalRefundDue,
    WithdrawalSetAside,
)
from returns.withdrawal.models import Status, Withdrawal
from returns.withdrawal.receipts import declared_content, new_number, new_receipt_digest
from returns.withdrawal.steps import (
    REFUND_WITHIN,
    Declaration,
    checked_lines,
    lock,
    move,
    note,
    save,
    settle_match,
    store_lines,
    tell,
    told,
    typed,
)

log = structlog.get_logger(__name__)


def declare(
    merchant: Merchant, declaration: Declaration, *, suspect: Callable[[], Sequence[str]] | None = None
) -> Withdrawal:
    """Record a withdrawal. Nothing that was typed is refused: without an order in hand it is kept as unmatched.

    suspect: limits and traps, asked once it is recorded; what they say is a mark for the team, and their failing
    costs nothing. Raises NotFound for an order that the merchant does not have and Unprocessable for lines that
    it does not have; neither happens without an order's link or the shop's own key.
    """
    with merchant_transaction(merchant):
        lines = checked_lines(declaration)
        withdrawal = _stored(merchant, declaration)
        store_lines(withdrawal, declaration.lines)
        shown = [
            {"title": line.title, "variant": line.variant, "sku": line.sku, "quantity": declaration.lines[pk]}
            for pk, line in lines.items()
        ]
        append(withdrawal, "declared", declared_content(withdrawal, shown))
        if suspect is not None:
            save(withdrawal, marks=_marks(suspect))
        fact = WithdrawalDeclared(
            **told(withdrawal), source=withdrawal.source, is_whole=withdrawal.is_whole, marks=withdrawal.marks
        )
        withdrawal.order_id = declaration.order_id
        tell(withdrawal, fact)
        if declaration.order_id is not None:
            settle_match(merchant, withdrawal, declaration.order_id, by=declaration.source)
        note("withdrawal.declared", withdrawal)
    return withdrawal


def _marks(suspect: Callable[[], Sequence[str]]) -> list[str]:
    try:
        with transaction.atomic():
            return list(suspect())
    except DatabaseError:
        log.exception("withdrawal_limits_failed")
        return []


def _stored(merchant: Merchant, declaration: Declaration) -> Withdrawal:
    now, pk = timezone.now(), uuid7()
    created: Withdrawal = Withdrawal.objects.create(
        id=pk, merchant=merchant, number=new_number(), receipt_digest=new_receipt_digest(pk),
        source=declaration.source, declared_at=declaration.declared_at, name=typed(declaration.name, "name"),
        contract=typed(declaration.contract, "contract"), email=typed(declaration.email, "email"),
        text=typed(declaration.text, "text"), is_whole=declaration.is_whole and not declaration.lines,
        locale=declaration.locale[:10], marks=list(declaration.marks), status=Status.UNMATCHED,
        refund_due_at=declaration.declared_at + REFUND_WITHIN, created_at=now, updated_at=now,
    )  # fmt: skip
    return created


def match(merchant: Merchant, withdrawal_id: UUID, order_id: UUID, *, by: str = "team") -> Withdrawal:
    """Say which order a withdrawal is of. The same one twice changes nothing.

    Raises NotFound, and Conflict for one that is of another order by now.
    """
    with merchant_transaction(merchant):
        if not Order.objects.filter(pk=order_id).exists():
            raise NotFound("There is no such order.", param="order_id")
        withdrawal = lock(withdrawal_id, order_id)
        if withdrawal.order_id == order_id and withdrawal.status == Status.OPEN:
            return withdrawal
        settle_match(merchant, withdrawal, order_id, by=by)
        note("withdrawal.matched", withdrawal, {"order": ["", public_id("ord", order_id)]})
    return withdrawal


def set_aside(merchant: Merchant, withdrawal_id: UUID, reason: str) -> Withdrawal:
    """Decide that there is nothing to refund, and why. What was declared stays as it is.

    Raises NotFound, Unprocessable without a reason, Conflict for one that is completed.
    """
    reason = reason.replace("\0", "").strip()[:500]
    if not reason:
        raise Unprocessable("Say why.", param="reason", code="reason_missing")
    with merchant_transaction(merchant):
        withdrawal = lock(withdrawal_id)
        if withdrawal.status == Status.SET_ASIDE:
            return withdrawal
        move(withdrawal, Status.SET_ASIDE, set_aside_reason=reason, due_at=None)
        append(withdrawal, "set_aside", {"reason": reason})
        tell(withdrawal, WithdrawalSetAside(**told(withdrawal)))
        note("withdrawal.set_aside", withdrawal, {"reason": ["", reason]})
    return withdrawal


def take_up(merchant: Merchant, withdrawal_id: UUID) -> Withdrawal:
    """Take one up again that was set aside. Raises NotFound and Conflict."""
    with merchant_transaction(merchant):
        withdrawal = lock(withdrawal_id)
        status = Status.OPEN if withdrawal.order_id else Status.UNMATCHED
        move(withdrawal, status, set_aside_reason="", due_at=None)
        append(withdrawal, "taken_up", {})
        note("withdrawal.taken_up", withdrawal)
    return withdrawal


def note_goods(
    merchant: Merchant, withdrawal_id: UUID, *, back: bool, at: datetime | None = None
) -> Withdrawal:
    """The goods are back, or (back=False) the consumer has proved to have sent them. From then nothing is withheld.

    Twice keeps the first time. Raises NotFound.
    """
    name = "goods_back_at" if back else "dispatched_at"
    with merchant_transaction(merchant):
        withdrawal = lock(withdrawal_id)
        if getattr(withdrawal, name) is None:
            save(withdrawal, **{name: at or timezone.now()})
            append(
                withdrawal, "goods_back" if back else "dispatched", {"at": moment(getattr(withdrawal, name))}
            )
            note("withdrawal." + ("goods_back" if back else "dispatched"), withdrawal)
    return withdrawal


def complete(merchant: Merchant, withdrawal_id: UUID, *, reference: str = "") -> Withdrawal:
    """What had to go back has gone back. Twice changes nothing. Raises NotFound and Conflict."""
    with merchant_transaction(merchant):
        withdrawal = lock(withdrawal_id)
        if withdrawal.status == Status.COMPLETED:
            return withdrawal
        move(withdrawal, Status.COMPLETED, completed_at=timezone.now(), due_at=None)
        append(withdrawal, "completed", {"reference": reference[:200]})
        tell(withdrawal, WithdrawalCompleted(**told(withdrawal)))
        note("withdrawal.completed", withdrawal)
    return withdrawal


def remind(merchant: Merchant, withdrawal_id: UUID) -> None:
    """Tell that the refund is due soon, once, unless it is done meanwhile."""
    with merchant_transaction(merchant):
        withdrawal = lock(withdrawal_id)
        save(withdrawal, due_at=None)
        if withdrawal.status == Status.OPEN:
            tell(withdrawal, WithdrawalRefundDue(**told(withdrawal), refund_due_at=withdrawal.refund_due_at))

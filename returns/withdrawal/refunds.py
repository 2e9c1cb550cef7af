"""Giving back what was paid: by a person's or the shop's decision only, through `returns.money`."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from merchants.models import Merchant
from merchants.rest.errors import Conflict
from merchants.scope import merchant_transaction
from orders.models import Order
from returns.money.amounts import checked
from returns.money.commands import money_of, request_refund
from returns.withdrawal.chaining import append
from returns.withdrawal.goods import amount_of, rules_of
from returns.withdrawal.models import Status, Withdrawal
from returns.withdrawal.steps import lock, note, save


def proposal_of(withdrawal: Withdrawal) -> tuple[Decimal, Decimal]:
    """What should go back, at most what can; how much of it is for the way there. (0, 0) without an order."""
    if withdrawal.order_id is None:
        return Decimal(0), Decimal(0)
    order = Order.objects.prefetch_related("lines").defer("raw", "search").get(pk=withdrawal.order_id)
    amount, shipping = amount_of(order, lines_of(withdrawal, order), rules_of())
    amount = min(amount, money_of(order).refundable)
    return amount, min(shipping, amount)


def lines_of(withdrawal: Withdrawal, order: Order) -> dict[UUID, int]:
    """The goods that are withdrawn from: all of the order, unless some were named."""
    named = {row.line_id: row.quantity for row in withdrawal.lines.all()}
    return named or {line.pk: line.quantity for line in order.lines.all() if line.quantity}


def refund(merchant: Merchant, withdrawal_id: UUID, amount: Decimal, shipping: Decimal) -> Withdrawal:
    """Ask the shop to give money back for a withdrawal, without any fee. Once: a second time changes nothing.

    amount: all of it, in the order's currency; shipping: what of it is for the way. Raises NotFound, Conflict for one
    that is not open or more than was paid, Unprocessable for what is no amount.
    """
    with merchant_transaction(merchant):
        withdrawal = lock(withdrawal_id)
        if withdrawal.refund_id is not None:
            return withdrawal
        if withdrawal.status != Status.OPEN or withdrawal.order_id is None:
            raise Conflict("This withdrawal is not open.", param="withdrawal_id", code="withdrawal_not_open")
        order = Order.objects.prefetch_related("lines").get(pk=withdrawal.order_id)
        if checked(amount, order.currency, "amount") > money_of(order).refundable:
            raise Conflict("More than was paid is not refunded.", param="amount", code="refund_above_paid")
        asked = request_refund(
            merchant, order.pk, amount=amount, shipping=shipping, key=f"withdrawal:{withdrawal.pk}",
            source=("withdrawal", withdrawal.pk), lines=lines_of(withdrawal, order),
            reason=withdrawal.number,
        )  # fmt: skip
        save(withdrawal, refund_id=asked.pk)
        append(withdrawal, "refund", {"amount": str(amount), "currency": order.currency})
        note("withdrawal.refund", withdrawal, {"amount": ["", f"{amount} {order.currency}"]})
    return withdrawal


def forget_refund(merchant: Merchant, withdrawal_id: UUID, refund_id: UUID) -> None:
    """A refund failed: another one may be asked for."""
    with merchant_transaction(merchant):
        withdrawal = lock(withdrawal_id)
        if withdrawal.refund_id == refund_id:
            save(withdrawal, refund_id=None)


def withheld(withdrawal: Withdrawal) -> bool:
    """Whether the shop may still wait: neither are the goods back, nor is it proved that they were sent."""
    return withdrawal.goods_back_at is None and withdrawal.dispatched_at is None


def deadline_of(withdrawal: Withdrawal) -> datetime:
    """When the money has to be back: 14 days from the declaration; a day after the withholding ended, if later."""
    ended = [at for at in (withdrawal.goods_back_at, withdrawal.dispatched_at) if at is not None]
    return (
        max(withdrawal.refund_due_at, min(ended) + timedelta(days=1)) if ended else withdrawal.refund_due_at
    )

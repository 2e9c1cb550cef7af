"""An order's money in the ledger: its accounts, opened when they are first needed, and what stands on them.

| account | key | holds |
| --- | --- | --- |
| `order_outside` | order | the shopper's side: what they paid is below zero, what they got back above |
| `order_payment` | payment | what is left of one payment. Limited: more than was paid cannot leave it |
| `order_fee` | order | fees that were kept |
| `order_over` | order | below zero: what the shop gave back above what was paid |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils import timezone

from ledger import commands as ledger
from ledger.models import Account
from merchants.ids import uuid7
from merchants.models import Merchant
from orders.models import Order
from returns.money.models import OrderPayment

OUTSIDE: Final = "order_outside"
PAYMENT: Final = "order_payment"
FEE: Final = "order_fee"
OVER: Final = "order_over"
# What the payment is called of an order that nobody told payments of.
WHOLE: Final = "order"
_NOTHING: Final = Decimal(0)


@dataclass(frozen=True)
class OrderMoney:
    """Where an order's money is. Everything in the order's currency.

    paid = refunded - over + pending + fees + refundable, always. pending: asked of the shop and not confirmed, fees
    in it too. refunded: store credit that was given for it too. over: what the shop gave back above what was paid.
    """

    currency: str
    paid: Decimal
    refunded: Decimal
    pending: Decimal
    refundable: Decimal
    fees: Decimal
    over: Decimal


def money_of(order: Order, payments: list[OrderPayment] | None = None) -> OrderMoney:
    """What was paid for an order, went back, is on its way back and may still go back. In the open scope; two queries
    at most, and nothing is written or locked. payments: where they were loaded with their accounts already."""
    if payments is None:
        payments = list(OrderPayment.objects.filter(order=order).select_related("account"))
    if not payments:
        return _untouched(order)
    kept = {a.code: a for a in Account.objects.filter(code__in=[FEE, OVER], key=str(order.pk))}
    fees, over = (kept[code].balance if code in kept else _NOTHING for code in (FEE, OVER))
    accounts = [payment.account for payment in payments]
    paid = sum((payment.amount for payment in payments), _NOTHING)
    left = sum((account.balance for account in accounts), _NOTHING)
    raised = max(order.total - paid, _NOTHING) if not payments[0].told else _NOTHING
    return OrderMoney(
        currency=order.currency,
        paid=paid + raised,
        refunded=paid - left - fees - over,
        pending=sum((account.debits_pending for account in accounts), _NOTHING),
        refundable=sum((account.available for account in accounts), raised),
        fees=fees,
        over=-over,
    )


def _untouched(order: Order) -> OrderMoney:
    """Of an order that has no accounts yet: what the order itself says."""
    over = max(order.refunded - order.total, _NOTHING)
    left = order.total - order.refunded + over
    return OrderMoney(order.currency, order.total, order.refunded, _NOTHING, left, _NOTHING, over)


def payments_of(merchant: Merchant, order: Order) -> list[OrderPayment]:
    """The payments of a locked order, with their accounts; opened from its total when nobody told any.

    A total that was raised since raises what was paid. A lowered one does not lower it: what was paid is owed back.
    """
    payments = list(OrderPayment.objects.filter(order=order).select_related("account"))
    if not payments:
        payments = [new_payment(merchant, order, WHOLE)]
    first = payments[0]
    if not first.told and order.total > first.amount:
        pay_in(merchant, order, first, order.total - first.amount)
        settle_over(merchant, order, payments)
    return payments


def new_payment(merchant: Merchant, order: Order, key: str, **values: object) -> OrderPayment:
    """A payment of a locked order with its account, and nothing on it yet."""
    payment_id = uuid7()
    account = ledger.open_account(merchant, PAYMENT, str(payment_id), order.currency, limited=True)
    payment: OrderPayment = OrderPayment.objects.create(
        id=payment_id,
        merchant=merchant,
        order=order,
        key=key,
        account=account,
        created_at=timezone.now(),
        **values,
    )
    return payment


def pay_in(merchant: Merchant, order: Order, payment: OrderPayment, amount: Decimal) -> None:
    """More was paid with a payment of a locked order."""
    ledger.transfer(
        outside(merchant, order), payment.account, amount, code="paid", key=f"paid:{payment.pk}:{uuid7()}"
    )
    payment.amount += amount
    payment.save(update_fields=["amount"])


def outside(merchant: Merchant, order: Order) -> Account:
    """The shopper's side of an order."""
    return ledger.open_account(merchant, OUTSIDE, str(order.pk), order.currency)


def kept_fees(merchant: Merchant, order: Order) -> Account:
    """Where the fees of an order go."""
    return ledger.open_account(merchant, FEE, str(order.pk), order.currency)


def given_over(merchant: Merchant, order: Order) -> Account:
    """Where comes from what the shop gave back above what was paid."""
    return ledger.open_account(merchant, OVER, str(order.pk), order.currency)


def available(payments: Sequence[OrderPayment]) -> dict[OrderPayment, Decimal]:
    """What may still go back, payment by payment, fresh. The order is locked."""
    fresh = ledger.lock_accounts(payment.account_id for payment in payments)
    for payment in payments:
        payment.account = fresh[payment.account_id]
    return {payment: payment.account.available for payment in payments}


def settle_over(merchant: Merchant, order: Order, payments: Sequence[OrderPayment]) -> None:
    """Let what became free again, or was paid later, cover what the shop gave back above what was there."""
    short = -given_over(merchant, order).balance
    for payment, there in available(payments).items() if short > 0 else ():
        if amount := min(short, there):
            over = given_over(merchant, order)
            ledger.transfer(
                payment.account, over, amount, code="over_covered", key=f"over:{payment.pk}:{uuid7()}"
            )
            short -= amount

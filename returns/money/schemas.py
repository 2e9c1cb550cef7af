"""What refunds and payments look like on their way in and out of the API."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from merchants.ids import public_id
from orders.models import Order
from orders.schemas import Amount, In
from returns.money.amounts import rounded
from returns.money.books import OrderMoney
from returns.money.models import OrderPayment, Refund

Text = Annotated[str, Meta(max_length=500)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Reference = Annotated[str, Meta(max_length=191)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]
Key = Annotated[str, Meta(max_length=150, description="Yours: with the same again nothing happens twice.")]


class PaymentShareIn(In):
    """What one payment gives back. `payment`: its `key`."""

    payment: Name
    amount: Amount


class RefundIn(In):
    """A refund by hand, with its reason. `payments` say which payment gives how much; left out, each gives in
    proportion to what is left of it. `fee` is kept beside the amount."""

    order_id: str
    amount: Amount
    reason: Reason
    shipping: Amount = Decimal(0)
    fee: Amount = Decimal(0)
    payments: list[PaymentShareIn] = []
    key: Key = ""


class ConfirmRefundIn(In):
    """`reference`: what your shop calls the refund, so that its own news of it is not another one."""

    reference: Reference = ""


class FailRefundIn(In):
    """`failure`: why the money cannot be given back, for people."""

    failure: Text = ""


class PaymentIn(In):
    """One payment of an order."""

    key: Name
    amount: Amount
    kind: Literal["original", "gift_card", "store_credit", "points"] = "original"
    label: Annotated[str, Meta(max_length=120)] = ""


class PaymentsIn(In):
    """All payments of an order."""

    payments: Annotated[list[PaymentIn], Meta(min_length=1, max_length=20)]


class RefundPaymentOut(msgspec.Struct, kw_only=True):
    """What goes back to one payment, and which fee is kept of it."""

    payment: str
    kind: str
    amount: Decimal
    fee: Decimal


class RefundOut(msgspec.Struct, kw_only=True):
    """Money that goes back for an order.

    state: requested (the amount is set aside) → completed or failed. tax, shipping: parts of the amount. source_kind:
    what it is for: return, withdrawal, claim, order (by hand), or shop (your shop made it by itself). asked: how often
    you were told of it; the next time is `asks_again_at`.
    """

    id: str
    order_id: str
    state: str
    amount: Decimal
    currency: str
    shipping: Decimal
    tax: Decimal
    fee: Decimal
    source_kind: str
    reason: str
    reference: str
    failure: str
    payments: list[RefundPaymentOut]
    asked: int
    asks_again_at: datetime | None
    requested_at: datetime
    settled_at: datetime | None


class PaymentOut(msgspec.Struct, kw_only=True):
    """One payment of an order, and what of it may still go back."""

    key: str
    kind: str
    label: str
    amount: Decimal
    refundable: Decimal


class OrderMoneyOut(msgspec.Struct, kw_only=True):
    """Where an order's money is: paid = refunded - over + pending + fees + refundable.

    pending: asked of you and not confirmed. over: what you gave back above what was paid. payments: empty until the
    first refund, unless you told them.
    """

    order_id: str
    currency: str
    paid: Decimal
    refunded: Decimal
    pending: Decimal
    refundable: Decimal
    fees: Decimal
    over: Decimal
    payments: list[PaymentOut]


def show_refund(refund: Refund) -> RefundOut:
    """A refund as the API shows it. Its parts with their payments must be loaded."""
    amounts = {n: rounded(getattr(refund, n), refund.currency) for n in ("amount", "shipping", "tax", "fee")}
    return RefundOut(
        id=public_id("rfd", refund.pk),
        order_id=public_id("ord", refund.order_id),
        state=refund.state,
        currency=refund.currency,
        source_kind=refund.source_kind,
        reason=refund.reason,
        reference=refund.reference,
        failure=refund.failure,
        payments=[
            RefundPaymentOut(
                payment=part.payment.key,
                kind=part.payment.kind,
                amount=rounded(part.amount, refund.currency),
                fee=rounded(part.fee, refund.currency),
            )
            for part in refund.parts.all()
        ],
        asked=refund.asked,
        asks_again_at=refund.due_at,
        requested_at=refund.requested_at,
        settled_at=refund.settled_at,
        **amounts,
    )


def show_money(order: Order, money: OrderMoney, payments: list[OrderPayment]) -> OrderMoneyOut:
    """Where an order's money is, as the API shows it."""
    names = ("paid", "refunded", "pending", "refundable", "fees", "over")
    return OrderMoneyOut(
        order_id=public_id("ord", order.pk),
        currency=money.currency,
        payments=[
            PaymentOut(
                key=row.key,
                kind=row.kind,
                label=row.label,
                amount=rounded(row.amount, money.currency),
                refundable=rounded(row.account.available, money.currency),
            )
            for row in payments
        ],
        **{name: rounded(getattr(money, name), money.currency) for name in names},
    )

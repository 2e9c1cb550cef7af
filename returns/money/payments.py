"""What an order was paid with, when the shop tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from ledger import commands as ledger
from merchants import audit
from merchants.ids import public_id, uuid7
from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_transaction
from orders.commands import lock_order
from orders.models import Order
from returns.money import books, reports
from returns.money.amounts import checked
from returns.money.models import OrderPayment, PaymentKind


@dataclass(frozen=True)
class Payment:
    """One payment of an order as the shop tells it. `key`: what it calls it; `label`: for people."""

    key: str
    kind: str
    amount: Decimal
    label: str = ""


def set_payments(merchant: Merchant, order_id: UUID, payments: Sequence[Payment]) -> None:
    """Note what an order was paid with, all of it: what went back until now stays with the payment that it came from.

    The one payment that stood for all of them becomes the largest of these. Raises NotFound; Unprocessable for no
    payment, one twice, or what is no amount; Conflict for one below what of it went back or is set aside.
    """
    with merchant_transaction(merchant):
        order = lock_order(order_id)
        wanted = _checked(order, payments)
        known = {payment.key: payment for payment in reports.payments_with_reports(merchant, order)}
        if set(known) == {books.WHOLE} and not known[books.WHOLE].told and books.WHOLE not in wanted:
            largest = max(payments, key=lambda payment: payment.amount)
            known = {largest.key: known[books.WHOLE]}
        # First those that grow: what they hold may settle what the shop gave back above what was there.
        for position, told in enumerate(payments):
            row = known.pop(told.key, None) or books.new_payment(merchant, order, told.key)
            _describe(row, told, position)
            _bring_to(merchant, order, row, told.amount)
        for gone in known.values():
            _bring_to(merchant, order, gone, Decimal(0))
        rows = list(OrderPayment.objects.filter(order=order).select_related("account"))
        books.settle_over(merchant, order, rows)
        changes = {"payments": [None, [f"{p.key} {p.amount} {order.currency}" for p in payments]]}
        audit.record_by_hand("order.payments_told", public_id("ord", order.pk), order.number, changes)


def _checked(order: Order, payments: Sequence[Payment]) -> set[str]:
    keys = {payment.key for payment in payments}
    if not payments or len(keys) < len(payments):
        raise Unprocessable(
            "Name every payment of the order once.", param="payments", code="payments_do_not_sum"
        )
    for number, payment in enumerate(payments):
        checked(payment.amount, order.currency, f"payments[{number}].amount", zero=True)
    return keys


def _describe(row: OrderPayment, told: Payment, position: int) -> None:
    row.key, row.kind, row.label = told.key, PaymentKind(told.kind), told.label
    row.position, row.told = position, True
    row.save(update_fields=["key", "kind", "label", "position", "told"])


def _bring_to(merchant: Merchant, order: Order, row: OrderPayment, amount: Decimal) -> None:
    """Let a payment be one of this amount. Raises Conflict for less than what went back of it."""
    more = amount - row.amount
    if more > 0:
        books.pay_in(merchant, order, row, more)
    elif more < 0:
        if books.available([row])[row] < -more:
            raise Conflict(
                f"More than that of payment {row.key!r} went back, or is set aside.",
                param="payments", code="payment_below_refunded",
            )  # fmt: skip
        key = f"unpaid:{row.pk}:{uuid7()}"
        ledger.transfer(row.account, books.outside(merchant, order), -more, code="unpaid", key=key)
        row.amount = amount
        row.save(update_fields=["amount"])

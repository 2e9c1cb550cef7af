"""What tests about money share: orders with round totals, refunds that the shop reports, where the money is."""

from decimal import Decimal
from itertools import count
from typing import Any

from django.db.models import F, Q, Sum

from ledger.models import Account
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction, platform_scope
from orders.commands import lock_order
from orders.connectors.base import ShopRefund
from orders.models import Order
from orders.refunds import record_refund
from orders.schemas import LineIn
from returns.money.books import money_of
from returns.money.commands import request_refund
from returns.money.models import Refund
from tests import factories

_numbers = count(1)


def order_of(owner: Merchant, total: str = "100.00", **fields: Any) -> Order:
    """An order with this total, of one line (`L1`)."""
    lines = [LineIn(title="Sweater", quantity=2, unit_price=Decimal(total) / 2, external_id="L1")]
    return factories.order(owner, lines=lines, total=Decimal(total), **fields)


def ask(owner: Merchant, order: Order, amount: str, key: str = "", **more: Any) -> Refund:
    """A refund that is asked of the shop."""
    key = key or f"test:{next(_numbers)}"
    return request_refund(
        owner, order.pk, amount=Decimal(amount), key=key, source=("order", order.pk), **more
    )


def shop_refunds(owner: Merchant, order: Order, amount: str, name: str, **more: Any) -> None:
    """The shop reports a refund that it made."""
    values: dict[str, Any] = {
        "order_external_id": order.external_id,
        "currency": "",
        "reason": "",
        "lines": {},
    }
    values |= {"refunded_at": None, **more}
    with merchant_transaction(owner):
        told = ShopRefund(external_id=name, amount=Decimal(amount), **values)
        record_refund(owner, lock_order(order.pk), told, notify=False)


def stands(owner: Merchant, order: Order) -> tuple[str, ...]:
    """Where the order's money is: paid, refunded, pending, refundable, fees, over."""
    with merchant_scope(owner):
        money = money_of(Order.objects.get(pk=order.pk))
    assert money.paid == money.refunded - money.over + money.pending + money.fees + money.refundable
    names = ("paid", "refunded", "pending", "refundable", "fees", "over")
    return tuple(f"{getattr(money, name).normalize():f}" for name in names)


def assert_books_balance() -> None:
    """Every currency sums to zero, and no limited account is below zero."""
    with platform_scope("a test looks at all books"):
        for row in Account.objects.values("currency").annotate(
            zero=Sum(F("credits_posted") - F("debits_posted")),
            pending=Sum(F("credits_pending") - F("debits_pending")),
        ):
            assert (row["zero"], row["pending"]) == (0, 0), row
        below = Q(limited=True, credits_posted__lt=F("debits_posted") + F("debits_pending"))
        assert not Account.objects.filter(below).exists()

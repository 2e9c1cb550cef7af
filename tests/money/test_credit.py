"""Store credit: given with a bonus or out of an order, spent by whoever is first, expired."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from events.models import Fact
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_scope, platform_scope
from orders.models import Order
from returns.money import wallet
from returns.money.commands import expire_credit, give_credit, spend_credit
from returns.money.models import CreditEntry
from tests.money.helpers import ask, assert_books_balance, order_of, stands


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return order_of(merchant)


def give(owner: Merchant, order: Order, amount: str, key: str, **more: Any) -> CreditEntry:
    assert order.customer_id
    return give_credit(
        owner, order.customer_id, Decimal(amount), "EUR", key=key, source=("order", order.pk), **more
    )


def spend(owner: Merchant, order: Order, amount: str, key: str) -> CreditEntry:
    assert order.customer_id
    return spend_credit(owner, order.customer_id, Decimal(amount), "EUR", key=key)


def balance(owner: Merchant, order: Order) -> dict[str, Decimal]:
    assert order.customer_id
    with merchant_scope(owner):
        return wallet.balances(order.customer_id)


def test_credit_out_of_an_order_counts_as_given_back_and_the_bonus_does_not(
    merchant: Merchant, order: Order, drain_all: Callable[[], int]
) -> None:
    entry = give(merchant, order, "40", "return:1", bonus=Decimal(4), order_id=order.pk)
    assert (entry.amount, entry.bonus) == (44, 4)
    assert give(merchant, order, "40", "return:1", bonus=Decimal(4), order_id=order.pk).pk == entry.pk
    assert balance(merchant, order) == {"EUR": 44}
    assert stands(merchant, order) == ("100", "40", "0", "60", "0", "0")
    with pytest.raises(Conflict):
        ask(merchant, order, "60.01")
    drain_all()
    with platform_scope("reading a fact in a test"):
        (told,) = Fact.objects.filter(type="credit.given")
    assert (told.order_id, told.data["amount"], told.data["balance"]) == (order.pk, "44.00", "44.00")
    assert_books_balance()


def test_credit_above_what_was_paid_is_refused_and_nothing_moves(merchant: Merchant, order: Order) -> None:
    for wrong, error in [
        (lambda: give(merchant, order, "100.01", "1", order_id=order.pk), Conflict),
        (lambda: give(merchant, order, "0", "2", bonus=Decimal(4)), Unprocessable),
        (lambda: give(merchant, order, "0.001", "3"), Unprocessable),
    ]:
        with pytest.raises(error):
            wrong()
    assert balance(merchant, order) == {}
    assert stands(merchant, order) == ("100", "0", "0", "100", "0", "0")


def test_what_expires_first_is_spent_first(merchant: Merchant, order: Order) -> None:
    soon = timezone.now() + timedelta(days=1)
    give(merchant, order, "10", "never")
    lot = give(merchant, order, "10", "soon", expires_at=soon)
    spend(merchant, order, "15", "cart:1")
    assert spend(merchant, order, "15", "cart:1").amount == 15  # sent twice
    assert balance(merchant, order) == {"EUR": 5}
    with merchant_scope(merchant):
        lot.account.refresh_from_db()
        assert lot.left == 0
    for wrong in ("5.01", "6"):
        with pytest.raises(Conflict) as refused:
            spend(merchant, order, wrong, f"cart:{wrong}")
        assert refused.value.code == "not_enough_credit"
    assert balance(merchant, order) == {"EUR": 5}
    assert_books_balance()


def test_credit_expires_once_and_cannot_be_spent_from_that_second_on(
    merchant: Merchant, order: Order, drain_all: Callable[[], int]
) -> None:
    entry = give(merchant, order, "10", "1", expires_at=timezone.now() + timedelta(days=1))
    expire_credit(merchant, entry.pk)
    assert balance(merchant, order) == {"EUR": 10}
    with merchant_scope(merchant):
        CreditEntry.objects.filter(pk=entry.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert balance(merchant, order) == {}
    with pytest.raises(Conflict):
        spend(merchant, order, "1", "cart:1")
    for _ in range(2):
        expire_credit(merchant, entry.pk)
    drain_all()
    with platform_scope("reading facts in a test"):
        assert Fact.objects.filter(type="credit.expired").count() == 1
    assert_books_balance()


def test_nobody_spends_somebody_elses_credit(merchant: Merchant, order: Order, stranger: Merchant) -> None:
    give(merchant, order, "10", "1")
    other = order_of(merchant)
    with pytest.raises(Conflict):
        spend(merchant, other, "1", "cart:1")
    with pytest.raises(NotFound):
        spend(stranger, order, "1", "cart:1")
    assert balance(merchant, order) == {"EUR": 10}

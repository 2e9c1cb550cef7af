"""Money under several connections at once: exactly what is there is spent, and nothing twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection

from merchants.rest.errors import Conflict
from merchants.scope import merchant_scope
from returns.money import wallet
from returns.money.commands import give_credit, spend_credit
from returns.money.models import CreditEntry, CreditKind, Refund
from returns.money.verifying import verify
from tests import factories
from tests.money.helpers import assert_books_balance, order_of
from tests.money.histories import Played

pytestmark = pytest.mark.django_db(transaction=True)
CONNECTIONS = 8


def at_once(work: Callable[[int], Any], count: int) -> list[Any]:
    """`work(n)` for each n, by several connections."""

    def closing(numbers: range) -> list[Any]:
        try:
            return [work(number) for number in numbers]
        finally:
            connection.close()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        lanes = pool.map(closing, [range(lane, count, CONNECTIONS) for lane in range(CONNECTIONS)])
        return [result for lane in lanes for result in lane]


def test_of_a_thousand_redemptions_at_once_exactly_the_balance_is_spent() -> None:
    merchant = factories.merchant()
    order = order_of(merchant)
    customer: Any = order.customer_id
    for number in range(3):  # 137 euros in three credits, none a multiple of what is spent at once
        given = Decimal("45.67") if number else Decimal("45.66")
        give_credit(merchant, customer, given, "EUR", key=f"g{number}", source=("order", order.pk))

    def redeem(number: int) -> bool:
        try:
            spend_credit(merchant, customer, Decimal(1), "EUR", key=f"cart:{number}")
        except Conflict:
            return False
        return True

    assert at_once(redeem, 1000).count(True) == 137
    with merchant_scope(merchant):
        assert wallet.balances(customer) == {}
        assert CreditEntry.objects.filter(kind=CreditKind.SPENT).count() == 137
    assert_books_balance()
    assert verify().differences == 0


def test_the_same_redemption_by_all_connections_at_once_is_one() -> None:
    merchant = factories.merchant()
    order = order_of(merchant)
    customer: Any = order.customer_id
    give_credit(merchant, customer, Decimal(100), "EUR", key="g", source=("order", order.pk))
    spent = at_once(
        lambda _: spend_credit(merchant, customer, Decimal(30), "EUR", key="cart").pk, CONNECTIONS * 2
    )
    assert len(set(spent)) == 1
    with merchant_scope(merchant):
        assert wallet.balances(customer) == {"EUR": 70}


def test_orders_that_everybody_works_on_at_once_end_with_books_that_are_right() -> None:
    """Asking, answering, reporting, crediting and spending, with the same keys from several connections."""
    merchant = factories.merchant()
    orders = [Played(merchant, order_of(merchant, "100.00", email=f"x{n % 2}@y.test")) for n in range(4)]

    def act(number: int) -> bool:
        random = Random(number)
        played, amount = random.choice(orders), Decimal(random.randint(1, 4000)) / 100
        key = f"k{random.randint(0, 12)}"
        steps = [
            ("ask", (key, Decimal(random.randint(1, 40)), Decimal(random.randint(0, 1)))),
            ("ask", (key, Decimal(20), Decimal(0))),
            ("confirm", (key, "")),
            ("fail", (key,)),
            ("report", (key, amount)),
            ("give", (key, amount, Decimal(1))),
            ("spend", (f"{key}:{amount}", amount)),
        ]
        try:
            return played.take(random.choice(steps))
        except Refund.DoesNotExist:
            return False

    done = at_once(act, 320)
    assert done.count(True) > 40
    assert_books_balance()
    proof = verify()
    assert proof.accounts_beside_their_transfers == proof.refunds_beside_their_transfers == []
    for played in orders:
        paid, refunded, pending, left, fees, over = played.stands()
        assert (paid, left >= 0, over >= 0) == (100, True, True)
        assert refunded - over + pending + fees + left == paid

"""The team's refunds: what the shop has not answered for, an order's money, and the answer by hand."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from returns.money.commands import confirm_refund
from returns.money.models import Refund, RefundState
from tests.money.helpers import ask, order_of, stands

URL = "/app/nordwind/refunds/"


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return order_of(merchant)


def path(refund: Refund, rest: str = "") -> str:
    return f"{URL}{public_id('rfd', refund.pk)}/{rest}"


def test_the_list_shows_what_waits_for_the_shop_first(
    merchant: Merchant, order: Order, owner: Client, django_assert_max_num_queries: Any
) -> None:
    waiting, done = ask(merchant, order, "12.50", reason="<b>late</b>"), ask(merchant, order, "7")
    confirm_refund(merchant, done.pk)
    with django_assert_max_num_queries(9):
        html = owner.get(URL).content.decode()
    assert path(waiting) in html
    assert path(done) not in html
    assert "€12.50" in html
    assert "&lt;b&gt;late&lt;/b&gt;" in html
    assert path(done) in owner.get(f"{URL}?tab=completed").content.decode()
    assert "No refunds here" in owner.get(f"{URL}?tab=failed").content.decode()


def test_a_refund_shows_where_its_orders_money_is(
    merchant: Merchant, order: Order, owner: Client, django_assert_max_num_queries: Any
) -> None:
    confirm_refund(merchant, ask(merchant, order, "10", fee=Decimal("2")).pk)
    refund = ask(merchant, order, "20")
    with django_assert_max_num_queries(15):
        html = owner.get(path(refund)).content.decode()
    for shown in ("€100.00", "€10.00", "€20.00", "€2.00", "€68.00", "Fee kept", "Pending", "Posted"):
        assert shown in html, shown


def test_somebody_confirms_what_was_refunded_in_the_shop(
    merchant: Merchant, order: Order, owner: Client
) -> None:
    refund = ask(merchant, order, "10")
    for _ in range(2):  # sent twice
        owner.post(path(refund, "act/"), {"do": "confirm", "reference": " R-1 "})
    with merchant_scope(merchant):
        refund.refresh_from_db()
    assert (refund.state, refund.reference) == (RefundState.COMPLETED, "R-1")
    owner.post(path(refund, "act/"), {"do": "fail", "failure": "x"})
    assert "already" in owner.get(path(refund)).content.decode()
    assert stands(merchant, order) == ("100", "10", "0", "90", "0", "0")


def test_what_cannot_be_refunded_is_free_again(merchant: Merchant, order: Order, owner: Client) -> None:
    refund = ask(merchant, order, "10")
    owner.post(path(refund, "act/"), {"do": "fail", "failure": "The card is gone."})
    html = owner.get(path(refund)).content.decode()
    assert "The card is gone." in html
    assert 'value="confirm"' not in html
    assert stands(merchant, order) == ("100", "0", "0", "100", "0", "0")

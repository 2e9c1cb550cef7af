"""Refunds, payments and store credit over the API, as a shop's backend uses them."""

from collections.abc import Callable
from typing import Any

import pytest

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from returns.money.models import CreditEntry, Refund
from tests.api_client import ApiClient
from tests.money.helpers import ask, assert_books_balance, order_of, shop_refunds, stands


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return order_of(merchant, tax="19.00")


def ord_(order: Order) -> str:
    return public_id("ord", order.pk)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_refund_by_hand_is_asked_confirmed_and_read(
    merchant: Merchant, order: Order, api: ApiClient, drain_all: Callable[[], int]
) -> None:
    body = {"order_id": ord_(order), "amount": "25.00", "shipping": "5", "fee": "1.50", "reason": "Goodwill"}
    made = api.post("refunds", body, idempotency_key="abc")
    assert made.status_code == 201
    refund = made.json()
    assert (refund["state"], refund["amount"], refund["tax"], refund["source_kind"]) == (
        "requested", "25.00", "4.75", "order"
    )  # fmt: skip
    assert refund["payments"] == [{"payment": "order", "kind": "original", "amount": "25.00", "fee": "1.50"}]
    assert api.post("refunds", body, idempotency_key="abc").json()["id"] == refund["id"]
    money = api.get(f"orders/{ord_(order)}/money").json()
    assert (money["paid"], money["pending"], money["refundable"]) == ("100.00", "26.50", "73.50")
    for _ in range(2):
        done = api.post(f"refunds/{refund['id']}/confirm", {"reference": "R-1"})
        assert (done.status_code, done.json()["state"], done.json()["reference"]) == (200, "completed", "R-1")
    shop_refunds(merchant, order, "25", "R-1")
    drain_all()
    assert code(api.post(f"refunds/{refund['id']}/fail", {"failure": "x"})) == (409, "refund_settled")
    assert api.get(f"refunds/{refund['id']}").json()["settled_at"]
    assert stands(merchant, order) == ("100", "25", "0", "73.5", "1.5", "0")


def test_refunds_are_listed_by_state_order_and_source(
    merchant: Merchant, order: Order, api: ApiClient, strangers_api: ApiClient, django_assert_num_queries: Any
) -> None:
    other = order_of(merchant)
    first, second, third = ask(merchant, order, "1"), ask(merchant, order, "2"), ask(merchant, other, "3")
    api.post(f"refunds/{public_id('rfd', second.pk)}/fail")

    def listed(**query: str) -> list[str]:
        return [row["amount"] for row in api.get("refunds", **query).json()["data"]]

    with django_assert_num_queries(3):  # however many they are; the key is known by now
        assert listed() == ["3.00", "2.00", "1.00"]
    assert listed(state="requested", order_id=ord_(order)) == ["1.00"]
    assert listed(source_kind="return") == []
    assert code(api.get("refunds", state="x")) == (400, "invalid_parameter")
    assert strangers_api.get("refunds").json()["data"] == []
    for refund in (first, third):
        for answer in (
            strangers_api.get(f"refunds/{public_id('rfd', refund.pk)}"),
            strangers_api.post(f"refunds/{public_id('rfd', refund.pk)}/confirm"),
        ):
            assert code(answer) == (404, "not_found")
    assert stands(merchant, order)[2] == "1"


def test_what_cannot_be_refunded_is_refused_and_nothing_is_stored(
    merchant: Merchant, order: Order, api: ApiClient
) -> None:
    good = {"order_id": ord_(order), "amount": "1.00", "reason": "x"}
    for change, status, error in [
        ({"amount": "100.01"}, 409, "refund_above_paid"),
        ({"amount": "0"}, 422, "not_an_amount"),
        ({"amount": "1e300"}, 422, "not_an_amount"),
        ({"amount": "1e-300"}, 422, "amount_too_fine"),
        ({"amount": "0.001"}, 422, "amount_too_fine"),
        ({"reason": ""}, 400, "invalid_field"),
        ({"order_id": "ord_x"}, 404, "not_found"),
        ({"payments": [{"payment": "visa", "amount": "1"}]}, 422, "unknown_payment"),
        ({"payments": [{"payment": "order", "amount": "2"}]}, 422, "payments_do_not_sum"),
    ]:
        assert code(api.post("refunds", {**good, **change})) == (status, error), change
    with merchant_scope(merchant):
        assert not Refund.objects.exists()


def test_a_refund_is_split_over_the_payments_that_the_shop_told(
    merchant: Merchant, order: Order, api: ApiClient
) -> None:
    payments = [
        {"key": "visa", "amount": "60", "label": "Visa •• 4242"},
        {"key": "gc", "amount": "30", "kind": "gift_card"},
        {"key": "points", "amount": "10", "kind": "points"},
    ]
    confirmed = ask(merchant, order, "5")  # before anybody told: it came from the largest
    told = api.put(f"orders/{ord_(order)}/payments", {"payments": payments})
    assert [(p["key"], p["refundable"]) for p in told.json()["payments"]] == [
        ("visa", "55.00"), ("gc", "30.00"), ("points", "10.00")
    ]  # fmt: skip
    assert told.json()["paid"] == "100.00"
    api.post(f"refunds/{public_id('rfd', confirmed.pk)}/confirm")
    spread = api.post("refunds", {"order_id": ord_(order), "amount": "19.01", "reason": "x"}).json()
    assert {p["payment"]: p["amount"] for p in spread["payments"]} == {
        "visa": "11.01", "gc": "6.00", "points": "2.00"
    }  # fmt: skip
    chosen = [{"payment": "gc", "amount": "24.00"}]
    body = {"order_id": ord_(order), "amount": "24.00", "reason": "x", "payments": chosen}
    assert api.post("refunds", body).status_code == 201
    assert code(api.post("refunds", body)) == (409, "refund_above_paid")
    assert code(api.put(f"orders/{ord_(order)}/payments", {"payments": payments[:1]})) == (
        409, "payment_below_refunded"
    )  # fmt: skip
    assert stands(merchant, order) == ("100", "5", "43.01", "51.99", "0", "0")
    assert_books_balance()


def test_what_was_paid_with_store_credit_goes_back_to_it(
    merchant: Merchant, order: Order, api: ApiClient
) -> None:
    wallet = f"customers/{public_id('cus', order.customer_id)}/credit"
    payments = [{"key": "visa", "amount": "50"}, {"key": "credit", "amount": "50", "kind": "store_credit"}]
    api.put(f"orders/{ord_(order)}/payments", {"payments": payments})
    refund = api.post("refunds", {"order_id": ord_(order), "amount": "20", "reason": "x"}).json()
    assert api.get(wallet).json()["balances"] == []
    api.post(f"refunds/{refund['id']}/confirm")
    assert api.get(wallet).json()["balances"] == [{"currency": "EUR", "amount": "10.00"}]
    assert stands(merchant, order) == ("100", "20", "0", "80", "0", "0")
    assert_books_balance()


def test_credit_is_given_spent_and_the_loser_gets_a_conflict(
    merchant: Merchant, order: Order, api: ApiClient, strangers_api: ApiClient
) -> None:
    wallet = f"customers/{public_id('cus', order.customer_id)}/credit"
    body = {
        "amount": "10",
        "currency": "EUR",
        "reason": "Sorry",
        "bonus": "1",
        "expires_at": "2030-01-01T00:00:00Z",
    }
    given = api.post(wallet, body, idempotency_key="g")
    assert (given.status_code, given.json()["amount"], given.json()["left"]) == (201, "11.00", "11.00")
    assert api.post(wallet, body, idempotency_key="g").json()["id"] == given.json()["id"]
    spent = {"amount": "7", "currency": "EUR", "reference": "cart-1"}
    for _ in range(2):
        answer = api.post(f"{wallet}/spend", spent, idempotency_key="cart-1")
        assert answer.status_code == 201
    assert code(api.post(f"{wallet}/spend", spent, idempotency_key="cart-2")) == (409, "not_enough_credit")
    assert code(api.post(f"{wallet}/spend", {**spent, "amount": "1e30"})) == (422, "not_an_amount")
    shown = api.get(wallet).json()
    assert shown["balances"] == [{"currency": "EUR", "amount": "4.00"}]
    assert [(e["kind"], e["amount"], e["left"]) for e in shown["entries"]] == [
        ("spent", "7.00", None), ("given", "11.00", "4.00")
    ]  # fmt: skip
    for answer in (
        strangers_api.get(wallet),
        strangers_api.post(wallet, body),
        strangers_api.post(f"{wallet}/spend", spent),
    ):
        assert code(answer) == (404, "not_found")
    with merchant_scope(merchant):
        assert CreditEntry.objects.count() == 2

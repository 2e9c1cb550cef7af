"""`manage.py ledger verify`: nothing to say about books that are right, and exit 1 for each way of being wrong."""

import json
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from merchants.ids import public_id
from merchants.models import Merchant
from returns.money.commands import confirm_refund, fail_refund, give_credit
from tests.money.helpers import ask, order_of, shop_refunds


def proof(code: int = 0) -> dict[str, Any]:
    """What the command says as JSON, having ended with this exit code."""
    out = StringIO()
    if code:
        with pytest.raises(SystemExit) as ended:
            call_command("ledger", "verify", "--json", stdout=out)
        assert ended.value.code == code
    else:
        call_command("ledger", "verify", "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def order(merchant: Merchant) -> Any:
    """An order with a refund of each state, one of the shop's own, and credit."""
    order = order_of(merchant)
    confirm_refund(merchant, ask(merchant, order, "10", fee=Decimal(2)).pk)
    fail_refund(merchant, ask(merchant, order, "10").pk)
    ask(merchant, order, "10", fee=Decimal("0.5"))
    shop_refunds(merchant, order, "7", "R-1")
    give_credit(
        merchant, order.customer_id, Decimal(5), "EUR", key="c", source=("order", order.pk), bonus=Decimal(1),
        order_id=order.pk,
    )  # fmt: skip
    return order


def test_books_that_are_right(order: Any) -> None:
    told = proof()
    (euro,) = told["currencies"]
    assert told["differences"] == 0
    assert euro["debits_posted"] == euro["credits_posted"] == "125.0000"
    assert euro["debits_pending"] == euro["credits_pending"] == "10.5000"
    out = StringIO()
    call_command("ledger", "verify", stdout=out)
    assert out.getvalue().endswith("0 differences.\n")


def test_an_order_that_the_shop_refunded_above_what_was_paid(
    merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    order = order_of(merchant)
    shop_refunds(merchant, order, "100.01", "R-1")
    drain_all()
    (found,) = proof(1)["orders_refunded_above_paid"]
    assert (found["id"], found["difference"]) == (public_id("ord", order.pk), "0.0100")


@pytest.mark.parametrize(
    ("tampered", "where", "count"),
    [
        ("UPDATE ledger_account SET credits_posted = credits_posted + 1 WHERE code = 'order_fee'",
         "accounts_beside_their_transfers", 1),
        ("UPDATE ledger_account SET credits_posted = 0 WHERE code = 'order_payment'", "accounts_out_of_bounds", 1),
        ("DELETE FROM ledger_transfer WHERE code = 'fee' AND state = 'posted'", "refunds_beside_their_transfers", 1),
        ("UPDATE money_refund SET amount = amount + 1 WHERE state = 'completed' AND source_kind = 'order'",
         "refunds_beside_their_transfers", 1),
        ("UPDATE money_refund SET state = 'completed' WHERE state = 'requested'", "refunds_beside_their_transfers", 1),
    ],
)  # fmt: skip
def test_what_somebody_changed_past_the_product_is_found(
    order: Any, tampered: str, where: str, count: int
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE ledger_account DROP CONSTRAINT account_never_below_zero")
        cursor.execute("SET LOCAL session_replication_role = replica")  # as a superuser may: no trigger runs
        cursor.execute(tampered)
    told = proof(1)
    assert told["differences"] >= 1
    assert len(told[where]) == count
    if "ledger_account" in tampered:
        assert told["currencies"][0]["debits_posted"] != told["currencies"][0]["credits_posted"]

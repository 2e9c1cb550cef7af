"""Complaints of people about other systems, 11 to 13. 1 to 5 are tested with withdrawals, 6 to 10 with money."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.test import Client

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from orders.queries import token_of
from orders.schemas import LineIn
from returns.models import Return
from returns.money.commands import confirm_refund, money_of
from returns.money.models import Refund
from tests import factories
from tests.api_client import ApiClient
from tests.money.helpers import assert_books_balance
from tests.returns.conftest import delivered, rules
from tests.returns.test_exchanges import sell


def test_every_complaint_has_a_test_that_names_it() -> None:
    texts = [path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py")]
    named = {int(number) for text in texts for number in re.findall(r'"""Complaint (\d+)', text)}
    assert set(range(1, 14)) <= named


def test_an_exchange_leaves_both_orders_and_the_books_right(
    merchant: Merchant, api: ApiClient, drain_all: Callable[[], int]
) -> None:
    """Complaint 11: the orders keep their links, totals, tax and ids, and stock goes back apart from money."""
    sell(merchant)
    rules(merchant, refund_trigger="inspection")
    order = delivered(merchant, tax=Decimal("49.80"))  # contained in the prices
    before = api.get(f"orders/{public_id('ord', order.pk)}").json()
    line = {"line": "L2", "resolution": "exchange_other", "exchange_variant": "v-SW-L"}
    ret = api.post("returns", {"order_external_id": order.external_id, "lines": [line], "by": "team"}).json()
    here = f"returns/{ret['id']}"
    # 129.00 against 89.00: the difference, and 19 % of tax in it (40 × 19 / 119).
    assert (ret["exchange"]["difference"], ret["exchange"]["tax"]) == ("-40.00", "-6.39")
    api.post(f"{here}/receive")
    inspected = {"return_line_id": ret["lines"][0]["id"], "accepted": 1, "disposition": "quarantine"}
    kept_apart = api.post(f"{here}/inspect", {"lines": [inspected]}).json()
    assert (kept_apart["lines"][0]["settled"], kept_apart["lines"][0]["restocked"]) == (1, 0)
    new = delivered(merchant)  # the shop's own order of it, with its own ids and total
    ordered = api.post(f"{here}/exchange/ordered", {"order_external_id": new.external_id}).json()
    assert ordered["order_id"] == public_id("ord", order.pk)
    assert ordered["exchange"]["new_order_id"] == public_id("ord", new.pk)
    with merchant_scope(merchant):
        [refund] = Refund.objects.all()
    confirm_refund(merchant, refund.pk)
    while drain_all():
        pass
    with merchant_scope(merchant):
        old_money, new_money = money_of(order), money_of(new)
    assert (old_money.paid, old_money.refunded, old_money.over) == (order.total, Decimal("40.00"), 0)
    assert (new_money.paid, new_money.refunded) == (new.total, 0)
    after = api.get(f"orders/{public_id('ord', order.pk)}").json()
    same = ("id", "external_id", "number", "total", "tax", "shipping", "discount")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert [one["id"] for one in after["lines"]] == [one["id"] for one in before["lines"]]
    assert_books_balance()


def test_a_return_can_be_read_long_before_there_is_a_refund(
    merchant: Merchant, order: Order, api: ApiClient, told_all: Callable[[str], list[str]]
) -> None:
    """Complaint 12."""
    asked = {"order_external_id": order.external_id, "lines": [{"line": "L1", "reason": "too_small"}]}
    made = api.post("returns", asked).json()
    with merchant_scope(merchant):
        assert not Refund.objects.exists()
    shown = api.get(f"returns/{made['id']}").json()
    [line] = shown["lines"]
    assert (line["paid"], line["reason"], shown["approval_state"]) == ("89.00", "too_small", "requested")
    assert [row["id"] for row in api.get("returns", order_id=shown["order_id"]).json()["data"]] == [
        made["id"]
    ]
    assert told_all("return.") == ["requested"]


def test_a_guest_exchanges_by_the_shops_rules_and_an_order_of_300_lines_comes_back_whole(
    merchant: Merchant, api: ApiClient
) -> None:
    """Complaint 13: shoppers ask for exchanges themselves, without an account, and no number of lines is too many."""
    sell(merchant)
    rules(merchant, resolutions=["exchange"], auto_approve=True)
    order = delivered(merchant)
    with merchant_scope(merchant):
        key = str(order.lines.get(external_id="L1").pk)
    form: dict[str, Any] = {"item": key, f"count-{key}": "1", f"reason-{key}": "too_small", "method": "own",
                            f"resolution-{key}": "exchange", f"variant-{key}": "v-SW-L"}  # fmt: skip
    path = f"/p/nordwind/o/{token_of(order)}/return/"
    assert (
        Client().post(path, {**form, f"resolution-{key}": "refund"}).status_code == 422
    )  # not by these rules
    assert Client().post(path, form).status_code == 303
    with merchant_scope(merchant):
        assert Return.objects.get().exchanges.get().state == "waiting"
    lines = [
        LineIn(title=f"Item {n}", quantity=1, unit_price=Decimal(1), external_id=f"L{n}") for n in range(300)
    ]
    large = factories.order(merchant, lines=lines)
    asked = [{"line": f"L{n}"} for n in range(300)]
    body = {"order_external_id": large.external_id, "lines": asked, "by": "team"}
    made = api.post("returns", body)
    assert (made.status_code, len(made.json()["lines"])) == (201, 300)

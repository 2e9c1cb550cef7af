"""Policies in the database: versions, and what they say about real orders."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from events.rebuild import rebuild
from events.subscribers import get_subscriber
from merchants.models import AuditEntry, Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_scope
from orders.commands import place_order
from orders.models import Order, Product, Variant
from orders.schemas import CustomerIn, LineIn, OrderIn
from returns.commands import cancel, request_return
from returns.policy.choices import Code
from returns.policy.commands import restore_policy, save_policy
from returns.policy.line_facts import Asked
from returns.policy.model import Outcome, Policy
from returns.policy.models import BoughtProduct, PolicyVersion
from returns.policy.queries import newest, policy_for, verdicts, versions
from returns.reasons import REASONS, Reason, set_reasons
from returns.requesting import RequestedReturn
from returns.states import Side
from tests import factories
from tests.returns.policy.test_judging import policy, rule

NOW = timezone.now()


def delivered(merchant: Merchant, days_ago: int, **fields: Any) -> Order:
    """An order whose only parcel was delivered some days ago."""
    at = NOW - timedelta(days=days_ago)
    order = factories.order(merchant, placed_at=at - timedelta(days=3), **fields)
    parcel = factories.shipment(merchant, order, shipped_at=at - timedelta(days=2))
    factories.scan(merchant, parcel, "delivered", at)
    return order


def ask(merchant: Merchant, order: Order, **asked: Asked) -> dict[str, Any]:
    with merchant_scope(merchant):
        lines = {line.external_id: line.id for line in order.lines.all()}
        found = verdicts(
            merchant, order, at=timezone.now(), asked={lines[name]: told for name, told in asked.items()}
        )
        return {name: found[key] for name, key in lines.items()}


def test_a_shop_without_rules_has_thirty_days_from_the_delivery(merchant: Merchant) -> None:
    assert ask(merchant, delivered(merchant, 30))["L1"].returnable
    late = ask(merchant, delivered(merchant, 34))["L1"]
    assert (late.code, late.days) == (Code.WINDOW_OVER, 34)
    assert ask(merchant, factories.order(merchant))["L1"].code == Code.NOT_SENT


def test_the_window_begins_with_the_last_parcel_of_a_line(merchant: Merchant) -> None:
    order = factories.order(merchant, quantity=2, placed_at=NOW - timedelta(days=60))
    for days in (50, 10):
        parcel = factories.shipment(merchant, order, quantity=1, shipped_at=NOW - timedelta(days=days + 1))
        factories.scan(merchant, parcel, "delivered", NOW - timedelta(days=days))
    assert ask(merchant, order)["L1"].days == 10


def test_rules_read_products_customers_and_what_the_shop_told(merchant: Merchant) -> None:
    order = delivered(
        merchant, 1, email="bo@example.test", discount=Decimal(50),
        lines=[LineIn(title="Slip", quantity=1, unit_price=Decimal(100), external_id="L1", sku="SLIP-M")],
    )  # fmt: skip
    factories.order(merchant, email="bo@example.test")
    with merchant_scope(merchant):
        product = Product.objects.create(
            merchant=merchant, external_id="p", title="Slip", product_type="Underwear", tags=["Hygiene"],
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        Variant.objects.create(
            merchant=merchant, product=product, external_id="v", sku="SLIP-M", price=100, currency="EUR"
        )
        Order.objects.filter(pk=order.pk).update(
            raw={"customer": {"tags": "VIP, Wholesale"}, "tags": "gift", "source_name": "POS"}
        )
    for field, values in {
        "product_tag": "hygiene", "product_type": "underwear", "customer_tag": "vip", "order_tag": "gift",
        "source": "pos", "country": "de", "sku": "slip-*",
    }.items():  # fmt: skip
        save_policy(merchant, policy(rule((field, "is", values), window=2)))
        assert ask(merchant, order)["L1"].window_days == 30, "frozen: it was placed before"
        save_policy(merchant, policy(rule((field, "is", values), reads="return", window=2)))
        assert ask(merchant, order)["L1"].window_days == 2, field
    for field, number in {"discount_percent": "50", "customer_orders": "2", "price": "100"}.items():
        save_policy(merchant, policy(rule((field, "at_least", number), reads="return", window=3)))
        assert ask(merchant, order)["L1"].window_days == 3, field
    save_policy(merchant, policy(rule(("reason", "is", "broken"), reads="return", window=4)))
    assert ask(merchant, order, L1=Asked(reason="broken"))["L1"].window_days == 4
    assert ask(merchant, order)["L1"].asks == {"reason"}


def test_a_fixed_number_of_queries(
    merchant: Merchant, django_assert_num_queries: Callable[[int], Any]
) -> None:
    lines = [
        LineIn(title="Sock", quantity=2, unit_price=Decimal(5), external_id=f"L{n}", sku=f"S{n}")
        for n in range(1, 31)
    ]
    order = delivered(merchant, 1, lines=lines)
    save_policy(merchant, policy(rule(("product_tag", "is", "sale"), window=2)))
    with merchant_scope(merchant):
        order = Order.objects.get(pk=order.pk)
        with django_assert_num_queries(4):  # versions, lines, parcels, products
            assert len(verdicts(merchant, order, at=timezone.now())) == 30


def test_versions_are_kept_compared_and_restored(merchant: Merchant) -> None:
    first = save_policy(merchant, policy(window=14), based_on=0, note="Two weeks")
    assert save_policy(merchant, policy(window=14), based_on=1).number == 1, "nothing was changed"
    save_policy(merchant, policy(window=60), based_on=1)
    with pytest.raises(Conflict):
        save_policy(merchant, policy(window=7), based_on=first.number)
    with pytest.raises(Unprocessable):
        save_policy(merchant, policy(rule()), based_on=2)
    with pytest.raises(NotFound):
        restore_policy(merchant, 9)
    restore_policy(merchant, 1)
    restore_policy(merchant, 0)
    with merchant_scope(merchant):
        assert newest() == (4, Policy())
        assert [row.number for row in versions()] == [4, 3, 2, 1]
        assert AuditEntry.objects.filter(action="return_policy.saved").count() == 4


def test_an_order_keeps_the_standard_that_it_was_bought_under(merchant: Merchant) -> None:
    save_policy(merchant, policy(window=100))
    with merchant_scope(merchant):
        PolicyVersion.objects.update(saved_at=NOW - timedelta(days=50))
    save_policy(merchant, policy(window=5))
    old, new = delivered(merchant, 40), delivered(merchant, 60)
    assert ask(merchant, old)["L1"].window_days == 100
    assert ask(merchant, new)["L1"].window_days == 30, "bought before there were rules"
    with merchant_scope(merchant):
        number, found = policy_for(old, timezone.now())
    assert (number, found.standard) == (2, Outcome(window=100))


def test_another_shops_rules_do_not_count(merchant: Merchant, stranger: Merchant) -> None:
    save_policy(stranger, policy(window=1))
    with merchant_scope(stranger):
        PolicyVersion.objects.update(saved_at=NOW - timedelta(days=500))
    assert ask(merchant, delivered(merchant, 20))["L1"].window_days == 30


def test_rules_read_how_often_somebody_returned(merchant: Merchant) -> None:
    first, second = (delivered(merchant, 1, email="bo@example.test") for _ in range(2))
    for field, number in {"customer_returns": "1", "order_returns": "1"}.items():
        save_policy(merchant, policy(rule((field, "at_least", number), reads="return", window=3)))
        assert ask(merchant, second)["L1"].window_days == 30
        ret = request_return(merchant, second.id, RequestedReturn(), by=Side.SHOPPER)
        assert ask(merchant, second)["L1"].window_days == 3
        assert ask(merchant, first)["L1"].window_days == (3 if field == "customer_returns" else 30)
        cancel(merchant, ret.id, by=Side.SHOPPER)  # called off: it counts no more


def test_a_rule_of_the_purchase_sees_the_product_as_it_was_bought(
    merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    with merchant_scope(merchant):
        product = Product.objects.create(
            merchant=merchant, external_id="p", title="Slip", product_type="Underwear", tags=["Outlet"],
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        Variant.objects.create(
            merchant=merchant, product=product, external_id="v", sku="SLIP-M", price=100, currency="EUR"
        )
    lines = [LineIn(title="Slip", quantity=1, unit_price=Decimal(100), external_id="L1", sku="SLIP-M")]
    factories.order(merchant, lines=lines)
    drain_all()
    with merchant_scope(merchant):
        assert not BoughtProduct.objects.exists(), "no rule and no reason asks about products"
    set_reasons(merchant, [Reason("too_small", "", types=("Underwear",)), REASONS["changed_mind"]])
    order = factories.order(merchant, lines=lines)
    drain_all()
    with merchant_scope(merchant):
        assert BoughtProduct.objects.values_list("line__order_id", "type").get() == (order.pk, "underwear")
        BoughtProduct.objects.all().delete()
    set_reasons(merchant, list(REASONS.values()))
    save_policy(merchant, policy(
        rule(("product_tag", "is", "outlet"), name="Frozen", window=3),
        rule(("product_tag", "is", "new"), name="Live", reads="return", bonus_percent="10"),
    ))  # fmt: skip
    order = factories.order(merchant, lines=lines)
    told = OrderIn(
        external_id="old",
        number="#1",
        currency="EUR",
        customer=CustomerIn(email="bo@example.test"),
        lines=lines,
    )
    historical = place_order(merchant, told, historical=True).order
    drain_all()
    with merchant_scope(merchant):
        Product.objects.update(tags=["New"], product_type="Sale")
        assert BoughtProduct.objects.values_list("line__order_id", "type", "tags").get() == (
            order.pk, "underwear", ["outlet"],
        )  # fmt: skip
    found = {o: ask(merchant, o)["L1"] for o in (order, historical)}
    assert [(v.window_days, v.bonus_percent) for v in found.values()] == [(3, 10), (30, 10)]
    rebuild(get_subscriber("policy.bought"))
    assert ask(merchant, order)["L1"].window_days == 3

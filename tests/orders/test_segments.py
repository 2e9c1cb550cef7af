"""Each customer's figures, and the segments over them."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_scope
from orders import commands, products
from orders.connectors.base import ShopRefund
from orders.models import Customer, Order
from orders.refunds import record_refund
from orders.schemas import LineIn, OrderIn, ProductIn, VariantIn
from orders.segments import commands as segments
from orders.segments import queries
from orders.segments.models import CustomerStats, Purchase, Segment
from orders.segments.rules import KINDS, SegmentCondition, SegmentRule, stored
from tests import factories

Drain = Callable[[], int]


def line(sku: str, price: int = 50, quantity: int = 1) -> LineIn:
    return LineIn(title=sku.title(), sku=sku, quantity=quantity, unit_price=Decimal(price), external_id=sku)


def bought(merchant: Merchant, email: str, days_ago: int, *lines: LineIn, **fields: Any) -> Order:
    """An order of somebody, so many days ago."""
    placed_at = timezone.now() - timedelta(days=days_ago)
    return factories.order(
        merchant, email=email, placed_at=placed_at, lines=list(lines) or [line("tea")], **fields
    )


def rule(*conditions: tuple[str, str], match: Any = "all") -> SegmentRule:
    return SegmentRule(
        match=match, conditions=[SegmentCondition(kind=kind, value=value) for kind, value in conditions]
    )


def whom(merchant: Merchant, *conditions: tuple[str, str], match: Any = "all") -> set[str]:
    """The names (before the @) of whom a rule lets in."""
    wanted = rule(*conditions, match=match)
    with merchant_scope(merchant):
        found = queries.ids(wanted, limit=100)
        assert queries.count(wanted) == len(found)
        emails = Customer.objects.filter(pk__in=found).values_list("email", flat=True)
        return {email.partition("@")[0] for email in emails}


def figures(merchant: Merchant) -> dict[str, tuple[Any, ...]]:
    with merchant_scope(merchant):
        stats = CustomerStats.objects.values_list(
            "customer__email",
            "orders",
            "spent",
            "spent_by_currency",
            "mean_interval_days",
            "country",
            "channel",
        )
        rows: dict[str, tuple[Any, ...]] = {email: tuple(rest) for email, *rest in stats}
        for email, sku, times, quantity in Purchase.objects.values_list(
            "customer__email", "sku", "times", "quantity"
        ):
            rows[f"{email} {sku}"] = (times, quantity)
        return rows


@pytest.fixture
def shop(merchant: Merchant, drain_all: Drain) -> Merchant:
    """anna buys tea each month, ben bought a pot long ago, cleo is new, dora never bought, emil cancelled."""
    products.put_product(
        merchant,
        ProductIn(external_id="P1", title="Tea", tags=["organic", "drink"], product_type="Food",
                  variants=[VariantIn(external_id="V1", sku="tea", price=Decimal(50))]),
    )  # fmt: skip
    for days in (95, 65, 35):
        bought(merchant, "anna@x.test", days, line("tea"))
    bought(merchant, "ben@x.test", 500, line("pot", 400), locale="de")
    bought(merchant, "cleo@x.test", 3, line("cup", 10, 2), line("tea"))
    commands.cancel_order(merchant, bought(merchant, "emil@x.test", 20).id)
    from orders.customers import put_customer
    from orders.schemas import CustomerIn

    put_customer(merchant, CustomerIn(email="dora@x.test"))
    with merchant_scope(merchant):
        Customer.objects.filter(email="dora@x.test").update(tags=["vip"], birthday=date(1990, 2, 28))
    drain_all()
    return merchant


def test_the_figures_follow_the_orders_and_a_rebuild_ends_equal(merchant: Merchant, drain_all: Drain) -> None:
    first = bought(merchant, "anna@x.test", 40, line("tea", quantity=3), shipping=Decimal(5))
    bought(merchant, "anna@x.test", 10, line("tea"), line("pot", 80), currency="CHF")
    drain_all()
    with merchant_scope(merchant):
        order = Order.objects.get(pk=first.pk)
        record_refund(
            merchant,
            order,
            ShopRefund(external_id="R1", order_external_id="", amount=Decimal(30)),
            notify=False,
        )
    drain_all()
    assert figures(merchant) == {
        "anna@x.test": (2, Decimal(125), {"EUR": "125", "CHF": "130"}, pytest.approx(30), "DE", "api"),
        "anna@x.test tea": (2, 4),
        "anna@x.test pot": (1, 1),
    }
    was = figures(merchant)
    call_command("rebuild", "segments.customers")
    assert figures(merchant) == was


def test_a_cancelled_order_and_one_that_changes_hands_leave_no_trace(
    merchant: Merchant, drain_all: Drain
) -> None:
    cancelled = bought(merchant, "anna@x.test", 4)
    moved = bought(merchant, "ben@x.test", 5)
    drain_all()
    commands.cancel_order(merchant, cancelled.id)
    body = factories.order_body(external_id=moved.external_id)
    body["customer"]["email"] = "cleo@x.test"
    import msgspec

    commands.place_order(merchant, msgspec.convert(body, OrderIn, strict=False))
    drain_all()
    assert {key.split()[0] for key in figures(merchant)} == {"cleo@x.test"}


@pytest.mark.parametrize("conditions", [()])
def test_a_rule_without_conditions_lets_everybody_in(shop: Merchant, conditions: Any) -> None:
    assert whom(shop, *conditions) == {"anna", "ben", "cleo", "dora", "emil"}


def test_each_kind_of_condition_finds_its_people(shop: Merchant) -> None:
    birthday = date(2024, 2, 28)
    soon = (birthday.replace(year=timezone.now().year) - timezone.now().date()).days % 366 + 1
    expected: dict[tuple[str, str], set[str]] = {
        ("value.high", ""): {"ben"},
        ("value.middle", ""): {"anna"},
        ("value.low", ""): {"cleo"},
        ("spent.at_least", "150"): {"anna", "ben"},
        ("spent.at_most", "99,50"): {"cleo", "dora", "emil"},
        ("orders.at_least", "2"): {"anna"},
        ("orders.at_most", "0"): {"dora", "emil"},
        ("last_order.within", "40"): {"anna", "cleo"},
        ("last_order.before", "365"): {"ben"},
        ("first_order.within", "30"): {"cleo"},
        ("first_order.before", "90"): {"anna", "ben"},
        ("interval.at_most", "31"): {"anna"},
        ("overdue.at_least", "110"): {"anna", "ben"},
        ("product.bought", "tea, cup"): {"anna", "cleo"},
        ("product.not_bought", "tea"): {"ben", "dora", "emil"},
        ("product_tag.bought", "organic"): {"anna", "cleo"},
        ("product_tag.not_bought", "organic"): {"ben", "dora", "emil"},
        ("product_type.bought", "Food"): {"anna", "cleo"},
        ("product_type.not_bought", "Food"): {"ben", "dora", "emil"},
        ("country.is", "de, at"): {"anna", "ben", "cleo"},
        ("country.is_not", "DE"): {"dora", "emil"},
        ("language.is", "DE"): {"ben"},
        ("tag.has", "vip"): {"dora"},
        ("tag.has_not", "vip"): {"anna", "ben", "cleo", "emil"},
        ("order_tag.has", "gift"): {"cleo"},
        ("channel.is", "api"): {"anna", "ben", "cleo"},
        ("birthday.within", str(soon)): {"dora"},
    }
    with merchant_scope(shop):
        Order.objects.filter(customer__email="cleo@x.test").update(tags=["gift"])
    assert set(KINDS) == {kind for kind, _ in expected}
    assert {condition: whom(shop, condition) for condition in expected} == expected


def test_conditions_join_by_all_or_any(shop: Merchant) -> None:
    pair = (("orders.at_least", "2"), ("product.bought", "cup"))
    assert whom(shop, *pair) == set()
    assert whom(shop, *pair, match="any") == {"anna", "cleo"}


def test_values_are_bound_and_never_sql(shop: Merchant) -> None:
    assert whom(shop, ("tag.has", "vip') OR true --")) == set()
    assert whom(shop, ("product.bought", "%(merchant)s, {v}")) == set()


class TestMembers:
    def test_all_segments_of_many_customers_are_two_queries(
        self, shop: Merchant, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        own = segments.save_segment(shop, "Tea drinkers", rule(("product.bought", "tea")))
        with merchant_scope(shop):
            ids = {row.email.partition("@")[0]: row.id for row in Customer.objects.all()}
            with django_assert_num_queries(2):
                found = queries.members(ids.values())
        ref = public_id("seg", own.pk)
        assert {name: found[id_] for name, id_ in ids.items()} == {
            "anna": {"repeat", "loyal", ref},
            "ben": {"high_value", "lost"},
            "cleo": {"new", ref},
            "dora": {"no_order"},
            "emil": {"no_order"},
        }

    def test_counts_of_all_are_one_statement(
        self, shop: Merchant, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with merchant_scope(shop):
            known = queries.all_segments()
            with django_assert_num_queries(1):
                counts = queries.counts(known)
        assert (counts["no_order"], counts["lost"], counts["lapsing"]) == (2, 1, 0)

    def test_a_strangers_customers_and_segments_are_nobodys(self, shop: Merchant, stranger: Merchant) -> None:
        own = segments.save_segment(shop, "Ours", rule())
        with merchant_scope(shop):
            ids = list(Customer.objects.values_list("pk", flat=True))
        with merchant_scope(stranger):
            assert set(map(frozenset, queries.members(ids).values())) == {frozenset()}
            with pytest.raises(NotFound):
                queries.get_segment(public_id("seg", own.pk))


class TestSaving:
    @pytest.mark.parametrize(
        ("kind", "value", "code"),
        [
            ("orders.at_least", "-1", "invalid_condition"),
            ("orders.at_least", "many", "invalid_condition"),
            ("spent.at_least", "NaN", "invalid_condition"),
            ("spent.at_least", "1e99", "invalid_condition"),
            ("country.is", "Germany", "invalid_condition"),
            ("product.bought", " , ", "invalid_condition"),
            ("mood.is", "good", "unknown_condition"),
        ],
    )
    def test_a_condition_that_cannot_be_read_is_refused(
        self, merchant: Merchant, kind: str, value: str, code: str
    ) -> None:
        with pytest.raises(Unprocessable) as refused:
            segments.save_segment(merchant, "Odd", rule(("orders.at_least", "1"), (kind, value)))
        assert refused.value.code == code
        assert "conditions[1]" in (refused.value.param or "")
        with merchant_scope(merchant):
            assert not Segment.objects.exists()

    def test_a_name_is_there_once(self, merchant: Merchant) -> None:
        first = segments.save_segment(merchant, "Tea", rule())
        segments.save_segment(merchant, " Tea ", rule(("orders.at_least", "1")), segment_id=first.pk)
        with pytest.raises(Unprocessable):
            segments.save_segment(merchant, "Tea", rule())

    def test_one_that_is_used_stays(self, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
        row = segments.save_segment(merchant, "Tea", rule())
        monkeypatch.setattr(segments, "_users", [lambda ref: ["Autumn campaign"]])
        with pytest.raises(Conflict) as refused:
            segments.delete_segment(merchant, row.pk)
        assert "Autumn campaign" in str(refused.value.detail)
        monkeypatch.setattr(segments, "_users", [])
        segments.delete_segment(merchant, row.pk)
        with merchant_scope(merchant):
            assert not Segment.objects.exists()

    def test_a_stored_rule_that_nobody_understands_any_more_lets_nobody_in(self, shop: Merchant) -> None:
        for odd in ({"conditions": [{"kind": "gone"}]}, [], {"match": "some"}):
            with merchant_scope(shop):
                assert queries.count(stored(odd)) == 0

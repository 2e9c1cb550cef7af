"""Follow-ups: begun by a delivery, ended by a purchase or a return, told once, off until they are wanted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from notifications.conditions import Condition, Op
from notifications.followups.composing import compose
from notifications.followups.models import FollowUp, Match, Pair, ProductRule, RuleKind
from notifications.followups.offers import complements, learn_pairs
from notifications.models import Message
from notifications.switches import set_switch, switches
from orders import commands as orders
from orders import products
from orders.connectors.base import ShopRefund
from orders.models import Customer, Order
from orders.refunds import record_refund
from orders.schemas import LineIn, ProductIn, VariantIn
from returns import commands as returns
from returns.requesting import RequestedLine, RequestedReturn
from returns.states import Side
from returns.withdrawal import commands as withdrawals
from returns.withdrawal.models import Source
from returns.withdrawal.steps import Declaration
from tests import factories
from tests.returns.conftest import line_ids

Work = Callable[[], Any]
NOW = timezone.now()


def line(sku: str, quantity: int = 1) -> LineIn:
    return LineIn(title=sku.title(), sku=sku, quantity=quantity, unit_price=Decimal(20), external_id=sku)


def bought(merchant: Merchant, email: str, days_ago: float, *lines: LineIn, delivered: bool = False) -> Order:
    """An order of so many days ago, delivered two days later if it was."""
    at = NOW - timedelta(days=days_ago)
    order = factories.order(merchant, email=email, placed_at=at, lines=list(lines))
    if delivered:
        parcel = factories.shipment(merchant, order, shipped_at=at + timedelta(hours=5))
        factories.scan(merchant, parcel, "delivered", at + timedelta(days=2))
    return order


def wants(merchant: Merchant, *kinds: str) -> None:
    for kind in kinds:
        with merchant_scope(merchant):
            switch = switches([kind])[kind]
        set_switch(merchant, kind, replace(switch, is_on=True, channels=("email",)))


def waiting(merchant: Merchant) -> dict[tuple[str, str], datetime]:
    """What is still to be told, and when."""
    with merchant_scope(merchant):
        rows = FollowUp.objects.filter(due_at__isnull=False)
        return {(row.kind, row.subject): row.due_at for row in rows}


def stock(merchant: Merchant, *skus: str, **fields: Any) -> None:
    for sku in skus:
        products.put_product(
            merchant,
            ProductIn(external_id=sku, title=sku.title(), url=f"https://shop.test/{sku}", tags=["care"],
                      variants=[VariantIn(external_id=sku, sku=sku, price=Decimal(20), **fields)]),
        )  # fmt: skip


def rule(merchant: Merchant, kind: RuleKind, value: str, days: int, match: Match = Match.SKU) -> ProductRule:
    with merchant_scope(merchant):
        return ProductRule.objects.create(
            merchant=merchant, kind=kind, match=match, value=value, days=days, title="How to care for it",
            text="Cold, and lying flat.", url="https://shop.test/guide", created_at=NOW,
        )  # fmt: skip


def tell(merchant: Merchant, later: Callable[[timedelta], None], days: float = 0) -> list[Message]:
    """Do what is due so many days from now. Returns the messages that were planned by it."""
    later(timedelta(days=days))
    due.run("followups.tell")
    with merchant_scope(merchant):
        return list(
            Message.objects.exclude(touchpoint__startswith="order").exclude(touchpoint__startswith="ship")
        )


def test_nothing_is_begun_before_the_shop_wants_it(merchant: Merchant, drain_all: Work) -> None:
    rule(merchant, RuleKind.GUIDE, "soap", 7)
    bought(merchant, "anna@x.test", 5, line("soap"), delivered=True)
    drain_all()
    with merchant_scope(merchant):
        assert not FollowUp.objects.exists()


class TestGuides:
    def test_a_guide_goes_out_once_so_many_days_after_delivery(
        self, merchant: Merchant, drain_all: Work, later: Any
    ) -> None:
        wants(merchant, "care_guide")
        stock(merchant, "soap")
        guide = rule(merchant, RuleKind.GUIDE, "care", 7, Match.TAG)
        order = bought(merchant, "anna@x.test", 5, line("soap"), delivered=True)
        drain_all()
        [(key, at)] = waiting(merchant).items()
        assert key == ("care_guide", str(guide.id))
        assert abs(at - (NOW + timedelta(days=4))) < timedelta(minutes=1)
        assert tell(merchant, later, 1) == []
        [message] = tell(merchant, later, 4)
        assert (message.order_id, message.message_class) == (order.id, "service")
        assert message.data["guide"]["title"] == "How to care for it"
        bought(merchant, "anna@x.test", 1, line("soap"), delivered=True)
        drain_all()
        assert len(tell(merchant, later, 30)) == 1

    def test_a_return_or_cancellation_ends_it(self, merchant: Merchant, drain_all: Work, later: Any) -> None:
        wants(merchant, "care_guide", "complement")
        rule(merchant, RuleKind.GUIDE, "soap", 7)
        order = bought(merchant, "anna@x.test", 5, line("soap"), delivered=True)
        drain_all()
        assert len(waiting(merchant)) == 2
        with merchant_transaction(merchant):
            told = ShopRefund(external_id="R1", order_external_id="", amount=Decimal(20))
            record_refund(merchant, Order.objects.get(pk=order.pk), told, notify=True)
        drain_all()
        assert waiting(merchant) == {}
        assert tell(merchant, later, 30) == []


class TestGivenBack:
    """A guide, the next bottle and what goes with it are for what shoppers keep."""

    def deliver(self, merchant: Merchant, drain_all: Work) -> Order:
        wants(merchant, "care_guide", "replenishment", "complement")
        stock(merchant, "soap", "oil", "cup")
        for sku in ("soap", "oil"):
            rule(merchant, RuleKind.GUIDE, sku, 7)
            rule(merchant, RuleKind.REPLENISH, sku, 30)
        for number in range(3):
            bought(merchant, f"p{number}@x.test", 50, line("soap"), line("cup"))
        bought(merchant, "q@x.test", 50, line("oil"))
        with merchant_transaction(merchant):
            learn_pairs(merchant)
        order = bought(merchant, "anna@x.test", 5, line("soap", 2), line("oil"), delivered=True)
        drain_all()
        assert len(waiting(merchant)) == 5
        return order

    def told(self, merchant: Merchant, later: Any) -> set[str]:
        found = set()
        for each in tell(merchant, later, 90):
            about = each.data.get("guide") or each.data["products"][0]
            found.add(f"{each.touchpoint} {about['title']}")
        return found

    @pytest.mark.parametrize(
        ("returned", "resolution", "then"),
        [
            ({"soap": 2}, "refund", "approve"), ({"soap": 1}, "refund", "approve"),
            ({"soap": 2}, "replacement", "approve"), ({"soap": 2}, "refund", "cancel"),
            ({"soap": 2, "oil": 1}, "store_credit", "approve"),
        ],
    )  # fmt: skip
    def test_a_return_ends_what_was_about_the_returned_lines(
        self,
        merchant: Merchant,
        drain_all: Work,
        later: Any,
        returned: dict[str, int],
        resolution: str,
        then: str,
    ) -> None:
        order = self.deliver(merchant, drain_all)
        ids = line_ids(order)
        wanted = [
            RequestedLine(ids[sku], n, "too_small", resolution=resolution) for sku, n in returned.items()
        ]
        ret = returns.request_return(merchant, order.id, RequestedReturn(wanted, method="own"), by=Side.TEAM)
        if then == "cancel":
            returns.cancel(merchant, ret.id, by=Side.TEAM)
        with merchant_scope(merchant):
            ProductRule.objects.filter(kind="guide").update(title="Guide")
            ProductRule.objects.filter(kind="guide", value="oil").update(title="Guide to oil")
        everything = {"care_guide Guide", "care_guide Guide to oil", "replenishment Soap", "replenishment Oil",
                      "complement Cup"}  # fmt: skip
        gone = {"care_guide Guide", "replenishment Soap"} if returned["soap"] == 2 else set()
        if resolution == "replacement" or then == "cancel":
            gone = set()
        elif "oil" in returned:
            gone = everything
        assert self.told(merchant, later) == everything - gone

    @pytest.mark.parametrize("whole", [True, False])
    def test_so_does_a_withdrawal(self, merchant: Merchant, drain_all: Work, later: Any, whole: bool) -> None:
        order = self.deliver(merchant, drain_all)
        declared = Declaration(
            NOW, Source.LINK, name="Anna", email=order.email, order_id=order.id,
            lines={} if whole else {line_ids(order)["soap"]: 2},
        )  # fmt: skip
        withdrawals.declare(merchant, declared)
        told = self.told(merchant, later)
        assert told == (
            set() if whole else {"care_guide How to care for it", "replenishment Oil", "complement Cup"}
        )


class TestReplenishment:
    def test_the_date_comes_from_their_own_intervals_and_the_quantity(
        self, merchant: Merchant, drain_all: Work
    ) -> None:
        wants(merchant, "replenishment")
        rule(merchant, RuleKind.REPLENISH, "soap", 300)
        for days in (100, 70, 42):  # 30 and 28 days for one each: 29 in the middle
            bought(merchant, "anna@x.test", days, line("soap"))
        bought(merchant, "anna@x.test", 3, line("soap", 2), delivered=True)  # after 39 days: the median is 30
        drain_all()
        at = waiting(merchant)["replenishment", "soap"]
        assert at - (NOW - timedelta(days=1)) == pytest.approx(
            timedelta(days=2 * 30 - 5), abs=timedelta(hours=1)
        )

    def test_without_own_ones_everybodys_count_and_before_that_the_shops_word(
        self, merchant: Merchant, drain_all: Work
    ) -> None:
        wants(merchant, "replenishment")
        for number in range(10):
            for days in (80, 40):
                bought(merchant, f"p{number}@x.test", days, line("soap"))
        rule(merchant, RuleKind.REPLENISH, "oil", 90)
        bought(merchant, "new@x.test", 2, line("soap"), line("oil"), line("pot"), delivered=True)
        drain_all()
        found = {key[1]: round((at - NOW).total_seconds() / 86400) for key, at in waiting(merchant).items()}
        assert found == {"soap": 40 - 5, "oil": 90 - 5}  # of the pot nobody knows anything

    def test_a_purchase_ends_the_wait_and_its_delivery_begins_it_anew(
        self, merchant: Merchant, drain_all: Work, later: Any
    ) -> None:
        wants(merchant, "replenishment")
        stock(merchant, "oil")
        rule(merchant, RuleKind.REPLENISH, "oil", 30)
        bought(merchant, "anna@x.test", 5, line("oil"), delivered=True)
        drain_all()
        bought(merchant, "anna@x.test", 1, line("oil"))
        drain_all()
        assert waiting(merchant) == {}
        again = bought(merchant, "anna@x.test", 4, line("oil"), delivered=True)
        drain_all()
        [message] = tell(merchant, later, 60)
        assert (message.touchpoint, message.order_id) == ("replenishment", None)
        assert message.data["url"] == "https://shop.test/oil"
        with merchant_scope(merchant):
            assert FollowUp.objects.get(subject="oil").order_id == again.id

    def test_what_is_out_of_stock_is_not_offered(
        self, merchant: Merchant, drain_all: Work, later: Any
    ) -> None:
        wants(merchant, "replenishment")
        stock(merchant, "oil", inventory_quantity=0)
        rule(merchant, RuleKind.REPLENISH, "oil", 30)
        bought(merchant, "anna@x.test", 5, line("oil"), delivered=True)
        drain_all()
        assert tell(merchant, later, 60) == []


class TestComplements:
    @pytest.fixture
    def learned(self, merchant: Merchant, drain_all: Work) -> Merchant:
        stock(merchant, "tea", "cup", "pot", "hat")
        stock(merchant, "spoon", inventory_quantity=0)
        for number in range(5):
            bought(merchant, f"a{number}@x.test", 50, line("tea"), line("cup"), line("spoon"))
            bought(merchant, f"b{number}@x.test", 50, line("hat"))
        bought(merchant, "c@x.test", 50, line("tea"), line("pot"))
        drain_all()
        with merchant_transaction(merchant):
            learn_pairs(merchant)
        return merchant

    def test_pairs_need_support_and_more_than_chance(self, learned: Merchant) -> None:
        with merchant_scope(learned):
            pairs = {(p.sku, p.other): (p.together, p.lift) for p in Pair.objects.all()}
        assert pairs["tea", "cup"] == (5, pytest.approx(5 * 11 / (6 * 5)))
        assert not {key for key in pairs if "pot" in key or "hat" in key}

    def test_never_what_was_bought_returned_cancelled_or_is_out_of_stock(self, learned: Merchant) -> None:
        new = bought(learned, "new@x.test", 20, line("tea"))
        cancelled = bought(learned, "had@x.test", 20, line("cup"))
        orders.cancel_order(learned, cancelled.id)
        with merchant_scope(learned):
            found = complements(learned, {new.customer_id: ["tea"], cancelled.customer_id: ["tea"]})
        assert {key: [each["sku"] for each in offered] for key, offered in found.items()} == {
            new.customer_id: ["cup"]
        }

    def test_it_goes_out_after_delivery_with_pictures_and_prices(
        self, learned: Merchant, drain_all: Work, later: Any
    ) -> None:
        wants(learned, "complement")
        bought(learned, "new@x.test", 5, line("tea"), delivered=True)
        drain_all()
        [message] = tell(learned, later, 10)
        [offered] = message.data["products"]
        assert (offered["title"], offered["price"], offered["url"]) == (
            "Cup",
            "€20.00",
            "https://shop.test/cup",
        )


class TestDays:
    def test_birthdays_are_told_once_a_year(self, merchant: Merchant, drain_all: Work, later: Any) -> None:
        wants(merchant, "birthday")
        order = bought(merchant, "anna@x.test", 5, line("tea"))
        with merchant_scope(merchant):
            today = timezone.localdate(timezone=ZoneInfo(merchant.timezone))
            Customer.objects.filter(pk=order.customer_id).update(birthday=date(1988, today.month, today.day))
        drain_all()
        for _ in range(2):
            due.run("followups.sweep")
            later(timedelta(hours=25) * 0)
        [message] = tell(merchant, later)
        assert (message.touchpoint, message.customer_id) == ("birthday", order.customer_id)

    def test_who_is_overdue_is_won_back_unless_they_ordered_meanwhile(
        self, merchant: Merchant, drain_all: Work, later: Any
    ) -> None:
        wants(merchant, "win_back")
        for email in ("anna@x.test", "ben@x.test"):
            for days in (140, 110, 60):
                bought(merchant, email, days, line("tea"))
        bought(merchant, "cleo@x.test", 900, line("tea"))
        drain_all()
        due.run("followups.sweep")
        assert len(waiting(merchant)) == 1  # of both the same day
        bought(merchant, "ben@x.test", 0, line("tea"))
        drain_all()
        [message] = tell(merchant, later)
        assert message.recipient == "anna@x.test"

    def test_the_first_order_is_welcomed_in_the_segments_that_the_shop_chose(
        self, merchant: Merchant, drain_all: Work, later: Any
    ) -> None:
        wants(merchant, "welcome")
        bought(merchant, "anna@x.test", 1, line("tea"))
        drain_all()
        bought(merchant, "anna@x.test", 0, line("tea"))
        drain_all()
        assert list(waiting(merchant)) == [("welcome", "")]
        with merchant_scope(merchant):
            switch = switches(["welcome"])["welcome"]
        set_switch(merchant, "welcome", replace(switch, conditions=(Condition("segment", Op.IS, ("new",)),)))
        assert tell(merchant, later, 0.5) == []  # two orders: not "new" any more

    def test_a_fact_that_the_shop_chose_stands_in_for_the_moment_that_it_was_made_for(
        self, merchant: Merchant, drain_all: Work, later: Any
    ) -> None:
        with merchant_scope(merchant):
            switch = switches(["welcome"])["welcome"]
        set_switch(merchant, "welcome", replace(switch, is_on=True, trigger=("order.placed",)))
        bought(merchant, "anna@x.test", 1, line("tea"))
        drain_all()
        assert waiting(merchant) == {}
        [message] = tell(merchant, later, 1)
        assert (message.touchpoint, message.order_id is None) == ("welcome", False)


def test_a_batch_is_composed_with_a_fixed_number_of_queries(
    merchant: Merchant, drain_all: Work, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    kinds = ("care_guide", "replenishment", "complement", "welcome")
    wants(merchant, *kinds)
    rule(merchant, RuleKind.REPLENISH, "oil", 30)
    rule(merchant, RuleKind.GUIDE, "oil", 30)
    stock(merchant, "oil")
    for number in range(8):
        bought(merchant, f"p{number}@x.test", 5, line("oil"), delivered=True)
    drain_all()
    with merchant_scope(merchant):
        rows = list(FollowUp.objects.all())
        assert len(rows) == 32
        with django_assert_max_num_queries(16):
            assert len(compose(merchant, rows)) == 24  # nothing goes with oil

"""From messages to sums: who counts, what they did within their window, and once."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from analytics.lift import maturing
from analytics.lift.models import LiftShopper, LiftTally
from analytics.lift.queries import lifts
from analytics.lift.windows import set_window
from events import log as event_log
from events.due import claim
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_scope, merchant_transaction
from notifications.facts import MessageFailed, MessageSent, MessageSkipped
from orders.customers import put_customer
from orders.models import Customer, Order, Refund
from orders.schemas import CustomerIn
from tests import factories
from tests.analytics.lift.filled import filled
from tests.api_client import ApiClient

Work = Callable[[], Any]
LONG_AGO = timedelta(days=40)


def shopper(merchant: Merchant, name: str) -> Customer:
    return put_customer(merchant, CustomerIn(email=f"{name}@example.test", locale="en"))[0]


def decided(merchant: Merchant, who: Customer, kind: Any = MessageSent, **more: Any) -> None:
    """Chance decided about a message to this shopper, today."""
    if kind is MessageSkipped:
        more = {"reason": "holdout", **more}
    fact = kind(
        message_id=uuid7(), touchpoint="welcome", channel="email", customer_id=who.id,
        **{"holdout_percent": 5, **more},
    )  # fmt: skip
    with merchant_transaction(merchant):
        event_log.record(fact)


def bought(merchant: Merchant, who: Customer, days: int, amount: int = 89) -> Order:
    """An order, so many days after now."""
    order = factories.order(merchant, email=who.email)
    with merchant_scope(merchant):
        Order.objects.filter(pk=order.pk).update(
            placed_at=timezone.now() + timedelta(days=days), total=amount, customer=who
        )
    return order


def groups(merchant: Merchant, outcome: str) -> dict[bool, tuple[int, int, float, float]]:
    with merchant_scope(merchant):
        rows = LiftTally.objects.filter(outcome=outcome)
        return {row.is_held_out: (row.n, row.hits, row.x, row.y) for row in rows}


@pytest.fixture
def window_passes(merchant: Merchant, drain_all: Work) -> Work:
    """Read the log; then it is 40 days later."""

    def run() -> None:
        drain_all()
        with merchant_scope(merchant):
            LiftShopper.objects.exclude(due_at=None).update(due_at=timezone.now())
        while maturing.mature_due():
            pass

    return run


def test_both_groups_are_counted_once_their_window_has_passed(
    merchant: Merchant, window_passes: Work, drain_all: Work
) -> None:
    anna, bert, carl = (shopper(merchant, name) for name in ("anna", "bert", "carl"))
    bought(merchant, anna, days=-10, amount=50)
    bought(merchant, anna, days=-500, amount=900)
    decided(merchant, anna)
    decided(merchant, anna)  # a second time: the first one counts
    decided(merchant, carl, MessageFailed)
    decided(merchant, bert, MessageSkipped)
    bought(merchant, anna, days=12, amount=70)
    bought(merchant, anna, days=31, amount=999)  # after the window
    drain_all()
    assert groups(merchant, "revenue") == {}
    assert maturing.mature_due() == 0

    window_passes()
    window_passes()
    assert groups(merchant, "repeat") == {False: (2, 1, 50.0, 1.0), True: (1, 0, 0.0, 0.0)}
    assert groups(merchant, "revenue") == {False: (2, 1, 50.0, 70.0), True: (1, 0, 0.0, 0.0)}
    assert groups(merchant, "returns")[False][1] == 0


def test_only_what_chance_decided_counts(merchant: Merchant, window_passes: Work) -> None:
    anna = shopper(merchant, "anna")
    decided(merchant, anna, holdout_percent=0)
    decided(merchant, anna, MessageSkipped, reason="suppressed")
    window_passes()
    with merchant_scope(merchant):
        assert not LiftShopper.objects.exists()


def test_refunds_and_cases_of_any_order_count_within_the_window(
    merchant: Merchant, window_passes: Work
) -> None:
    anna, bert = shopper(merchant, "anna"), shopper(merchant, "bert")
    for who, days in ((anna, 20), (bert, 33)):
        order = bought(merchant, who, days=-3)
        with merchant_scope(merchant):
            Refund.objects.create(
                merchant=merchant, order=order, external_id="r", amount=Decimal(5), currency="EUR",
                refunded_at=timezone.now() + timedelta(days=days), created_at=timezone.now(),
            )  # fmt: skip
        decided(merchant, who)
    window_passes()
    assert groups(merchant, "returns")[False][:2] == (2, 1)
    assert groups(merchant, "questions")[False][:2] == (2, 0)


def test_a_worker_that_lost_its_claim_adds_nothing(merchant: Merchant, drain_all: Work) -> None:
    decided(merchant, shopper(merchant, "anna"))
    drain_all()
    with merchant_scope(merchant):
        LiftShopper.objects.update(due_at=timezone.now())
    slow = claim(LiftShopper, limit=5, lease=maturing.LEASE)
    with merchant_scope(merchant):
        LiftShopper.objects.update(due_at=timezone.now())
    assert maturing.mature_due() == 1
    maturing._count(merchant, slow)
    assert groups(merchant, "repeat")[False][0] == 1


def test_another_window_counts_everybody_again(merchant: Merchant, window_passes: Work) -> None:
    anna = shopper(merchant, "anna")
    decided(merchant, anna)
    bought(merchant, anna, days=40, amount=70)
    window_passes()
    assert groups(merchant, "revenue")[False][3] == 0
    set_window(merchant, "welcome", 60)
    assert groups(merchant, "revenue") == {}
    window_passes()
    assert groups(merchant, "revenue")[False][3] == 70
    for days in (6, 181):
        with pytest.raises(Unprocessable):
            set_window(merchant, "welcome", days)
    assert groups(merchant, "revenue")[False][3] == 70


@pytest.mark.django_db(transaction=True)
def test_a_rebuilt_reader_ends_equal(merchant: Merchant, window_passes: Work) -> None:
    anna, bert = shopper(merchant, "anna"), shopper(merchant, "bert")
    decided(merchant, anna)
    decided(merchant, bert, MessageSkipped)
    bought(merchant, bert, days=5)
    window_passes()
    before = [groups(merchant, name) for name in ("repeat", "revenue")]
    call_command("rebuild", "analytics.lift", stdout=io.StringIO())
    window_passes()
    assert [groups(merchant, name) for name in ("repeat", "revenue")] == before


def test_the_api_and_the_command_say_what_a_message_does(
    merchant: Merchant, stranger: Merchant, api: ApiClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    filled(merchant, shopper(merchant, "anna").id)
    with merchant_scope(merchant), django_assert_num_queries(3):
        assert {lift.touchpoint for lift in lifts(timezone.now())} == {"welcome", "short"}
    answer = api.get("analytics/lift?touchpoint=welcome").json()
    [welcome] = answer["data"]
    repeat = welcome["outcomes"][0]
    assert (repeat["outcome"], repeat["verdict"], repeat["sent"], repeat["held_out"]) == (
        "repeat",
        "more",
        4000,
        400,
    )
    assert repeat["effect"] == pytest.approx(0.15)
    assert 0 < repeat["low"] < 0.15 < repeat["high"]
    assert (welcome["waiting"], welcome["holdout_percent"], welcome["window_days"]) == (1, 5, 30)
    [short] = api.get("analytics/lift?touchpoint=short").json()["data"]
    assert short["outcomes"][0]["verdict"] == "not_enough_data"
    assert short["outcomes"][0]["days_to_go"] is None  # one shopper in three days: ten years
    out = io.StringIO()
    call_command("lift", "welcome", "--merchant", "nordwind", "--json", stdout=out)
    assert json.loads(out.getvalue()) == answer["data"]
    out = io.StringIO()
    call_command("lift", "--merchant", "sudwind", "--json", stdout=out)
    assert json.loads(out.getvalue()) == []

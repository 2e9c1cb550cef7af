"""Items open and close by facts, by scans and by the clock: once, and whatever comes twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.rebuild import rebuild
from events.subscribers import get_subscriber
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders import commands as orders
from tests import factories
from tests.tracking.watch.conftest import DAY, HOUR, items, let_the_clock_come, moving, reasons, told
from tracking import commands as tracking
from tracking.models import WatchClock, WatchItem
from tracking.watch import commands
from tracking.watch.keeping import look

Drain = Callable[[], int]


def test_a_problem_is_opened_by_its_fact_with_its_value_and_closed_by_the_next_scan(
    merchant: Merchant, drain_all: Drain
) -> None:
    parcel = moving(merchant)
    now = timezone.now()
    factories.scan(merchant, parcel, "exception", now - timedelta(minutes=30), substatus="exception.address")
    drain_all()
    (item,) = items(merchant)
    assert (item.reason, item.detail, item.shipment_id) == ("address", "exception.address", parcel.id)
    assert (item.value, item.currency) == (Decimal(89), "EUR")
    assert item.since == now - timedelta(minutes=30)

    factories.scan(merchant, parcel, "in_transit", now)
    assert items(merchant) == []  # at once, without a worker
    drain_all()
    assert told() == [("watch.opened", "address"), ("watch.closed", "address")]


def test_silence_is_opened_by_the_clock_and_closed_by_a_scan_that_is_no_fact(
    merchant: Merchant, drain_all: Drain
) -> None:
    parcel = moving(merchant, 71 * HOUR + timedelta(minutes=59))
    drain_all()
    assert items(merchant) == []
    with merchant_scope(merchant):
        clock = WatchClock.objects.get(pk=parcel.pk)
        assert clock.due_at is not None
        assert timedelta(0) < clock.due_at - timezone.now() <= timedelta(minutes=1)
    with merchant_scope(merchant):
        type(parcel).objects.filter(pk=parcel.pk).update(last_scan_at=timezone.now() - 73 * HOUR)
    assert let_the_clock_come(merchant) >= 1
    assert reasons(merchant) == ["stalled"]
    factories.scan(merchant, parcel, "in_transit", timezone.now())
    assert items(merchant) == []


def test_an_order_that_was_not_packed_in_time_is_opened_and_closed_when_it_is_shipped(
    merchant: Merchant, drain_all: Drain
) -> None:
    order = factories.order(merchant, placed_at=timezone.now() - 6 * DAY, quantity=2)
    drain_all()
    (item,) = items(merchant)
    assert (item.reason, item.shipment_id, item.value) == ("not_shipped", None, Decimal(178))
    factories.shipment(merchant, order)
    drain_all()
    assert "not_shipped" not in reasons(merchant)


@pytest.mark.parametrize("placed", [timedelta(days=60), timedelta(days=400)])
def test_history_is_nobodys_work(merchant: Merchant, drain_all: Drain, placed: timedelta) -> None:
    factories.order(merchant, placed_at=timezone.now() - placed, notify=False)
    moving(merchant, placed)
    drain_all()
    assert items(merchant) == []


def test_a_cancelled_order_leaves_the_list(merchant: Merchant, drain_all: Drain) -> None:
    order = factories.order(merchant, placed_at=timezone.now() - 6 * DAY)
    drain_all()
    orders.cancel_order(merchant, order.id)
    drain_all()
    assert items(merchant) == []
    with merchant_scope(merchant):
        assert WatchItem.objects.get().state == "closed"
        assert WatchClock.objects.get(pk=order.pk).due_at is None


def test_lost_says_all_that_stalled_said(merchant: Merchant, drain_all: Drain) -> None:
    parcel = moving(merchant, 5 * DAY)
    drain_all()
    assert reasons(merchant) == ["stalled"]
    with merchant_scope(merchant):
        type(parcel).objects.filter(pk=parcel.pk).update(last_scan_at=timezone.now() - 11 * DAY)
    let_the_clock_come(merchant)
    assert reasons(merchant) == ["lost"]
    drain_all()
    assert told() == [("watch.opened", "stalled"), ("watch.closed", "stalled"), ("watch.opened", "lost")]


def test_looking_twice_changes_nothing(merchant: Merchant, drain_all: Drain) -> None:
    parcel = moving(merchant, 5 * DAY)
    drain_all()
    before = items(merchant)
    look(merchant, [parcel.order_id])
    let_the_clock_come(merchant)
    assert items(merchant) == before
    assert len(told()) == 1


@pytest.mark.django_db(transaction=True)
def test_looks_at_one_parcel_from_several_sides_open_one_item(merchant: Merchant) -> None:
    parcel = moving(merchant, 5 * DAY)

    def run(_: int) -> None:
        look(merchant, [parcel.order_id])
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert reasons(merchant) == ["stalled"]
    assert told("watch.opened") == [("watch.opened", "stalled")]


def test_a_rebuild_ends_with_the_same_items_and_tells_nothing(merchant: Merchant, drain_all: Drain) -> None:
    for silent in (5 * DAY, 12 * DAY, HOUR):
        moving(merchant, silent)
    factories.order(merchant, placed_at=timezone.now() - 6 * DAY)
    drain_all()
    before = [(item.pk, item.reason, item.state, item.opened_at) for item in items(merchant)]
    assert len(before) == 3
    with merchant_scope(merchant):
        clocks = set(WatchClock.objects.values_list("pk", "due_at"))
    facts = told()
    rebuild(get_subscriber("tracking.watch"))
    assert [(item.pk, item.reason, item.state, item.opened_at) for item in items(merchant)] == before
    with merchant_scope(merchant):
        assert set(WatchClock.objects.values_list("pk", "due_at")) == clocks
    assert told() == facts


def test_a_rebuild_closes_what_was_over_and_opens_what_was_missing(
    merchant: Merchant, drain_all: Drain
) -> None:
    parcel = moving(merchant, 5 * DAY)
    drain_all()
    with merchant_scope(merchant):
        WatchItem.objects.update(reason="customs")
    rebuild(get_subscriber("tracking.watch"))
    assert reasons(merchant) == ["stalled"]
    assert items(merchant)[0].shipment_id == parcel.id


def test_a_second_failure_brings_back_what_was_dismissed(merchant: Merchant, drain_all: Drain) -> None:
    parcel = moving(merchant)
    now = timezone.now()
    factories.scan(merchant, parcel, "attempt_failed", now - timedelta(minutes=30))
    drain_all()
    (item,) = items(merchant)
    commands.dismiss(merchant, [item.pk], "solved")
    factories.scan(merchant, parcel, "attempt_failed", now - timedelta(minutes=20))
    drain_all()
    assert reasons(merchant, state="open") == []  # somebody was done with it after that
    factories.scan(merchant, parcel, "out_for_delivery", timezone.now())
    factories.scan(merchant, parcel, "attempt_failed", timezone.now())
    drain_all()
    assert reasons(merchant, state="open") == ["failed_attempt"]


def test_five_hundred_facts_cost_as_many_statements_as_one(merchant: Merchant, drain_all: Drain) -> None:
    first = moving(merchant, 5 * DAY)
    many = [moving(merchant, 5 * DAY) for _ in range(12)]
    with CaptureQueriesContext(connection) as one:
        look(merchant, [first.order_id])
    with CaptureQueriesContext(connection) as twelve:
        look(merchant, [parcel.order_id for parcel in many])
    assert len(twelve) == len(one) <= 14
    assert len(items(merchant)) == 13


def test_a_scan_of_a_parcel_that_nobody_watches_costs_no_statement_more(merchant: Merchant) -> None:
    parcel = moving(merchant)
    with CaptureQueriesContext(connection) as captured:
        factories.scan(merchant, parcel, "in_transit", timezone.now())
    assert not any("tracking_watchclock" in row["sql"] for row in captured.captured_queries)


def test_a_shipment_that_is_taken_back_leaves_the_list(merchant: Merchant, drain_all: Drain) -> None:
    order = factories.order(merchant, placed_at=timezone.now() - 9 * DAY)
    parcel = factories.shipment(merchant, order, shipped_at=timezone.now() - 8 * DAY)
    with merchant_scope(merchant):
        type(parcel).objects.filter(pk=parcel.pk).update(carrier="dhl", poll_error="not_found: 404")
    drain_all()
    assert "invalid_number" in reasons(merchant, shipment_id=parcel.id)
    tracking.cancel_shipment(merchant, parcel.id)
    drain_all()
    assert reasons(merchant, shipment_id=parcel.id) == []
    assert reasons(merchant) == ["not_shipped"]  # its pieces are in the house again

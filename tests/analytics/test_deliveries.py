"""The daily roll-up of deliveries: right, corrected when a parcel is, and equal after a rebuild."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from analytics import queries
from analytics.models import DayCount, DeliveryDay, Outcome, ParcelOutcome
from analytics.queries import Period, median_days
from events import log
from events.drain import drain
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.facts import MessageFailed, MessageSent
from orders.models import Order
from tests import factories
from tests.dashboard.scene import message
from tracking.commands import cancel_shipment
from tracking.models import Shipment
from tracking.schemas import WindowIn

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
Drain = Callable[[], int]


def parcel(owner: Merchant, *, promised: datetime = MONDAY + timedelta(days=2), **fields: Any) -> Shipment:
    """A parcel handed over on Monday morning, promised for Wednesday."""
    order = factories.order(owner, placed_at=MONDAY - timedelta(hours=10))
    window = WindowIn(earliest=promised - timedelta(hours=4), latest=promised)
    return factories.shipment(owner, order, shipped_at=MONDAY, delivery=window, **fields)


def rolled_up(owner: Merchant) -> set[tuple[Any, ...]]:
    with merchant_scope(owner):
        days = DeliveryDay.objects.values_list("day", "carrier", "outcome", "transit", "parcels")
        counts = DayCount.objects.values_list("day", "figure", "number")
        parcels = ParcelOutcome.objects.values_list("shipment_id", "day", "carrier", "outcome", "transit")
        return {*days, *counts, *parcels}


def days(owner: Merchant) -> list[tuple[Any, ...]]:
    with merchant_scope(owner):
        return list(
            DeliveryDay.objects.order_by("day", "outcome").values_list("day", "outcome", "transit", "parcels")
        )


def test_a_parcel_delivered_on_the_promised_day_is_on_time(merchant: Merchant, drain_all: Drain) -> None:
    shipment = parcel(merchant)
    factories.scan(merchant, shipment, "delivered", MONDAY + timedelta(days=2, hours=9))
    drain_all()
    assert days(merchant) == [(date(2026, 3, 4), "on_time", 9, 1)]  # 57 hours: nine whole quarters


def test_a_day_later_it_is_late_by_the_merchants_clock(merchant: Merchant, drain_all: Drain) -> None:
    shipment = parcel(merchant)
    # 23:30 in London is half past midnight in Berlin.
    factories.scan(merchant, shipment, "delivered", datetime(2026, 3, 4, 23, 30, tzinfo=UTC))
    drain_all()
    assert days(merchant) == [(date(2026, 3, 5), "late", 10, 1)]


def test_a_parcel_on_its_way_back_has_failed(merchant: Merchant, drain_all: Drain) -> None:
    factories.scan(merchant, parcel(merchant), "returning", MONDAY + timedelta(days=3))
    factories.scan(
        merchant, parcel(merchant), "exception", MONDAY + timedelta(days=3), substatus="exception.lost"
    )
    factories.scan(merchant, parcel(merchant), "exception", MONDAY, substatus="exception.delay_weather")
    drain_all()
    assert days(merchant) == [(date(2026, 3, 5), "failed", -1, 2)]


def test_a_delivery_that_was_taken_back_is_counted_back(merchant: Merchant, drain_all: Drain) -> None:
    shipment = parcel(merchant)
    factories.scan(merchant, shipment, "delivered", MONDAY + timedelta(days=1))
    drain_all()
    assert [outcome for _, outcome, _, _ in days(merchant)] == ["on_time"]
    factories.scan(merchant, shipment, "returning", MONDAY + timedelta(days=2))
    drain_all()
    assert days(merchant) == [(date(2026, 3, 4), "failed", -1, 1)]


def test_a_parcel_that_waits_or_was_cancelled_is_not_counted(merchant: Merchant, drain_all: Drain) -> None:
    cancel_shipment(merchant, parcel(merchant).id)
    factories.scan(merchant, parcel(merchant), "out_for_delivery", MONDAY + timedelta(days=1))
    drain_all()
    assert days(merchant) == []


def test_carriers_are_counted_apart_and_the_median_is_theirs(merchant: Merchant, drain_all: Drain) -> None:
    for hours in (24, 30, 48):
        shipment = parcel(merchant, carrier="DHL")
        factories.scan(merchant, shipment, "delivered", MONDAY + timedelta(hours=hours))
    other = parcel(merchant, carrier="Kurier Krause")
    factories.scan(merchant, other, "delivered", MONDAY + timedelta(days=4))
    drain_all()
    with merchant_scope(merchant):
        ends = queries.deliveries(MARCH)
    carriers = ends.by_carrier
    assert list(carriers) == ["dhl", "Kurier Krause"]
    assert carriers["dhl"].on_time_share == 1.0
    assert carriers["dhl"].median_days == pytest.approx(1.375)  # the middle of the second of three
    assert carriers["Kurier Krause"].on_time_share == 0.0
    assert ends.in_all(MARCH).parcels == 4
    assert ends.in_all(MARCH.before).parcels == 0
    assert len(ends.by_day) == 62


def test_orders_and_messages_are_counted_on_their_days(merchant: Merchant, drain_all: Drain) -> None:
    factories.order(merchant, placed_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))  # the 2nd in Berlin
    factories.order(merchant, placed_at=MONDAY)
    order = factories.order(merchant, placed_at=datetime(2026, 3, 9, 12, tzinfo=UTC))
    with merchant_scope(merchant):
        told = message(merchant, order)
    about = {"message_id": told.id, "touchpoint": "shipment_shipped", "channel": "email"}
    with merchant_scope(merchant), transaction.atomic():
        log.record_many((kind(**about), order.id) for kind in (MessageSent, MessageSent, MessageFailed))
    drain_all()
    with merchant_scope(merchant):
        assert queries.counts_by_day(MARCH)["orders.placed"] == {date(2026, 3, 2): 2, date(2026, 3, 9): 1}
        numbers = DayCount.objects.exclude(figure="orders.placed").values_list("figure", "number")
        assert dict(numbers) == {"messages.sent": 2, "messages.failed": 1}


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_ends_equal_and_the_same_facts_twice_change_nothing(
    merchant: Merchant, stranger: Merchant, drain_all: Drain
) -> None:
    for owner in (merchant, stranger):
        for number in range(5):
            shipment = parcel(owner)
            factories.scan(owner, shipment, "delivered", MONDAY + timedelta(hours=20 * number))
            if number == 3:
                factories.scan(owner, shipment, "returned", MONDAY + timedelta(days=9))
    drain_all()
    before = rolled_up(merchant), rolled_up(stranger)
    with merchant_scope(merchant):
        DeliveryDay.objects.update(parcels=77)
    for reader in ("analytics.deliveries", "analytics.counts"):
        call_command("rebuild", reader, verbosity=0)
    assert (rolled_up(merchant), rolled_up(stranger)) == before
    assert drain(merchant.shard) == 0


def test_a_batch_costs_the_same_for_one_parcel_and_for_twenty(merchant: Merchant, drain_all: Drain) -> None:
    def price(parcels: int) -> int:
        for _ in range(parcels):
            factories.scan(merchant, parcel(merchant), "delivered", MONDAY + timedelta(days=1))
        with CaptureQueriesContext(connection) as captured:
            drain_all()
        return sum("analytics_" in query["sql"] for query in captured.captured_queries)

    price(1)
    assert price(1) == price(20)


def test_another_shops_days_are_not_read(merchant: Merchant, stranger: Merchant, drain_all: Drain) -> None:
    factories.scan(stranger, parcel(stranger), "delivered", MONDAY + timedelta(days=1))
    drain_all()
    with merchant_scope(merchant):
        ends = queries.deliveries(MARCH)
    assert ends.in_all(MARCH).parcels == 0
    assert ends.by_carrier == {}


def test_an_order_that_is_gone_is_not_counted_again(merchant: Merchant, drain_all: Drain) -> None:
    order = factories.order(merchant, placed_at=MONDAY)
    with merchant_scope(merchant):
        Order.objects.filter(pk=order.pk).delete()
    drain_all()
    assert rolled_up(merchant) == set()


@pytest.mark.parametrize(
    ("quarters", "days"),
    [({}, None), ({4: 1}, 1.125), ({4: 2, 8: 2}, 1.25), ({0: 1, 4: 1, 40: 1}, 1.125), ({-0: 10}, 0.125)],
)
def test_the_median_is_read_off_the_quarters(quarters: dict[int, int], days: float | None) -> None:
    assert median_days(quarters) == days


def test_a_period_knows_the_one_before() -> None:
    week = Period.ending(date(2026, 3, 8), 7)
    assert week.first == date(2026, 3, 2)
    assert week.before == Period(date(2026, 2, 23), date(2026, 3, 1))
    assert len(week.days) == 7
    assert Outcome.values == ["on_time", "late", "failed"]


def test_the_period_before_counts_by_day_but_not_for_the_carriers(
    merchant: Merchant, drain_all: Drain
) -> None:
    factories.scan(merchant, parcel(merchant), "delivered", MONDAY + timedelta(days=1))
    drain_all()
    with merchant_scope(merchant):
        ends = queries.deliveries(Period(date(2026, 3, 4), date(2026, 3, 10)))
    assert ends.in_all(Period(date(2026, 2, 25), date(2026, 3, 3))).parcels == 1
    assert ends.by_carrier == {}

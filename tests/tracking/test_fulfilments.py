"""What a shop's system says was sent: taken as it is, as far as it fits, and never stuck in the line."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import log, parked
from events.drain import drain_subscriber
from events.models import ParkedFact
from events.subscribers import get_subscriber
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from orders import commands as orders
from orders.facts import FulfilmentReported, ReportedLine
from orders.models import Order, OrderLine
from tests import factories
from tests.tracking.conftest import fresh
from tracking.models import Shipment

Drain = Callable[[], int]


@pytest.fixture
def order(merchant: Merchant) -> Order:
    """An order of three sweaters (L1)."""
    return factories.order(merchant, quantity=3)


@pytest.fixture
def report(merchant: Merchant, order: Order, drain_all: Drain) -> Callable[..., list[Shipment]]:
    """Report a fulfilment F1 and let it be worked off; returns the order's parcels."""

    def run(*lines: tuple[str, int], **fields: Any) -> list[Shipment]:
        reported = FulfilmentReported(
            order_id=order.pk,
            **{
                "external_id": "F1", "carrier_name": "UPS", "tracking_number": "1Z1", "shipped_at": timezone.now(),
                "lines": [ReportedLine(external_id=line, quantity=quantity) for line, quantity in lines],
                **fields,
            },
        )  # fmt: skip
        with merchant_scope(merchant), transaction.atomic():
            log.record(reported, order_id=order.pk)
        drain_all()
        with platform_scope("a test looks for parked facts"):
            assert list(ParkedFact.objects.all()) == []
        with merchant_scope(merchant):
            return list(Shipment.objects.filter(order=order).order_by("number"))

    return run


def held(parcel: Shipment) -> dict[str, int]:
    with merchant_scope(parcel.merchant):
        return dict(parcel.lines.values_list("line__external_id", "quantity"))


def shipped(owner: Merchant) -> int:
    with merchant_scope(owner):
        return int(OrderLine.objects.get().shipped_quantity)


def test_a_report_makes_a_parcel_and_another_one_updates_it(merchant: Merchant, report: Any) -> None:
    [parcel] = report(("L1", 1))
    assert (parcel.carrier, parcel.tracking_number, held(parcel)) == ("ups", "1Z1", {"L1": 1})
    [again] = report(("L1", 2), tracking_number="1Z2")
    assert (again.pk, again.tracking_number, held(again)) == (parcel.pk, "1Z2", {"L1": 2})
    assert (shipped(merchant), fresh(again).order.stage) == (2, "partly_shipped")


def test_a_line_that_the_order_lacks_is_left_out(merchant: Merchant, report: Any) -> None:
    [parcel] = report(("L1", 1), ("GIFT", 1))
    assert held(parcel) == {"L1": 1}
    assert shipped(merchant) == 1


def test_a_parcel_of_unknown_lines_only_is_still_a_parcel(merchant: Merchant, report: Any) -> None:
    [parcel] = report(("GIFT", 1))
    assert (held(parcel), shipped(merchant)) == ({}, 0)


def test_no_more_than_was_ordered_is_counted(merchant: Merchant, report: Any) -> None:
    [parcel] = report(("L1", 5))
    assert (held(parcel), shipped(merchant)) == ({"L1": 3}, 3)
    first, second = report(("L1", 2), external_id="F2", tracking_number="1Z9")
    assert (held(first), held(second), shipped(merchant)) == ({"L1": 3}, {}, 3)


def test_a_parcel_of_an_order_that_was_cancelled_was_sent_all_the_same(
    merchant: Merchant, order: Order, report: Any
) -> None:
    orders.cancel_order(merchant, order.pk)
    [parcel] = report(("L1", 3))
    assert (held(parcel), fresh(parcel).order.stage) == ({"L1": 3}, "cancelled")


def test_a_cancelled_report_takes_the_parcel_back(merchant: Merchant, report: Any) -> None:
    report(("L1", 3))
    [parcel] = report(("L1", 3), cancelled=True)
    assert (parcel.status, shipped(merchant), fresh(parcel).order.stage) == ("cancelled", 0, "to_ship")
    # Told again, in whatever form, it stays taken back.
    [parcel] = report(("L1", 3), cancelled=True)
    [parcel] = report(("L1", 3))
    assert (parcel.status, shipped(merchant)) == ("cancelled", 0)


def test_a_report_that_was_cancelled_before_we_heard_of_it_makes_no_parcel(report: Any) -> None:
    assert report(("L1", 3), cancelled=True) == []


def test_a_clock_of_the_shop_that_is_ahead_does_not_matter(merchant: Merchant, report: Any) -> None:
    [parcel] = report(("L1", 1), shipped_at=timezone.now() + timedelta(days=3))
    assert timedelta(0) <= timezone.now() - parcel.shipped_at < timedelta(minutes=1)


def test_orders_are_locked_in_the_order_in_which_everybody_locks_them(
    merchant: Merchant, drain_all: Drain
) -> None:
    """Locked as reported, two orders would be waited for in a circle with scans that are pushed for both."""
    first, second = sorted((factories.order(merchant) for _ in range(2)), key=lambda order: order.pk)
    drain_all()
    with merchant_scope(merchant), transaction.atomic():
        for order in (second, first):
            reported = FulfilmentReported(order_id=order.pk, external_id="F", tracking_number="1Z1")
            log.record(reported, order_id=order.pk)
    with CaptureQueriesContext(connection) as captured:
        drain_all()
    locks = [query["sql"] for query in captured if 'FOR NO KEY UPDATE OF "orders_order"' in query["sql"]]
    ids = [order.pk for sql in locks for order in (first, second) if order.pk.hex in sql]
    assert list(dict.fromkeys(ids)) == [first.pk, second.pk]


def test_a_report_that_was_parked_does_not_overwrite_what_the_shop_said_after_it(
    merchant: Merchant, order: Order, report: Any, drain_all: Drain
) -> None:
    drain_all()
    first = FulfilmentReported(order_id=order.pk, external_id="F1", carrier_name="UPS", tracking_number="OLD")
    other = FulfilmentReported(
        order_id=order.pk, external_id="F2", carrier_name="UPS", tracking_number="F2-1", lines=[]
    )
    gone = FulfilmentReported(
        order_id=order.pk, external_id="F3", carrier_name="UPS", tracking_number="F3-1", lines=[]
    )
    with merchant_scope(merchant), transaction.atomic():
        for reported in (first, other, gone):
            log.record(reported, order_id=order.pk)
    _park_everything(merchant)
    # The line went on: the shop corrected the first parcel, and took the third one back.
    with merchant_scope(merchant), transaction.atomic():
        corrected = FulfilmentReported(
            order_id=order.pk, external_id="F1", carrier_name="DHL", tracking_number="NEW",
            lines=[ReportedLine(external_id="L1", quantity=1)],
        )  # fmt: skip
        log.record(corrected, order_id=order.pk)
        cancelled = FulfilmentReported(order_id=order.pk, external_id="F3", cancelled=True)
        log.record(cancelled, order_id=order.pk)
    drain_all()

    parked.try_again(merchant)
    assert parked.retry_due() == 3

    with merchant_scope(merchant):
        assert not ParkedFact.objects.exists()
        parcels = dict(Shipment.objects.filter(order=order).values_list("external_id", "tracking_number"))
        assert parcels == {"F1": "NEW", "F2": "F2-1"}
        assert held(Shipment.objects.get(external_id="F1")) == {"L1": 1}


def test_while_the_newer_report_is_parked_too_the_older_one_counts(
    merchant: Merchant, order: Order, drain_all: Drain
) -> None:
    drain_all()
    with merchant_scope(merchant), transaction.atomic():
        for number in ("OLD", "NEW"):
            log.record(
                FulfilmentReported(order_id=order.pk, external_id="F1", tracking_number=number),
                order_id=order.pk,
            )
    _park_everything(merchant)
    with merchant_scope(merchant):
        old, new = ParkedFact.objects.order_by("position")
        assert parked.retry(old)
        assert Shipment.objects.get(order=order).tracking_number == "OLD"
        assert parked.retry(new)
        assert Shipment.objects.get(order=order).tracking_number == "NEW"


def _park_everything(owner: Merchant) -> None:
    """Let the reader fail on all that waits in line, as it does while something is wrong with it."""
    reader = get_subscriber("tracking.fulfilments")

    def fail(merchant: Merchant, facts: Any) -> None:
        raise ValueError("not today")

    log.sequence(owner.shard)
    drain_subscriber(replace(reader, handle=fail), owner.shard)

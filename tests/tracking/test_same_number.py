"""Answers that come again, in any order and piece by piece, and numbers that two parcels have (PRODUCT, T2, T3, T6)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.tracking.conftest import dhl_parcel, facts_of, fresh, scans
from tracking.answers import Told, apply_answers
from tracking.carriers.base import CarrierScan, TrackingResult
from tracking.models import Scan, Shipment
from tracking.statuses import SUBSTATUSES, Status

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
WAY = (
    "transit.picked_up",
    "transit.arrival",
    "exception.lost",
    "transit.resumed",
    "ofd.on_vehicle",
    "delivered.signed",
)


def scan(hours_ago: float, what: str, **fields: Any) -> CarrierScan:
    """A scan so many hours ago; `what` is a status or a sub-status."""
    row = SUBSTATUSES.get(what)
    at = NOW - timedelta(hours=hours_ago)
    values = {
        "local_time": at.isoformat(),
        "offset_known": True,
        "raw_code": what,
        "city": "Berlin",
        **fields,
    }
    return CarrierScan(
        at, status=row.status if row else Status(what), substatus=what if row else "", **values
    )


def tell(parcel: Shipment, told: Sequence[CarrierScan], **fields: Any) -> None:
    """The carrier answers with these scans."""
    result = TrackingResult(parcel.tracking_number, tuple(told), **fields)
    apply_answers(parcel.merchant, [Told(parcel.pk, result)], source="dhl")


def way(begun: float = 60) -> list[CarrierScan]:
    return [scan(begun - 9 * step, what) for step, what in enumerate(WAY)]


def where(parcel: Shipment) -> tuple[Any, ...]:
    now = fresh(parcel)
    return (
        now.status, now.substatus, now.status_at, now.shipped_at, now.delivered_at, now.last_scan_at, now.order.stage,
        [row.pk for row in scans(parcel)], facts_of(parcel),
    )  # fmt: skip


def test_the_same_answer_a_hundred_times_changes_nothing_and_costs_no_fact(merchant: Merchant) -> None:
    parcel = dhl_parcel(merchant, "N-1")
    tell(parcel, way())
    before = where(parcel)
    assert before[0] == "delivered"
    for turn in range(100):
        told = way()
        tell(parcel, told[turn % 6 :] + told[: turn % 6])
    assert where(parcel) == before


def test_an_answer_about_many_parcels_takes_as_many_statements_as_about_few(
    merchant: Merchant, django_assert_max_num_queries: Any
) -> None:
    parcels = [dhl_parcel(merchant, f"N-{index}") for index in range(20)]
    few, many = parcels[:3], parcels[3:]

    def answer(some: Sequence[Shipment]) -> None:
        told = [Told(p.pk, TrackingResult(p.tracking_number, tuple(way()))) for p in some]
        apply_answers(merchant, told, source="dhl")

    answer(few)
    with django_assert_max_num_queries(14):
        answer(many)
    assert {fresh(parcel).status for parcel in parcels} == {"delivered"}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(range(len(WAY))), min_size=1, max_size=8), min_size=1, max_size=6))
def test_answers_in_pieces_end_where_the_whole_answer_does(
    merchant: Merchant, pieces: list[list[int]]
) -> None:
    """Out of order, with repeats, and with scans that a later answer has forgotten."""
    whole, parcel = ordered(merchant, 4), ordered(merchant, 4)
    seen = sorted({place for piece in pieces for place in piece})
    tell(whole, [way()[place] for place in seen])
    for piece in pieces:
        tell(parcel, [way()[place] for place in piece])
    assert where(parcel)[:7] == where(whole)[:7]
    assert len(scans(parcel)) == len(seen)
    assert facts_of(parcel).count("shipment.delivered") == facts_of(whole).count("shipment.delivered") <= 1


def test_a_lost_parcel_is_found_and_one_that_comes_back_is_followed_home(merchant: Merchant) -> None:
    parcel = dhl_parcel(merchant, "N-1")
    tell(parcel, way()[:3])
    assert (fresh(parcel).substatus, fresh(parcel).order.stage) == ("exception.lost", "attention")
    tell(parcel, way()[:4])
    assert (fresh(parcel).status, fresh(parcel).order.stage) == ("in_transit", "in_transit")
    tell(parcel, way())
    tell(parcel, [scan(5, "returning"), scan(4, "transit.arrival")])
    home = fresh(parcel)
    assert (home.status, home.delivered_at) == ("returning", None)
    assert home.due_at is not None  # It is looked at until it is back …
    tell(parcel, [scan(1, "delivered")])
    assert fresh(parcel).status == "returned"
    # … and then once a day, for three days.
    assert fresh(parcel).due_at - timezone.now() >= timedelta(hours=23)
    assert facts_of(parcel)[-3:] == ["shipment.delivered", "shipment.returning", "shipment.returned"]


def test_scans_without_a_place_and_dated_ahead_are_kept_and_wait(merchant: Merchant) -> None:
    parcel = dhl_parcel(merchant, "N-1")
    ahead = scan(-72, "delivered")
    tell(parcel, [scan(9, "transit.arrival", city="", raw_code=""), ahead])
    assert (fresh(parcel).status, len(scans(parcel))) == ("in_transit", 2)
    assert "shipment.delivered" not in facts_of(parcel)


# Two parcels with one number


def ordered(owner: Merchant, days_ago: float, number: str = "N-1") -> Shipment:
    at = NOW - timedelta(days=days_ago)
    return factories.shipment(
        owner, factories.order(owner, placed_at=at), carrier="dhl", tracking_number=number, shipped_at=at
    )


def test_a_number_that_is_used_again_soon_tells_each_parcel_its_own_scans(merchant: Merchant) -> None:
    former = ordered(merchant, 20)
    theirs = [scan(20 * 24, "transit.picked_up"), scan(18 * 24, "delivered")]
    tell(former, theirs)
    parcel = ordered(merchant, 5)
    mine = [scan(4 * 24, "transit.picked_up")]
    tell(parcel, theirs + mine)  # The carrier tells all that it knows of the number.
    assert (fresh(parcel).status, len(scans(parcel))) == ("in_transit", 1)
    tell(parcel, [*theirs, *mine, scan(2, "delivered")])
    assert [len(scans(former)), len(scans(parcel))] == [2, 2]
    assert facts_of(parcel).count("shipment.delivered") == facts_of(former).count("shipment.delivered") == 1


def test_a_pushed_scan_of_the_former_parcel_is_not_the_new_ones(merchant: Merchant) -> None:
    former, parcel = ordered(merchant, 20), ordered(merchant, 5)
    factories.scan(merchant, parcel, "delivered", NOW - timedelta(days=18))
    factories.scan(merchant, parcel, "in_transit", NOW - timedelta(days=4))
    assert (fresh(former).status, fresh(parcel).status) == ("delivered", "in_transit")


def test_two_orders_that_travel_in_one_parcel_both_arrive(merchant: Merchant) -> None:
    first, second = ordered(merchant, 3), ordered(merchant, 2.5)
    told = [scan(50, "transit.picked_up"), scan(3, "delivered")]
    tell(first, told)
    tell(second, told)
    for parcel in (first, second):
        assert (fresh(parcel).status, len(scans(parcel))) == ("delivered", 2)
        assert facts_of(parcel).count("shipment.delivered") == 1


def test_a_number_of_two_merchants_moves_only_the_parcel_of_the_one_who_asked(
    merchant: Merchant, stranger: Merchant
) -> None:
    mine, theirs = ordered(merchant, 3), ordered(stranger, 3)
    tell(mine, [scan(3, "delivered")])
    assert (fresh(mine).status, fresh(theirs).status) == ("delivered", "info_received")
    with merchant_scope(stranger):
        assert not Scan.objects.exists()


def test_a_number_outside_its_window_is_somebody_elses(merchant: Merchant) -> None:
    parcel = ordered(merchant, 3)
    tell(parcel, [scan(200 * 24, "delivered"), scan(20, "transit.arrival")])
    assert (fresh(parcel).status, len(scans(parcel))) == ("in_transit", 1)
    assert scans(parcel)[0].occurred_at > datetime.now(UTC) - timedelta(days=2)

"""The carriers' scorecards: each figure as defined, added up from days, corrected and equal after a rebuild."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.models import CarrierParcel, CarrierTally
from analytics.queries import Period
from analytics.scorecards import bins
from analytics.scorecards.judging import workdays
from analytics.scorecards.models import Measure
from analytics.scorecards.queries import FEWEST, Scorecard, Scorecards, scorecards
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.schemas import AddressIn
from tests import factories
from tests.api_client import ApiClient
from tracking.models import Scan, Shipment
from tracking.schemas import WindowIn

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
Drain = Callable[[], int]


def parcel(
    owner: Merchant, *, country: str = "DE", promised: datetime = MONDAY + 2 * DAY, **fields: Any
) -> Shipment:
    """A parcel that DHL was given on Monday morning, promised for Wednesday."""
    address = AddressIn(city="Berlin", postcode="10115", country=country)
    order = factories.order(owner, placed_at=MONDAY - DAY, shipping_address=address)
    window = WindowIn(earliest=promised - HOUR, latest=promised)
    return factories.shipment(
        owner, order, shipped_at=MONDAY, delivery=window, **{"carrier": "DHL", **fields}
    )


def cards(owner: Merchant, **narrowed: str) -> Scorecards:
    with merchant_scope(owner):
        return scorecards(MARCH, **narrowed)


def stored(owner: Merchant) -> set[tuple[Any, ...]]:
    with merchant_scope(owner):
        tallies = CarrierTally.objects.values_list(
            "day", "carrier", "service", "country", "measure", "bin", "number"
        )
        return {*tallies, *CarrierParcel.objects.values_list("shipment_id", "day", "carrier")}


@pytest.fixture
def month(merchant: Merchant, drain_all: Drain) -> list[Shipment]:
    """One of each: on time, late after an attempt, to Switzerland with an exception, lost, and one on its way."""
    rows = [
        parcel(merchant),
        parcel(merchant),
        parcel(merchant, country="CH"),
        parcel(merchant),
        parcel(merchant),
    ]
    factories.scan(merchant, rows[0], "delivered", MONDAY + 2 * DAY)
    factories.scan(merchant, rows[1], "attempt_failed", MONDAY + 2 * DAY)
    factories.scan(merchant, rows[1], "delivered", MONDAY + 3 * DAY)
    factories.scan(merchant, rows[2], "exception", MONDAY + DAY, substatus="exception.delay_customs")
    factories.scan(merchant, rows[2], "delivered", MONDAY + 7 * DAY)
    factories.scan(merchant, rows[3], "exception", MONDAY + 9 * DAY, substatus="exception.lost")
    factories.scan(merchant, rows[4], "in_transit", MONDAY + DAY)
    drain_all()
    return rows


def test_each_figure_is_what_it_says(merchant: Merchant, month: list[Shipment]) -> None:
    (card,) = cards(merchant).carriers.values()
    assert card.parcels == 4  # the fifth is on its way
    assert card.count(Measure.DELIVERED) == 3
    assert card.on_time == pytest.approx(1 / 3)
    assert card.first_attempt == pytest.approx(2 / 3)
    assert card.exceptions == pytest.approx(2 / 4)
    assert card.lost == pytest.approx(1 / 4)
    assert card.on_carriers_date is None  # it named none
    assert card.transit(0.5) == pytest.approx(3 * DAY.total_seconds(), rel=0.05)
    assert card.transit(0.9) == pytest.approx(7 * DAY.total_seconds(), rel=0.05)
    assert (card.workdays(0.5), card.workdays(0.9)) == (3, 5)
    assert not card.is_enough


def test_lanes_and_filters_part_what_belongs_together(merchant: Merchant, month: list[Shipment]) -> None:
    found = cards(merchant)
    assert {lane: card.parcels for lane, card in found.lanes.items()} == {("dhl", "DE"): 3, ("dhl", "CH"): 1}
    assert cards(merchant, country="CH").total.parcels == 1
    assert cards(merchant, carrier="ups").total.parcels == 0
    assert found.days[date(2026, 3, 4)].count(Measure.PROMISE_KEPT) == 1


def test_a_delivery_that_was_taken_back_is_counted_back(
    merchant: Merchant, month: list[Shipment], drain_all: Drain
) -> None:
    factories.scan(merchant, month[0], "returning", MONDAY + 5 * DAY)
    drain_all()
    card = cards(merchant).total
    assert (card.parcels, card.count(Measure.DELIVERED), card.count(Measure.RETURNED)) == (4, 2, 1)
    assert card.count(Measure.PROMISE_KEPT) == 0
    with merchant_scope(merchant):
        assert not CarrierTally.objects.filter(number__lte=0).exists()


def test_a_rebuild_ends_equal(merchant: Merchant, month: list[Shipment], drain_all: Drain) -> None:
    factories.scan(merchant, month[0], "returning", MONDAY + 5 * DAY)
    drain_all()
    before = stored(merchant)
    call_command("rebuild", "analytics.carriers", verbosity=0)
    assert stored(merchant) == before


def test_latency_is_of_scans_that_came_after_the_parcel_was_known(
    merchant: Merchant, drain_all: Drain
) -> None:
    one = parcel(merchant)
    factories.scan(merchant, one, "in_transit", MONDAY + DAY)
    factories.scan(merchant, one, "delivered", MONDAY + 2 * DAY)
    with merchant_scope(merchant):
        Shipment.objects.update(created_at=MONDAY + 36 * HOUR)
        Scan.objects.update(received_at=MONDAY + 2 * DAY + HOUR)
    drain_all()
    card = cards(merchant).total
    assert card.scans == 1
    for found in (card.latency(0.5), card.latency_mean, card.latency_longest):
        assert found == pytest.approx(3600, rel=0.05)


def test_the_carriers_date_counts_where_it_named_one(merchant: Merchant, drain_all: Drain) -> None:
    for days, named in ((1, MONDAY + 2 * DAY), (3, MONDAY + 2 * DAY)):
        one = parcel(merchant)
        with merchant_scope(merchant):
            Shipment.objects.filter(pk=one.pk).update(carrier_to=named)
        factories.scan(merchant, one, "delivered", MONDAY + days * DAY)
    drain_all()
    assert cards(merchant).total.on_carriers_date == 0.5


def test_many_facts_cost_as_much_as_few(merchant: Merchant, drain_all: Drain) -> None:
    def price(count: int) -> int:
        for _ in range(count):
            factories.scan(merchant, parcel(merchant), "delivered", MONDAY + DAY)
        with CaptureQueriesContext(connection) as captured:
            drain_all()
        return sum(
            "analytics_carrier" in row["sql"] or "bool_or" in row["sql"] for row in captured.captured_queries
        )

    assert price(1) == price(6) <= 5


@pytest.mark.parametrize("size", [1, 30, 5000])
def test_bins_give_quantiles_right_to_five_percent_and_add_up(size: int) -> None:
    rng = Random(size)
    lengths = sorted(rng.lognormvariate(11, 1.5) + 2 for _ in range(size))
    halves = [Counter(bins.bin_of(x) for x in lengths[start::2]) for start in (0, 1)]
    together = halves[0] + halves[1]
    for share in (0.01, 0.5, 0.75, 0.9, 0.99):
        exact = lengths[max(0, -(-int(size * share * 1000) // 1000) - 1)]
        at = bins.quantile(together, share)
        assert at is not None
        near = [x for x in lengths if abs(x / at - 1) <= 0.051]
        assert near, (exact, at)
        assert sum(x <= at * 1.051 for x in lengths) >= share * size
        assert sum(x < at / 1.051 for x in lengths) <= share * size
    assert bins.mean(together) == pytest.approx(sum(lengths) / size, rel=0.05)
    assert bins.longest(together) == pytest.approx(lengths[-1], rel=0.051)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [((2026, 3, 2), (2026, 3, 2), 0), ((2026, 3, 6), (2026, 3, 9), 1), ((2026, 3, 6), (2026, 3, 8), 0),
     ((2026, 3, 2), (2026, 3, 16), 10)],
)  # fmt: skip
def test_working_days_leave_weekends_out(start: tuple, end: tuple, days: int) -> None:
    assert workdays(date(*start), date(*end)) == days


def test_the_api_says_where_there_is_too_little(
    merchant: Merchant, month: list[Shipment], api: ApiClient, strangers_api: ApiClient
) -> None:
    query = "analytics/carriers?from=2026-03-01&to=2026-03-31"
    (row,) = api.get(query).json()["data"]
    assert (row["carrier"], row["parcels"], row["enough"], row["on_time"]) == ("dhl", 4, False, 0.3333)
    assert [r["country"] for r in api.get(f"{query}&by=lane").json()["data"]] == ["DE", "CH"]
    assert strangers_api.get(query).json()["data"] == []
    for wrong in ("from=2026-3-99", "from=2025-01-01&to=2026-03-01", "from=2026-03-02&to=2026-03-01", "by=x"):
        assert api.get(f"analytics/carriers?{wrong}").status_code == 400, wrong


def test_thirty_parcels_are_enough() -> None:
    assert not Scorecard({"ended": Counter({0: FEWEST - 1})}).is_enough
    assert Scorecard({"ended": Counter({0: FEWEST})}).is_enough

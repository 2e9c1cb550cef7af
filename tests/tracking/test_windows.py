"""Delivery windows: working days, time zones, whose word counts, and what is late."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants.models import Merchant
from orders.schemas import PromiseIn
from tests import factories
from tests.tracking.conftest import data_of, facts_of, fresh
from tracking.commands import put_shipment
from tracking.models import Shipment
from tracking.schemas import ShipmentIn, WindowIn
from tracking.windows import add_working_days, by_rule, is_later, of_days

BERLIN = Merchant(timezone="Europe/Berlin", processing_days=1, transit_days_min=1, transit_days_max=3)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 1, 5), 0, date(2026, 1, 5)),  # Monday
        (date(2026, 1, 5), 4, date(2026, 1, 9)),  # Friday
        (date(2026, 1, 5), 5, date(2026, 1, 12)),  # over the weekend
        (date(2026, 1, 9), 1, date(2026, 1, 12)),
        (date(2026, 1, 10), 1, date(2026, 1, 12)),  # from a Saturday
        (date(2026, 1, 11), 2, date(2026, 1, 13)),  # from a Sunday
        (date(2026, 1, 10), 0, date(2026, 1, 10)),  # sent on a Saturday stays a Saturday
        (date(2026, 2, 27), 10, date(2026, 3, 13)),
    ],
)
def test_working_days(day: date, count: int, expected: date) -> None:
    assert add_working_days(day, count) == expected


def test_before_the_hand_over_the_rule_counts_from_the_order() -> None:
    friday = datetime(2026, 1, 9, 15, tzinfo=UTC)
    window = by_rule(BERLIN, placed_at=friday, shipped_at=None)
    # A working day to pack it, one to three on its way; eight to eight in Berlin, which is UTC+1 in winter.
    assert window.start == datetime(2026, 1, 13, 7, tzinfo=UTC)
    assert window.end == datetime(2026, 1, 15, 19, tzinfo=UTC)


def test_after_the_hand_over_it_counts_from_there() -> None:
    monday = datetime(2026, 1, 5, 15, tzinfo=UTC)
    window = by_rule(BERLIN, placed_at=monday, shipped_at=monday + timedelta(days=7))
    assert (window.start.date(), window.end.date()) == (date(2026, 1, 13), date(2026, 1, 15))


def test_the_day_is_the_one_on_the_merchants_calendar() -> None:
    # 23:30 UTC on Monday is Tuesday in Berlin, and still Monday in New York.
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    york = Merchant(timezone="America/New_York", processing_days=1, transit_days_min=1, transit_days_max=1)
    berlin = Merchant(timezone="Europe/Berlin", processing_days=1, transit_days_min=1, transit_days_max=1)
    assert by_rule(berlin, placed_at=late, shipped_at=late).start == datetime(2026, 1, 7, 7, tzinfo=UTC)
    assert by_rule(york, placed_at=late, shipped_at=late).start == datetime(2026, 1, 6, 13, tzinfo=UTC)


def test_the_clocks_that_change_in_between_do_not_move_the_hours() -> None:
    # The Friday before and the Monday after 29 March 2026, when Berlin goes from UTC+1 to UTC+2.
    window = of_days(BERLIN, date(2026, 3, 27), date(2026, 3, 30), source="rule")
    assert window.start == datetime(2026, 3, 27, 7, tzinfo=UTC)
    assert window.end == datetime(2026, 3, 30, 18, tzinfo=UTC)
    back = of_days(BERLIN, date(2026, 10, 23), date(2026, 10, 26), source="rule")
    assert (back.start.hour, back.end.hour) == (6, 19)


def test_the_longest_transit_is_never_shorter_than_the_shortest() -> None:
    odd = Merchant(timezone="Europe/Berlin", processing_days=0, transit_days_min=4, transit_days_max=2)
    window = by_rule(odd, placed_at=datetime(2026, 1, 5, tzinfo=UTC), shipped_at=None)
    assert window.start.date() == window.end.date() == date(2026, 1, 9)


def test_late_is_a_later_day_on_the_merchants_calendar() -> None:
    told = datetime(2026, 1, 7, 19, tzinfo=UTC)
    assert not is_later(BERLIN, told + timedelta(hours=3, minutes=59), told)  # 23:59 in Berlin
    assert is_later(BERLIN, told + timedelta(hours=4), told)  # midnight
    assert not is_later(BERLIN, told - timedelta(days=1), told)


# Whose word counts


def soon(days: int) -> WindowIn:
    start = timezone.now().replace(microsecond=0) + timedelta(days=days)
    return WindowIn(earliest=start, latest=start + timedelta(hours=4))


def test_the_rule_holds_until_somebody_knows_better(merchant: Merchant) -> None:
    order = factories.order(merchant)
    parcel = factories.shipment(merchant, order, external_id="P1")
    assert fresh(parcel).eta_source == "rule"
    first = fresh(parcel).promised_to
    update(merchant, parcel, delivery=soon(9))
    assert (fresh(parcel).eta_source, fresh(parcel).eta_to) == ("shop", soon_end(fresh(parcel)))
    assert fresh(parcel).promised_to == first  # what was told first
    update(merchant, parcel, service="Express")  # nothing about a window: it stays
    assert fresh(parcel).eta_source == "shop"


def soon_end(parcel: Shipment) -> datetime:
    return parcel.eta_from + timedelta(hours=4)


def update(owner: Merchant, parcel: Shipment, **fields: object) -> None:
    body = ShipmentIn(
        order_external_id=fresh(parcel).order.external_id, external_id=parcel.external_id, **fields
    )
    put_shipment(owner, body)


def test_what_was_promised_with_the_order_is_the_parcels_window(merchant: Merchant) -> None:
    promise = PromiseIn(earliest=date(2027, 1, 4), latest=date(2027, 1, 6))
    order = factories.order(merchant, delivery=promise)
    parcel = fresh(factories.shipment(merchant, order))
    assert parcel.eta_source == "shop"
    assert parcel.eta_from == parcel.promised_from == datetime(2027, 1, 4, 7, tzinfo=UTC)
    assert parcel.eta_to == parcel.promised_to == datetime(2027, 1, 6, 19, tzinfo=UTC)


def test_the_parcels_own_window_wins_over_the_orders_promise(merchant: Merchant) -> None:
    promise = PromiseIn(earliest=date(2027, 1, 4), latest=date(2027, 1, 6))
    order = factories.order(merchant, delivery=promise)
    window = soon(2)
    parcel = fresh(factories.shipment(merchant, order, delivery=window))
    assert (parcel.eta_from, parcel.eta_to) == (window.earliest, window.latest)


def test_the_rule_counts_anew_from_the_hand_over_and_that_is_no_delay(merchant: Merchant) -> None:
    now = timezone.now()
    order = factories.order(merchant, placed_at=now - timedelta(days=14))
    parcel = factories.shipment(merchant, order, shipped_at=None, external_id="P1")
    assert fresh(parcel).eta_to < now
    update(merchant, parcel, shipped_at=now)
    assert fresh(parcel).eta_to > now + timedelta(days=2)
    assert facts_of(parcel) == ["shipment.created", "shipment.shipped"]

    # The same when the carrier's first scan shows it.
    other = factories.shipment(
        merchant, factories.order(merchant, placed_at=now - timedelta(days=14)), shipped_at=None
    )
    factories.scan(merchant, other, "in_transit", now)
    assert fresh(other).eta_to > now + timedelta(days=2)
    assert facts_of(other) == ["shipment.created", "shipment.shipped"]


# Late


def test_a_window_that_the_shop_moves_to_a_later_day_is_told_as_a_delay_each_time(merchant: Merchant) -> None:
    parcel = factories.shipment(merchant, factories.order(merchant), external_id="P1", delivery=soon(2))
    told = fresh(parcel).eta_to
    update(merchant, parcel, delivery=soon(4))
    update(merchant, parcel, delivery=soon(4))
    update(merchant, parcel, delivery=soon(6))
    delays = data_of(parcel, "shipment.delayed")
    assert len(delays) == 2
    assert datetime.fromisoformat(delays[0]["eta_was"]) == told
    assert fresh(parcel).promised_to == told


@pytest.mark.parametrize("days", [2, 1])
def test_earlier_or_on_the_same_day_is_no_delay(merchant: Merchant, days: int) -> None:
    parcel = factories.shipment(merchant, factories.order(merchant), external_id="P1", delivery=soon(2))
    update(merchant, parcel, delivery=soon(days))
    assert data_of(parcel, "shipment.delayed") == []


@pytest.mark.parametrize("status", ["delivered", "returning", "returned"])
def test_a_parcel_that_nobody_waits_for_is_never_late(merchant: Merchant, status: str) -> None:
    parcel = factories.shipment(merchant, factories.order(merchant), external_id="P1", delivery=soon(2))
    factories.scan(merchant, parcel, status, timezone.now())
    update(merchant, parcel, delivery=soon(5))
    assert data_of(parcel, "shipment.delayed") == []


def test_before_the_hand_over_a_later_window_is_a_new_plan_and_no_delay(merchant: Merchant) -> None:
    order = factories.order(merchant)
    parcel = factories.shipment(merchant, order, external_id="P1", delivery=soon(2), shipped_at=None)
    update(merchant, parcel, delivery=soon(5))
    assert data_of(parcel, "shipment.delayed") == []


def merchant_with(**fields: Any) -> Merchant:
    values: dict[str, Any] = {
        "timezone": "Europe/Berlin", "country": "DE", "processing_days": 1, "transit_days_min": 1,
        "transit_days_max": 2, **fields,
    }  # fmt: skip
    return Merchant(**values)


def days(
    owner: Merchant, placed: datetime, country: str = "DE", shipped: datetime | None = None
) -> tuple[str, str]:
    window = by_rule(owner, placed_at=placed, shipped_at=shipped, country=country)
    return f"{window.start:%a %d}", f"{window.end:%a %d}"


@pytest.mark.parametrize(
    ("placed", "expected"),
    [
        (datetime(2026, 1, 5, 12, 59, tzinfo=UTC), ("Wed 07", "Thu 08")),  # Monday, 13:59 in Berlin
        (datetime(2026, 1, 5, 13, 0, tzinfo=UTC), ("Wed 07", "Thu 08")),  # on the stroke
        (datetime(2026, 1, 5, 13, 1, tzinfo=UTC), ("Thu 08", "Fri 09")),
        (datetime(2026, 1, 9, 15, 0, tzinfo=UTC), ("Wed 14", "Thu 15")),  # Friday afternoon is Monday
        (datetime(2026, 1, 10, 8, 0, tzinfo=UTC), ("Wed 14", "Thu 15")),  # so is Saturday
        (datetime(2026, 1, 11, 22, 59, tzinfo=UTC), ("Wed 14", "Thu 15")),  # and Sunday
    ],
)
def test_an_order_after_the_cut_off_counts_for_the_next_working_day(placed: datetime, expected: Any) -> None:
    assert days(merchant_with(order_cutoff=time(14)), placed) == expected


def test_a_shop_that_packs_on_saturdays_hands_over_on_saturdays() -> None:
    friday = datetime(2026, 1, 9, 9, tzinfo=UTC)
    assert days(merchant_with(), friday) == ("Tue 13", "Wed 14")
    # Handed over on Saturday; carriers count from there, Monday to Friday.
    assert days(merchant_with(working_days=[0, 1, 2, 3, 4, 5]), friday) == ("Mon 12", "Tue 13")
    assert days(merchant_with(working_days=[]), friday) == ("Tue 13", "Wed 14")


def test_countries_have_transit_days_of_their_own() -> None:
    monday = datetime(2026, 1, 5, 9, tzinfo=UTC)
    owner = merchant_with(transit_zones=["AT,CH=2-3", "US=5-8"])
    assert days(owner, monday) == ("Wed 07", "Thu 08")
    assert days(owner, monday, "AT") == days(owner, monday, "CH") == ("Thu 08", "Fri 09")
    assert days(owner, monday, "US") == ("Tue 13", "Fri 16")
    assert days(owner, monday, "FR") == ("Wed 07", "Thu 08")
    # After the hand-over too.
    assert days(owner, monday, "US", shipped=monday + timedelta(days=1)) == ("Tue 13", "Fri 16")


def test_public_holidays_count_only_where_the_shop_keeps_them_and_only_those_of_the_country() -> None:
    wednesday = datetime(2026, 12, 23, 9, tzinfo=UTC)  # before Christmas, in Germany two days
    assert days(merchant_with(), wednesday) == ("Fri 25", "Mon 28")
    assert days(merchant_with(keeps_holidays=True), wednesday) == ("Mon 28", "Tue 29")
    # Packed in Germany on Thursday; in the United States only Friday is free.
    assert days(merchant_with(keeps_holidays=True), wednesday, "US") == ("Mon 28", "Tue 29")
    epiphany = datetime(2026, 1, 2, 9, tzinfo=UTC)
    assert days(merchant_with(keeps_holidays=True), epiphany, "AT") == ("Wed 07", "Thu 08")
    assert days(merchant_with(keeps_holidays=True), epiphany, "XX") == ("Tue 06", "Wed 07")


def test_the_rule_of_a_parcel_knows_where_it_goes(merchant: Merchant) -> None:
    merchant.transit_zones = ["DE=9-9"]
    merchant.save()
    order = factories.order(merchant)
    parcel = fresh(factories.shipment(merchant, order))
    assert parcel.eta_from is not None
    assert parcel.eta_from - timezone.now() > timedelta(days=10)
    factories.scan(merchant, parcel, "in_transit", timezone.now() - timedelta(hours=1))
    moved = fresh(parcel)
    assert moved.eta_from is not None
    assert timedelta(days=14) > moved.eta_from - timezone.now() > timedelta(days=9)

"""The rules of the watch-list, without a database: what holds when, and when to look again."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from merchants.ids import uuid7
from merchants.models import Merchant
from tracking.statuses import SUBSTATUSES, Status
from tracking.watch.models import Reason
from tracking.watch.pace import FEWEST, Learnt, Pace
from tracking.watch.reasons import Parcel, Unshipped, holding, next_look, of_order, of_parcel

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NORDWIND = Merchant(slug="nordwind", country="DE", timezone="Europe/Berlin", processing_days=1)
NO_HISTORY = Pace("DE", {}, frozenset({"dhl"}))


def parcel(**fields: Any) -> Parcel:
    """A parcel that DHL scanned six hours ago, promised for tomorrow."""
    values: dict[str, Any] = {
        "id": uuid7(), "order_id": uuid7(), "carrier": "dhl", "tracking_number": "0034", "status": Status.IN_TRANSIT,
        "substatus": "", "status_at": NOW - 6 * HOUR, "shipped_at": NOW - DAY, "created_at": NOW - DAY,
        "last_scan_at": NOW - 6 * HOUR, "promised_to": NOW + DAY, "pickup_until": None, "poll_error": "",
        "is_cancelled": False, "placed_at": NOW - 2 * DAY, "country": "DE", "currency": "EUR", "value": Decimal(89),
    }  # fmt: skip
    return Parcel(**{**values, **fields})


def reasons(of: Parcel, pace: Pace = NO_HISTORY, now: datetime = NOW) -> list[Reason]:
    return [condition.reason for condition in holding(of_parcel(NORDWIND, of, pace), now)]


unscanned = {"status": Status.INFO_RECEIVED, "last_scan_at": None}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"status": Status.DELIVERED, "promised_to": NOW - 9 * DAY}, []),
        ({"status": Status.CANCELLED}, []),
        ({"is_cancelled": True, "last_scan_at": NOW - 9 * DAY}, []),
        # The carrier's word.
        ({"status": Status.ATTEMPT_FAILED}, [Reason.FAILED_ATTEMPT]),
        ({"status": Status.EXCEPTION, "substatus": "exception.address"}, [Reason.ADDRESS]),
        ({"status": Status.EXCEPTION, "substatus": "exception.moved"}, [Reason.ADDRESS]),
        ({"status": Status.EXCEPTION, "substatus": "exception.documents"}, [Reason.CUSTOMS]),
        ({"status": Status.EXCEPTION, "substatus": "exception.payment_due"}, [Reason.PAYMENT]),
        ({"status": Status.EXCEPTION, "substatus": "exception.lost"}, [Reason.LOST]),
        ({"status": Status.EXCEPTION, "substatus": "exception.damaged"}, [Reason.PROBLEM]),
        ({"status": Status.EXCEPTION}, [Reason.PROBLEM]),
        ({"status": Status.RETURNING, "promised_to": NOW - 9 * DAY}, [Reason.RETURNING]),
        ({"status": Status.RETURNED, "status_at": NOW - 13 * DAY}, [Reason.RETURNING]),
        ({"status": Status.RETURNED, "status_at": NOW - 14 * DAY}, []),
        ({"status": Status.EXPIRED, "promised_to": NOW - 9 * DAY}, [Reason.LOST]),
        # A pick-up point: two days before the deadline, and not a minute earlier.
        ({"status": Status.AVAILABLE_FOR_PICKUP, "pickup_until": NOW + 49 * HOUR}, []),
        ({"status": Status.AVAILABLE_FOR_PICKUP, "pickup_until": NOW + 48 * HOUR}, [Reason.PICKUP]),
        ({"status": Status.AVAILABLE_FOR_PICKUP, "status_at": NOW - 5 * DAY}, [Reason.PICKUP]),
        # Silence on the way: at home three days, abroad a week, until something was learnt.
        ({"last_scan_at": NOW - 71 * HOUR}, []),
        ({"last_scan_at": NOW - 72 * HOUR}, [Reason.STALLED]),
        ({"last_scan_at": NOW - 72 * HOUR, "country": "CH"}, []),
        ({"last_scan_at": NOW - 7 * DAY, "country": "CH"}, [Reason.STALLED]),
        ({"last_scan_at": NOW - 10 * DAY, "promised_to": NOW - 5 * DAY}, [Reason.LOST]),
        ({"last_scan_at": NOW - 10 * DAY, "country": "CH"}, [Reason.STALLED]),
        # No first scan, and a number that nobody knows.
        ({**unscanned, "shipped_at": NOW - 47 * HOUR}, []),
        ({**unscanned, "shipped_at": NOW - 48 * HOUR}, [Reason.NO_SCAN]),
        ({**unscanned, "shipped_at": NOW - 48 * HOUR, "tracking_number": ""}, []),
        ({**unscanned, "shipped_at": NOW - 48 * HOUR, "carrier": "other"}, []),
        ({**unscanned, "shipped_at": NOW - 9 * DAY, "poll_error": "no_access: none"}, []),
        ({**unscanned, "shipped_at": NOW - 2 * DAY, "poll_error": "not_found: 404"}, [Reason.NO_SCAN]),
        ({**unscanned, "shipped_at": NOW - 3 * DAY, "poll_error": "not_found: 404"}, [Reason.INVALID_NUMBER]),
        # The promise is kept until its day is over, by the merchant's clock (midnight is 23:00 UTC).
        ({"promised_to": NOW - 12 * HOUR}, []),
        ({"promised_to": NOW - 14 * HOUR}, [Reason.LATE]),
        ({"status": Status.AVAILABLE_FOR_PICKUP, "promised_to": NOW - 3 * DAY}, []),
        ({"status": Status.ATTEMPT_FAILED, "promised_to": NOW - 2 * DAY}, [Reason.FAILED_ATTEMPT, Reason.LATE]),
    ],
)  # fmt: skip
def test_what_holds(fields: dict[str, Any], expected: list[Reason]) -> None:
    assert reasons(parcel(**fields)) == expected


@pytest.mark.parametrize("code", [c for c, row in SUBSTATUSES.items() if row.status == Status.EXCEPTION])
def test_no_exception_of_a_carrier_is_overlooked(code: str) -> None:
    assert reasons(parcel(status=Status.EXCEPTION, substatus=code))


def test_a_label_that_was_printed_ahead_waits_for_the_day_of_packing() -> None:
    printed = parcel(**unscanned, shipped_at=None, created_at=NOW - 60 * HOUR, placed_at=NOW - 60 * HOUR)
    assert reasons(printed) == [Reason.NO_SCAN]
    slow = Merchant(slug="slow", country="DE", timezone="Europe/Berlin", processing_days=5)
    assert holding(of_parcel(slow, printed, NO_HISTORY), NOW) == []


def learnt(gaps: int, hours: float, lane: str = "DE") -> Pace:
    return Pace("DE", {("dhl", lane): Learnt(gaps, hours, gaps, hours)})


@pytest.mark.parametrize(
    ("pace", "country", "expected"),
    [
        (learnt(FEWEST, 30), "DE", timedelta(hours=30)),
        (learnt(FEWEST - 1, 30), "DE", timedelta(hours=72)),
        (learnt(FEWEST, 30, "*home"), "DE", timedelta(hours=30)),
        (learnt(FEWEST, 100, "*abroad"), "CH", timedelta(hours=100)),
        (learnt(FEWEST, 100, "*home"), "CH", timedelta(days=7)),
        (learnt(FEWEST, 3), "DE", timedelta(hours=24)),
        (learnt(FEWEST, 2000), "DE", timedelta(days=14)),
    ],
)
def test_what_was_learnt_of_a_lane_counts_once_it_is_enough(
    pace: Pace, country: str, expected: timedelta
) -> None:
    assert pace.gap("dhl", country) == expected
    assert pace.hears("dhl")
    assert not pace.hears("ups")


def test_the_next_look_is_the_first_time_at_which_something_changes() -> None:
    moving = parcel(promised_to=None)
    again = next_look(of_parcel(NORDWIND, moving, NO_HISTORY), moving, NOW)
    assert again == NOW + 66 * HOUR  # it will stand still
    assert (
        next_look(of_parcel(NORDWIND, moving, NO_HISTORY), moving, NOW + 7 * DAY) == NOW + 234 * HOUR
    )  # lost
    delivered = parcel(status=Status.DELIVERED)
    assert next_look(of_parcel(NORDWIND, delivered, NO_HISTORY), delivered, NOW) is None
    fresh = parcel(**unscanned, shipped_at=NOW, tracking_number="1", promised_to=None)
    looks, at = [], NOW
    while (at := next_look(of_parcel(NORDWIND, fresh, NO_HISTORY), fresh, at) or NOW) > NOW:  # type: ignore[assignment]
        looks.append(at - NOW)
    assert looks == [48 * HOUR, 78 * HOUR]  # no scan; the number that may be wrong


def test_an_order_is_late_when_its_day_of_packing_is_over() -> None:
    # Placed on Monday, a working day to pack: Tuesday until midnight in Berlin.
    order = Unshipped(uuid7(), datetime(2026, 11, 23, 8, tzinfo=UTC), False, "EUR", 2, Decimal(50))
    (condition,) = of_order(NORDWIND, order)
    assert condition.holds_from == datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert condition.reason == Reason.NOT_SHIPPED
    assert of_order(NORDWIND, order._replace(pieces=0)) == []
    assert of_order(NORDWIND, order._replace(is_cancelled=True)) == []

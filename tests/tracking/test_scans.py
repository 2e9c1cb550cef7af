"""Pushed scans: whose parcel they are, what they change, and what is refused."""

import threading
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Problem
from merchants.scope import merchant_scope
from orders.commands import lock_order
from tests import factories
from tests.api_client import ApiClient
from tests.events.helpers import WAIT, at_once, held_open
from tests.tracking.conftest import data_of, facts_of, fresh, scans
from tracking import commands
from tracking.models import Scan, Shipment
from tracking.schemas import ScanIn
from tracking.statuses import Status

START = timezone.now().replace(microsecond=0) - timedelta(days=3)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def a_parcel(owner: Merchant, **fields: Any) -> Shipment:
    order = factories.order(owner, placed_at=START - timedelta(days=1))
    return factories.shipment(owner, order, shipped_at=START, **fields)


def push(owner: Merchant, parcel: Shipment, *steps: tuple[float, str]) -> None:
    """Scans of one parcel, each pushed on its own, in this order; "exception.address" names a sub-status."""
    for hours, what in steps:
        status, _, named = what.partition(".")
        prefixes = {"transit": "in_transit", "ofd": "out_for_delivery", "attempt": "attempt_failed"}
        status = prefixes.get(status, status)
        factories.scan(owner, parcel, status, at(hours), substatus=what if named else "")


def body(parcel: Shipment, **fields: Any) -> dict[str, Any]:
    return {
        "tracking_number": parcel.tracking_number, "status": "in_transit", "occurred_at": at(1).isoformat(), **fields,
    }  # fmt: skip


# What they change


def test_an_exception_ends_with_the_next_scan_and_is_told_once(merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    push(merchant, parcel, (1, "in_transit"), (2, "exception.address"), (3, "exception"))
    assert (fresh(parcel).substatus, fresh(parcel).order.stage) == ("exception.address", "attention")
    push(merchant, parcel, (4, "transit.resumed"))
    assert (fresh(parcel).status, fresh(parcel).order.stage) == ("in_transit", "in_transit")
    push(merchant, parcel, (5, "exception.damaged"))
    assert facts_of(parcel)[2:] == ["shipment.exception", "shipment.exception"]


def test_two_kinds_of_exception_are_two_facts(merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    push(merchant, parcel, (1, "exception.address"), (2, "exception.payment_due"))
    assert facts_of(parcel)[2:] == ["shipment.exception"] * 2


def test_a_return_to_sender_takes_a_delivery_back(merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    push(merchant, parcel, (1, "in_transit"), (5, "delivered"))
    assert (fresh(parcel).delivered_at, fresh(parcel).order.stage) == (at(5), "delivered")
    push(merchant, parcel, (9, "returning"))
    assert (fresh(parcel).delivered_at, fresh(parcel).order.stage) == (None, "attention")
    push(merchant, parcel, (30, "delivered"))
    assert (fresh(parcel).status, fresh(parcel).order.stage) == ("returned", "delivered")
    assert facts_of(parcel)[2:] == ["shipment.delivered", "shipment.returning", "shipment.returned"]


def test_a_scan_that_comes_late_is_kept_and_changes_nothing(merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    push(merchant, parcel, (1, "in_transit"), (9, "delivered"))
    before, told = fresh(parcel), facts_of(parcel)
    push(merchant, parcel, (4, "out_for_delivery"), (3, "exception.lost"), (11, "in_transit"))
    now = fresh(parcel)
    assert (now.status, now.substatus, now.status_at, now.delivered_at) == (
        before.status, before.substatus, before.status_at, before.delivered_at,
    )  # fmt: skip
    assert (now.order.stage, len(scans(parcel)), facts_of(parcel)) == ("delivered", 5, told)


def test_failed_attempts_are_counted(merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    push(merchant, parcel, (1, "attempt.no_one"), (1.5, "attempt_failed"), (25, "attempt.no_one"))
    assert fresh(parcel).failed_attempts == 2


def test_history_is_stored_without_a_message(merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    commands.record_scans(
        merchant,
        [ScanIn(status=Status.DELIVERED, occurred_at=at(2), tracking_number=parcel.tracking_number)],
        notify=False,
    )
    [delivered] = data_of(parcel, "shipment.delivered")
    assert delivered["notify"] is False


# Repeats


def test_a_scan_that_is_sent_again_is_dropped(api: ApiClient, merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    first = body(parcel, city="Leipzig", raw_code="A1")
    assert api.post("scans", first).json() == {"recorded": 1, "duplicates": 0}
    # The same moment, written in another zone, and with other words.
    again = {
        **first,
        "occurred_at": at(1).astimezone(ZoneInfo("Asia/Tokyo")).isoformat(),
        "description": "Arrived",
    }
    assert api.post("scans", again).json() == {"recorded": 0, "duplicates": 1}
    other_place = {**first, "city": "Halle"}
    assert api.post("scans", other_place).json() == {"recorded": 1, "duplicates": 0}
    assert len(scans(parcel)) == 2


def test_a_senders_own_id_decides_what_is_the_same(api: ApiClient, merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    scans_ = [
        body(parcel, external_id="E1"),
        body(parcel, external_id="E1", city="Bonn"),
        body(parcel, external_id="E2"),
    ]
    assert api.post("scans", {"scans": scans_}).json() == {"recorded": 2, "duplicates": 1}


# Whose they are (T6)


def test_a_number_that_was_used_before_means_the_newest_parcel(merchant: Merchant) -> None:
    older = a_parcel(merchant, tracking_number="REUSED")
    newer = a_parcel(merchant, tracking_number="REUSED")
    push(merchant, newer, (1, "delivered"))
    assert (fresh(older).status, fresh(newer).status) == ("info_received", "delivered")


def test_a_number_is_forgotten_after_its_window(api: ApiClient, merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    with merchant_scope(merchant):
        long_ago = timezone.now() - commands.NUMBER_IS_ONE_PARCEL_FOR - timedelta(days=1)
        Shipment.objects.filter(pk=parcel.pk).update(created_at=long_ago)
    answer = api.post("scans", body(parcel))
    assert (answer.status_code, answer.json()["code"]) == (404, "shipment_not_found")
    # By its id it is always found.
    named = {**body(parcel), "tracking_number": "", "shipment_id": public_id("shp", parcel.pk)}
    assert api.post("scans", named).json()["recorded"] == 1


def test_the_carrier_tells_two_parcels_of_one_number_apart(api: ApiClient, merchant: Merchant) -> None:
    dhl = a_parcel(merchant, tracking_number="77", carrier="DHL Paket")
    ups = a_parcel(merchant, tracking_number="77", carrier="UPS")
    api.post("scans", body(dhl, carrier="Deutsche Post DHL", status="delivered"))
    assert (fresh(dhl).status, fresh(ups).status) == ("delivered", "info_received")
    assert api.post("scans", body(dhl, carrier="GLS")).status_code == 404


def test_a_strangers_parcel_is_not_there(strangers_api: ApiClient, merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    by_id = {**body(parcel), "tracking_number": "", "shipment_id": public_id("shp", parcel.pk)}
    for wanted in (body(parcel), by_id):
        answer = strangers_api.post("scans", wanted)
        assert (answer.status_code, answer.json()["code"]) == (404, "shipment_not_found")
    assert scans(parcel) == []


# All or none


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"status": "teleported"}, 400, "status"),
    ({"occurred_at": "yesterday"}, 400, "occurred_at"),
    ({"occurred_at": "2026-01-01T10:00:00"}, 400, "occurred_at"),
    ({"occurred_at": "2999-01-01T10:00:00Z"}, 400, "occurred_at"),
    ({"substatus": "delivered.signed"}, 400, "substatus"),
    ({"substatus": "transit.flying"}, 400, "substatus"),
    ({"country": "Germany"}, 400, "country"),
    ({"city": "x" * 121}, 400, "city"),
    ({"raw_code": 7}, 400, "raw_code"),
    ({"tracking_number": ""}, 400, "shipment_id"),
    ({"tracking_number": "NOBODY'S"}, 404, "tracking_number"),
    ({"shipment_id": "shp_nonsense"}, 404, "shipment_id"),
    ({"weather": "rain"}, 400, "weather"),
    ({"description": "a\x00b"}, 400, "description"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "status", "param"), WRONG, ids=[str(w[0])[:40] for w in WRONG])
def test_one_wrong_scan_is_named_and_none_of_them_is_stored(
    api: ApiClient, merchant: Merchant, fields: dict[str, Any], status: int, param: str
) -> None:
    parcel = a_parcel(merchant)
    alone = api.post("scans", body(parcel, **fields))
    assert (alone.status_code, alone.json()["param"]) == (status, param)
    many = [body(parcel, external_id=f"E{index}") for index in range(5)]
    many[3] = {**many[3], **fields}
    together = api.post("scans", {"scans": many})
    assert (together.status_code, together.json()["param"]) == (status, f"scans[3].{param}")
    assert (scans(parcel), fresh(parcel).status) == ([], "info_received")
    assert facts_of(parcel) == ["shipment.created", "shipment.shipped"]


def test_none_and_too_many_are_refused(api: ApiClient, merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    assert api.post("scans", {"scans": []}).status_code == 400
    many = [body(parcel, external_id=str(index)) for index in range(1001)]
    assert api.post("scans", {"scans": many}).json()["param"] == "scans"
    assert api.post("scans", {"scans": many[:1000]}).json() == {"recorded": 1000, "duplicates": 0}


def test_a_scan_of_tomorrow_waits_until_its_time(merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    factories.scan(merchant, parcel, "delivered", timezone.now() + timedelta(hours=23))
    assert fresh(parcel).status == "delivered"  # clocks and announcements may be off by a day
    other = a_parcel(merchant)
    with pytest.raises(Problem):
        factories.scan(merchant, other, "delivered", timezone.now() + timedelta(hours=25))
    assert scans(other) == []


# At the same time


@pytest.mark.django_db(transaction=True)
def test_scans_of_two_parcels_of_one_order_at_once_leave_the_right_stage(merchant: Merchant) -> None:
    for _ in range(5):
        order = factories.order(merchant, quantity=2, placed_at=START)
        one, two = (factories.shipment(merchant, order, quantity=1, shipped_at=START) for _ in range(2))
        at_once(
            lambda parcel=one: push(merchant, parcel, (1, "in_transit"), (2, "delivered")),
            lambda parcel=two: push(merchant, parcel, (1, "in_transit"), (2, "delivered")),
        )
        assert fresh(one).order.stage == "delivered"
        for parcel in (one, two):
            assert facts_of(parcel).count("shipment.delivered") == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_scan_pushed_by_many_at_once_is_one_scan_and_one_fact(merchant: Merchant) -> None:
    parcel = a_parcel(merchant)
    at_once(*[lambda: push(merchant, parcel, (2, "delivered"))] * 6)
    assert (len(scans(parcel)), facts_of(parcel).count("shipment.delivered")) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_bodies_with_the_same_parcels_in_any_order_do_not_lock_each_other_out(merchant: Merchant) -> None:
    parcels = [a_parcel(merchant) for _ in range(8)]

    def send(order: list[Shipment], source: str) -> None:
        for hours in range(6):
            commands.record_scans(
                merchant,
                [
                    ScanIn(status=Status.IN_TRANSIT, occurred_at=at(hours), tracking_number=p.tracking_number,
                           external_id=f"{source}{hours}")
                    for p in order
                ],
            )  # fmt: skip

    at_once(
        lambda: send(parcels, "a"),
        lambda: send(parcels[::-1], "b"),
        lambda: send(parcels[4:] + parcels[:4], "c"),
    )
    with merchant_scope(merchant):
        assert Scan.objects.count() == 8 * 6 * 3


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_an_order_does_not_hold_its_parcel(merchant: Merchant) -> None:
    """Everybody locks the order first; a scan that held the parcel meanwhile would wait in a circle."""
    parcel = a_parcel(merchant)
    pushing = threading.Thread(target=_push_and_close, args=(merchant, parcel))
    with held_open(merchant, lambda: lock_order(parcel.order_id)) as commit:
        pushing.start()
        _wait_for_a_waiter()
        with merchant_scope(merchant), transaction.atomic():
            try:
                Shipment.objects.select_for_update(nowait=True).get(pk=parcel.pk)
            except OperationalError:
                pytest.fail("the parcel was locked before its order")
        commit()
    pushing.join(WAIT)
    assert fresh(parcel).status == "in_transit"


def _push_and_close(merchant: Merchant, parcel: Shipment) -> None:
    try:
        push(merchant, parcel, (1, "in_transit"))
    finally:
        connection.close()


def _wait_for_a_waiter() -> None:
    deadline = timezone.now() + timedelta(seconds=WAIT)
    while timezone.now() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
    pytest.fail("nobody waits for a lock")

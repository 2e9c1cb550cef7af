"""One pushed scan without locks: two statements, and right whatever somebody else does in between."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from tests import factories
from tests.events.helpers import WAIT, at_once, held_open
from tests.tracking.conftest import facts_of, fresh, scans
from tests.tracking.test_scans import _wait_for_a_waiter
from tracking import commands, one_scan
from tracking.models import Shipment
from tracking.schemas import ScanIn
from tracking.statuses import Status

START = timezone.now().replace(microsecond=0) - timedelta(days=3)


@pytest.fixture
def parcel(merchant: Merchant) -> Shipment:
    """On its way: what it says next changes nothing about its order."""
    order = factories.order(merchant, placed_at=START - timedelta(days=1))
    found = factories.shipment(merchant, order, shipped_at=START)
    push(found, Status.IN_TRANSIT, 1)
    return found


def push(parcel: Shipment, status: Status, hours: float) -> commands.Recorded:
    occurred_at: datetime = START + timedelta(hours=hours)
    scan = ScanIn(status=status, occurred_at=occurred_at, tracking_number=parcel.tracking_number)
    return commands.record_scans(parcel.merchant, [scan])


def statements(work: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        work()
    return [query["sql"] for query in queries]


def test_a_scan_takes_two_statements_and_one_that_is_known_takes_one(parcel: Shipment) -> None:
    new = statements(lambda: push(parcel, Status.OUT_FOR_DELIVERY, 2))
    again = statements(lambda: push(parcel, Status.OUT_FOR_DELIVERY, 2))
    assert (len(new), len(again)) == (2, 1)
    assert facts_of(parcel)[-1:] == ["shipment.out_for_delivery"]
    assert (len(scans(parcel)), fresh(parcel).status) == (2, "out_for_delivery")


def test_a_scan_that_may_move_its_order_is_stored_under_locks(parcel: Shipment) -> None:
    assert any(
        "FOR NO KEY UPDATE OF o, p" in sql for sql in statements(lambda: push(parcel, Status.DELIVERED, 2))
    )
    assert fresh(parcel).order.stage == "delivered"


def others_scan(parcel: Shipment) -> None:
    push(parcel, Status.DELIVERED, 5)


def others_window(parcel: Shipment) -> None:
    with merchant_scope(parcel.merchant):
        Shipment.objects.filter(pk=parcel.pk).update(eta_source="carrier", eta_to=START)


def other_country(parcel: Shipment) -> None:
    with merchant_scope(parcel.merchant):
        Order.objects.filter(pk=parcel.order_id).update(country="NO")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", [others_scan, others_window, other_country])
def test_what_somebody_changes_after_the_reading_is_seen(
    change: Callable[[Shipment], None], parcel: Shipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, waiting = one_scan.read, [change]

    def read_and_be_overtaken(*arguments: Any, **named: Any) -> list[one_scan.Seen]:
        found = read(*arguments, **named)
        if waiting:  # once: the change may push a scan itself
            at_once(lambda: waiting.pop()(parcel))
        return found

    monkeypatch.setattr(one_scan, "read", read_and_be_overtaken)
    sent = statements(lambda: push(parcel, Status.OUT_FOR_DELIVERY, 2))
    assert any("FOR NO KEY UPDATE OF o, p" in sql for sql in sent)
    now = fresh(parcel)
    assert facts_of(parcel).count("shipment.delivered") == (change is others_scan)
    assert now.status == ("delivered" if change is others_scan else "out_for_delivery")
    assert (now.eta_to == START) is (change is others_window)
    assert len(scans(parcel)) == (3 if change is others_scan else 2)


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_somebodys_change_does_not_overwrite_it(parcel: Shipment) -> None:
    with held_open(parcel.merchant, lambda: push(parcel, Status.DELIVERED, 5)) as commit:
        late = threading.Thread(target=_push_and_close, args=(parcel,))
        late.start()
        _wait_for_a_waiter()
        commit()
    late.join(WAIT)
    assert (fresh(parcel).status, fresh(parcel).order.stage) == ("delivered", "delivered")
    assert (len(scans(parcel)), facts_of(parcel).count("shipment.out_for_delivery")) == (3, 0)


def _push_and_close(parcel: Shipment) -> None:
    try:
        push(parcel, Status.OUT_FOR_DELIVERY, 2)
    finally:
        connection.close()


def test_a_strangers_merchant_changes_nothing(parcel: Shipment, stranger: Merchant) -> None:
    with merchant_scope(parcel.merchant):
        (seen,) = one_scan.read(parcel.merchant, {parcel.pk}, set(), made_after=START - timedelta(days=9))
        assert one_scan.read(stranger, {parcel.pk}, set(), made_after=START - timedelta(days=9)) == []
    row = {
        "id": parcel.pk, "shipment_id": parcel.pk, "key": "00" * 16, "occurred_at": START + timedelta(hours=2),
        "local_time": "", "offset_known": True, "status": "out_for_delivery", "substatus": "", "raw_code": "",
        "description": "", "city": "", "region": "", "postcode": "", "country": "",
    }  # fmt: skip
    with merchant_scope(stranger):
        assert one_scan.record(stranger, seen, row, timezone.now(), source="api", notify=True) is None
    assert (len(scans(parcel)), fresh(parcel).status) == (1, "in_transit")

"""Several workers, and workers that die: each parcel is asked about once, and none is forgotten."""

import os
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.events.helpers import at_once
from tests.tracking.conftest import FAST, dhl_parcel, facts_of, fresh, make_due, poll, scans
from tests.tracking.dhl_server import DHLServer, answer
from tools.installation import wait_for
from tracking import poll as poll_module
from tracking.asking import set_account
from tracking.models import CarrierGate, Shipment

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_at_the_same_time_ask_about_each_parcel_once(
    dhl: DHLServer, with_key: Merchant, workers: int
) -> None:
    parcels = [dhl_parcel(with_key, f"JJD-{index}") for index in range(30)]
    for parcel in parcels:
        dhl.says(parcel.tracking_number, "in_transit")
    at_once(*[poll] * workers)
    poll()
    assert dict(dhl.asked) == {parcel.tracking_number: 1 for parcel in parcels}
    for parcel in parcels:
        assert facts_of(parcel).count("shipment.out_for_delivery") == 1
        assert len(scans(parcel)) == 5


def test_all_workers_together_keep_to_the_carriers_pace(dhl: DHLServer, merchant: Merchant) -> None:
    set_account(merchant, "dhl", {**FAST, "calls_per_second": "10"})
    for index in range(8):
        dhl_parcel(merchant, f"JJD-{index}")
    began = timezone.now()
    at_once(poll, poll, poll)
    took = timezone.now() - began
    assert sum(dhl.asked.values()) == 8
    assert took >= timedelta(seconds=0.7)  # seven pauses of a tenth of a second between eight calls


def test_a_run_ends_in_time_and_leaves_the_rest_as_it_was(
    dhl: DHLServer, with_key: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages wait behind it in the same worker."""
    parcels = [dhl_parcel(with_key, f"JJD-{index}") for index in range(3)]
    monkeypatch.setattr(poll_module, "RUN_SECONDS", 0.0)
    assert poll() == 0
    assert not dhl.asked
    for parcel in parcels:
        left = fresh(parcel)
        assert (left.attempts, left.polled_at, left.poll_error) == (0, None, "")
        assert left.due_at - timezone.now() < timedelta(seconds=3)  # the next tick or the one after
    monkeypatch.setattr(poll_module, "RUN_SECONDS", 20.0)
    make_due(*parcels)
    assert poll() == 3


def test_no_more_calls_a_day_than_the_carrier_allows(dhl: DHLServer, merchant: Merchant) -> None:
    set_account(merchant, "dhl", {**FAST, "calls_per_day": "3"})
    parcels = [dhl_parcel(merchant, f"JJD-{index}") for index in range(5)]
    poll()
    assert sum(dhl.asked.values()) == 3
    left = [parcel for parcel in parcels if not dhl.asked[parcel.tracking_number]]
    midnight = (timezone.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert all(fresh(parcel).due_at >= midnight for parcel in left)
    make_due(*left)
    poll()
    assert sum(dhl.asked.values()) == 3
    CarrierGate.objects.update(day=timezone.now().date() - timedelta(days=1))  # the next day
    make_due(*left)
    poll()
    assert sum(dhl.asked.values()) == 5


def test_a_worker_that_is_killed_while_it_waits_for_the_carrier_loses_nothing(
    dhl: DHLServer, with_key: Merchant
) -> None:
    parcel = dhl_parcel(with_key, "JJD-1")
    dhl.says("JJD-1", "in_transit")
    dhl.held.clear()
    worker = subprocess.Popen([sys.executable, "-c", _WORKER], cwd=ROOT, env=_environment(dhl))
    try:
        assert dhl.waiting.wait(60)
    finally:
        worker.kill()  # SIGKILL
        worker.wait()
    dhl.held.set()

    leased = fresh(parcel)
    assert timedelta(0) < leased.claimed_until - timezone.now() <= timedelta(seconds=60)
    assert (leased.attempts, leased.status, scans(parcel)) == (1, "info_received", [])
    assert poll() == 0  # Nobody else takes it before the lease ends …

    make_due(parcel)  # … and then it comes due by itself.
    assert poll() == 1
    assert (fresh(parcel).status, len(scans(parcel))) == ("out_for_delivery", 5)
    assert facts_of(parcel).count("shipment.out_for_delivery") == 1


def test_a_worker_that_comes_back_after_its_lease_does_no_harm(dhl: DHLServer, with_key: Merchant) -> None:
    parcel = dhl_parcel(with_key, "JJD-1")
    dhl.says("JJD-1", "in_transit")
    dhl.held.clear()

    def slow() -> int:
        return poll()

    def impatient() -> int:
        assert dhl.waiting.wait(30)
        make_due(parcel)  # the slow one's lease has ended
        dhl.held.set()
        return poll()

    at_once(slow, impatient)
    assert len(scans(parcel)) == 5
    assert facts_of(parcel).count("shipment.out_for_delivery") == 1
    assert fresh(parcel).due_at > timezone.now() + timedelta(hours=2)


def test_the_next_calls_are_under_way_while_answers_are_written_down(
    dhl: DHLServer, with_key: Merchant
) -> None:
    """Writing down waits here for somebody who holds the parcel: the carrier is asked about the next all the same."""
    first, second = dhl_parcel(with_key, "JJD-1"), dhl_parcel(with_key, "JJD-2")
    make_due(first)  # an access begins with one call
    for parcel in (first, second):
        dhl.says(parcel.tracking_number, "in_transit")
    dhl.held.clear()

    def hold() -> None:
        assert dhl.waiting.wait(30)
        with merchant_scope(with_key), transaction.atomic():
            Shipment.objects.select_for_update().get(pk=first.pk)
            dhl.held.set()
            wait_for(lambda: dhl.asked["JJD-2"] == 1, 30, "nobody asked about the next parcel")
            assert scans(first) == []

    at_once(poll, hold)
    assert [len(scans(parcel)) for parcel in (first, second)] == [5, 5]


def test_a_push_and_a_look_at_the_same_time_wait_for_each_other(dhl: DHLServer, with_key: Merchant) -> None:
    parcels = [dhl_parcel(with_key, f"JJD-{index}") for index in range(12)]
    for parcel in parcels:
        dhl.answers[parcel.tracking_number] = (200, answer("in_transit", number=parcel.tracking_number), {})
    now = timezone.now()

    def push() -> None:
        for parcel in reversed(parcels):
            factories.scan(with_key, parcel, "delivered", now)

    at_once(poll, push, poll)
    poll()
    for parcel in parcels:
        assert fresh(parcel).status == "delivered"
        assert facts_of(parcel).count("shipment.delivered") == 1
        assert fresh(parcel).order.stage == "delivered"


_WORKER = textwrap.dedent(
    """
    import os
    import django
    from django.conf import settings
    settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
    settings.DHL_API_URL = "http://" + os.environ["DHL_HOST"]
    settings.OUTBOUND_ALLOW = [os.environ["DHL_HOST"]]
    django.setup()
    import tracking.tasks
    from events import due
    due.run("tracking.poll")
    """
)


def _environment(dhl: DHLServer) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_DATABASE": str(connection.settings_dict["NAME"]),
        "DHL_HOST": dhl.host,
    }

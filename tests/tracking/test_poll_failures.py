"""What happens when a carrier does not answer as it should: nothing is lost, nobody is hammered, and it is said why."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.tracking.conftest import FAST, dhl_parcel, facts_of, fresh, make_due, poll, scans
from tests.tracking.dhl_server import FIXTURES, DHLServer
from tracking.asking import set_account
from tracking.carriers.base import Account, CarrierError, TrackingResult
from tracking.carriers.registry import ADAPTERS
from tracking.models import CarrierGate, Scan, Shipment, UnreadAnswer

DOWN = (503, (FIXTURES / "garbage.html").read_bytes(), {})
WRONG_KEY = (401, (FIXTURES / "unauthorized.json").read_bytes(), {})
TOO_MANY = (429, (FIXTURES / "too_many_requests.json").read_bytes(), {"Retry-After": "1800"})


def wait(parcel: Shipment) -> timedelta:
    """How long until the parcel is due."""
    return fresh(parcel).due_at - timezone.now()


def minutes(low: float, high: float, value: timedelta) -> bool:
    return timedelta(minutes=low) < value < timedelta(minutes=high)


def test_a_number_that_is_not_known_yet_stays_as_it_is_and_is_asked_about_ever_more_rarely(
    dhl: DHLServer, with_key: Merchant
) -> None:
    parcel = dhl_parcel(with_key, "JJD-NEW")
    poll()
    now = fresh(parcel)
    assert (now.status, now.poll_error[:14]) == ("info_received", "not_found: 404")
    assert facts_of(parcel) == ["shipment.created", "shipment.shipped"]
    first = wait(parcel)
    assert minutes(143, 174, first)
    make_due(parcel)
    poll()
    assert minutes(2 * 143, 2 * 174, wait(parcel))
    # A day at most, and once it is known all is forgotten.
    with merchant_scope(with_key):
        Shipment.objects.filter(pk=parcel.pk).update(attempts=12)
    make_due(parcel)
    poll()
    assert minutes(24 * 60 - 1, 29 * 60, wait(parcel))
    dhl.says("JJD-NEW", "in_transit")
    make_due(parcel)
    poll()
    now = fresh(parcel)
    assert (now.status, now.poll_error, now.attempts) == ("out_for_delivery", "", 0)


def test_a_wrong_key_is_tried_once_and_other_credentials_wake_the_parcels(
    dhl: DHLServer, with_key: Merchant
) -> None:
    dhl.everything = WRONG_KEY
    parcels = [dhl_parcel(with_key, f"JJD-{index}") for index in range(4)]
    poll()
    assert sum(dhl.asked.values()) == 1
    [asked] = [parcel for parcel in parcels if fresh(parcel).poll_error]
    assert fresh(asked).poll_error.startswith("authentication_failed: 401")
    assert all(minutes(359, 60 * 8, wait(parcel)) for parcel in parcels)

    dhl.everything = None
    dhl.says(asked.tracking_number, "in_transit")
    set_account(with_key, "dhl", {**FAST, "api_key": "the-right-one"})
    assert poll() == 1
    assert dhl.keys[-1] == "the-right-one"
    assert (fresh(asked).status, fresh(asked).poll_error) == ("out_for_delivery", "")


def test_without_any_credentials_nobody_is_asked_and_the_parcel_says_so(
    dhl: DHLServer, merchant: Merchant
) -> None:
    parcel = dhl_parcel(merchant, "JJD-1")
    poll()
    assert fresh(parcel).poll_error.startswith("no_access")
    assert minutes(359, 60 * 8, wait(parcel))
    assert not dhl.asked
    dhl.says("JJD-1", "in_transit")
    set_account(merchant, "dhl", FAST)
    poll()
    assert fresh(parcel).status == "out_for_delivery"


def test_too_many_calls_give_the_whole_access_the_pause_that_was_asked_for(
    dhl: DHLServer, with_key: Merchant, stranger: Merchant
) -> None:
    set_account(stranger, "dhl", {**FAST, "api_key": "another"})
    parcels = [dhl_parcel(with_key, f"JJD-{index}") for index in range(5)]
    dhl.everything = TOO_MANY
    poll()
    assert sum(dhl.asked.values()) == 1
    assert all(minutes(29, 37, wait(parcel)) for parcel in parcels)
    # Those that were not asked about are not blamed, and not counted as tried.
    assert sorted(fresh(parcel).attempts for parcel in parcels) == [0, 0, 0, 0, 1]
    # Another merchant's access is not concerned.
    dhl.everything = None
    theirs = dhl_parcel(stranger, "JJD-X")
    dhl.says("JJD-X", "in_transit")
    poll()
    assert fresh(theirs).status == "out_for_delivery"
    # A parcel of ours that comes due meanwhile waits as well.
    late = dhl_parcel(with_key, "JJD-LATE")
    poll()
    assert dhl.asked["JJD-LATE"] == 0
    assert minutes(29, 37, wait(late))


@pytest.mark.parametrize("how", ["503", "time-out", "gone"])
def test_a_carrier_that_is_down_is_left_alone_longer_each_time(
    dhl: DHLServer, with_key: Merchant, stranger: Merchant, how: str, settings: Any
) -> None:
    set_account(stranger, "dhl", {**FAST, "api_key": "another"})
    parcels = [dhl_parcel(with_key, f"JJD-{index}") for index in range(3)]
    parcels.append(dhl_parcel(stranger, "JJD-S"))
    if how == "503":
        dhl.everything = DOWN
    elif how == "time-out":
        settings.CARRIER_TIMEOUT = 0.5
        dhl.held.clear()
    else:
        dhl.close()
    poll()
    # One parcel of each access found out; then nobody else is sent, whoever's access it is.
    assert how == "gone" or sum(dhl.asked.values()) == 2
    gate = CarrierGate.objects.get(key="dhl")
    assert (gate.reason, gate.failures) == ("carrier_down", 1)
    assert minutes(0.3, 0.51, gate.opens_at - timezone.now())
    errors = [fresh(parcel).poll_error for parcel in parcels]
    assert sorted(error.split(":")[0] for error in errors) == ["", "", "carrier_down", "carrier_down"]
    assert {fresh(parcel).status for parcel in parcels} == {"info_received"}
    third = factories.merchant("third", "Third")
    set_account(third, "dhl", {**FAST, "api_key": "a third"})
    dhl_parcel(third, "JJD-T")
    poll()
    assert dhl.asked["JJD-T"] == 0
    # When the gates open, the next ones to find it down close it for longer.
    make_due(*parcels)
    poll()
    assert minutes(0.8, 1.01, CarrierGate.objects.get(key="dhl").opens_at - timezone.now())


def test_one_merchants_numbers_that_the_carrier_fails_on_hold_up_nobody_else(
    dhl: DHLServer, with_key: Merchant, stranger: Merchant
) -> None:
    set_account(stranger, "dhl", {**FAST, "api_key": "another"})
    ours = [dhl_parcel(with_key, f"JJD-{index}") for index in range(3)]
    dhl.everything = DOWN
    poll()
    dhl.everything = None
    assert sum(dhl.asked.values()) == 1
    assert not CarrierGate.objects.filter(key="dhl", opens_at__isnull=False).exists()
    theirs = dhl_parcel(stranger, "JJD-X")
    dhl.says("JJD-X", "in_transit")
    poll()
    assert fresh(theirs).status == "out_for_delivery"
    # Our own access waits: a parcel of ours that comes due now is not asked about.
    late = dhl_parcel(with_key, "JJD-LATE")
    poll()
    assert dhl.asked["JJD-LATE"] == 0
    assert minutes(0.3, 1, wait(late))
    assert {fresh(parcel).status for parcel in ours} == {"info_received"}


def test_when_it_is_back_it_is_asked_as_before(dhl: DHLServer, with_key: Merchant) -> None:
    parcels = [dhl_parcel(with_key, f"JJD-{index}") for index in range(3)]
    dhl.everything = DOWN
    poll()
    dhl.everything = None
    for parcel in parcels:
        dhl.says(parcel.tracking_number, "in_transit")
    make_due(*parcels)
    assert poll() == 3
    assert {fresh(parcel).status for parcel in parcels} == {"out_for_delivery"}
    [gate] = CarrierGate.objects.all()
    assert (gate.failures, gate.opens_at) == (0, None)


def test_what_cannot_be_read_is_kept_and_counted(dhl: DHLServer, with_key: Merchant) -> None:
    parcel = dhl_parcel(with_key, "JJD-1")
    dhl.everything = (200, b'{"shipments": [{"id": "JJD-1"}]}', {})
    poll()
    now = fresh(parcel)
    assert (now.status, now.poll_error.split(":")[0]) == ("info_received", "cannot_read")
    assert scans(parcel) == []
    dhl.everything = (200, b"<html>" + b"x" * 100_000, {})
    make_due(parcel)
    poll()
    with merchant_scope(with_key):
        [kept] = UnreadAnswer.objects.all()
    assert (kept.times, kept.carrier, len(bytes(kept.body))) == (2, "dhl", 65_536)
    assert bytes(kept.body).startswith(b"<html>")
    # It is one parcel's trouble: the others are asked about.
    dhl.everything = None
    other = dhl_parcel(with_key, "JJD-2")
    dhl.says("JJD-2", "in_transit")
    poll()
    assert fresh(other).status == "out_for_delivery"


class Poisonous:
    """An adapter that passes on what the database refuses."""

    code = name = "dhl"
    poll = ADAPTERS["dhl"].poll

    def track(self, numbers: Any, account: Account) -> list[TrackingResult | CarrierError]:
        answers = ADAPTERS["usual"].track(numbers, account)
        for index, one in enumerate(answers):
            if isinstance(one, TrackingResult) and one.tracking_number == "JJD-1":
                answers[index] = replace(one, scans=(replace(one.scans[0], city="Ham\0burg"), *one.scans[1:]))
        return answers

    def tracking_url(self, number: str, locale: str) -> str:
        return ""


def test_an_answer_that_the_database_refuses_is_kept_too_and_stores_nothing_by_half(
    dhl: DHLServer, with_key: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ADAPTERS, "usual", ADAPTERS["dhl"])
    monkeypatch.setitem(ADAPTERS, "dhl", Poisonous())
    parcels = [dhl_parcel(with_key, f"JJD-{index}") for index in range(4)]
    for parcel in parcels:
        dhl.says(parcel.tracking_number, "in_transit")
    poll()
    poisoned = parcels[1]
    now = fresh(poisoned)
    assert now.poll_error.startswith("cannot_read: could not be stored")
    assert (now.status, scans(poisoned), now.eta_source) == ("info_received", [], "rule")
    assert wait(poisoned) > timedelta(hours=2)  # not every minute
    with merchant_scope(with_key):
        assert UnreadAnswer.objects.get().times == 1
    # Those that were written down together with it do not suffer.
    assert [fresh(parcel).status for parcel in parcels if parcel != poisoned] == ["out_for_delivery"] * 3


class Broken:
    """An adapter with a fault of its own."""

    code = name = "dhl"
    poll = ADAPTERS["dhl"].poll

    def track(self, numbers: Any, account: Account) -> list[TrackingResult | CarrierError]:
        raise KeyError("oops")

    def tracking_url(self, number: str, locale: str) -> str:
        return ""


def test_an_adapter_that_breaks_does_not_stop_the_run(
    dhl: DHLServer, with_key: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ADAPTERS, "dhl", Broken())
    parcel = dhl_parcel(with_key, "JJD-1")
    poll()
    assert fresh(parcel).poll_error.startswith("cannot_read: the adapter failed: KeyError")


# Giving up


def silent(owner: Merchant, dhl: DHLServer) -> Shipment:
    """A parcel of which nothing was heard for 31 days."""
    parcel = dhl_parcel(owner, "JJD-1", placed=timedelta(days=40))
    dhl.says("JJD-1", "unknown", ended=timedelta(days=31))
    return parcel


def test_a_parcel_that_is_silent_for_30_days_expires_and_is_not_asked_about_any_more(
    dhl: DHLServer, with_key: Merchant
) -> None:
    parcel = silent(with_key, dhl)
    poll()
    now = fresh(parcel)
    assert dhl.asked["JJD-1"] == 1
    assert (now.status, now.due_at, now.order.stage) == ("expired", None, "attention")
    assert facts_of(parcel)[-1] == "shipment.expired"
    *_, last, mark = scans(parcel)
    assert (last.source, mark.source) == ("dhl", "afterward")
    assert mark.occurred_at - last.occurred_at == timedelta(days=30)
    assert poll() == 0


def test_an_expired_parcel_that_is_heard_of_again_is_tracked_again(
    dhl: DHLServer, with_key: Merchant
) -> None:
    parcel = silent(with_key, dhl)
    poll()
    factories.scan(with_key, parcel, "in_transit", timezone.now())
    now = fresh(parcel)
    assert (now.status, now.order.stage) == ("in_transit", "in_transit")
    assert now.due_at is not None


def test_imported_history_is_asked_about_once_before_it_is_given_up(
    dhl: DHLServer, with_key: Merchant
) -> None:
    parcel = dhl_parcel(with_key, "JJD-1", placed=timedelta(days=90), notify=False)
    dhl.says("JJD-1", "delivered", ended=timedelta(days=40))
    poll()
    assert dhl.asked["JJD-1"] == 1
    now = fresh(parcel)
    assert (now.status, now.due_at) == ("delivered", None)
    with merchant_scope(with_key):
        assert not Scan.objects.filter(status="expired").exists()

"""Whose calls may begin: an access begins carefully, and a carrier that answers slowly leaves room for the others."""

import time

import pytest

from merchants.models import Merchant
from tests.tracking.conftest import dhl_parcel, fresh, poll
from tests.tracking.dhl_server import DHLServer
from tools.installation import wait_for
from tracking import poll as poll_module
from tracking.accounts import Access
from tracking.carriers.base import Account
from tracking.lanes import PLACES, Traffic


def access(carrier: str, name: str = "a") -> Access:
    return Access(carrier, key := f"{carrier}:{name}", Account(), circuit=key)


def fill(traffic: Traffic, of: Access) -> int:
    """Begin as many calls as there is room for. Returns how many."""
    begun = 0
    while traffic.room(of):
        traffic.begin(of)
        begun += 1
    return begun


def answered(traffic: Traffic, of: Access, times: int) -> None:
    for _ in range(times):
        traffic.begin(of)
        traffic.end(of, well=True)


def test_an_access_begins_with_one_call_and_doubles_with_every_round_of_answers() -> None:
    traffic, dhl = Traffic(), access("dhl")
    for expected in (1, 2, 4, 8):
        assert fill(traffic, dhl) == expected
        for _ in range(expected):
            traffic.end(dhl, well=True)


def test_after_a_failure_it_is_asked_one_by_one_again() -> None:
    traffic, dhl = Traffic(), access("dhl")
    answered(traffic, dhl, 20)
    traffic.begin(dhl)
    traffic.end(dhl, well=False)
    assert fill(traffic, dhl) == 1


def test_no_carrier_takes_more_than_half_of_what_the_others_leave_free() -> None:
    traffic = Traffic()
    carriers = [access("dhl"), access("ups"), access("dpd"), access("gls")]
    for one in carriers:
        answered(traffic, one, PLACES)
    taken = [fill(traffic, one) for one in carriers]
    assert taken == [PLACES // 2, PLACES // 4, PLACES // 8, PLACES // 16]
    # Many accesses of one carrier are one carrier.
    other = access("dhl", "b")
    answered(traffic, other, 0)
    assert traffic.room(other) == 0
    assert traffic.room(access("usps")) == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_does_not_wait_for_a_slow_carrier_and_its_answer_is_written_down_all_the_same(
    dhl: DHLServer, with_key: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll_module, "PATIENCE_SECONDS", 0.2)
    parcel = dhl_parcel(with_key, "JJD-1")
    dhl.says("JJD-1", "in_transit")
    dhl.held.clear()
    began = time.monotonic()
    assert poll() == 1
    assert time.monotonic() - began < 10
    assert fresh(parcel).status == "info_received"
    dhl.held.set()
    wait_for(lambda: fresh(parcel).status == "out_for_delivery", 20, "the answer was not written down")
    assert dhl.asked["JJD-1"] == 1

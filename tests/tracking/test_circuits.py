"""One merchant's numbers that a carrier answers with an error hold up nobody else, also where all share one key."""

from typing import Any

import pytest

from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests.tracking.conftest import dhl_parcel, fresh, make_due, poll
from tests.tracking.dhl_server import DHLServer
from tracking.account_health import healths
from tracking.models import CarrierGate

pytestmark = pytest.mark.django_db(transaction=True)

BROKEN = (500, b"<html>Internal Server Error</html>", {})


@pytest.fixture
def shared(dhl: DHLServer, settings: Any) -> DHLServer:
    """DHL, which the installation asks with its own key for all merchants."""
    settings.DHL_API_KEY = "the-installations"
    return dhl


def closed() -> list[str]:
    """Whose gates are closed: the merchant's circuit has three parts, an access two, the carrier one."""
    gates = CarrierGate.objects.filter(failures__gt=0).order_by("key").values_list("key", flat=True)
    return [("carrier", "access", "merchant")[key.count(":")] for key in gates]


def test_numbers_that_break_a_carrier_close_it_for_their_merchant_only(
    shared: DHLServer, merchant: Merchant, stranger: Merchant
) -> None:
    broken = [dhl_parcel(merchant, f"JJD-BAD-{n}") for n in range(3)]
    well = [dhl_parcel(stranger, f"JJD-{n}") for n in range(3)]
    for parcel in broken:
        shared.answers[parcel.tracking_number] = BROKEN
    for parcel in well:
        shared.says(parcel.tracking_number, "in_transit")
    poll()
    assert closed() == ["merchant"]
    assert sum(shared.asked[parcel.tracking_number] for parcel in broken) == 1
    assert {fresh(parcel).status for parcel in well} == {"out_for_delivery"}
    for owner, reason in ((merchant, "carrier_down"), (stranger, "")):
        with merchant_scope(owner):
            assert healths(owner, ["dhl"])[0].closed_because == reason

    # The pause is over, the trial fails as well: the others still come and go.
    make_due(*broken, *well)
    poll()
    assert sum(shared.asked[parcel.tracking_number] for parcel in broken) == 2
    assert [shared.asked[parcel.tracking_number] for parcel in well] == [2, 2, 2]
    assert closed() == ["merchant"]


def test_what_two_merchants_meet_is_an_outage(
    shared: DHLServer, merchant: Merchant, stranger: Merchant
) -> None:
    shared.everything = BROKEN
    parcels = [dhl_parcel(owner, f"JJD-{n}") for owner in (merchant, stranger) for n in range(3)]
    poll()
    assert closed() == ["carrier", "merchant", "merchant"]
    assert sum(shared.asked.values()) == 2
    shared.everything = None
    for parcel in parcels:
        shared.says(parcel.tracking_number, "in_transit")
    make_due(*parcels)
    poll()
    make_due(*parcels)
    poll()
    assert closed() == []
    assert {fresh(parcel).status for parcel in parcels} == {"out_for_delivery"}

"""What carriers answer to a wish for pushes beyond yes and no: DHL asks back, UPS refuses a number in a 200."""

import json

import pytest

from events import due
from merchants.models import Merchant
from tests.tracking.carrier_server import CarrierServer, Reply
from tests.tracking.test_pushes import KEYS, carrier, fresh, hear, parcel, push, pushes, wish  # noqa: F401
from tracking.asking import set_account
from tracking.pushes.carriers import OWN_HEADER, token_of
from tracking.pushes.hooks import INBOX
from tracking.pushes.subscribing import SUBSCRIBE

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/tracking/push/v1/subscription"
UPS_PATH = "/api/track/v1/subscription/standard/package"


def dhl_says(
    merchant: Merchant, scope: str, address: str = "https://api-eu.dhl.com" + PATH + "/sub-1"
) -> int:
    body = json.dumps({"scope": scope, "self": address, "secret": "shh"}).encode()
    return push("dhl", body, {OWN_HEADER: token_of(merchant.pk, "dhl")[0]})


def test_dhl_is_asked_for_a_shipment_and_told_its_secret_when_it_asks_back(
    merchant: Merchant,
    carrier: CarrierServer,  # noqa: F811
) -> None:
    set_account(merchant, "dhl", KEYS)
    carrier.on(PATH, Reply(status=201))
    sent = parcel(merchant, "DHL", "00340434161094000001")
    hear(merchant, sent)
    due.run(SUBSCRIBE)
    [wanted] = carrier.asked
    assert (wanted.json["type"], wanted.json["shipmentIDs"]) == ("Shipment", ["00340434161094000001"])

    assert dhl_says(merchant, "subscription.validate") == 200
    assert dhl_says(merchant, "subscription.ready") == 200
    due.run(INBOX)
    [_, confirmed] = carrier.asked
    assert (confirmed.method, confirmed.path) == ("POST", PATH + "/sub-1")
    assert confirmed.headers["DHL-API-Hook-Secret"] == "shh"
    assert pushes(merchant) == [("done", ""), ("done", "")]
    assert fresh(sent).push_until is None


@pytest.mark.parametrize(
    ("address", "status", "state"),
    [
        ("https://evil.example/", 201, "failed"),  # no subscription in it: nobody is called
        ("https://evil.example" + PATH + "/sub-1", 201, "done"),  # DHL is called, whoever is named
        ("https://api-eu.dhl.com" + PATH + "/sub-1", 503, "waiting"),  # tried again
        ("https://api-eu.dhl.com" + PATH + "/sub-1", 403, "failed"),
    ],
)
def test_only_dhl_is_answered_and_again_when_it_cannot_hear(
    merchant: Merchant,
    carrier: CarrierServer,  # noqa: F811
    address: str,
    status: int,
    state: str,
) -> None:
    set_account(merchant, "dhl", KEYS)
    carrier.on(PATH, Reply(status=status))
    assert dhl_says(merchant, "subscription.validate", address) == 200
    due.run(INBOX)
    assert [told for told, _ in pushes(merchant)] == [state]
    assert len(carrier.asked) == (0 if "/sub-1" not in address else 1)


def test_a_number_that_ups_does_not_take_stays_with_polling(
    merchant: Merchant,
    carrier: CarrierServer,  # noqa: F811
) -> None:
    set_account(merchant, "ups", KEYS)
    taken, refused = (
        parcel(merchant, "UPS", "1Z999AA10000000001"),
        parcel(merchant, "UPS", "1Z999AA10000000002"),
    )
    told = {"validTrackingNumbers": ["1Z999AA10000000001"], "invalidTrackingNumbers": ["1Z999AA10000000002"]}
    carrier.on(UPS_PATH, Reply(json.dumps(told).encode()))
    for sent in (taken, refused):
        hear(merchant, sent)
    due.run(SUBSCRIBE)
    assert wish(merchant, taken).error == ""
    assert fresh(taken).push_until is not None
    assert wish(merchant, refused).error.startswith("not_found")
    assert (wish(merchant, refused).due_at, fresh(refused).push_until) == (None, None)

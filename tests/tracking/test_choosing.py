"""A parcel's carrier: found by its number, chosen by hand, tried in turn; and asked through an aggregator."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.api_client import ApiClient
from tests.tracking.carrier_server import CarrierServer, Reply, carrier_server
from tests.tracking.conftest import dhl, fresh, make_due, poll, scans  # noqa: F401  # dhl is a fixture
from tests.tracking.dhl_server import DHLServer
from tracking import choosing, polling, routes
from tracking.asking import set_account
from tracking.carriers.registry import tracking_url
from tracking.models import Shipment

UPS_NUMBER = "1Z5R89390357567127"
AMBIGUOUS = "201298452277"  # the check digit of FedEx, of DHL Paket and of GLS


def parcel(owner: Merchant, number: str, **fields: Any) -> Shipment:
    order = factories.order(owner, placed_at=timezone.now() - timedelta(days=3))
    return fresh(factories.shipment(owner, order, **{"carrier": "", "tracking_number": number, **fields}))


@pytest.fixture
def aggregator(settings: Any) -> Iterator[CarrierServer]:
    with carrier_server() as server:
        settings.CARRIER_URLS = dict.fromkeys(("easypost", "17track"), f"http://{server.host}")
        settings.OUTBOUND_ALLOW = [server.host]
        yield server


def test_a_parcel_without_a_carrier_gets_the_one_of_its_number(merchant: Merchant) -> None:
    found = parcel(merchant, UPS_NUMBER)
    assert (found.carrier, found.carrier_source) == ("ups", "detected")
    assert found.tracking_url == tracking_url("ups", UPS_NUMBER)


def test_a_carrier_that_nobody_knows_counts_as_none_and_keeps_its_name(merchant: Merchant) -> None:
    found = parcel(merchant, UPS_NUMBER, carrier="Bikes & Sons")
    assert (found.carrier, found.carrier_name, found.carrier_source) == ("ups", "Bikes & Sons", "detected")
    unknown = parcel(merchant, "hello-1", carrier="Bikes & Sons")
    assert (unknown.carrier, unknown.carrier_source) == ("other", "")


def test_what_the_shop_says_is_never_overruled_by_a_number(merchant: Merchant) -> None:
    found = parcel(merchant, UPS_NUMBER, carrier="DHL")
    assert (found.carrier, found.carrier_source) == ("dhl", "")
    merchant.default_carrier = "gls"
    merchant.save()
    found = parcel(merchant, UPS_NUMBER)
    assert (found.carrier, found.carrier_source) == ("gls", "")


def test_a_number_of_several_carriers_is_decided_by_the_shops_own(merchant: Merchant) -> None:
    assert parcel(merchant, AMBIGUOUS).carrier == ""
    for n in range(3):
        parcel(merchant, f"GLS-{n}", carrier="gls")
    assert parcel(merchant, AMBIGUOUS).carrier == "gls"


def test_a_corrected_number_is_read_again_while_nobody_chose(merchant: Merchant) -> None:
    order = factories.order(merchant)
    first = factories.shipment(merchant, order, external_id="p1", carrier="", tracking_number=UPS_NUMBER)
    factories.shipment(merchant, order, external_id="p1", carrier="", tracking_number="00340434161094015902")
    assert (fresh(first).carrier, fresh(first).carrier_source) == ("dhl", "detected")
    choosing.choose_carrier(merchant, first.pk, "GLS")
    factories.shipment(merchant, order, external_id="p1", carrier="", tracking_number=UPS_NUMBER)
    assert (fresh(first).carrier, fresh(first).carrier_source) == ("gls", "chosen")


def test_the_api_detects_again_and_overrides(merchant: Merchant, api: ApiClient) -> None:
    found = parcel(merchant, UPS_NUMBER, carrier="gls")
    url = f"shipments/{public_id('shp', found.pk)}"
    answer = api.post(f"{url}/detect")
    body = answer.json()
    assert (answer.status_code, body["shipment"]["carrier"], body["shipment"]["carrier_source"]) == (
        200, "ups", "detected",
    )  # fmt: skip
    assert [(row["carrier"], row["checksum"]) for row in body["carriers"]] == [("ups", True)]
    answer = api.patch(url, {"carrier": "DPD"})
    assert (answer.status_code, answer.json()["carrier"], answer.json()["carrier_source"]) == (
        200,
        "dpd",
        "chosen",
    )
    answer = api.patch(url, {"carrier": "Bikes & Sons"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_carrier")
    assert fresh(found).carrier == "dpd"
    with merchant_scope(merchant):
        actions = {entry.action for entry in AuditEntry.objects.all()}
    assert actions >= {"shipment.carrier_detected", "shipment.carrier_chosen"}


def test_a_cancelled_parcel_keeps_its_carrier(merchant: Merchant, api: ApiClient) -> None:
    found = parcel(merchant, UPS_NUMBER)
    url = f"shipments/{public_id('shp', found.pk)}"
    api.post(f"{url}/cancel")
    assert api.patch(url, {"carrier": "dpd"}).json()["code"] == "shipment_cancelled"
    assert api.post(f"{url}/detect").json()["code"] == "shipment_cancelled"
    assert fresh(found).carrier == "ups"


def test_a_detected_carrier_that_does_not_know_it_gives_way_to_the_next_at_most_five_times(
    merchant: Merchant, dhl: DHLServer, aggregator: CarrierServer, settings: Any  # noqa: F811
) -> None:  # fmt: skip
    settings.OUTBOUND_ALLOW = [aggregator.host, dhl.host]
    set_account(merchant, "dhl", {"api_key": "k", "calls_per_second": "1000", "calls_per_day": "1000"})
    set_account(merchant, "easypost", {"api_key": "EZ"})
    aggregator.on("/v2/trackers", Reply(b'{"error": {"code": "TRACKER.NOT_FOUND", "message": "no"}}', 404))
    found = parcel(merchant, AMBIGUOUS)
    assert (found.carrier, found.carrier_source) == (
        "dhl",
        "detected",
    )  # the only one with an account of its own
    for _ in range(3):
        assert fresh(found).carrier == "dhl"
        make_due(found)
        poll()
    now = fresh(found)
    assert (now.carrier, now.carrier_source, now.carriers_tried) == ("gls", "detected", "dhl")
    assert now.due_at is not None
    with merchant_scope(merchant):
        Shipment.objects.filter(pk=found.pk).update(carriers_tried="a,b,c,d,e", attempts=9)
    assert choosing.try_next(merchant, found.pk) == ""
    assert fresh(found).carrier == "gls"


def test_a_carrier_that_the_shop_named_never_gives_way(merchant: Merchant, dhl: DHLServer) -> None:  # noqa: F811
    set_account(merchant, "dhl", {"api_key": "k", "calls_per_second": "1000", "calls_per_day": "1000"})
    found = parcel(merchant, AMBIGUOUS, carrier="dhl")
    for _ in range(4):
        make_due(found)
        poll()
    assert (fresh(found).carrier, fresh(found).carriers_tried) == ("dhl", "")


def tracker(number: str) -> Reply:
    place = {"city": "Wien", "country": "AT"}
    detail = {"status": "delivered", "status_detail": None, "message": "Delivered", "tracking_location": place,
              "datetime": timezone.now().isoformat()}  # fmt: skip
    body = {"object": "Tracker", "tracking_code": number, "status": "delivered", "tracking_details": [detail]}
    return Reply(json.dumps(body).encode())


def test_one_key_at_an_aggregator_follows_the_parcels_of_carriers_without_an_adapter(
    merchant: Merchant, aggregator: CarrierServer
) -> None:
    number = "RB123456785JP"
    found = parcel(merchant, number)
    assert (found.carrier, found.due_at) == ("japan_post", None)  # nobody to ask
    aggregator.on("/v2/trackers", tracker(number))
    set_account(merchant, "easypost", {"api_key": "EZ"})
    poll()
    now = fresh(found)
    assert (now.status, now.poll_error) == ("delivered", "")
    assert [(scan.source, scan.city) for scan in scans(found)] == [("easypost", "Wien")]
    assert aggregator.asked[0].json == {"tracker": {"tracking_code": number, "carrier": "JapanPost"}}


def test_a_carrier_without_credentials_is_asked_through_the_aggregator_too(
    merchant: Merchant, aggregator: CarrierServer
) -> None:
    set_account(merchant, "easypost", {"api_key": "EZ"})
    aggregator.on("/v2/trackers", tracker("36301917596"))
    found = parcel(merchant, "36301917596", carrier="gls")
    poll()
    assert fresh(found).status == "delivered"


def test_a_merchant_without_an_aggregator_asks_nobody_about_them(merchant: Merchant) -> None:
    routes.forget(merchant)
    assert not polling.can_poll(merchant, "japan_post")
    assert parcel(merchant, "RB123456785JP").due_at is None

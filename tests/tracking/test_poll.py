"""DHL end to end: an order, its parcel, a due row, HTTP over the loopback, and what comes of the answer."""

import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from tests import factories
from tests.api_client import ApiClient
from tests.tracking.conftest import data_of, dhl_parcel, facts_of, fresh, make_due, poll, scans
from tests.tracking.dhl_server import DHLServer, answer
from tracking.answers import apply_tracking
from tracking.carriers.dhl import DHL, read_result
from tracking.models import CarrierGate
from tracking.schemas import WindowIn

NUMBER = "00340434000000000017"


def test_a_parcel_is_asked_about_and_brought_to_where_it_is(dhl: DHLServer, with_key: Merchant) -> None:
    dhl.says(NUMBER, "in_transit")
    parcel = dhl_parcel(with_key, NUMBER)

    assert poll() == 1

    now = fresh(parcel)
    assert (now.status, now.substatus) == ("out_for_delivery", "ofd.on_vehicle")
    assert [scan.substatus for scan in scans(parcel)] == [
        "info.label_created", "transit.accepted", "transit.origin_received", "transit.destination_received",
        "ofd.on_vehicle",
    ]  # fmt: skip
    first = scans(parcel)[1]
    assert (first.source, first.city, first.raw_code, first.offset_known) == (
        "dhl",
        "Hamburg",
        "transit",
        False,
    )
    assert (now.service, now.poll_error, now.attempts) == ("DHL PAKET", "", 0)
    assert now.polled_at is not None
    assert now.order.stage == "in_transit"
    assert facts_of(parcel) == ["shipment.created", "shipment.shipped", "shipment.out_for_delivery"]
    assert dhl.keys == ["nordwinds-key"]


def test_the_next_look_keeps_to_what_the_carrier_allows(dhl: DHLServer, with_key: Merchant) -> None:
    dhl.says(NUMBER, "in_transit")
    parcel = dhl_parcel(with_key, NUMBER)
    poll()
    wait = fresh(parcel).due_at - timezone.now()
    # DHL grants ten looks a day, so never sooner than that; how much later depends on the hour of the day, and what
    # the hours do is in test_rates.py.
    assert timedelta(minutes=143) < wait < 1.2 * DHL.poll.slowest
    assert poll() == 0
    assert dhl.asked[NUMBER] == 1


def test_a_second_look_at_the_same_answer_changes_nothing(dhl: DHLServer, with_key: Merchant) -> None:
    dhl.says(NUMBER, "in_transit")
    parcel = dhl_parcel(with_key, NUMBER)
    poll()
    before, told = scans(parcel), facts_of(parcel)
    make_due(parcel)
    assert poll() == 1
    assert dhl.asked[NUMBER] == 2
    assert [scan.pk for scan in scans(parcel)] == [scan.pk for scan in before]
    assert facts_of(parcel) == told


def test_the_carriers_window_wins_over_the_shops(dhl: DHLServer, with_key: Merchant) -> None:
    dhl.says(NUMBER, "in_transit")
    soon = timezone.now() + timedelta(days=2)
    parcel = dhl_parcel(with_key, NUMBER, delivery=WindowIn(earliest=soon, latest=soon))
    assert fresh(parcel).eta_source == "shop"
    poll()
    now = fresh(parcel)
    assert now.eta_source == "carrier"
    assert (now.eta_to - now.eta_from) == timedelta(hours=3, minutes=30)
    assert now.promised_to == soon  # what was told first stays what was promised


def test_a_window_that_slips_to_a_later_day_is_a_delay_that_says_what_was_told(
    dhl: DHLServer, with_key: Merchant
) -> None:
    dhl.says(NUMBER, "in_transit", estimatedDeliveryTimeFrame=None)
    parcel = dhl_parcel(with_key, NUMBER)
    poll()
    told = fresh(parcel).eta_to
    assert data_of(parcel, "shipment.delayed") == []

    later = timezone.now() + timedelta(days=3)
    frame = {"estimatedFrom": later.isoformat(), "estimatedThrough": (later + timedelta(hours=2)).isoformat()}
    dhl.says(NUMBER, "in_transit", estimatedDeliveryTimeFrame=frame)
    make_due(parcel)
    poll()
    [delay] = data_of(parcel, "shipment.delayed")
    assert delay["eta_was"][:16] == told.isoformat()[:16]
    assert delay["eta_to"] > delay["eta_was"]

    make_due(parcel)
    poll()
    assert len(data_of(parcel, "shipment.delayed")) == 1  # told once


def test_a_parcel_that_waits_at_a_pick_up_point_says_where_and_until_when(
    dhl: DHLServer, with_key: Merchant
) -> None:
    dhl.says(NUMBER, "pickup")
    parcel = dhl_parcel(with_key, NUMBER)
    poll()
    now = fresh(parcel)
    assert now.status == "available_for_pickup"
    assert now.pickup_place == "Packstation 145, Bahnhofplatz 2, 80331, München"
    assert facts_of(parcel)[-1] == "shipment.ready_for_pickup"


def test_a_delivery_is_told_with_its_signature_and_looking_ends_after_three_days(
    dhl: DHLServer, api: ApiClient, with_key: Merchant
) -> None:
    dhl.says("1234567890", "delivered")
    parcel = dhl_parcel(with_key, "1234567890")
    poll()
    now = fresh(parcel)
    assert (now.status, now.substatus, now.signed_by) == ("delivered", "delivered.signed", "J. DOE")
    assert now.order.stage == "delivered"
    assert facts_of(parcel) == ["shipment.created", "shipment.shipped", "shipment.delivered"]
    shown = api.get("shipments").json()["data"][0]
    assert (shown["signed_by"], shown["poll_error"]) == ("J. DOE", "")
    # A "delivered" can be taken back: once a day we look …
    assert timedelta(hours=23) < now.due_at - timezone.now() < timedelta(hours=30)
    # … and after three days no more.
    dhl.says("1234567890", "delivered", ended=timedelta(days=4))
    other = dhl_parcel(with_key, "1234567890", placed=timedelta(days=12))
    poll()
    assert fresh(other).status == "delivered"
    assert fresh(other).due_at is None


def test_a_parcel_that_goes_back_after_its_delivery_is_seen(dhl: DHLServer, with_key: Merchant) -> None:
    dhl.says(NUMBER, "delivered")
    parcel = dhl_parcel(with_key, NUMBER)
    poll()
    assert fresh(parcel).status == "delivered"
    dhl.says(NUMBER, "returned", ended=timedelta(minutes=1))
    make_due(parcel)
    poll()
    assert fresh(parcel).status == "returned"
    assert fresh(parcel).delivered_at is None
    assert facts_of(parcel)[-1] == "shipment.returned"


def test_scans_of_a_numbers_former_parcel_are_not_taken(dhl: DHLServer, with_key: Merchant) -> None:
    dhl.says(NUMBER, "delivered", ended=timedelta(days=200))
    parcel = dhl_parcel(with_key, NUMBER)
    poll()
    now = fresh(parcel)
    assert (now.status, scans(parcel)) == ("info_received", [])
    assert facts_of(parcel) == ["shipment.created", "shipment.shipped"]


def test_an_answer_about_a_number_that_was_corrected_meanwhile_is_dropped(
    dhl: DHLServer, with_key: Merchant
) -> None:
    parcel = dhl_parcel(with_key, "JJD2")

    apply_tracking(
        with_key, parcel.pk, read_result(NUMBER, json.loads(answer("delivered", number=NUMBER))), source="dhl"
    )
    assert (fresh(parcel).status, scans(parcel)) == ("info_received", [])


def test_a_corrected_number_is_asked_about_at_once(
    dhl: DHLServer, api: ApiClient, with_key: Merchant
) -> None:
    parcel = dhl_parcel(with_key, "WRONG-1", external_id="P1")
    poll()
    assert fresh(parcel).poll_error.startswith("not_found")
    dhl.says(NUMBER, "in_transit")
    with merchant_scope(with_key):
        order = Order.objects.get(pk=parcel.order_id)
    body = {
        "order_external_id": order.external_id,
        "external_id": "P1",
        "carrier": "dhl",
        "tracking_number": NUMBER,
    }
    assert api.post("shipments", body).status_code == 200
    assert poll() == 1
    assert fresh(parcel).status == "out_for_delivery"


def test_the_installations_key_serves_merchants_without_their_own(
    dhl: DHLServer,
    settings: Any,
    merchant: Merchant,
    with_key: Merchant,
    stranger: Merchant,
) -> None:
    settings.DHL_API_KEY = "everybodys-key"
    for owner in (merchant, stranger):
        dhl_parcel(owner, f"N-{owner.slug}")
    poll()
    assert sorted(dhl.keys) == ["everybodys-key", "nordwinds-key"]
    assert CarrierGate.objects.exclude(key="dhl").count() == 2  # two accesses, two gates


def test_parcels_without_a_carrier_that_can_be_asked_are_never_due(
    dhl: DHLServer, with_key: Merchant
) -> None:
    order = factories.order(with_key, quantity=3)
    for carrier in ("Hermes", "sandbox", "Uncle Bob"):
        parcel = factories.shipment(with_key, order, quantity=1, carrier=carrier)
        assert fresh(parcel).due_at is None
    assert poll() == 0


def test_the_sandbox_is_asked_where_settings_say_so(settings: Any, merchant: Merchant) -> None:
    settings.SANDBOX_POLL = True
    shipped_at = timezone.now() - timedelta(days=5)
    order = factories.order(merchant, placed_at=shipped_at)
    parcel = factories.shipment(merchant, order, tracking_number="SBX-DELIVERED-7", shipped_at=shipped_at)
    assert poll() == 1
    now = fresh(parcel)
    assert now.status == "delivered"
    # The journey begins where the merchant is and ends where the order goes.
    assert (scans(parcel)[0].city, scans(parcel)[-1].city) == ("Hamburg", "Berlin")

"""Shippo: a track is registered by the call that reads it; six statuses and their sub-statuses."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.tracking.aggregators.looks import reply, result, seen
from tests.tracking.carrier_server import CarrierServer
from tracking.carriers.base import AuthenticationFailed, CannotRead, NotFound, RateLimited
from tracking.carriers.shippo import STATUSES, Shippo
from tracking.statuses import Status

NUMBER = "9205590164917337534322"


def event(status: str, code: str = "", words: str = "", at: str = "2026-03-01T09:00:00Z") -> dict[str, Any]:
    sub = {"code": code, "text": words, "action_required": False} if code else None
    return {"status": status, "substatus": sub, "status_details": words, "status_date": at,
            "location": {"city": "Berkeley", "state": "CA", "zip": "94705", "country": "US"}}  # fmt: skip


def track(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"tracking_number": NUMBER, "carrier": "usps", "tracking_history": list(events),
            "tracking_status": events[-1] if events else None, "eta": "2026-03-03T00:00:00Z",
            "servicelevel": {"token": "usps_priority", "name": "Priority Mail"}, "messages": [],
            "address_from": {"country": "US"}, "address_to": {"city": "Berkeley", "state": "CA", "zip": "94705",
                                                               "country": "US"}, **more}  # fmt: skip


def read(value: Any, number: str | None = None, status: int = 200) -> Any:
    return Shippo().read(number, json.dumps(value).encode(), status)[0]


def test_a_track_is_registered_and_read_by_one_call(server: CarrierServer) -> None:
    server.on("/tracks/", reply(track(event("TRANSIT", "package_arrived")), 201))
    account = replace(server.account(api_token="shippo_live"), carriers={NUMBER: "usps"})
    assert seen(Shippo().track([NUMBER], account)[0]) == ["transit.arrival"]
    [asked] = server.asked
    assert (asked.method, asked.json) == ("POST", {"carrier": "usps", "tracking_number": NUMBER})
    assert asked.headers["Authorization"] == "ShippoToken shippo_live"


def test_a_number_without_a_carrier_is_not_asked_for(server: CarrierServer) -> None:
    assert isinstance(Shippo().track([NUMBER], server.account(api_token="t"))[0], NotFound)
    assert server.asked == []


def test_a_track_with_its_place_service_and_day() -> None:
    left = event("DELIVERED", "delivered", "Left with neighbor", "2026-03-02T09:00:00Z")
    found = result(read(track(event("PRE_TRANSIT", "information_received"), left)))
    assert seen(found) == ["info_received", "delivered.neighbour"]
    assert (found.service, found.destination_postcode) == ("Priority Mail", "94705")
    assert (found.eta_is_day, found.eta_from) == (True, datetime(2026, 3, 3, 8, tzinfo=UTC))
    assert (found.scans[0].city, found.scans[0].region, found.scans[0].offset_known) == (
        "Berkeley",
        "CA",
        True,
    )


@pytest.mark.parametrize(
    ("status", "code", "gives"),
    [
        ("UNKNOWN", "other", "pending"),
        ("TRANSIT", "out_for_delivery", "ofd.on_vehicle"),
        ("TRANSIT", "delivery_attempted", "attempt_failed"),
        ("TRANSIT", "notice_left", "attempt_failed"),
        ("TRANSIT", "location_inaccessible", "attempt.no_access"),
        ("TRANSIT", "pickup_available", "pickup.ready"),
        ("TRANSIT", "delayed", "exception.delay_carrier"),
        ("TRANSIT", "address_issue", "exception.address"),
        ("TRANSIT", "delivery_scheduled", "in_transit"),
        ("FAILURE", "package_undeliverable", "attempt_failed"),
        ("FAILURE", "package_lost", "exception.lost"),
        ("FAILURE", "", "exception"),
        ("RETURNED", "return_to_sender", "returned"),
        ("RETURNED", "package_unclaimed", "returning"),
        ("TRANSIT", "", "in_transit"),
    ],
)
def test_a_status_with_its_sub_status_means(status: str, code: str, gives: str) -> None:
    assert seen(read(track(event(status, code)))) == [gives]


def test_an_old_answer_without_sub_statuses_is_read_by_its_words() -> None:
    words = ["Your shipment is out for delivery.", "Your shipment has arrived at the post office."]
    told = track(
        *(event("TRANSIT", "", text, f"2026-03-0{day}T09:00:00Z") for day, text in enumerate(words, 1))
    )
    assert seen(read(told)) == ["ofd.on_vehicle", "transit.destination_received"]
    assert seen(read(track(event("TRANSIT", "", "Delivered")))) == ["in_transit"]


def test_only_a_delivery_delivers() -> None:
    assert {name for name, meaning in STATUSES.codes.items() if meaning.status == Status.DELIVERED} == {
        "delivered", "DELIVERED/other",
    }  # fmt: skip


def test_the_webhook_and_a_repeated_status_are_read_once() -> None:
    told = track(event("TRANSIT", "package_departed", "Departed"))
    assert seen(read({"event": "track_updated", "data": told})) == ["transit.departure"]


def test_a_number_that_it_knows_nothing_of_is_not_found() -> None:
    assert isinstance(read(track()), NotFound)
    assert isinstance(read({"detail": "Carrier with name 'X' is not supported."}, NUMBER, 400), NotFound)
    assert isinstance(read({"detail": "Invalid token."}, NUMBER, 401), AuthenticationFailed)
    assert isinstance(read({"detail": "Request was throttled."}, NUMBER, 429), RateLimited)
    assert isinstance(Shippo().read(NUMBER, b"<h1>Not Found</h1>")[0], CannotRead)
    assert isinstance(read(track(event("TRANSIT")), "another"), NotFound)

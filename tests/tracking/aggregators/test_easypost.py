"""EasyPost: trackers are made or found by one call, and every status and detail is read."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.tracking.aggregators.looks import reply, result, seen
from tests.tracking.carrier_server import CarrierServer
from tracking.carriers.base import AuthenticationFailed, CannotRead, CarrierDown, NotFound, RateLimited
from tracking.carriers.easypost import STATUSES, EasyPost
from tracking.normalise import normal_form
from tracking.statuses import Status

NUMBER = "EZ4000000004"


def detail(status: str, at: str, code: str | None = None, words: str = "", **place: str) -> dict[str, Any]:
    return {
        "object": "TrackingDetail", "status": status, "status_detail": code, "datetime": at, "message": words,
        "tracking_location": {"object": "TrackingLocation", "city": None, "state": None, "country": None,
                              "zip": None, **place},
    }  # fmt: skip


def tracker(*details: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "trk_1", "object": "Tracker", "tracking_code": NUMBER, "status": "in_transit", "carrier": "UPS",
        "tracking_details": list(details), "created_at": "2026-03-01T08:00:00Z",
        "updated_at": "2026-03-02T08:00:00Z", **more,
    }  # fmt: skip


WAY = tracker(
    detail("pre_transit", "2026-03-01T08:00:00Z", "label_created", "Shipping label created"),
    detail("in_transit", "2026-03-01T20:00:00Z", "departed_facility", "DEPARTURE SCAN", city="ERFURT", country="DE"),
    detail("out_for_delivery", "2026-03-02T06:00:00Z", "out_for_delivery", "OUT FOR DELIVERY"),
    detail("delivered", "2026-03-02T10:15:00Z", "arrived_at_destination", "Delivered, left with a neighbour",
           city="BERLIN", state="BE", country="DE", zip="10115"),
    status="delivered", signed_by="J. DOE", weight=17.6, est_delivery_date="2026-03-02T00:00:00Z",
    carrier_detail={"service": "Ground", "destination_location": "BERLIN, DE",
                    "destination_tracking_location": {"city": "BERLIN", "country": "DE", "zip": "10115"}},
)  # fmt: skip


def read(value: Any, number: str | None = None, status: int = 200) -> Any:
    return EasyPost().read(number, json.dumps(value).encode(), status)[0]


def test_a_tracker_is_made_or_found_by_one_call_with_the_key_and_the_carrier(server: CarrierServer) -> None:
    server.on("/v2/trackers", reply(WAY, 201))
    account = replace(server.account(api_key="EZTK"), carriers={NUMBER: "ups"})
    assert seen(EasyPost().track([NUMBER], account)[0])[-1] == "delivered.neighbour"
    [asked] = server.asked
    assert (asked.method, asked.path) == ("POST", "/v2/trackers")
    assert asked.json == {"tracker": {"tracking_code": NUMBER, "carrier": "UPS"}}
    assert base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")) == b"EZTK:"


def test_a_carrier_that_it_does_not_know_by_name_is_left_to_it(server: CarrierServer) -> None:
    server.on("/v2/trackers", reply(WAY))
    EasyPost().track([NUMBER], replace(server.account(api_key="k"), carriers={NUMBER: "swiss_post"}))
    assert server.asked[0].json == {"tracker": {"tracking_code": NUMBER}}


def test_a_whole_way_is_read() -> None:
    found = result(read(WAY))
    assert seen(found) == ["info.label_created", "transit.departure", "ofd.on_vehicle", "delivered.neighbour"]
    assert (found.proof.signed_by, found.weight_grams, found.service) == ("J. DOE", 499, "Ground")
    assert (found.destination_country, found.destination_postcode) == ("DE", "10115")
    last = found.scans[-1]
    assert (last.city, last.region, last.postcode, last.country) == ("BERLIN", "BE", "10115", "DE")
    assert (last.raw_code, last.offset_known) == ("delivered/arrived_at_destination", True)
    assert (found.eta_is_day, found.eta_to) == (True, datetime(2026, 3, 2, 22, 59, 59, tzinfo=UTC))


def test_a_webhooks_event_and_a_list_are_read_the_same() -> None:
    event = {"object": "Event", "description": "tracker.updated", "result": WAY}
    assert seen(read(event)) == seen(read({"trackers": [WAY], "has_more": False})) == seen(read(WAY))
    assert isinstance(read({"trackers": [], "has_more": False}), NotFound)
    assert isinstance(read(WAY, "EZ1"), NotFound)


@pytest.mark.parametrize(
    ("status", "code", "gives"),
    [
        ("unknown", "unknown", "pending"),
        ("pre_transit", None, "info_received"),
        ("in_transit", "arrived_at_facility", "transit.arrival"),
        ("in_transit", "delayed", "in_transit"),
        ("in_transit", "delivery_exception", "attempt_failed"),
        ("in_transit", "expired", "expired"),
        ("out_for_delivery", "out_for_delivery", "ofd.on_vehicle"),
        ("available_for_pickup", "arrived_at_pickup_location", "pickup.ready"),
        ("return_to_sender", "return", "returning"),
        ("failure", "lost", "exception.lost"),
        ("failure", "weather_delay", "exception.delay_weather"),
        ("error", None, "exception"),
        ("cancelled", "cancelled", "cancelled"),
    ],
)
def test_a_status_with_its_detail_means(status: str, code: str | None, gives: str) -> None:
    assert seen(read(tracker(detail(status, "2026-03-01T08:00:00Z", code)))) == [gives]


def test_no_detail_can_make_a_delivery() -> None:
    told = tracker(detail("in_transit", "2026-03-01T08:00:00Z", "arrived_at_destination", "Delivered"))
    assert result(read(told)).scans[0].status == Status.IN_TRANSIT
    assert all(
        meaning.status != Status.DELIVERED or name.startswith("delivered/")
        for name, meaning in STATUSES.codes.items()
    )


def test_back_at_the_sender_is_told_by_the_words() -> None:
    told = tracker(detail("return_to_sender", "2026-03-01T08:00:00Z", "return", "Returned to sender"))
    assert seen(read(told)) == ["returned"]


def test_a_tracker_without_details_still_says_where_it_is() -> None:
    assert seen(read(tracker(status="delivered"))) == ["delivered"]
    assert seen(read(tracker(status="unknown"))) == []


def test_a_status_that_nobody_knows_is_in_transit_and_reported() -> None:
    found = result(read(tracker(detail("teleported", "2026-03-01T08:00:00Z", "odd", "Delivered by magic"))))
    assert (seen(found), found.unknown_codes) == (["in_transit"], ("teleported/odd",))


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("APIKEY.INACTIVE", 401, AuthenticationFailed),
        ("TRACKER.CREATE.ERROR", 200, NotFound),
        ("TRACKER.NOT_FOUND", 404, NotFound),
        ("RATE_LIMITED", 429, RateLimited),
        ("INTERNAL_SERVER_ERROR", 500, CarrierDown),
        ("BAD_REQUEST", 400, CannotRead),
    ],
)
def test_its_errors_are_typed(code: str, status: int, kind: type) -> None:
    answer = read({"error": {"code": code, "message": "no", "errors": []}}, NUMBER, status)
    assert type(answer) is kind


@pytest.mark.parametrize(
    "body", [b"", b"<html>busy</html>", b'{"tracking_code": "1", "tracking_det', b"[]", b"7"]
)
def test_what_is_no_tracker_is_not_read(body: bytes) -> None:
    [answer] = EasyPost().read(NUMBER, body)
    assert isinstance(answer, CannotRead | NotFound)


@pytest.mark.parametrize("name", ["easypost", "EasyPost", "easy_post"])
def test_the_command_knows_an_adapter_by_any_spelling(name: str) -> None:
    shown = normal_form(name, json.dumps(WAY).encode())
    assert (shown["status"], shown["substatus"]) == ("delivered", "delivered.neighbour")
    with pytest.raises(LookupError):
        normal_form("pigeon", b"{}")

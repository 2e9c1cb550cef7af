"""GLS: a token, ten parcels a call, and the parcel's state where an event's code is new."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.tracking.aggregators.looks import reply, result, seen
from tests.tracking.carrier_server import CarrierServer
from tracking.carriers.base import AuthenticationFailed, CannotRead, CarrierDown, NotFound, RateLimited
from tracking.carriers.gls import GLS, STATUSES

NUMBER = "36301917596"


def event(code: str, words: str, at: str = "2026-03-07T10:46:14+0100", **place: str) -> dict[str, Any]:
    return {"code": code, "description": words, "eventDateTime": at, "city": "", "postalCode": "", "country": "DE",
            **place}  # fmt: skip


def parcel(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"requested": NUMBER, "unitno": NUMBER, "status": "INTRANSIT", "statusDateTime": "2026-03-08T10:00:00+0100",
            "events": list(events), **more}  # fmt: skip


def read(value: Any, number: str | None = None, status: int = 200) -> Any:
    return GLS().read(number, json.dumps(value).encode(), status)[0]


def test_parcels_are_asked_together_with_a_token(server: CarrierServer) -> None:
    server.token("/oauth2/v2/token", "abc")
    missing = {"requested": "1", "errorCode": "E_404_01", "errorMessage": "Resource Not Found"}
    told = {"parcels": [parcel(event("INTIAL.NORMAL", "The parcel was handed over to GLS.")), missing]}
    server.on("/track-and-trace-v1/", reply(told))
    account = replace(server.account(client_id="me", client_secret="s"), language="de")
    first, second = GLS().track([NUMBER, "1"], account)
    assert seen(first) == ["transit.picked_up"]
    assert isinstance(second, NotFound)
    token, asked = server.asked
    assert token.form == {"grant_type": "client_credentials", "client_id": "me", "client_secret": "s"}
    assert asked.path == f"/track-and-trace-v1/tracking/simple/trackids/{NUMBER},1"
    assert (asked.headers["Authorization"], asked.headers["Accept-Language"]) == ("Bearer abc", "de")


def test_a_number_cannot_change_the_path(server: CarrierServer) -> None:
    server.token("/oauth2/v2/token")
    server.on("/track-and-trace-v1/", reply({"parcels": []}))
    assert isinstance(
        GLS().track(["../../x?y#z"], server.account(client_id="a", client_secret="b"))[0], NotFound
    )
    assert server.paths()[1].endswith("/trackids/..%2F..%2Fx%3Fy%23z")


def test_a_way_in_its_own_clock() -> None:
    found = result(read({"parcels": [parcel(
        event("INTIAL.PREADVICE", "The parcel data was entered into the GLS IT system.", "2026-03-07T09:30:00+0100"),
        event("INBOUND.NORMAL", "The parcel has reached the parcel center.", city="Berlin", postalCode="10437"),
    )]}))  # fmt: skip
    assert seen(found) == ["info_received", "transit.arrival"]
    assert (found.scans[1].city, found.scans[1].postcode, found.scans[1].offset_known) == (
        "Berlin",
        "10437",
        True,
    )
    assert found.scans[1].occurred_at == datetime(2026, 3, 7, 9, 46, 14, tzinfo=UTC)


def test_the_parcels_state_says_what_a_new_code_of_the_newest_event_means() -> None:
    new = event("DLVR.X1", "Das Paket wurde zugestellt / an Nachbar zugestellt.")
    found = result(read({"parcels": [parcel(new, status="DELIVERED")]}))
    assert (seen(found), found.unknown_codes) == (["delivered.neighbour"], ("DLVR.X1",))
    assert seen(read({"parcels": [parcel(new)]})) == ["in_transit"]


@pytest.mark.parametrize(
    ("state", "gives"),
    [(code, row.substatus or row.status) for code, row in STATUSES.codes.items() if "." not in code],
)
def test_a_state_without_events_is_a_scan(state: str, gives: str) -> None:
    assert seen(read({"parcels": [parcel(status=state)]})) == [gives]


@pytest.mark.parametrize(
    ("value", "status", "kind"),
    [
        (
            {"parcels": [{"requested": NUMBER, "errorCode": "E_400_07", "errorMessage": "invalid"}]},
            200,
            NotFound,
        ),
        (
            {"parcels": [{"requested": NUMBER, "errorCode": "E_500_01", "errorMessage": "down"}]},
            200,
            CarrierDown,
        ),
        ({"errorCode": "E_401_01", "errorMessage": "no"}, 200, AuthenticationFailed),
        ({}, 429, RateLimited),
        ({}, 503, CarrierDown),
        ({"parcels": []}, 200, NotFound),
        ([], 200, CannotRead),
    ],
)
def test_its_errors_are_typed(value: Any, status: int, kind: type) -> None:
    assert type(read(value, NUMBER, status)) is kind

"""17TRACK: forty numbers a call, registered when they are new; statuses, sub-statuses and stages; earlier forms."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.tracking.aggregators.looks import reply, result, seen
from tests.tracking.carrier_server import CarrierServer
from tracking.carriers.base import (
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    HandOver,
    NotFound,
    RateLimited,
)
from tracking.carriers.seventeentrack import SeventeenTrack
from tracking.carriers.seventeentrack_v1 import STATUSES
from tracking.statuses import Status

NUMBER = "RR123456789CN"


def event(
    sub: str | None, at: str = "2026-03-01T09:00:00+08:00", words: str = "", **more: Any
) -> dict[str, Any]:
    return {"time_iso": at, "time_utc": None, "time_raw": {"date": at[:10], "time": at[11:19], "timezone": None},
            "description": words, "location": "", "stage": None, "sub_status": sub,
            "address": {"country": None, "state": None, "city": None, "postal_code": None}, **more}  # fmt: skip


def parcel(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    info = {
        "shipping_info": {"shipper_address": {"country": "CN"},
                          "recipient_address": {"country": "DE", "postal_code": "10115"}},
        "latest_status": {"status": "InTransit", "sub_status": "InTransit_Other"},
        "latest_event": events[-1] if events else None,
        "time_metrics": {"estimated_delivery_date": {"source": "Official", "from": "2026-03-10T00:00:00+01:00",
                                                     "to": "2026-03-12T23:59:59+01:00"}},
        "misc_info": {"service_type": "Packet", "weight_kg": "0.5", "local_number": "00340434161094015902",
                      "local_key": 7041},
        "tracking": {"providers": [{"provider": {"key": 3011}, "events": list(events)}]},
        **more,
    }  # fmt: skip
    return {"number": NUMBER, "carrier": 3011, "track_info": info}


def answer(accepted: list[Any], rejected: list[Any] = []) -> dict[str, Any]:  # noqa: B006
    return {"code": 0, "data": {"accepted": accepted, "rejected": rejected}}


def read(value: Any, number: str | None = None, status: int = 200) -> Any:
    return SeventeenTrack().read(number, json.dumps(value).encode(), status)[0]


def refusal(number: str, code: int) -> dict[str, Any]:
    return {"number": number, "error": {"code": code, "message": "no"}}


def test_new_numbers_are_registered_after_the_others_were_read(server: CarrierServer) -> None:
    server.on(
        "/gettrackinfo", reply(answer([parcel(event("InTransit_Departure"))], [refusal("NEW1", -18019902)]))
    )
    server.on("/register", reply(answer([{"origin": 1, "number": "NEW1", "carrier": 100007}])))
    account = replace(server.account(api_key="17"), carriers={"NEW1": "dpd"})
    first, second = SeventeenTrack().track([NUMBER, "NEW1"], account)
    assert seen(first) == ["transit.departure"]
    assert isinstance(second, NotFound)
    assert server.paths() == ["/gettrackinfo", "/register"]
    assert server.asked[1].json == [{"number": "NEW1", "carrier": 100007}]
    assert server.asked[0].headers["17token"] == "17"


def test_a_quota_that_is_used_up_is_everybodys_trouble(server: CarrierServer) -> None:
    server.on("/gettrackinfo", reply({"code": -18019908, "data": {}}))
    answers = SeventeenTrack().track([NUMBER, "NEW1"], server.account(api_key="17"))
    assert {type(one) for one in answers} == {AuthenticationFailed}
    assert server.paths() == ["/gettrackinfo"]


def test_a_parcel_with_all_that_is_told_of_it() -> None:
    found = result(read(answer([parcel(
        event("InfoReceived", "2026-03-01T09:00:00+08:00"),
        event("InTransit_CustomsReleased", "2026-03-08T09:00:00+01:00", address={"country": "DE", "city": "Berlin"}),
    )])))  # fmt: skip
    assert seen(found) == ["info_received", "transit.customs_cleared"]
    assert (found.service, found.weight_grams, found.origin_country) == ("Packet", 500, "CN")
    assert found.handed_over_to == HandOver("dhl_parcel_de", "00340434161094015902")
    assert (found.eta_from, found.eta_is_day) == (datetime(2026, 3, 9, 23, tzinfo=UTC), False)
    assert found.scans[0].occurred_at == datetime(2026, 3, 1, 1, tzinfo=UTC)
    assert (found.scans[1].city, found.scans[1].country) == ("Berlin", "DE")


def test_its_own_guess_of_a_date_is_not_the_carriers_word() -> None:
    guess = {"estimated_delivery_date": {"source": "17TRACK", "from": "2026-03-10T00:00:00Z", "to": None}}
    assert result(read(answer([parcel(event("InTransit_Other"), time_metrics=guess)]))).eta_to is None


def test_the_webhook_is_read_as_the_answer() -> None:
    pushed = {"event": "TRACKING_UPDATED", "data": parcel(event("OutForDelivery_Other"))}
    assert seen(read(pushed)) == ["ofd.on_vehicle"]
    assert isinstance(read({"event": "TRACKING_STOPPED", "data": {"number": NUMBER}}), NotFound)


@pytest.mark.parametrize(("code", "gives"), sorted(STATUSES.codes.items()))
def test_every_status_is_read(code: str, gives: Any) -> None:
    assert seen(read(answer([parcel(event(code))]))) == [gives.substatus or gives.status]
    if gives.status == Status.DELIVERED:
        assert code in ("Delivered", "Delivered_Other", "40")


def test_an_event_between_the_milestones_is_read_by_its_words_and_never_delivered() -> None:
    later = event(None, "2026-03-02T09:00:00+08:00", "Delivered")
    found = result(read(answer([parcel(event(None, words="Arrived at sorting hub"), later)])))
    assert (seen(found), found.unknown_codes) == (["transit.arrival", "in_transit"], ())


def test_a_time_without_an_offset_says_so() -> None:
    told = event("InTransit_Arrival", "2026-03-08T09:00:00", address={"country": "DE"})
    [scan] = result(read(answer([parcel(told)]))).scans
    assert (scan.offset_known, scan.occurred_at) == (False, datetime(2026, 3, 8, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("state", "gives"),
    [(10, "transit.destination_country"), (30, "available_for_pickup"), (35, "attempt_failed"), (40, "delivered"),
     (50, "exception"), (5000, "transit.destination_country"), (None, "transit.destination_country")],
)  # fmt: skip
def test_the_list_of_its_app_is_read(state: int | None, gives: str) -> None:
    last = json.dumps(
        {"a": "2026-03-01 10:00", "b": None, "c": "Milano", "d": "Italy", "z": "Arrival at Destination Post"}
    )
    row = {"FTrackNo": NUMBER, "FLastEvent": last, "FPackageState": state}
    assert seen(read({"Json": [row]}))[-1] == gives
    assert isinstance(read({"Json": [{**row, "FLastEvent": ""}]}), NotFound)


def test_the_first_version_is_read() -> None:
    track = {"e": 40, "z1": [{"a": "2026-03-02 10:00", "c": "Berlin", "d": "Germany", "z": "Delivered"},
                             {"a": "2026-03-01 10:00", "c": "", "d": "", "z": "Departed"}]}  # fmt: skip
    assert seen(read(answer([{"number": NUMBER, "track": track}]))) == ["transit.departure", "delivered"]


@pytest.mark.parametrize(
    ("value", "status", "kind"),
    [
        ({"code": -18010002, "data": {}}, 200, AuthenticationFailed),
        ({"code": -18010003, "data": {}}, 200, CarrierDown),
        ({"code": 429}, 200, RateLimited),
        ({"code": -18019907}, 200, RateLimited),  # the day's limit: tomorrow it answers again
        # Of this number's carrier alone: a closed gate would hold up everybody's parcels.
        (answer([], [refusal(NUMBER, -18019911)]), 200, NotFound),
        ({}, 429, RateLimited),
        ({}, 401, AuthenticationFailed),
        (answer([], [refusal(NUMBER, -18019909)]), 200, NotFound),
        (answer([], []), 200, CannotRead),
        ([], 200, CannotRead),
    ],
)
def test_its_errors_are_typed(value: Any, status: int, kind: type) -> None:
    assert type(read(value, NUMBER, status)) is kind

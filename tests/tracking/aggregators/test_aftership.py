"""AfterShip: fifty numbers a call, the rest begun; nine tags and all their sub-tags."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.tracking.aggregators.looks import reply, result, seen
from tests.tracking.carrier_server import CarrierServer
from tracking.carriers.aftership import STATUSES, AfterShip
from tracking.carriers.base import (
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    HandOver,
    NotFound,
    RateLimited,
)
from tracking.statuses import Status

NUMBER = "3SABCD123456789"


def point(subtag: str, at: str = "2026-03-01T09:00:00+01:00", words: str = "", **more: Any) -> dict[str, Any]:
    return {"tag": subtag.partition("_")[0], "subtag": subtag, "checkpoint_time": at, "message": words,
            "city": None, "state": None, "zip": None, "country_iso3": None, **more}  # fmt: skip


def tracking(*points: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "x1", "tracking_number": NUMBER, "slug": "postnl-3s", "tag": "InTransit",
            "subtag": "InTransit_001", "updated_at": "2026-03-02T00:00:00+00:00", "checkpoints": list(points),
            **more}  # fmt: skip


WAY = tracking(
    point("InfoReceived_001", "2026-03-01T09:00:00+01:00", "Data received"),
    point("InTransit_004", "2026-03-02T08:00:00", "Arrived", country_iso3="ESP", city="Madrid"),
    point("Delivered_003", "2026-03-03T12:30:00+01:00", "Delivered against signature", country_iso3="ESP"),
    tag="Delivered", signed_by="ANA", shipment_weight={"value": 1.16, "unit": "kg"},
    origin_country_iso3="NLD", destination_country_iso3="ESP", destination_postal_code="46970",
    courier_estimated_delivery_date={"estimated_delivery_date": "2026-03-03", "estimated_delivery_date_min": None,
                                     "estimated_delivery_date_max": None},
    last_mile={"tracking_number": "PK1", "slug": "spain-correos-es"},
)  # fmt: skip


def read(value: Any, number: str | None = None, status: int = 200) -> Any:
    return AfterShip().read(number, json.dumps(value).encode(), status)[0]


def ok(data: Any) -> dict[str, Any]:
    return {"meta": {"code": 200}, "data": data}


def test_numbers_are_read_together_and_unknown_ones_begun(server: CarrierServer) -> None:
    server.on(
        "/trackings",
        reply(ok({"trackings": [WAY]})),
        reply(ok(tracking(tag="Pending", tracking_number="NEW1")), 201),
    )
    account = replace(server.account(api_key="asat"), carriers={"NEW1": "dpd"})
    first, second = AfterShip().track([NUMBER, "NEW1"], account)
    assert seen(first)[-1] == "delivered.signed"
    assert (result(second).tracking_number, seen(second)) == ("NEW1", [])
    listed, begun = server.asked
    assert (listed.method, listed.query) == ("GET", {"tracking_numbers": [f"{NUMBER},NEW1"]})
    assert listed.headers["as-api-key"] == "asat"
    assert (begun.method, begun.json) == ("POST", {"tracking_number": "NEW1", "slug": "dpd-de"})


def test_a_wrong_key_begins_nothing(server: CarrierServer) -> None:
    server.on("/trackings", reply({"meta": {"code": 401, "message": "Invalid API key."}}, 401))
    answers = AfterShip().track([NUMBER, "NEW1"], server.account(api_key="no"))
    assert [type(answer) for answer in answers] == [AuthenticationFailed, AuthenticationFailed]
    assert len(server.asked) == 1


def test_a_whole_way_is_read() -> None:
    found = result(read(ok({"tracking": WAY})))
    assert seen(found) == ["info_received", "transit.destination_country", "delivered.signed"]
    assert (found.proof.signed_by, found.weight_grams) == ("ANA", 1160)
    assert (found.origin_country, found.destination_country, found.destination_postcode) == (
        "NL",
        "ES",
        "46970",
    )
    assert found.handed_over_to == HandOver("correos", "PK1")
    local = found.scans[1]
    assert (local.offset_known, local.occurred_at) == (False, datetime(2026, 3, 2, 7, tzinfo=UTC))
    assert (found.eta_is_day, found.eta_to) == (True, datetime(2026, 3, 3, 22, 59, 59, tzinfo=UTC))


def test_old_and_new_forms_and_the_webhook_are_read_the_same() -> None:
    forms = [
        ok({"tracking": WAY}),
        ok({"trackings": [WAY]}),
        ok(WAY),
        {"event": "tracking_update", "msg": WAY},
    ]
    assert {tuple(seen(read(form))) for form in forms} == {tuple(seen(read(WAY)))}
    assert seen(
        read(ok({"tracking_number": NUMBER, "tag": "InTransit", "checkpoint": point("InTransit_003")}))
    ) == ["transit.arrival"]


@pytest.mark.parametrize(("code", "gives"), sorted(STATUSES.codes.items()))
def test_every_sub_tag_is_of_a_tag_that_is_known(code: str, gives: Any) -> None:
    tag = code.partition("_")[0]
    assert tag in STATUSES.families
    assert seen(read(tracking(point(code)))) == [gives.substatus or gives.status]
    if gives.status == Status.DELIVERED:
        assert tag == "Delivered"


def test_all_documented_sub_tags_are_there() -> None:
    counted = {"Delivered": 5, "AttemptFail": 3, "Exception": 19, "InTransit": 9, "Pending": 6, "Expired": 1,
               "InfoReceived": 1, "OutForDelivery": 3, "AvailableForPickup": 1}  # fmt: skip
    names = [code.partition("_")[0] for code in STATUSES.codes]
    assert {tag: names.count(tag) for tag in STATUSES.families} == counted


def test_a_sub_tag_of_tomorrow_means_what_its_tag_means() -> None:
    found = result(read(tracking(point("Exception_042", words="Something new"))))
    assert (seen(found), found.unknown_codes) == (["exception"], ("Exception_042",))


def test_a_tracking_without_checkpoints_says_where_it_is() -> None:
    assert seen(read(tracking(tag="Delivered", subtag="Delivered_001"))) == ["delivered"]
    assert seen(read(tracking(tag="Pending", subtag="Pending_001"))) == []


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (401, 401, AuthenticationFailed),
        (4004, 404, NotFound),
        (4005, 400, NotFound),
        (429, 429, RateLimited),
        (500, 500, CarrierDown),
        (4004, 200, NotFound),
        (400, 400, CannotRead),
    ],
)
def test_its_errors_are_typed(code: int, status: int, kind: type) -> None:
    answer = read({"meta": {"code": code, "type": "X", "message": "no"}, "data": {}}, NUMBER, status)
    assert type(answer) is kind


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"data": {"trackings": [{"tr', b'{"meta": {"code": 200}}', b"1"]
)
def test_what_is_no_tracking_is_not_read(body: bytes) -> None:
    assert isinstance(AfterShip().read(NUMBER, body)[0], CannotRead | NotFound)

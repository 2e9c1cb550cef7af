"""UPS, FedEx, USPS, Royal Mail and Canada Post: what an answer is read as.

The fixtures are our own, in the forms that the carriers document.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tracking.carriers.base import CarrierError, HandOver, TrackingResult
from tracking.carriers.registry import ADAPTERS
from tracking.normalise import normal_form
from tracking.resolve import ScanFacts, ShipmentState, resolve

FIXTURES = Path(__file__).parent / "fixtures"
SHARED = Path(os.environ.get("AFTERWARD_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")


def read(path: str, number: str | None = None) -> TrackingResult:
    carrier = path.partition("/")[0]
    answer = ADAPTERS[carrier].read(number, (FIXTURES / path).read_bytes())[0]
    assert isinstance(answer, TrackingResult), answer
    return answer


def error_of(path: str, status: int = 200, retry_after: float | None = None) -> CarrierError:
    carrier = path.partition("/")[0]
    [answer] = ADAPTERS[carrier].read("1", (FIXTURES / path).read_bytes(), status, retry_after)
    assert isinstance(answer, CarrierError), answer
    return answer


def state(result: TrackingResult) -> ShipmentState:
    facts = [ScanFacts(s.occurred_at, s.status, s.substatus, f"{n:03}") for n, s in enumerate(result.scans)]
    return resolve(facts, now=datetime(2026, 12, 1, tzinfo=UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


END = [
    ("ups/out_for_delivery.json", "out_for_delivery", "ofd.on_vehicle"),
    ("ups/delivered.json", "delivered", ""),
    ("ups/attempt.json", "attempt_failed", "attempt.no_one"),
    ("ups/access_point.json", "available_for_pickup", "pickup.ready"),
    ("ups/customs.json", "in_transit", "transit.customs_cleared"),
    ("fedex/batch.json", "out_for_delivery", "ofd.on_vehicle"),
    ("fedex/held.json", "available_for_pickup", "pickup.ready"),
    ("usps/delivered.json", "delivered", "delivered.recipient"),
    ("usps/notice_left.json", "attempt_failed", "attempt.no_one"),
    ("usps/other_spelling.json", "in_transit", ""),
    ("royal_mail/due_today.json", "out_for_delivery", "ofd.on_vehicle"),
    ("royal_mail/delivered.json", "delivered", "delivered.signed"),
    ("royal_mail/unknown.json", "in_transit", ""),
    ("canada_post/delivered.xml", "delivered", ""),
    ("canada_post/french.xml", "available_for_pickup", "pickup.ready"),
    ("canada_post/returned.xml", "returned", ""),
    ("canada_post/json.json", "delivered", "delivered.safe_place"),
]


@pytest.mark.parametrize(("path", "status", "substatus"), END)
def test_where_the_parcel_is(path: str, status: str, substatus: str) -> None:
    result = read(path)
    assert (state(result).status, state(result).substatus) == (status, substatus)
    assert [scan.occurred_at for scan in result.scans] == sorted(scan.occurred_at for scan in result.scans)
    assert all(scan.local_time for scan in result.scans)


ERRORS: list[tuple[str, int, str]] = [
    ("ups/not_found.json", 200, "not_found"),
    ("ups/unauthorized.json", 401, "authentication_failed"),
    ("ups/unauthorized.json", 200, "authentication_failed"),
    ("fedex/unauthorized.json", 401, "authentication_failed"),
    ("fedex/unauthorized.json", 200, "authentication_failed"),
    ("fedex/down.json", 500, "carrier_down"),
    ("fedex/down.json", 200, "carrier_down"),
    ("fedex/limited.json", 429, "rate_limited"),
    ("fedex/limited.json", 200, "rate_limited"),
    ("usps/not_found.json", 404, "not_found"),
    ("usps/not_found.json", 200, "not_found"),
    ("usps/limited.json", 429, "rate_limited"),
    ("usps/limited.json", 200, "rate_limited"),
    ("usps/unauthorized.json", 401, "authentication_failed"),
    ("usps/unauthorized.json", 200, "authentication_failed"),
    ("royal_mail/not_found.json", 404, "not_found"),
    ("royal_mail/not_found.json", 200, "not_found"),
    ("royal_mail/unauthorized.json", 200, "authentication_failed"),
    ("royal_mail/limited.json", 200, "rate_limited"),
    ("canada_post/not_found.xml", 404, "not_found"),
    ("canada_post/not_found.xml", 200, "not_found"),
    ("canada_post/unauthorized.xml", 401, "authentication_failed"),
    ("canada_post/unauthorized.xml", 200, "authentication_failed"),
]


@pytest.mark.parametrize(("path", "status", "code"), ERRORS)
def test_an_error_is_seen_by_its_body_with_and_without_its_status(path: str, status: int, code: str) -> None:
    error = error_of(path, status, 30.0)
    assert error.code == code
    assert error.number == "1"
    assert getattr(error, "retry_after", 30.0) == 30.0


ASKED = [code for code in ADAPTERS if code != "sandbox"]


@pytest.mark.parametrize("carrier", ASKED)
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"<html><body>Down for maintenance</body></html>", 200, "cannot_read"),
        (b"<html><body>Bad gateway</body></html>", 502, "carrier_down"),
        (b"<!DOCTYPE html><html>", 401, "authentication_failed"),
        (b"slow down", 429, "rate_limited"),
        (b"", 200, "cannot_read"),
        (b'{"trackResponse": {"shipment": [{"inq', 200, "cannot_read"),
        (b"[]", 200, None),
        (b"null", 200, None),
        (b'"text"', 200, None),
        (b"{}", 500, "carrier_down"),
        (b"x" * 10_000_000, 200, "cannot_read"),
    ],
    ids=["page", "502", "401", "429", "empty", "cut off", "list", "null", "text", "500", "10 MB"],
)
def test_a_broken_answer_is_a_typed_error(carrier: str, body: bytes, status: int, code: str | None) -> None:
    [error] = ADAPTERS[carrier].read("1", body, status)
    assert isinstance(error, CarrierError)
    assert error.code == code or (code is None and error.code in ("cannot_read", "not_found"))


@pytest.mark.parametrize(("path", "status", "substatus"), END)
def test_an_answer_without_any_one_of_its_fields_is_read_or_a_typed_error(
    path: str, status: str, substatus: str
) -> None:
    if not path.endswith(".json"):
        return
    carrier = path.partition("/")[0]
    whole = json.loads((FIXTURES / path).read_text())
    for broken in _without_each(whole):
        for answer in ADAPTERS[carrier].read(None, json.dumps(broken).encode()):
            assert isinstance(answer, TrackingResult | CarrierError)


def _without_each(value: Any) -> list[Any]:
    """Copies of a JSON value, each with one field gone, null, empty, or a list where there was one."""
    made: list[Any] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            rest = {name: other for name, other in value.items() if name != key}
            made += [
                rest,
                {**value, key: None},
                {**value, key: ""},
                {**value, key: [inner]},
                {**value, key: {}},
            ]
            made += [{**value, key: changed} for changed in _without_each(inner)]
    elif isinstance(value, list) and value:
        made += [value[0], *([changed, *value[1:]] for changed in _without_each(value[0]))]
    return made


# Windows


@pytest.mark.parametrize(
    ("path", "number", "begins", "ends", "is_day"),
    [
        # 10:30 to 14:30 in Denver on the rescheduled day, not the scheduled one.
        ("ups/out_for_delivery.json", None, "2026-03-05T17:30:00", "2026-03-05T21:30:00", False),
        ("ups/attempt.json", None, "2026-03-05T07:00:00", "2026-03-06T06:59:59", True),
        ("fedex/batch.json", "794600000001", "2026-03-05T17:15:00", "2026-03-05T21:15:00", False),
        # A midnight is a day, whatever offset FedEx writes with it: the day in Denver.
        ("fedex/batch.json", "794600000002", "2026-03-06T07:00:00", "2026-03-07T06:59:59", True),
        ("usps/notice_left.json", None, "2026-03-06T16:15:00", "2026-03-06T20:15:00", False),
        ("usps/other_spelling.json", None, "2026-03-06T07:00:00", "2026-03-07T06:59:59", True),
        ("royal_mail/due_today.json", None, "2026-03-30T07:00:00", "2026-03-30T10:00:00", False),
        ("canada_post/french.xml", None, "2026-07-06T04:00:00", "2026-07-07T03:59:59", True),
    ],
)
def test_the_window_is_the_carriers_own(
    path: str, number: str | None, begins: str, ends: str, is_day: bool
) -> None:
    result = read(path, number)
    assert (result.eta_from, result.eta_to, result.eta_is_day) == (at(begins), at(ends), is_day)


# Times, places, details


def test_ups_gmt_times_are_taken_and_local_ones_kept() -> None:
    label, departure, _ = read("ups/out_for_delivery.json").scans
    assert (label.occurred_at, label.offset_known) == (at("2026-03-02T15:15:00"), False)  # Kentucky's clock
    assert (departure.occurred_at, departure.offset_known) == (at("2026-03-04T04:10:00"), True)
    assert departure.local_time == "20260303T231000"
    assert (departure.city, departure.region, departure.postcode, departure.country) == (
        "LOUISVILLE", "KY", "40213", "US",
    )  # fmt: skip


def test_ups_proof_weight_service_and_the_next_carrier() -> None:
    result = read("ups/delivered.json")
    assert (result.proof.signed_by, result.proof.place, result.proof.left_with) == (
        "DOE",
        "Front Door",
        "safe_place",
    )
    assert result.proof.available
    assert (result.weight_grams, result.service, result.destination_country) == (907, "UPS Ground", "US")
    assert read("ups/customs.json").handed_over_to == HandOver("usps", "92419900000000000000000001")


def test_ups_access_point_is_a_place_with_a_last_day() -> None:
    pickup = read("ups/access_point.json").pickup
    assert pickup is not None
    assert pickup.line == "CORNER STORE, 12 MAIN ST, 80205, DENVER"
    assert pickup.until == at("2026-03-13T05:59:59")


def test_fedex_answers_a_batch_and_takes_the_newest_of_two_parcels_with_one_number() -> None:
    found = ADAPTERS["fedex"].read(None, (FIXTURES / "fedex/batch.json").read_bytes())
    first, second, third, fourth = found
    assert isinstance(second, TrackingResult)
    assert state(second).substatus == "attempt.no_one"  # and not the delivery of two years before
    assert isinstance(third, CarrierError)
    assert (third.code, third.number) == ("not_found", "794600000003")
    assert isinstance(fourth, TrackingResult)
    assert state(fourth).substatus == "delivered.safe_place"
    assert (fourth.proof.signed_by, fourth.proof.available, fourth.weight_grams) == ("J.DOE", True, 900)
    assert isinstance(first, TrackingResult)
    assert first.scans[0].local_time == "2026-03-02T00:00:00"  # no offset, no hour: Tennessee's day
    assert (first.scans[0].occurred_at, first.scans[0].offset_known) == (at("2026-03-02T06:00:00"), False)


def test_fedex_tells_where_it_is_held() -> None:
    pickup = read("fedex/held.json").pickup
    assert pickup is not None
    assert (pickup.name, pickup.code) == ("Corner Pharmacy", "BWYA81")


def test_usps_gmt_times_names_and_entities() -> None:
    result = read("usps/delivered.json")
    last = result.scans[-1]
    assert (last.occurred_at, last.local_time, last.offset_known) == (
        at("2026-03-05T20:58:40"), "2026-03-05T13:58:00", True,
    )  # fmt: skip
    assert (result.service, result.proof.signed_by) == ("Priority Mail®", "J DOE")
    assert result.scans[1].region == "NY"  # out of "QUEENS NY DISTRIBUTION CENTER"
    spelled = read("usps/other_spelling.json")
    assert (spelled.scans[0].occurred_at, spelled.scans[0].offset_known) == (at("2026-03-05T04:05:00"), False)


def test_canada_posts_clocks_in_both_languages() -> None:
    result = read("canada_post/french.xml")
    assert result.scans[-1].occurred_at == at("2026-07-05T17:00:00")  # HAE: summer in Quebec
    assert result.scans[-1].local_time == "2026-07-05 13:00:00 HAE"
    assert read("canada_post/delivered.xml").proof.signed_by == "R ROE"


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("usps/other_spelling.json", ("ZQ",)),
        ("royal_mail/unknown.json", ("EVQQQ", "EVXYZ")),
        ("ups/delivered.json", ()),
        ("canada_post/french.xml", ()),
    ],
)
def test_unknown_codes_are_named_and_deliver_nothing(path: str, codes: tuple[str, ...]) -> None:
    result = read(path)
    assert result.unknown_codes == codes
    assert not any(scan.status == "delivered" for scan in result.scans if not scan.known)


# The shared recordings


RECORDED = [
    ("ups", "ups/TrackingResponseJSON.json", "in_transit"),
    ("ups", "ups/AuthError.json", "authentication_failed"),
    ("ups", "ups/InvalidTrackingNumberResponseJSON.json", "not_found"),
    ("ups", "ups/TrackingNumberNotFoundResponseJSON.json", "not_found"),
    ("fedex", "fedex/DuplicateTrackingResponse.json", "delivered"),
    ("fedex", "fedex/InconsistentDateTimeResponse.json", "delivered"),
    ("fedex", "fedex/TrackingResponse.json", "in_transit"),
    ("fedex", "fedex/ErrorResponse.json", "not_found"),
    ("usps", "usps/TrackingResponse.json", "delivered"),
    ("usps", "usps/AuthErrorResponse.json", "authentication_failed"),
    ("usps", "usps/ErrorResponse.json", "cannot_read"),
    ("royal_mail", "royalmail/TrackingResponseJSON.json", "exception"),
    ("royal_mail", "royalmail/TrackingErrorResponseJSON.json", "cannot_read"),
    ("canada_post", "canadapost/TrackingResponseXml.xml", "delivered"),
    ("canada_post", "canadapost/AuthError.xml", "authentication_failed"),
    ("canada_post", "canadapost/UnknownTrackingNumberResponse.xml", "not_found"),
    ("dhl", "dhl_universal/TrackingResponseJSON.json", "info_received"),
    ("dhl", "dhl_universal/TrackingErrorResponseJSON.json", "not_found"),
]


@pytest.mark.parametrize(("carrier", "path", "outcome"), RECORDED)
def test_the_recorded_answers_of_others_are_read(carrier: str, path: str, outcome: str) -> None:
    file = SHARED / "carriers" / "karrio" / path
    if not file.exists():
        pytest.skip("data not here")
    shown = normal_form(carrier, file.read_bytes())
    assert shown["error"]["code"] == outcome if "error" in shown else shown["status"] == outcome
    assert shown.get("unknown_codes", []) == []

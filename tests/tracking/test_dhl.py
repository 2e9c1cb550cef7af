"""The DHL adapter against a real HTTP server on the loopback interface.

The answers in `fixtures/dhl` are our own, in the form that DHL documents. Four kinds of test:
the request's shape, what is called, what an answer is read as, what an error is read as.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from merchants.http import Timeout
from tracking.carriers.base import (
    Account,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    CarrierError,
    NotFound,
    RateLimited,
    TrackingResult,
)
from tracking.carriers.bodies import retry_after_of, text
from tracking.carriers.dhl import DHL, STATUSES, read_result
from tracking.resolve import ScanFacts, ShipmentState, resolve
from tracking.statuses import Status

FIXTURES = Path(__file__).parent / "fixtures" / "dhl"
ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("AFTERWARD_SHARED_DATA") or ROOT.parent / "shared" / "data")
NOW = datetime(2026, 12, 1, tzinfo=UTC)


class FakeDHL:
    """Answers every number with one fixture, and notes what it was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.status = 200
        self.body = b"{}"
        self.headers: dict[str, str] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake.requests.append((self.command, self.path, dict(self.headers)))
                self.send_response(fake.status)
                for name, value in fake.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(fake.body)))
                self.end_headers()
                self.wfile.write(fake.body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answers(self, name: str, status: int = 200, **headers: str) -> None:
        self.body, self.status = (FIXTURES / name).read_bytes(), status
        self.headers = {key.replace("_", "-"): value for key, value in headers.items()}

    @property
    def account(self) -> Account:
        host = f"127.0.0.1:{self.server.server_port}"
        return Account(
            credentials={"api_key": "secret-key"},
            base_url=f"http://{host}",
            timeout=Timeout(1, 1, 2),
            allow=frozenset({host}),
        )

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def dhl() -> Iterator[FakeDHL]:
    fake = FakeDHL()
    yield fake
    fake.close()


def read(name: str, number: str = "") -> TrackingResult:
    answer = json.loads((FIXTURES / f"{name}.json").read_text())
    return read_result(number or str(answer["shipments"][0]["id"]), answer)


def state(result: TrackingResult) -> ShipmentState:
    facts = [
        ScanFacts(scan.occurred_at, scan.status, scan.substatus, str(index))
        for index, scan in enumerate(result.scans)
    ]
    return resolve(facts, now=NOW)


def seen(result: TrackingResult) -> list[str]:
    return [scan.substatus or scan.status for scan in result.scans]


# The request


def test_it_asks_for_one_number_in_english_with_the_key(dhl: FakeDHL) -> None:
    dhl.answers("in_transit.json")
    [result] = DHL().track(["00340434000000000017"], dhl.account)
    assert isinstance(result, TrackingResult)
    [(method, path, headers)] = dhl.requests
    assert (method, urlsplit(path).path) == ("GET", "/track/shipments")
    assert parse_qs(urlsplit(path).query) == {
        "trackingNumber": ["00340434000000000017"],
        "language": ["en"],
    }
    assert headers["DHL-API-Key"] == "secret-key"
    assert headers["Accept"] == "application/json"


def test_a_shop_can_name_its_division(dhl: FakeDHL) -> None:
    dhl.answers("in_transit.json")
    credentials = {"api_key": "k", "service": "parcel-de"}
    DHL().track(["00340434000000000017"], replace(dhl.account, credentials=credentials))
    assert "service=parcel-de" in dhl.requests[0][1]


def test_a_number_cannot_change_the_request(dhl: FakeDHL) -> None:
    dhl.answers("not_found.json", 404)
    DHL().track(["1&language=de/../../x?#"], dhl.account)
    query = parse_qs(urlsplit(dhl.requests[0][1]).query)
    assert query == {"trackingNumber": ["1&language=de/../../x?#"], "language": ["en"]}


def test_each_number_is_one_call_and_the_order_is_kept(dhl: FakeDHL) -> None:
    dhl.answers("in_transit.json")
    first, second = DHL().track(["00340434000000000017", "1"], dhl.account)
    assert isinstance(first, TrackingResult)
    assert isinstance(second, NotFound)
    assert second.number == "1"
    assert len(dhl.requests) == 2


def test_the_key_is_not_in_what_is_logged(dhl: FakeDHL) -> None:
    assert "secret-key" not in repr(dhl.account)


# The answer


def test_a_parcel_on_its_way() -> None:
    result = read("in_transit")
    assert seen(result) == [
        "info.label_created",
        "transit.accepted",
        "transit.origin_received",
        "transit.destination_received",
        "ofd.on_vehicle",
    ]
    assert result.service == "DHL PAKET"
    assert (result.origin_country, result.destination_postcode) == ("DE", "80331")
    accepted = result.scans[1]
    assert accepted.description == "The shipment has been handed over to DHL (details)"
    assert (accepted.city, accepted.country, accepted.raw_code) == ("Hamburg", "DE", "transit")
    assert result.raw["service"] == "parcel-de"


def test_local_times_are_kept_and_read_in_the_zone_of_their_place() -> None:
    result = read("in_transit")
    # The clocks in Germany went forward in the night to 29 March, between these two.
    before, after = result.scans[1], result.scans[3]
    assert (before.local_time, before.offset_known) == ("2026-03-28T16:05:00", False)
    assert before.occurred_at == datetime(2026, 3, 28, 15, 5, tzinfo=UTC)
    assert after.occurred_at == datetime(2026, 3, 30, 2, 12, tzinfo=UTC)


def test_the_delivery_window_is_kept() -> None:
    result = read("in_transit")
    assert result.eta_from == datetime(2026, 3, 30, 8, 15, tzinfo=UTC)
    assert result.eta_to == datetime(2026, 3, 30, 11, 45, tzinfo=UTC)


def test_a_single_estimate_at_midnight_is_that_day_at_the_destination() -> None:
    answer = json.loads((FIXTURES / "in_transit.json").read_text())
    shipment = answer["shipments"][0]
    del shipment["estimatedDeliveryTimeFrame"]
    result = read_result("00340434000000000017", answer)
    assert result.eta_from == datetime(2026, 3, 29, 22, 0, tzinfo=UTC)
    assert result.eta_to == datetime(2026, 3, 30, 21, 59, 59, tzinfo=UTC)
    shipment["estimatedTimeOfDelivery"] = "2026-03-30T17:00:00"
    result = read_result("00340434000000000017", answer)
    assert result.eta_from == result.eta_to == datetime(2026, 3, 30, 15, 0, tzinfo=UTC)


def test_a_delivered_parcel_with_its_proof() -> None:
    result = read("delivered")
    assert seen(result) == [
        "transit.picked_up",
        "transit.departure",
        "transit.customs_started",
        "transit.customs_cleared",
        "ofd.on_vehicle",
        "delivered.signed",
    ]
    assert (result.proof.signed_by, result.delivered_to) == ("J. DOE", "Jo Doe")
    assert result.proof.document_url == "https://webpod.example.com/pod?id=1"
    assert (result.service, result.tracking_number) == ("EXPRESS WORLDWIDE", "1234567890")
    handed_over = result.scans[-1]
    assert handed_over.offset_known
    assert handed_over.occurred_at == datetime(2026, 6, 11, 13, 32, 7, 331986, tzinfo=UTC)
    assert state(result).status == Status.DELIVERED


def test_places_are_read_in_every_spelling() -> None:
    scans = read("delivered").scans
    assert (scans[0].city, scans[0].region, scans[0].country) == ("Whittier", "CA", "US")
    assert scans[0].occurred_at == datetime(2026, 6, 10, 1, 0, tzinfo=UTC)  # Pacific
    assert scans[1].occurred_at == datetime(2026, 6, 10, 7, 20, tzinfo=UTC)  # Eastern
    assert (scans[2].city, scans[2].country) == ("EAST MIDLANDS", "GB")


def test_a_failed_attempt_is_not_a_delivery() -> None:
    result = read("attempt_failed")
    assert seen(result)[-1] == "attempt.no_one"
    now = state(result)
    assert (now.status, now.attempts, now.problem) == (Status.ATTEMPT_FAILED, 1, True)


def test_a_parcel_in_a_packstation_with_place_and_last_day() -> None:
    result = read("pickup")
    assert seen(result)[-2:] == ["attempt.no_one", "pickup.ready"]
    assert result.pickup is not None
    assert result.pickup.line == "Packstation 145, Bahnhofplatz 2, 80331, München"
    assert result.pickup.until == datetime(2026, 1, 22, 22, 59, 59, tzinfo=UTC)
    assert state(result).action_required


def test_customs_that_wait_for_money() -> None:
    result = read("customs")
    assert seen(result) == ["transit.arrival", "exception.delay_customs", "exception.payment_due"]
    now = state(result)
    assert (now.status, now.action_required) == (Status.EXCEPTION, True)
    assert result.scans[0].country == "CH"


def test_a_refused_parcel_that_went_back() -> None:
    result = read("returned")
    assert seen(result)[1:] == [
        "exception.refused",
        "returning",
        "transit.arrival",
        "returned",
    ]
    assert state(result).status == Status.RETURNED


def test_an_unknown_code_is_in_transit_and_never_delivered() -> None:
    result = read("unknown")
    assert seen(result) == ["info.label_created", "in_transit", "in_transit"]
    assert result.scans[-1].raw_code == "drone-handover"
    assert result.scans[-1].occurred_at == datetime(2026, 2, 3, 18, 0, tzinfo=UTC)  # Alaska
    assert result.scans[0].occurred_at == datetime(2026, 2, 1, 19, 2, 48, tzinfo=UTC)


def test_another_parcel_is_not_ours() -> None:
    with pytest.raises(NotFound):
        read("other_parcel", "1234567890")
    # A piece of the shipment is, and so is a number written with blanks.
    assert read("delivered", "jd01 4600 0000 0000 0001").proof.signed_by == "J. DOE"


NOT_DELIVERED = [
    "The shipment could not be delivered",
    "Could not be delivered to the recipient: nobody was home",
    "The shipment was not delivered",
    "Not delivered: signature missing",
    "Delivery attempt unsuccessful",
    "Unsuccessful delivery attempt",
    "Delivery failed",
    "Undeliverable as addressed",
    "We were unable to deliver the shipment",
    "Die Sendung konnte nicht zugestellt werden",
    "The recipient refused the shipment; it was delivered to the depot",
]


@pytest.mark.parametrize("words", NOT_DELIVERED)
@pytest.mark.parametrize("code", ["transit", "failure", "unknown", "brand-new"])
def test_words_of_failure_are_never_a_delivery(code: str, words: str) -> None:
    status, substatus = STATUSES.read(code, words)
    assert status in (Status.ATTEMPT_FAILED, Status.EXCEPTION), (status, substatus)


@pytest.mark.parametrize("words", NOT_DELIVERED[:-1])
def test_not_even_under_the_code_of_a_delivery(words: str) -> None:
    assert STATUSES.read("delivered", words)[0] == Status.ATTEMPT_FAILED


@pytest.mark.parametrize("code", ["transit", "failure", "unknown", "pre-transit", "", "brand-new"])
def test_no_other_code_gives_a_delivery_whatever_the_words(code: str) -> None:
    for words in ("Delivered", "DELIVERED to the recipient", "signed", "left at neighbour", ""):
        assert STATUSES.read(code, words)[0] != Status.DELIVERED


@pytest.mark.parametrize(
    ("code", "words", "meaning"),
    [
        ("delivered", "The shipment has been successfully delivered", "delivered"),
        ("delivered", "Delivered to the recipient's neighbor", "delivered.neighbour"),
        ("delivered", "Delivered to the preferred location", "delivered.safe_place"),
        ("delivered", "Delivered after a second delivery attempt", "delivered"),
        (
            "delivered",
            "The recipient has picked up the shipment from the PACKSTATION",
            "delivered.pickup_collected",
        ),
        ("delivered", "The shipment has been delivered to the PACKSTATION", "pickup.ready"),
        ("delivered", "Delivered to the recipient", "delivered.recipient"),
        ("transit", "Departed Facility in LEIPZIG - GERMANY", "transit.departure"),
        ("transit", "Forwarded for delivery", "transit.handed_to_last_mile"),
        ("transit", "ARRIVAL DESTINATION DHL ECOMMERCE FACILITY", "transit.destination_received"),
        ("transit", "Shipment is on hold", "exception.held"),
        ("failure", "Something nobody heard of", "exception"),
        ("failure", "The recipient has moved", "exception.moved"),
        ("failure", "Commercial invoice missing", "exception.documents"),
        ("failure", "The shipment has been damaged and is being repackaged", "exception.damaged"),
        ("failure", "Delayed due to severe weather", "exception.delay_weather"),
        ("failure", "Not picked up in time and will be returned to the sender", "returning"),
        ("pre-transit", "DHL ECOMMERCE CURRENTLY AWAITING SHIPMENT", "info.awaiting_handover"),
        ("pre-transit", "", "info_received"),
    ],
)
def test_what_the_words_mean(code: str, words: str, meaning: str) -> None:
    status, substatus = STATUSES.read(code, words)
    assert (substatus or status) == meaning


# Errors


def failure(dhl: FakeDHL) -> CarrierError:
    [error] = DHL().track(["404"], dhl.account)
    assert isinstance(error, CarrierError)
    return error


def test_an_unknown_number(dhl: FakeDHL) -> None:
    dhl.answers("not_found.json", 404)
    error = failure(dhl)
    assert isinstance(error, NotFound)
    assert error.detail == "404 No shipment with given tracking number found."
    assert (error.number, error.code) == ("404", "not_found")
    assert json.loads(error.body)["status"] == 404


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_not_tried_with_the_next_number(dhl: FakeDHL, status: int) -> None:
    dhl.answers("unauthorized.json", status)
    errors = DHL().track(["1", "2", "3"], dhl.account)
    assert [type(error) for error in errors] == [AuthenticationFailed] * 3
    assert len(dhl.requests) == 1


def test_too_many_requests_say_how_long_to_wait(dhl: FakeDHL) -> None:
    dhl.answers("too_many_requests.json", 429, Retry_After="120")
    errors = DHL().track(["1", "2"], dhl.account)
    assert [error.retry_after for error in errors if isinstance(error, RateLimited)] == [120, 120]
    assert len(dhl.requests) == 1
    dhl.answers("too_many_requests.json", 429)
    error = failure(dhl)
    assert isinstance(error, RateLimited)
    assert error.retry_after is None


def test_retry_after_may_be_a_date() -> None:
    header = format_datetime(NOW + timedelta(minutes=5), usegmt=True)
    assert retry_after_of(header, NOW) == 300
    assert retry_after_of(header, NOW + timedelta(hours=1)) == 0
    assert retry_after_of("soon", NOW) is None
    assert retry_after_of("", NOW) is None


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_on_their_side(dhl: FakeDHL, status: int) -> None:
    dhl.answers("garbage.html", status)
    assert isinstance(failure(dhl), CarrierDown)


def test_no_answer_at_all(dhl: FakeDHL) -> None:
    dhl.close()
    assert isinstance(failure(dhl), CarrierDown)


def test_html_instead_of_json_cannot_be_read_and_is_kept(dhl: FakeDHL) -> None:
    dhl.answers("garbage.html")
    error = failure(dhl)
    assert isinstance(error, CannotRead)
    assert b"Maintenance" in error.body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"shipments": null}',
        b'{"shipments": [1]}',
        b'{"shipments": [{}]}',
        b'{"shipments": [{"id": "404"}]}',
        b'{"shipments": [{"id": "404", "events": [{}]}]}',
        b'{"shipments": [{"id": "404", "events": ["x"]}]}',
        b'{"shipments": [{"id": "404", "events": [{"timestamp": "yesterday"}]}]}',
        b'{"shipments": [{"id": "404", "events": [{"timestamp": "0001-01-01T00:00:00+14:00"}]}]}',
        b'{"shipments": [{"id": "404", "events": [], "status": null}]}',
        b'{"shipments": [{"id": "404", "details": [], "status": {"timestamp": 5}}]}',
        b'{"shipments": [{"id": "404", "status": {"timestamp": "2026-01-01T00:00:00"},'
        b' "estimatedTimeOfDelivery": {"x": 1}}]}',
    ],
)
def test_every_other_form_cannot_be_read(dhl: FakeDHL, body: bytes) -> None:
    dhl.answers("garbage.html")
    dhl.body = body
    assert isinstance(failure(dhl), CannotRead)


def test_no_shipment_in_the_answer_is_not_found(dhl: FakeDHL) -> None:
    dhl.answers("garbage.html")
    dhl.body = b'{"shipments": []}'
    assert isinstance(failure(dhl), NotFound)


@pytest.mark.parametrize(
    ("locale", "site"),
    [("de", "de-de"), ("de-AT", "at-de"), ("en", "global-en"), ("", "global-en")],
)
def test_the_public_page(locale: str, site: str) -> None:
    assert DHL().tracking_url("a/b", locale) == (
        f"https://www.dhl.com/{site}/home/tracking.html?tracking-id=a%2Fb"
    )


# Somebody else's recording


def test_the_documented_sample_of_others_is_read() -> None:
    folder = SHARED / "carriers" / "karrio" / "dhl_universal"
    if not folder.is_dir():
        pytest.skip("skipped: data not here")
    answer = json.loads((folder / "TrackingResponseJSON.json").read_text())
    result = read_result("7777777770", answer)
    # Its code says "pre-transit" and its words "DELIVERED": the code is believed.
    assert [scan.status for scan in result.scans] == [Status.INFO_RECEIVED]
    assert result.eta_to == datetime(2018, 8, 3, 22, tzinfo=UTC)
    assert (result.proof.signed_by, result.destination_country) == ("John Doe", "NL")
    error = json.loads((folder / "TrackingErrorResponseJSON.json").read_text())
    assert set(error) <= set(json.loads((FIXTURES / "not_found.json").read_text()))


def test_brackets_without_an_end_cost_no_time() -> None:
    began = time.thread_time()
    assert text("<" * 100_000, 20) == "<" * 20
    assert text("Parcel <a href='x'>there</a>") == "Parcel there"
    assert time.thread_time() - began < 1

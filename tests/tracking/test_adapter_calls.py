"""How UPS, FedEx, USPS, Royal Mail and Canada Post are asked: real HTTP on the loopback interface."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tracking.carrier_server import CarrierServer, Reply, carrier_server
from tracking.carriers import tokens
from tracking.carriers.base import Account, CarrierError, TrackingResult
from tracking.carriers.registry import ADAPTERS

FIXTURES = Path(__file__).parent / "fixtures"
KEYS = {"client_id": "id", "client_secret": "s3cret", "username": "user", "password": "pass"}
TOKEN = {"ups": "/security/v1/oauth/token", "fedex": "/oauth/token", "usps": "/oauth2/v3/token"}


@pytest.fixture
def server() -> Iterator[CarrierServer]:
    tokens.forget_all()
    with carrier_server() as fake:
        for path in TOKEN.values():
            fake.token(path)
        yield fake


def account(server: CarrierServer) -> Account:
    return server.account(**KEYS)


def fixture(path: str) -> Reply:
    return Reply((FIXTURES / path).read_bytes())


def test_ups_is_asked_number_by_number_with_one_token(server: CarrierServer) -> None:
    server.on("/api/track", fixture("ups/delivered.json"))
    found = ADAPTERS["ups"].track(["1Z999AA10000000002", "1Z999AA1/../x?"], account(server))
    assert isinstance(found[0], TrackingResult)
    grant, first, second = server.asked
    assert grant.form == {"grant_type": "client_credentials"}
    assert grant.headers["Authorization"] == "Basic " + b64encode(b"id:s3cret").decode()
    assert first.path == "/api/track/v1/details/1Z999AA10000000002"
    assert first.headers["Authorization"] == "Bearer t0ken"
    assert first.headers["transactionSrc"] == "afterward"
    assert first.headers["transId"] != second.headers["transId"]
    assert second.path == "/api/track/v1/details/1Z999AA1%2F..%2Fx%3F"


def test_fedex_is_asked_about_thirty_at_a_time(server: CarrierServer) -> None:
    server.on("/track/v1/trackingnumbers", fixture("fedex/batch.json"))
    numbers = [f"7946{n:08}" for n in range(31)]
    found = ADAPTERS["fedex"].track(numbers, account(server))
    grant, first, second = server.asked
    assert grant.form == {"grant_type": "client_credentials", "client_id": "id", "client_secret": "s3cret"}
    assert first.json["includeDetailedScans"] is True
    asked = [one["trackingNumberInfo"]["trackingNumber"] for one in first.json["trackingInfo"]]
    assert (asked, len(second.json["trackingInfo"])) == (numbers[:30], 1)
    assert len(found) == 31


def test_fedex_answers_stand_in_the_order_of_the_numbers(server: CarrierServer) -> None:
    server.on("/track/v1/trackingnumbers", fixture("fedex/batch.json"))
    found = ADAPTERS["fedex"].track(["794600000004", "794600000003", "794600000001"], account(server))
    assert [getattr(one, "tracking_number", "") or one.code for one in found] == [  # type: ignore[union-attr]
        "794600000004", "not_found", "794600000001",
    ]  # fmt: skip


def test_usps_is_asked_for_all_details(server: CarrierServer) -> None:
    server.on("/tracking/v3/tracking", fixture("usps/delivered.json"))
    [result] = ADAPTERS["usps"].track(["9400100000000000000001"], account(server))
    assert isinstance(result, TrackingResult)
    grant, asked = server.asked
    assert grant.json == {"grant_type": "client_credentials", "client_id": "id", "client_secret": "s3cret"}
    assert (asked.path, asked.query) == (
        "/tracking/v3/tracking/9400100000000000000001", {"expand": ["DETAIL"]},
    )  # fmt: skip


def test_royal_mail_is_asked_with_its_terms_accepted(server: CarrierServer) -> None:
    server.on("/mailpieces/v2", fixture("royal_mail/delivered.json"))
    [result] = ADAPTERS["royal_mail"].track(["AB123456785GB"], account(server))
    assert isinstance(result, TrackingResult)
    [asked] = server.asked
    assert asked.path == "/mailpieces/v2/AB123456785GB/events"
    assert (asked.headers["X-IBM-Client-Id"], asked.headers["X-IBM-Client-Secret"]) == ("id", "s3cret")
    assert asked.headers["X-Accept-RMG-Terms"] == "yes"


def test_canada_post_is_asked_for_the_second_version_in_xml(server: CarrierServer) -> None:
    server.on("/vis/track/pin", fixture("canada_post/delivered.xml"))
    [result] = ADAPTERS["canada_post"].track(["1000000000000001"], account(server))
    assert isinstance(result, TrackingResult)
    [asked] = server.asked
    assert asked.path == "/vis/track/pin/1000000000000001/detail"
    assert asked.headers["Authorization"] == "Basic " + b64encode(b"user:pass").decode()
    assert asked.headers["Accept"] == "application/vnd.cpc.track-v2+xml"


PATHS = {
    "dhl": "/track/shipments",
    "ups": "/api/track",
    "fedex": "/track/v1",
    "usps": "/tracking/v3",
    "royal_mail": "/mailpieces",
    "canada_post": "/vis/track",
}


@pytest.mark.parametrize("carrier", PATHS)
@pytest.mark.parametrize(
    ("reply", "code", "wait"),
    [
        (Reply(b"{}", 429, {"Retry-After": "120"}), "rate_limited", 120.0),
        (Reply(b"{}", 429), "rate_limited", None),
        (Reply(b"<html>", 503), "carrier_down", None),
        (Reply(b"x" * 6_000_000), "cannot_read", None),
    ],
    ids=["429 with a wait", "429", "503", "6 MB"],
)
def test_what_goes_wrong_is_typed_and_asked_once(
    server: CarrierServer, carrier: str, reply: Reply, code: str, wait: float | None
) -> None:
    server.on(PATHS[carrier], reply)
    [error] = ADAPTERS[carrier].track(["123456789012"], account(server))
    assert isinstance(error, CarrierError)
    assert (error.code, getattr(error, "retry_after", None)) == (code, wait)
    assert error.number in ("", "123456789012")
    assert sum(path.startswith(PATHS[carrier]) for path in server.paths()) == 1


@pytest.mark.parametrize("carrier", TOKEN)
def test_a_token_that_was_withdrawn_is_fetched_again_once(server: CarrierServer, carrier: str) -> None:
    server.on(PATHS[carrier], Reply(b"{}", 401))
    [error] = ADAPTERS[carrier].track(["123456789012"], account(server))
    assert isinstance(error, CarrierError)
    assert error.code == "authentication_failed"
    assert server.paths().count(TOKEN[carrier]) == 2


@pytest.mark.parametrize("carrier", PATHS)
def test_a_carrier_that_does_not_answer_is_down(server: CarrierServer, carrier: str) -> None:
    server.on(PATHS[carrier], Reply(slow=0.8))
    found = ADAPTERS[carrier].track(["1", "2"], account(server))
    assert [error.code for error in found if isinstance(error, CarrierError)] == ["carrier_down"] * 2
    assert sum(path.startswith(PATHS[carrier]) for path in server.paths()) == 1

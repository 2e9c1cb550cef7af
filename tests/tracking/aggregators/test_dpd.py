"""DPD: one log-in a day, one parcel a call; steps that were reached, as SOAP and as JSON; faults."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.tracking.aggregators.looks import result, seen
from tests.tracking.carrier_server import CarrierServer, Reply
from tracking.carriers import dpd
from tracking.carriers.base import (
    Answer,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    NotFound,
    RateLimited,
)

NUMBER = "01015026003653"
LOGIN, LIFE = "/LoginService/V2_0/", "/ParcelLifeCycleService/V2_0/"


@pytest.fixture(autouse=True)
def _logged_out() -> Iterator[None]:
    dpd._tokens.clear()
    yield
    dpd._tokens.clear()


def soap(inside: str) -> bytes:
    return f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{inside}</s:Body></s:Envelope>'.encode()


def step(status: str, words: str, at: str, where: str = "Mechelen (BE)", reached: str = "true") -> str:
    def said(name: str, text: str) -> str:
        return f"<{name}><content>{text}</content><bold>false</bold></{name}>"

    return (
        f"<statusInfo><status>{status}</status>{said('label', 'In transit')}<description><content>"
        f"<content>{words}</content></content></description>"
        f"<statusHasBeenReached>{reached}</statusHasBeenReached>{said('location', where)}"
        f"{said('date', at)}</statusInfo>"
    )


def life(*steps: str) -> bytes:
    service = "<content><content>DPD CLASSIC</content></content>"
    info = f"<shipmentInfo><serviceDescription>{service}</serviceDescription></shipmentInfo>"
    return soap(f'<r xmlns="http://dpd.com/x"><trackingresult>{info}{"".join(steps)}</trackingresult></r>')


def fault(code: str, words: str) -> bytes:
    return soap(f"<s:Fault><faultstring>Fault occured</faultstring><detail><e><errorCode>{code}</errorCode>"
                f"<errorMessage>{words}</errorMessage></e></detail></s:Fault>")  # fmt: skip


TOKEN = soap("<r><return><delisId>me</delisId><authToken>{}</authToken></return></r>")
WAY = life(
    step(
        "BetweenDepots", "The parcel is at the parcel dispatch centre.", "8/17/2021 7:11:26 PM", "Puurs (BE)"
    ),
    step("Courier", "The parcel is on its way to the consignee.", "8/18/2021 7:34:34 AM"),
    step("ParcelShop", "Delivered by driver to Pickup parcelshop", "8/18/2021 4:09:35 PM"),
    step("Delivered", "Not yet", "", reached="false"),
)


def read(body: bytes, status: int = 200) -> Answer:
    return dpd.DPD().read(NUMBER, body, status)[0]


def token(name: str) -> Reply:
    return Reply(TOKEN.replace(b"{}", name.encode()))


def test_it_logs_in_once_and_asks_for_each_parcel(server: CarrierServer) -> None:
    server.on(LOGIN, token("T1"))
    server.on(LIFE, Reply(WAY))
    account = server.account(delis_id="me&co", password="s<3")
    assert [seen(one)[-1] for one in dpd.DPD().track([NUMBER, "<1>"], account)] == ["pickup.ready"] * 2
    assert server.paths() == [LOGIN, LIFE, LIFE]
    assert b"<delisId>me&amp;co</delisId><password>s&lt;3</password>" in server.asked[0].body
    assert b"<authToken>T1</authToken>" in server.asked[1].body
    assert b"<parcelLabelNumber>&lt;1&gt;</parcelLabelNumber>" in server.asked[2].body


def test_a_token_that_ended_is_replaced_once(server: CarrierServer) -> None:
    server.on(LOGIN, token("OLD"), token("NEW"))
    ended = Reply(fault("LOGIN_6", "The authentication token has expired."), 500)
    server.on(LIFE, ended, Reply(WAY))
    account = server.account(delis_id="me", password="x")
    assert seen(dpd.DPD().track([NUMBER], account)[0])
    assert server.paths() == [LOGIN, LIFE, LOGIN, LIFE]


def test_a_wrong_password_is_not_tried_again(server: CarrierServer) -> None:
    server.on(LOGIN, Reply(fault("LOGIN_5", "Authentication failure, check delisId and password."), 500))
    answers = dpd.DPD().track([NUMBER, "2"], server.account(delis_id="me", password="x"))
    assert [type(one) for one in answers] == [AuthenticationFailed] * 2
    assert server.paths() == [LOGIN]


def test_steps_that_were_reached_are_scans_in_local_time() -> None:
    found = result(read(WAY))
    assert seen(found) == ["transit.origin_received", "ofd.on_vehicle", "pickup.ready"]
    first = found.scans[0]
    assert (first.city, first.country, first.offset_known) == ("Puurs", "BE", False)
    assert (first.local_time, first.occurred_at) == (
        "8/17/2021 7:11:26 PM",
        datetime(2021, 8, 17, 17, 11, 26, tzinfo=UTC),
    )
    assert (found.tracking_number, found.service) == (NUMBER, "DPD CLASSIC")


def test_a_failure_to_deliver_is_no_delivery() -> None:
    told = life(
        step(
            "DeliveryFailure",
            "Unfortunately we have not been able to deliver your parcel.",
            "18.08.2021, 10:14",
        )
    )
    assert seen(read(told)) == ["attempt_failed"]


def test_the_newer_json_says_the_same() -> None:
    status: dict[str, Any] = {
        "status": "DELIVERED", "label": "Zugestellt", "statusHasBeenReached": True, "location": "Berlin (DE)",
        "date": "18.08.2021, 10:14", "description": {"content": ["Das Paket wurde zugestellt."]},
    }  # fmt: skip
    ahead = {**status, "statusHasBeenReached": False}
    data = {
        "shipmentInfo": {"parcelLabelNumber": NUMBER, "productName": "DPD CLASSIC"},
        "statusInfo": [status, ahead],
    }
    found = result(read(json.dumps({"parcellifecycleResponse": {"parcelLifeCycleData": data}}).encode()))
    assert (seen(found), found.scans[0].city, found.service) == (["delivered"], "Berlin", "DPD CLASSIC")
    scan = {"date": "2021-08-18T10:14:00", "scanType": {"code": "13", "name": "SCAN_13"},
            "scanDescription": {"content": ["Zugestellt"]}, "scanData": {"location": "Berlin (DE)"}}  # fmt: skip
    data["scanInfo"] = {"scan": [scan]}
    assert seen(read(json.dumps({"parcellifecycleResponse": {"parcelLifeCycleData": data}}).encode())) == [
        "delivered"
    ]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (fault("DELICOM_ERR_AUTHENTICATION", "Authentication failure"), 500, AuthenticationFailed),
        (fault("X", "No data found for parcel"), 200, NotFound),
        (fault("X", "Service unavailable"), 500, CarrierDown),
        (fault("X", "odd"), 500, CannotRead),
        (b"", 429, RateLimited),
        (b"<html>down</html>", 503, CarrierDown),
        (b"<html>hello</html>", 200, CannotRead),
        (WAY[:300], 200, CannotRead),
        (soap("<other/>"), 200, CannotRead),
        (b'{"parcellifecycleResponse": {}}', 200, NotFound),
    ],
)
def test_its_errors_are_typed(body: bytes, status: int, kind: type) -> None:
    assert type(read(body, status)) is kind

"""DHL Paket: fifteen numbers in one request of XML, and every attribute of its answer."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from tests.tracking.aggregators.looks import result, seen
from tests.tracking.carrier_server import CarrierServer, Reply
from tracking.carriers.base import (
    Answer,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    NotFound,
    RateLimited,
)
from tracking.carriers.dhl_parcel_de import DHLParcelDE

NUMBER, OTHER = "00340434000000000017", "00340434000000000024"


def event(
    at: str, code: str, words: str, *, ice: str = "", back: str = "false", where: str = "Bremen"
) -> str:
    return (
        f'<data name="piece-event" event-timestamp="{at}" event-status="{words}" event-short-status=""'
        f' ice="{ice}" ric="" event-location="{where}" event-country="Germany"'
        f' standard-event-code="{code}" ruecksendung="{back}"/>'
    )


def piece(*events: str, number: str = NUMBER, **more: str) -> str:
    told = {"error-status": "0", "piece-code": number, "product-name": "DHL PAKET", "dest-country": "DE",
            "origin-country": "DE", "pan-recipient-postalcode": "53113", "shipment-weight": "2.5"}  # fmt: skip
    told |= {name.replace("_", "-"): value for name, value in more.items()}
    attributes = " ".join(f'{name}="{value}"' for name, value in told.items())
    return f'<data name="piece-shipment" {attributes}><data name="piece-event-list">{"".join(events)}</data></data>'


def answer(*pieces: str, code: str = "0", error: str = "") -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}<data name="piece-shipment-list" code="{code}" error="{error}">{"".join(pieces)}</data>'.encode()


def read(body: bytes, number: str | None = None, status: int = 200) -> Answer:
    return DHLParcelDE().read(number, body, status)[0]


WAY = piece(
    event("17.03.2026 11:44", "ES", "Die Sendung wurde vom Absender in der PACKSTATION eingeliefert."),
    event("17.03.2026 15:51", "AA", "Die Sendung wurde im Start-Paketzentrum bearbeitet."),
    event("18.03.2026 03:32", "EE", "The shipment has been processed in the destination parcel center"),
    event("18.03.2026 09:02", "PO", "Die Sendung wurde in das Zustellfahrzeug geladen."),
    event("18.03.2026 10:02", "ZU", "Die Sendung wurde beim Nachbarn abgegeben.", ice="DLVRD", where="Bonn"),
    recipient_name="Kraemer", recipient_id_text="Nachbar",
)  # fmt: skip


def test_fifteen_numbers_are_asked_in_one_request(server: CarrierServer) -> None:
    server.on("/shipments", Reply(answer(WAY, piece(number=OTHER, error_status="100"))))
    account = server.account(api_key="k", user="zt", password='p<"&')
    first, second = DHLParcelDE().track([NUMBER, OTHER], account)
    assert seen(first)[-1] == "delivered.neighbour"
    assert isinstance(second, NotFound)
    [asked] = server.asked
    assert asked.headers["DHL-API-Key"] == "k"
    request = ElementTree.fromstring(asked.query["xml"][0])
    assert request.attrib == {
        "appname": "zt", "password": 'p<"&', "request": "d-get-piece-detail", "language-code": "en",
        "piece-code": f"{NUMBER};{OTHER}",
    }  # fmt: skip


def test_a_whole_way_is_read_in_german_time() -> None:
    found = result(read(answer(WAY)))
    assert seen(found) == [
        "transit.picked_up", "transit.origin_received", "transit.destination_received", "ofd.on_vehicle",
        "delivered.neighbour",
    ]  # fmt: skip
    first = found.scans[0]
    assert (first.local_time, first.offset_known) == ("17.03.2026 11:44", False)
    assert first.occurred_at == datetime(2026, 3, 17, 10, 44, tzinfo=UTC)
    assert (found.proof.signed_by, found.proof.left_with, found.weight_grams) == (
        "Kraemer",
        "neighbour",
        2500,
    )
    assert (found.destination_postcode, found.service, found.scans[-1].city) == ("53113", "DHL PAKET", "Bonn")


def test_a_parcel_that_could_not_be_delivered_is_not() -> None:
    failed = event("18.03.2026 10:02", "ZN", "Die Sendung konnte heute nicht zugestellt werden.", ice="NTDEL")
    assert seen(read(answer(piece(failed)))) == ["attempt_failed"]


def test_on_the_way_home_a_delivery_is_a_return() -> None:
    told = piece(
        event("17.03.2026 11:44", "AA", "Unterwegs", back="true"),
        event("18.03.2026 10:02", "ZU", "Die Sendung wurde erfolgreich zugestellt.", back="true"),
    )
    assert seen(read(answer(told))) == ["returning", "returned"]


def test_a_code_that_nobody_knows_is_read_by_its_words_and_never_delivers() -> None:
    told = piece(
        event("17.03.2026 11:44", "QX", "Die Sendung liegt in der Filiale zur Abholung bereit."),
        event("18.03.2026 11:44", "QY", "Zustellung erfolgreich"),
    )
    found = result(read(answer(told)))
    assert (seen(found), found.unknown_codes) == (["pickup.ready", "in_transit"], ("QX", "QY"))


def test_an_answer_without_a_history_says_where_it_is() -> None:
    told = piece(
        standard_event_code="ZU", status_timestamp="18.03.2026 10:02", status="Zustellung erfolgreich"
    )
    assert seen(read(answer(told))) == ["delivered"]


def test_a_number_is_found_however_it_is_written() -> None:
    assert seen(read(answer(WAY), "0034 0434 0000 0000 0017"))
    assert isinstance(read(answer(WAY), OTHER), NotFound)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (answer(code="100", error="No data found"), 200, NotFound),
        (answer(code="5", error="login failed"), 200, AuthenticationFailed),
        (answer(code="999", error="system error"), 200, CarrierDown),
        (answer(code="44", error="odd"), 200, CannotRead),
        (b"", 429, RateLimited),
        (b"", 401, AuthenticationFailed),
        (b"<html>busy</html>", 200, CannotRead),
        (answer(WAY)[:400], 200, CannotRead),
        (b'<!DOCTYPE d [<!ENTITY a "b">]><data/>', 200, CannotRead),
    ],
)
def test_its_errors_are_typed(body: bytes, status: int, kind: type) -> None:
    assert type(read(body, NUMBER, status)) is kind

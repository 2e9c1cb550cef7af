"""What adapters share: tokens, bodies, batches, places, clocks, tables of codes. Real HTTP on loopback."""

import json
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from merchants.http import Response
from tests.tracking.carrier_server import CarrierServer, Reply, carrier_server
from tracking.carriers import bodies, calls, tokens
from tracking.carriers.base import (
    Account,
    Answer,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    CarrierError,
    NotFound,
    RateLimited,
    TrackingResult,
)
from tracking.carriers.mapping import StatusMap
from tracking.carriers.places import Place, country_code, split_place
from tracking.carriers.zones import clock_of, whole_day, written, zone_of
from tracking.statuses import Status

CARRIERS = Path(calls.__file__).parent


@pytest.fixture
def server() -> Iterator[CarrierServer]:
    tokens.forget_all()
    with carrier_server() as fake:
        yield fake


def grant(server: CarrierServer, secret: str = "s3cret") -> tokens.Grant:
    form = {"grant_type": "client_credentials", "client_secret": secret}
    return tokens.Grant(f"http://{server.host}/token", form=form)


def call(server: CarrierServer, account: Account, secret: str = "s3cret") -> Response:
    return tokens.with_token(
        grant(server, secret),
        account,
        lambda token: calls.send(
            "GET", f"http://{server.host}/track", account, headers={"Authorization": f"Bearer {token}"}
        ),
    )


# Tokens


def test_twenty_threads_fetch_one_token(server: CarrierServer) -> None:
    server.on("/token", Reply(b'{"access_token": "a", "expires_in": "3599"}', slow=0.05))
    server.on("/track", Reply())
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: call(server, server.account()), range(20)))
    assert {answer.status for answer in answers} == {200}
    assert server.paths().count("/token") == 1
    assert {a.headers["Authorization"] for a in server.asked if a.path == "/track"} == {"Bearer a"}


def test_other_credentials_have_a_token_of_their_own(server: CarrierServer) -> None:
    server.on(
        "/token", lambda asked: Reply(json.dumps({"access_token": asked.form["client_secret"]}).encode())
    )
    server.on("/track", Reply())
    for secret in ("one", "two", "one"):
        call(server, server.account(), secret)
    assert server.paths().count("/token") == 2
    assert [a.headers["Authorization"] for a in server.asked if a.path == "/track"] == [
        "Bearer one", "Bearer two", "Bearer one",
    ]  # fmt: skip


def test_a_token_that_has_ended_is_fetched_again(server: CarrierServer) -> None:
    server.on("/token", Reply(b'{"access_token": "a", "expires_in": 0.001}'))
    server.on("/track", Reply())
    call(server, server.account())
    call(server, server.account())
    assert server.paths().count("/token") == 2


def test_after_a_401_a_new_token_is_fetched_once(server: CarrierServer) -> None:
    server.on("/token", Reply(b'{"access_token": "old"}'), Reply(b'{"access_token": "new"}'))
    server.on(
        "/track", lambda asked: Reply(status=200 if asked.headers["Authorization"] == "Bearer new" else 401)
    )
    assert call(server, server.account()).status == 200
    assert server.paths() == ["/token", "/track", "/token", "/track"]


def test_a_401_that_stays_is_asked_about_no_more_than_twice(server: CarrierServer) -> None:
    server.token("/token")
    server.on("/track", Reply(status=401))
    assert call(server, server.account()).status == 401
    assert server.paths() == ["/token", "/track", "/token", "/track"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(b'{"error": "invalid_client", "error_description": "Client authentication failed."}', 401),
         AuthenticationFailed),
        (Reply(b'{"errors": [{"code": "NOT.AUTHORIZED.ERROR"}]}', 400), AuthenticationFailed),
        (Reply(b"busy", 429, {"Retry-After": "7"}), RateLimited),
        (Reply(b"", 503), CarrierDown),
        (Reply(b"<html>maintenance</html>"), CannotRead),
        (Reply(b'{"token": "s3cr3t-token"}'), CannotRead),
    ],
)  # fmt: skip
def test_without_a_token_nothing_is_asked(
    server: CarrierServer, reply: Reply, error: type[CarrierError], caplog: pytest.LogCaptureFixture
) -> None:
    server.on("/token", reply)
    with pytest.raises(error) as raised:
        call(server, server.account())
    assert server.paths() == ["/token"]
    assert "s3cr" not in str(raised.value) + repr(raised.value) + caplog.text + repr(grant(server))
    if isinstance(raised.value, RateLimited):
        assert raised.value.retry_after == 7


# Calls


@pytest.mark.parametrize(
    ("reply", "error"),
    [(Reply(slow=0.8), CarrierDown), (Reply(b"x" * 10_000_000), CannotRead)],
    ids=["no answer in time", "10 MB"],
)
def test_what_takes_too_long_or_too_much_room_is_a_typed_error(
    server: CarrierServer, reply: Reply, error: type[CarrierError]
) -> None:
    server.on("/", reply)
    with pytest.raises(error):
        calls.send("GET", f"http://{server.host}/", server.account())


def test_connections_are_used_again(server: CarrierServer) -> None:
    ports: list[str] = []
    server.on("/", lambda asked: Reply(headers={"X-Port": asked.headers.get("Connection", "")}))
    for _ in range(3):
        ports.append(calls.send("GET", f"http://{server.host}/", server.account()).headers["X-Port"])
    assert ports == ["keep-alive"] * 3


def test_after_an_error_for_everybody_nobody_else_is_asked() -> None:
    asked: list[str] = []

    def ask(number: str) -> Answer:
        asked.append(number)
        if number == "2":
            raise RateLimited("slow down", retry_after=9)
        raise NotFound("unknown")

    found = calls.one_each(["1", "2", "3"], ask)
    assert asked == ["1", "2"]
    assert [type(answer) for answer in found] == [NotFound, RateLimited, RateLimited]


def test_a_batch_is_answered_in_the_order_of_its_numbers() -> None:
    batches: list[list[str]] = []

    def ask(numbers: list[str]) -> list[Answer]:
        batches.append(list(numbers))
        return [TrackingResult(number.lower()) for number in reversed(numbers) if number != "C 3"]

    found = calls.in_batches(["A1", "B2", "C 3"], 2, ask)  # type: ignore[arg-type]
    assert batches == [["A1", "B2"], ["C 3"]]
    assert [getattr(answer, "tracking_number", type(answer)) for answer in found] == ["a1", "b2", NotFound]


def test_an_error_of_the_whole_batch_is_one_of_each_number() -> None:
    found = calls.in_batches(["1", "2", "3"], 2, lambda batch: [CarrierDown("503")])
    assert [type(answer) for answer in found] == [CarrierDown] * 3


# Bodies


NO_JSON = [b"", b"<html><body>hello", b'{"a": [1', b"\xff\xfe", b"[" * 100_000, b" " * 5_000_001]


@pytest.mark.parametrize("body", NO_JSON, ids=["empty", "page", "cut off", "bytes", "deep", "large"])
def test_what_is_no_json_cannot_be_read(body: bytes) -> None:
    with pytest.raises(CannotRead):
        bodies.json_body(body)


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize("body", [b"", b"<html><body/></html>", b"<a><b></a>", b"{}", BOMB])
def test_what_is_no_xml_cannot_be_read(body: bytes) -> None:
    with pytest.raises(CannotRead):
        bodies.xml_body(body)


def test_namespaces_of_xml_are_left_away() -> None:
    root = bodies.xml_body(b'<m:a xmlns:m="urn:x"><b xmlns="urn:y">1</b></m:a>')
    assert (root.tag, root.findtext("b")) == ("a", "1")


def test_whatever_a_reader_raises_is_its_entry() -> None:
    @bodies.never_raises
    def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
        if body == b"nothing":
            return []
        raise KeyError("status") if body == b"form" else CarrierDown("503")

    assert [type(read("1", body)[0]) for body in (b"nothing", b"form", b"down")] == [
        NotFound,
        CannotRead,
        CarrierDown,
    ]
    [error] = read("1", b"form")
    assert isinstance(error, CannotRead)
    assert (error.number, error.body) == ("1", b"form")


def test_a_list_of_one_and_the_one_are_the_same() -> None:
    for value in ({"a": {"b": 1}}, {"a": [{"b": 1}]}, [{"a": {"b": 1}}]):
        assert bodies.dig(value, "a", "b") == 1
    assert [*bodies.each({"x": 1})] == [*bodies.each([{"x": 1}, None, "y"])] == [{"x": 1}]
    assert [*bodies.each(None)] == []
    assert bodies.dig({"a": "text"}, "a", "b") is None


@pytest.mark.parametrize(
    ("value", "unit", "weight"),
    [("1.0", "LB", 454), (0.45, "KG", 450), ("2,5", "kg", 2500), ("string", "string", None), (None, "kg", None),
     (0, "kg", None), ("inf", "kg", None), (8, "OZ", 227)],
)  # fmt: skip
def test_weights_are_in_grams(value: object, unit: object, weight: int | None) -> None:
    assert bodies.grams(value, unit) == weight


# Places and clocks


@pytest.mark.parametrize(
    ("line", "country", "place"),
    [
        ("Hebron, KY, US", "US", Place("Hebron", "KY", "", "US")),
        ("Hebron, KY, US", "", Place("Hebron", "KY", "", "US")),
        ("Hebron, KY", "", Place("Hebron", "KY")),
        ("Memphis, TN 38118", "USA", Place("Memphis", "TN", "38118", "US")),
        ("LEIPZIG - GERMANY", "", Place("LEIPZIG", "", "", "DE")),
        ("Köln, Germany", "", Place("Köln", "", "", "DE")),
        ("Toronto, ON, K0J 1T0", "CA", Place("Toronto", "ON", "K0J 1T0", "CA")),
        ("Oderweg 2, AMSTERDAM", "NL", Place("Oderweg 2, AMSTERDAM", "", "", "NL")),
        ("", "GBR", Place(country="GB")),
    ],
)
def test_a_place_on_one_line_is_taken_apart(line: str, country: str, place: Place) -> None:
    assert split_place(line, country) == place


def test_countries_in_every_spelling() -> None:
    assert [country_code(name) for name in ("de", "GBR", "UK", "United States", "Atlantis", "")] == [
        "DE", "GB", "GB", "US", "", "",
    ]  # fmt: skip


def test_dates_and_times_that_stand_apart_become_one() -> None:
    assert written("20260302", "71356") == "20260302T071356"
    assert written("2026-03-02", "08:27:43", "-05:00") == "2026-03-02T08:27:43-05:00"
    assert written("20260302") == "20260302"
    clock = clock_of("hae")
    assert clock is not None
    assert datetime(2026, 3, 2, 12, tzinfo=clock).astimezone(UTC).hour == 16
    assert clock_of("XYZ") is None
    begins, ends = whole_day("2026-03-29", zone_of("DE"))
    assert (ends - begins).total_seconds() == 23 * 3600 - 1


# Tables of codes

TABLE = """
[codes]
DL = "delivered"
"D/KB" = "delivered.neighbour"
OT = "ofd.on_vehicle"
[families]
D = "delivered"
X = "exception"
[[rule]]
gives = "exception.address"
match = ['address']
[[rule]]
gives = "delivered.signed"
match = ['signed']
"""


@pytest.fixture
def table(tmp_path: Path) -> StatusMap:
    (tmp_path / "t.toml").write_text(TABLE)
    return StatusMap.load(tmp_path / "t.toml")


@pytest.mark.parametrize(
    ("code", "words", "family", "status", "substatus", "known"),
    [
        ("DL", "signed for", "", "delivered", "delivered.signed", True),
        ("OT", "wrong address", "", "out_for_delivery", "ofd.on_vehicle", True),
        ("KB", "", "D", "delivered", "delivered.neighbour", True),
        ("KB", "", "", "in_transit", "", False),
        ("ZZ", "delivered and signed", "", "in_transit", "", False),
        ("ZZ", "wrong address", "", "exception", "exception.address", False),
        ("ZZ", "", "X", "exception", "", False),
        ("", "moving", "", "in_transit", "", True),
    ],
)
def test_codes_families_and_words(
    table: StatusMap, code: str, words: str, family: str, status: str, substatus: str, known: bool
) -> None:
    assert table.meaning(code, words, family) == (Status(status), substatus, known)


TABLES = [path for path in CARRIERS.glob("*.toml") if "codes" in tomllib.loads(path.read_text())]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_no_words_deliver_under_an_unknown_code(path: Path) -> None:
    table = StatusMap.load(path)
    for words in ("delivered", "delivered to neighbour", "could not be delivered", "zugestellt", "livré"):
        assert table.meaning("no such code", words).status != Status.DELIVERED

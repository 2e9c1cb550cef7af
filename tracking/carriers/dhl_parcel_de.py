"""DHL Paket, by the tracking of Post & Parcel Germany: finer than DHL's unified API, for its own parcels.

https://developer.dhl.com/api-reference/dhl-paket-de-sendungsverfolgung-post-paket-deutschland: a GET whose parameter
`xml` is the request (`d-get-piece-detail`, up to 15 numbers, divided by ";"), with the header `DHL-API-Key`. The answer
is nested `<data>` elements with everything in attributes, over REST as it was over the business portal. Times are those
of Germany, or of the event's country, without an offset.

Credentials: `api_key` of the app; `user` and `password` of the business customer.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from tracking.carriers.base import (
    Account,
    Answer,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    CarrierError,
    CarrierScan,
    Credential,
    NotFound,
    PollAdvice,
    Proof,
    TrackingResult,
)
from tracking.carriers.bodies import first, grams, never_raises, readable, refused, text, xml_body
from tracking.carriers.building import scanned
from tracking.carriers.calls import in_batches, plain, send, wait_of
from tracking.carriers.mapping import Meaning, StatusMap
from tracking.carriers.places import Place, country_code
from tracking.carriers.words import read_words, refined
from tracking.carriers.zones import parse_local, zone_of
from tracking.statuses import Status

BASE_URL: Final = "https://api-eu.dhl.com/parcel/de/tracking/v0"
BATCH: Final = 15
STATUSES: Final = StatusMap.load(Path(__file__).with_name("dhl_parcel_de.toml"))


class DHLParcelDE:
    code = "dhl_parcel_de"
    name = "DHL Paket"
    poll = PollAdvice(
        calls_per_second=3, calls_per_day=1_000, numbers_per_call=BATCH, fastest=timedelta(hours=1)
    )
    credentials: tuple[Credential, ...] = (
        Credential("api_key"),
        Credential("user", secret=False),
        Credential("password"),
    )

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return in_batches(numbers, BATCH, lambda batch: _ask(batch, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        language = "de" if locale[:2].lower() == "de" else "en"
        page = f"https://www.dhl.de/{language}/privatkunden/dhl-sendungsverfolgung.html"
        return f"{page}?piececode={quote(number, safe='')}"


def _ask(numbers: Sequence[str], account: Account) -> list[Answer]:
    own = account.credentials
    asked = {
        "appname": own.get("user", ""),
        "password": own.get("password", ""),
        "request": "d-get-piece-detail",
        "language-code": account.language,
        "piece-code": ";".join(numbers),
    }
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in asked.items())
    answer = send(
        "GET",
        f"{account.base_url or BASE_URL}/shipments",
        account,
        params={"xml": f'<?xml version="1.0" encoding="UTF-8" standalone="no"?><data {attributes}/>'},
        headers={"DHL-API-Key": own.get("api_key", ""), "Accept": "application/xml"},
    )
    return read(None, answer.body, answer.status, wait_of(answer))


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """A list of pieces. The code of the list, and of each piece, says whether something was found."""
    if status != 200:
        raise refused(status, retry_after=retry_after)
    root = xml_body(body)
    code, words = root.get("code", "0"), text(root.get("error"), 200)
    pieces = [data for data in root.iter("data") if data.get("name") == "piece-shipment"]
    if code != "0" and not pieces:
        raise _error(code, words)
    found = [_piece(piece) for piece in pieces]
    if number is None:
        return found
    wanted = [one for one, piece in zip(found, pieces, strict=True) if _names(piece, number)]
    return wanted[:1] or [NotFound("the answer is about another parcel", number=number)]


def _names(piece: ElementTree.Element, number: str) -> bool:
    named = (
        piece.get(name, "")
        for name in ("piece-code", "searched-piece-code", "piece-identifier", "domestic-id")
    )
    return plain(number) in map(plain, named)


def _error(code: str, words: str) -> CarrierError:
    """Codes of the list: 0 found, 100 no data, 5 and 6 log-in, 4 too many questions, 99 and above its own faults."""
    detail = f"{code} {words}".strip()
    if code in ("5", "6") or "login" in words.lower() or "password" in words.lower():
        return AuthenticationFailed(detail)
    if code == "100" or "no data" in words.lower():
        return NotFound(detail)
    return CarrierDown(detail) if code in ("99", "999", "-1") else CannotRead(detail)


# --- Reading a piece


def _piece(piece: ElementTree.Element) -> Answer:
    number = text(first(piece.get("searched-piece-code"), piece.get("piece-code")))
    if piece.get("error-status", "0") != "0" or piece.get("piece-status", "0") not in ("0", ""):
        words = first(piece.get("error-status-text"), piece.get("piece-status-desc"), piece.get("status"))
        return NotFound(text(words, 200) or "no data", number=number)
    events = [data for data in piece.iter("data") if data.get("name") == "piece-event"]
    scans = readable(events, _scan) or [*_current(piece)]
    delivered = any(scan.status == Status.DELIVERED for scan in scans)
    receiver = text(piece.get("recipient-name")) if delivered else ""
    return TrackingResult(
        tracking_number=number,
        scans=tuple(sorted(scans, key=lambda scan: scan.occurred_at)),
        service=text(piece.get("product-name")),
        weight_grams=grams(piece.get("shipment-weight"), "kg"),
        delivered_to=receiver,
        proof=Proof(signed_by=receiver, left_with=_left_with(text(piece.get("recipient-id-text")))),
        origin_country=country_code(text(piece.get("origin-country"))),
        destination_country=country_code(text(piece.get("dest-country"))),
        destination_postcode=text(piece.get("pan-recipient-postalcode"), 20),
        raw={name: value for name, value in piece.attrib.items() if value},
    )


def _left_with(words: str) -> str:
    """Who took it, as DHL words it: the receiver, a neighbour, somebody else there."""
    return "neighbour" if any(word in words.lower() for word in ("neighbo", "nachbar")) else ""


def _current(piece: ElementTree.Element) -> Iterable[CarrierScan]:
    """The piece's own status, in answers without a history."""
    if piece.get("status-timestamp"):
        yield _scan(piece, "status-timestamp", "status")


def _scan(event: ElementTree.Element, at: str = "event-timestamp", said: str = "event-status") -> CarrierScan:
    code, ice = text(event.get("standard-event-code")), text(event.get("ice"))
    words = text(first(event.get(said), event.get("event-text"), event.get("event-short-status")), 500)
    short = text(first(event.get("event-short-status"), event.get("short-status")), 200)
    meaning = _going_back(event, refined(STATUSES.meaning(code or ice, "", ice), f"{words}. {short}"), words)
    country = country_code(text(event.get("event-country")))
    occurred_at, local_time, offset_known = _time(text(event.get(at)), zone_of(country or "DE"))
    meaning = meaning._replace(known=meaning.known or ice in STATUSES.families)
    place = Place(city=text(event.get("event-location")), country=country)
    codes = "/".join(filter(None, (code, ice, text(event.get("ric")))))
    return scanned(meaning, place, occurred_at, local_time, offset_known, code=codes, words=words)


def _going_back(event: ElementTree.Element, meaning: Meaning, words: str) -> Meaning:
    """A parcel on its way home is delivered to its sender."""
    if event.get("ruecksendung") != "true":
        return meaning
    if meaning.status == Status.DELIVERED:
        return Meaning(Status.RETURNED, "", meaning.known)
    if meaning.status == Status.IN_TRANSIT or read_words(words).status == Status.RETURNING:
        return Meaning(Status.RETURNING, "", meaning.known)
    return meaning


def _time(told: str, zone: tzinfo) -> tuple[datetime, str, bool]:
    """ "17.03.2016 11:44", local there; ISO 8601 in newer answers. As UTC, as written, and whether it had an offset."""
    for form in ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S"):
        try:
            local = datetime.strptime(told, form).isoformat()
        except ValueError:
            continue
        return parse_local(local, zone)[0], told, False
    at, offset_known = parse_local(told, zone)
    return at, told[:40], offset_known

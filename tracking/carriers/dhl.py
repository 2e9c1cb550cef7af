"""DHL, all divisions, by the "Shipment Tracking - Unified" API.

https://developer.dhl.com/api-reference/shipment-tracking: GET /track/shipments with the header
DHL-API-Key, one number a call. A new key has 250 calls a day and one a second; DHL grants up to
ten looks at a parcel a day.

Credentials: `api_key`, and optionally `service` (parcel-de, express, ecommerce …) for shops whose
numbers collide with another division's.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers.base import (
    Account,
    Answer,
    CarrierError,
    CarrierScan,
    Credential,
    NotFound,
    Pickup,
    PollAdvice,
    Proof,
    TrackingResult,
)
from tracking.carriers.bodies import (
    Json,
    dig,
    each,
    first,
    grams,
    json_body,
    never_raises,
    readable,
    refused,
    text,
)
from tracking.carriers.building import ends_of, scanned, sentence
from tracking.carriers.calls import one_each, send, wait_of
from tracking.carriers.mapping import StatusMap
from tracking.carriers.places import Place, split_place
from tracking.carriers.zones import parse_local, whole_day
from tracking.statuses import Status

BASE_URL: Final = "https://api-eu.dhl.com"
STATUSES: Final = StatusMap.load(Path(__file__).with_name("dhl.toml"))


class DHL:
    code = "dhl"
    name = "DHL"
    # Ten looks a parcel and day: every 2 h 24 min at the most.
    poll = PollAdvice(calls_per_second=1.0, calls_per_day=250, fastest=timedelta(minutes=144))
    credentials: tuple[Credential, ...] = (
        Credential("api_key"),
        Credential("service", secret=False, required=False),
    )

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return one_each(numbers, lambda number: _ask(number, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        language, _, country = locale.lower().replace("_", "-").partition("-")
        site = f"{country}-{language}" if country else "de-de" if language == "de" else "global-en"
        return f"https://www.dhl.com/{site}/home/tracking.html?tracking-id={quote(number, safe='')}"


def _ask(number: str, account: Account) -> Answer:
    params = {"trackingNumber": number, "language": account.language}
    if account.credentials.get("service"):
        params["service"] = account.credentials["service"]
    answer = send(
        "GET",
        f"{account.base_url or BASE_URL}/track/shipments",
        account,
        params=params,
        headers={"DHL-API-Key": account.credentials.get("api_key", ""), "Accept": "application/json"},
    )
    return read(number, answer.body, answer.status, wait_of(answer))[0]


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """An answer of `GET /track/shipments`. DHL's errors are "problem" objects: {status, title, detail}."""
    if status != 200:
        raise _error(status, _problem(body), retry_after)
    answer = json_body(body)
    shipments = [*each(answer.get("shipments"))]
    if "shipments" not in answer and isinstance(answer.get("status"), int):
        raise _error(answer["status"], _words(answer), retry_after)
    if number is not None:
        return [read_result(number, answer)]
    return [read_result(text(shipment.get("id")), {"shipments": [shipment]}) for shipment in shipments]


def _error(status: int, words: str, retry_after: float | None) -> CarrierError:
    # 400 is what it answers to a number of a wrong form.
    if status == 400 and "track" in words.lower():
        return NotFound(f"{status} {words}")
    return refused(status, words, retry_after=retry_after)


def _problem(body: bytes) -> str:
    try:
        return _words(json_body(body))
    except CarrierError:
        return ""


def _words(problem: Any) -> str:
    return text(first(dig(problem, "detail"), dig(problem, "title")), 300)


# --- Reading an answer


def read_result(number: str, answer: Any) -> TrackingResult:
    """The parcel with that number out of an answer; NotFound when it is about another one."""
    shipment = _shipment(number, answer["shipments"])
    details: Json = shipment.get("details") or {}
    origin, destination = _place(shipment.get("origin")), _place(shipment.get("destination"))
    events = [*(shipment.get("events") or ())] or [shipment["status"]]
    scans = readable(events, lambda event: _scan(event, origin, destination))
    scans.sort(key=lambda scan: scan.occurred_at)
    eta_from, eta_to, eta_is_day = _window(shipment, destination.zone)
    proof: Json = details.get("proofOfDelivery") or {}
    return TrackingResult(
        tracking_number=number,
        scans=tuple(scans),
        eta_from=eta_from,
        eta_to=eta_to,
        eta_is_day=eta_is_day,
        service=text((details.get("product") or {}).get("productName") or shipment.get("service")),
        delivered_to=_person(details.get("receiver")),
        weight_grams=grams(dig(details, "weight", "value"), dig(details, "weight", "unitText")),
        proof=Proof(
            signed_by=_person(proof.get("signed")),
            document_url=text(first(proof.get("documentUrl"), proof.get("signatureUrl")), 1000),
        ),
        pickup=_pickup(shipment, scans, destination.zone),
        **ends_of(origin, destination),
        raw=shipment,
    )


def _shipment(number: str, shipments: Sequence[Json]) -> Json:
    """Without a `service`, DHL may answer with another division's parcel: that is not ours."""
    wanted = _bare(number)
    for shipment in shipments:
        details: Json = shipment.get("details") or {}
        references = details.get("references") or ()
        if isinstance(references, Mapping):
            references = (references,)
        known = [shipment["id"], *(details.get("pieceIds") or ())]
        known += [reference.get("number", "") for reference in references]
        if wanted in map(_bare, known):
            return shipment
    raise NotFound("the answer is about another parcel" if shipments else "no shipment")


def _bare(number: Any) -> str:
    return re.sub(r"[^A-Z0-9]", "", str(number).upper()).lstrip("0")


def _place(location: Any) -> Place:
    """A place out of `{"address": {…}}`; divisions write "Hebron, KY, US", "LEIPZIG - GERMANY"."""
    address: Json = (location or {}).get("address") or {}
    place = split_place(text(address.get("addressLocality")), text(address.get("countryCode")))
    return replace(place, postcode=text(address.get("postalCode"), 20) or place.postcode)


def _scan(event: Json, origin: Place, destination: Place) -> CarrierScan:
    code = text(event.get("statusCode")).lower()
    words = [text(event.get("status"), 500), text(event.get("description"), 500)]
    meaning = STATUSES.meaning(code, " ".join(words))
    place = _place(event.get("location"))
    # A scan without a place happened where parcels of its kind are.
    near = origin if code == "pre-transit" else destination
    local_time = str(event["timestamp"])
    occurred_at, offset_known = parse_local(local_time, place.zone if place.country else near.zone)
    return scanned(meaning, place, occurred_at, local_time, offset_known, code=code, words=sentence(*words))


def _window(shipment: Json, zone: tzinfo) -> tuple[datetime | None, datetime | None, bool]:
    """When it will be there. A window is kept as it is; a single midnight means that day."""
    frame: Json = shipment.get("estimatedDeliveryTimeFrame") or {}
    start, end = frame.get("estimatedFrom"), frame.get("estimatedThrough")
    if start and end:
        return parse_local(start, zone)[0], parse_local(end, zone)[0], False
    single = start or end or shipment.get("estimatedTimeOfDelivery")
    if not single:
        return None, None, False
    if datetime.fromisoformat(single).time() == time(0):
        return *whole_day(single, zone), True
    at = parse_local(single, zone)[0]
    return at, at, False


_UNTIL: Final = re.compile(r"\b(?:until|by|bis)\b\D{0,20}(\d{1,2})\.(\d{1,2})\.(\d{4})")
_UNTIL_ISO: Final = re.compile(r"\b(?:until|by|bis)\b\D{0,20}(\d{4})-(\d{2})-(\d{2})")


def _pickup(shipment: Json, scans: Sequence[CarrierScan], zone: tzinfo) -> Pickup | None:
    """Where a parcel waits and the end of its last day there; only while it does."""
    if not scans or scans[-1].status != Status.AVAILABLE_FOR_PICKUP:
        return None
    current: Json = shipment.get("status") or {}
    location: Json = current.get("location") or {}
    point: Json = location.get("servicePoint") or {}
    address: Json = location.get("address") or {}
    words = " ".join(text(current.get(part), 500) for part in ("description", "remark", "nextSteps"))
    return Pickup(
        name=text(first(point.get("label"), point.get("name"))),
        address=text(address.get("streetAddress")),
        postcode=text(address.get("postalCode"), 20),
        city=text(address.get("addressLocality")),
        country=text(address.get("countryCode"))[:2].upper(),
        hours=text(point.get("openingHours"), 300),
        code=text(first(point.get("id"), point.get("url")), 100),
        until=_last_day(words, zone),
    )


def _last_day(words: str, zone: tzinfo) -> datetime | None:
    european, iso = _UNTIL.search(words), _UNTIL_ISO.search(words)
    if european is not None:
        day, month, year = map(int, european.groups())
    elif iso is not None:
        year, month, day = map(int, iso.groups())
    else:
        return None
    try:
        return datetime(year, month, day, 23, 59, 59, tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def _person(person: Any) -> str:
    """The name of a schema.org Person or Organization."""
    person = person or {}
    parts = [person.get("givenName"), person.get("familyName")]
    full = " ".join(filter(None, map(text, parts)))
    return full or text(person.get("name") or person.get("organizationName"))

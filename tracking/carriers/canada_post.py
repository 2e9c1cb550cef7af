"""Canada Post, by the Tracking web service (v2).

https://www.canadapost-postescanada.ca/information/app/drc/registered: GET /vis/track/pin/{pin}/detail, one number a
call, XML, with basic authentication. Calls are throttled by the minute; ours are modest. Event times are local, with
the name of their clock (EST, HAE). Its newer JSON has the same fields in another spelling, and is read too.

Credentials: `username`, `password` (the two halves of the API key).
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers.base import (
    Account,
    Answer,
    AuthenticationFailed,
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
    as_mapping,
    dig,
    digits,
    each,
    first,
    grams,
    json_body,
    never_raises,
    plain_keys,
    readable,
    refused,
    text,
    told_in,
    xml_body,
)
from tracking.carriers.building import scanned
from tracking.carriers.calls import one_each, send, wait_of
from tracking.carriers.mapping import StatusMap
from tracking.carriers.places import Place
from tracking.carriers.proofs import left_with
from tracking.carriers.words import refined
from tracking.carriers.zones import clock_of, parse_local, whole_day, written, zone_of
from tracking.statuses import Status

BASE_URL: Final = "https://soa-gw.canadapost.ca"
STATUSES: Final = StatusMap.load(Path(__file__).with_name("canada_post.toml"))


class CanadaPost:
    code = "canada_post"
    name = "Canada Post"
    poll = PollAdvice(calls_per_second=1.0, calls_per_day=20_000, fastest=timedelta(hours=1))
    credentials: tuple[Credential, ...] = (Credential("username", secret=False), Credential("password"))

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return one_each(numbers, lambda number: _ask(number, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        language = "fr" if locale.lower().startswith("fr") else "en"
        page = f"https://www.canadapost-postescanada.ca/track-reperage/{language}#/search"
        return f"{page}?searchFor={quote(number, safe='')}"


def _ask(number: str, account: Account) -> Answer:
    own = account.credentials
    pair = f"{own.get('username', '')}:{own.get('password', '')}"
    answer = send(
        "GET", f"{account.base_url or BASE_URL}/vis/track/pin/{quote(number, safe='')}/detail", account,
        headers={
            "Authorization": "Basic " + b64encode(pair.encode()).decode(),
            "Accept": "application/vnd.cpc.track-v2+xml",
            "Accept-language": "fr-CA" if account.language == "fr" else "en-CA",
        },
    )  # fmt: skip
    return read(number, answer.body, answer.status, wait_of(answer))[0]


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """An answer of `detail` or `summary`; an error is a list of messages, also with status 200."""
    answer = plain_keys(told_in(body, status, retry_after, _decoded))
    detail = _find(answer, "significantevents", "pin", "pinsummary")
    message = _find(answer, "description", "code")
    if status != 200 or detail is None:
        raise _error(status, message, retry_after)
    return [_result(number or text(detail.get("pin"), 100), detail)]


def _decoded(body: bytes) -> Any:
    if body.lstrip()[:1] in (b"{", b"["):
        return json_body(body)
    root = xml_body(body)
    return {root.tag: as_mapping(root)}


def _find(value: Any, *names: str) -> Any:
    """The outermost object that has one of these fields: envelopes differ."""
    if isinstance(value, list):
        return next((found for one in value if (found := _find(one, *names)) is not None), None)
    if not isinstance(value, dict):
        return None
    if any(name in value for name in names):
        return value
    return next((found for one in value.values() if (found := _find(one, *names)) is not None), None)


def _error(status: int, message: Any, retry_after: float | None) -> CarrierError:
    code, words = text(dig(message, "code")), text(dig(message, "description"), 300)
    detail, lowered = f"{code} {words}".strip(), words.lower()
    if code.upper() in ("E002", "E001") or "authenti" in lowered or "not authorized" in lowered:
        return AuthenticationFailed(detail)
    if (
        digits(code) in ("4", "1", "2")
        or "no pin history" in lowered
        or "aucun historique" in lowered
        or "pin" in lowered
    ):
        return NotFound(detail)
    if "throttl" in lowered or "limit" in lowered:
        return refused(429, detail, retry_after=retry_after)
    return refused(status, detail or "no tracking-detail", retry_after=retry_after)


def _result(number: str, detail: Json) -> TrackingResult:
    told = first(
        dig(detail, "significantevents", "occurrence"),
        detail.get("significantevents"),
        detail.get("pinsummary"),
    )
    events = [*each(told)]
    postcode = text(detail.get("destinationpostalid"), 20)
    scans = readable(events, _scan)
    scans.sort(key=lambda scan: scan.occurred_at)
    day = text(
        first(
            detail.get("changedexpecteddate"),
            detail.get("changedexpecteddeliverydate"),
            detail.get("expecteddeliverydate"),
        )
    )
    window = (None, None) if not day else whole_day(day, zone_of("CA", _province(postcode)))
    signed = next(
        (text(event.get("signatoryname")) for event in events if text(event.get("signatoryname"))), ""
    )
    delivered = next((scan for scan in reversed(scans) if scan.status == Status.DELIVERED), None)
    where = delivered.description if delivered else ""
    return TrackingResult(
        tracking_number=number,
        scans=tuple(scans),
        eta_from=window[0],
        eta_to=window[1],
        eta_is_day=window[1] is not None,
        service=text(first(detail.get("servicename"), detail.get("servicename2"))),
        weight_grams=grams(detail.get("weight"), first(detail.get("weightunit"), "kg")),
        proof=Proof(
            signed_by=signed,
            left_with=left_with(where),
            place=where if left_with(where) else "",
            available=text(detail.get("signatureimageexists")).lower() == "true"
            or any(digits(event.get("eventidentifier")) == "2001" for event in events),
        ),
        pickup=_pickup(scans, events),
        destination_country="CA" if postcode[:1].isalpha() else "US" if postcode.isdigit() else "",
        destination_postcode=postcode,
        raw=detail,
    )


def _scan(event: Json) -> CarrierScan:
    code = digits(event.get("eventidentifier"))
    words = text(first(event.get("eventdescription"), event.get("eventtype")), 500)
    meaning = refined(STATUSES.meaning(code, words), words)
    place = Place(
        text(first(event.get("eventsite"), event.get("eventlocation"))),
        text(event.get("eventprovince")),
        "",
        _country(event),
    )
    date, time = text(first(event.get("eventdate"), event.get("eventdatetime"))), text(event.get("eventtime"))
    if "T" not in date and ":" in date:
        date, _, time = date.partition(" ")
    elif date.isdigit() and len(date) > 8:  # 20110203:115959 and the like
        date, time = date[:8], date[8:]
    clock = clock_of(text(event.get("eventtimezone")))
    occurred_at, offset_told = parse_local(
        written(date.replace(":", "T") if "-" not in date else date, time), clock or place.zone
    )
    local = " ".join(filter(None, (date, time, text(event.get("eventtimezone")))))
    code = text(event.get("eventidentifier"), 60)
    return scanned(
        meaning, place, occurred_at, local, offset_told or clock is not None, code=code, words=words
    )


_PROVINCES: Final = frozenset(["AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"])
_BY_LETTER: Final = {
    "A": "NL", "B": "NS", "C": "PE", "E": "NB", "G": "QC", "H": "QC", "J": "QC", "K": "ON", "L": "ON", "M": "ON",
    "N": "ON", "P": "ON", "R": "MB", "S": "SK", "T": "AB", "V": "BC", "X": "NT", "Y": "YT",
}  # fmt: skip


def _country(event: Json) -> str:
    region = text(event.get("eventprovince")).upper()
    return "CA" if region in _PROVINCES or not region else ""


def _province(postcode: str) -> str:
    return _BY_LETTER.get(postcode[:1].upper(), "")


def _pickup(scans: Sequence[CarrierScan], events: Sequence[Json]) -> Pickup | None:
    if not scans or scans[-1].status != Status.AVAILABLE_FOR_PICKUP:
        return None
    shop = next((event for event in events if text(event.get("eventretailname"))), {})
    return Pickup(
        name=text(shop.get("eventretailname")) or "Canada Post",
        city=scans[-1].city,
        country="CA",
        code=text(shop.get("eventretaillocationid")),
        until=_last_day(scans[-1].occurred_at) if scans[-1].substatus == "pickup.deadline" else None,
    )


def _last_day(noticed_at: datetime) -> datetime:
    """The final notice names ten days."""
    return noticed_at + timedelta(days=10)

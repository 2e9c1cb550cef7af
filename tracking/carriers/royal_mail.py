"""Royal Mail, by the Tracking API (v2).

https://developer.royalmail.net/product/131: GET /mailpieces/v2/{number}/events, one number a call, with the client's id
and secret in headers. No quota is published; ours is modest. Event times carry their offset.

Credentials: `client_id`, `client_secret`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from tracking.carriers.base import (
    Account,
    Answer,
    AuthenticationFailed,
    CarrierError,
    CarrierScan,
    HandOver,
    NotFound,
    Pickup,
    PollAdvice,
    Proof,
    TrackingResult,
)
from tracking.carriers.bodies import Json, dig, each, first, never_raises, readable, refused, text, told_in
from tracking.carriers.building import CLIENT, scanned
from tracking.carriers.calls import one_each, only, send, wait_of
from tracking.carriers.mapping import StatusMap
from tracking.carriers.places import Place, country_code
from tracking.carriers.proofs import left_with
from tracking.carriers.words import refined
from tracking.carriers.zones import parse_local, whole_day
from tracking.statuses import Status

BASE_URL: Final = "https://api.royalmail.net"
STATUSES: Final = StatusMap.load(Path(__file__).with_name("royal_mail.toml"))
_LONDON: Final = ZoneInfo("Europe/London")


class RoyalMail:
    code = "royal_mail"
    name = "Royal Mail"
    poll = PollAdvice(calls_per_second=2.0, calls_per_day=10_000, fastest=timedelta(hours=1))
    credentials = CLIENT

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return one_each(numbers, lambda number: _ask(number, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        return f"https://www.royalmail.com/track-your-item#/tracking-results/{quote(number, safe='')}"


def _ask(number: str, account: Account) -> Answer:
    own = account.credentials
    answer = send(
        "GET", f"{account.base_url or BASE_URL}/mailpieces/v2/{quote(number, safe='')}/events", account,
        headers={
            "X-IBM-Client-Id": own.get("client_id", ""), "X-IBM-Client-Secret": own.get("client_secret", ""),
            "X-Accept-RMG-Terms": "yes", "Accept": "application/json",
        },
    )  # fmt: skip
    return read(number, answer.body, answer.status, wait_of(answer))[0]


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """An answer of `events` or `summary`: one mail piece or a list of them, each with its own error or none."""
    answer = told_in(body, status, retry_after)
    pieces = [*each(first(dig(answer, "mailPieces"), dig(answer, "mailpieces"), dig(answer, "mailPiece")))]
    told = text(dig(answer, "httpCode"))
    if status != 200 or (told.isdigit() and int(told) >= 400) or not pieces:
        code = int(told) if told.isdigit() else status
        error = first(dig(answer, "errors"), answer)
        raise _error(code, error, text(dig(answer, "httpMessage")), retry_after)
    found = [_one(piece, number if len(pieces) == 1 else None) for piece in pieces]
    return only(number, found)


# Codes of Royal Mail's errors: E1142 no such barcode, E1144 no events (any more), E1145 not to be tracked …
_NOT_FOUND: Final = frozenset(
    {"E1142", "E1143", "E1144", "E1145", "E1283", "E1307", "E1308", "E1309", "E1311", "E1312"}
)


def _error(status: int, told: Any, message: str, retry_after: float | None) -> CarrierError:
    code = text(dig(told, "errorCode")).upper()
    words = text(first(dig(told, "errorDescription"), dig(told, "moreInformation"), message), 300)
    detail = f"{code} {words}".strip()
    if code in _NOT_FOUND or "not recognised" in words.lower():
        return NotFound(detail)
    if code in ("E0009", "E0010") and status == 200:
        return refused(429, detail, retry_after=retry_after)
    if "client" in words.lower() and status in (200, 400, 401, 403):
        return AuthenticationFailed(detail)
    return refused(status, detail, retry_after=retry_after)


def _one(piece: Json, number: str | None) -> Answer:
    summary = piece.get("summary")
    own = number or text(
        first(dig(summary, "oneDBarcode"), piece.get("mailPieceId"), dig(summary, "uniqueItemId")), 100
    )
    events = [*each(piece.get("events"))]
    if piece.get("error") and not events:
        error = _error(200, piece.get("error"), "", None)
        error.number = own
        return error
    return _result(own, piece, events)


def _result(number: str, piece: Json, events: Sequence[Json]) -> TrackingResult:
    summary = piece.get("summary")
    if not events and dig(summary, "lastEventCode"):
        events = [
            {
                "eventCode": dig(summary, "lastEventCode"), "eventName": dig(summary, "lastEventName"),
                "eventDateTime": dig(summary, "lastEventDateTime"),
                "locationName": dig(summary, "lastEventLocationName"),
            }
        ]  # fmt: skip
    destination = country_code(text(dig(summary, "destinationCountryCode")))
    scans = readable(events, lambda event: _scan(event, summary))
    scans.sort(key=lambda scan: scan.occurred_at)
    eta_from, eta_to, is_day = _window(
        first(piece.get("estimatedDelivery"), dig(summary, "estimatedDelivery"))
    )
    done = bool(scans) and scans[-1].status == Status.DELIVERED
    signature = piece.get("signature")
    where = scans[-1].description if done else ""
    return TrackingResult(
        tracking_number=number,
        scans=tuple(scans),
        eta_from=eta_from,
        eta_to=eta_to,
        eta_is_day=is_day,
        service=text(first(dig(summary, "productName"), dig(summary, "productId"))),
        proof=Proof(
            signed_by=text(first(dig(signature, "recipientName"), dig(signature, "printedName"))),
            left_with=left_with(where),
            available=bool(first(dig(signature, "imageId"), dig(signature, "image"))),
        ),
        pickup=_pickup(scans),
        handed_over_to=_next(number, summary, destination),
        origin_country=country_code(text(dig(summary, "originCountryCode"))),
        destination_country=destination,
        raw=piece,
    )


def _scan(event: Json, summary: Any) -> CarrierScan:
    code, words = text(event.get("eventCode"), 60).upper(), text(event.get("eventName"), 500)
    # Its category of the whole item is the newest event's.
    newest = code == text(dig(summary, "lastEventCode")).upper()
    family = text(dig(summary, "statusCategory")).upper() if newest else ""
    meaning = refined(STATUSES.meaning(code, words, family), words)
    ends = {
        country_code(text(dig(summary, name))) for name in ("originCountryCode", "destinationCountryCode")
    }
    at_home = ends == {"GB"}
    local_time = text(event.get("eventDateTime"), 40)
    occurred_at, offset_known = parse_local(local_time, _LONDON)
    country = country_code(text(event.get("countryCode"))) or ("GB" if at_home else "")
    place = Place(city=text(event.get("locationName")), country=country)
    return scanned(meaning, place, occurred_at, local_time, offset_known, code=code, words=words)


def _window(told: Any) -> tuple[datetime | None, datetime | None, bool]:
    """A day, and on some of them the hours: "2026-02-20", "08:00:00+01:00". What has no offset is London's time."""
    day = text(dig(told, "date"))
    if not day:
        return None, None, False
    begins, ends = whole_day(day, _LONDON)
    start, end = text(dig(told, "startOfEstimatedWindow")), text(dig(told, "endOfEstimatedWindow"))
    if not end:
        return begins, ends, True
    since = parse_local(start if "T" in start else f"{day}T{start}", _LONDON)[0] if start else begins
    return since, parse_local(end if "T" in end else f"{day}T{end}", _LONDON)[0].astimezone(UTC), False


def _pickup(scans: Sequence[CarrierScan]) -> Pickup | None:
    if not scans or scans[-1].status != Status.AVAILABLE_FOR_PICKUP:
        return None
    return Pickup(name=scans[-1].city, country="GB")


def _next(number: str, summary: Any, destination: str) -> HandOver | None:
    """Abroad the item goes on under the same number (S10) with the post of the country."""
    provider = text(dig(summary, "internationalPostalProvider", "title"))
    if not provider or destination in ("", "GB") or "royal mail" in provider.lower():
        return None
    from tracking.carriers.registry import OTHER, carrier_from_name  # it knows us

    code = carrier_from_name(provider)
    return HandOver("" if code == OTHER else code, number)

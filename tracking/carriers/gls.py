"""GLS, by the Track & Trace API of GLS Group.

https://dev-portal.gls-group.net/ (Track And Trace API v1): OAuth 2 client credentials at `/oauth2/v2/token`, then
`GET /track-and-trace-v1/tracking/simple/trackids/{a,b,…}`, up to 10 parcels a call. Each parcel has its status and its
events, or an error of its own. Times carry their offset ("+0200").
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tracking.carriers.base import (
    Account,
    Answer,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    CarrierError,
    CarrierScan,
    NotFound,
    PollAdvice,
    TrackingResult,
)
from tracking.carriers.bodies import Json, dig, each, first, never_raises, readable, refused, text, told_in
from tracking.carriers.building import CLIENT, client_credentials, scanned
from tracking.carriers.calls import in_batches, plain, send, wait_of
from tracking.carriers.mapping import StatusMap
from tracking.carriers.places import Place, country_code
from tracking.carriers.tokens import with_token
from tracking.carriers.words import refined
from tracking.carriers.zones import parse_local, zone_of

BASE_URL: Final = "https://api.gls-group.net"
BATCH: Final = 10
STATUSES: Final = StatusMap.load(Path(__file__).with_name("gls.toml"))


class GLS:
    code = "gls"
    name = "GLS"
    poll = PollAdvice(
        calls_per_second=2, calls_per_day=10_000, numbers_per_call=BATCH, fastest=timedelta(hours=1)
    )
    credentials = CLIENT

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return in_batches(numbers, BATCH, lambda batch: _ask(batch, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        return f"https://gls-group.com/track/{quote(number, safe='')}"


def _ask(numbers: Sequence[str], account: Account) -> list[Answer]:
    base = account.base_url or BASE_URL
    grant = client_credentials(f"{base}/oauth2/v2/token", account)
    ids = quote(",".join(numbers), safe=",")
    answer = with_token(
        grant,
        account,
        lambda token: send(
            "GET",
            f"{base}/track-and-trace-v1/tracking/simple/trackids/{ids}",
            account,
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "Accept-Language": account.language,
            },
        ),
    )
    return read(None, answer.body, answer.status, wait_of(answer))


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """Parcels, each with its events or its error."""
    if status != 200:
        raise refused(status, retry_after=retry_after)
    answer = told_in(body, status, retry_after)
    if "parcels" not in answer:
        raise _error(text(first(dig(answer, "errorCode"), dig(answer, "errors", "errorCode"))), text(
            first(dig(answer, "errorMessage"), dig(answer, "errors", "errorMessage")), 200), "")  # fmt: skip
    found = [_parcel(parcel) for parcel in each(answer["parcels"])]
    if number is None:
        return found
    wanted = [one for one in found if plain(_number(one)) == plain(number)]
    return wanted[:1] or [NotFound("the answer is about another parcel", number=number)]


def _number(answer: Answer) -> str:
    return answer.tracking_number if isinstance(answer, TrackingResult) else answer.number


def _error(code: str, words: str, number: str) -> CarrierError:
    """E_404_01: the middle is an HTTP status."""
    status, detail = code.split("_")[1:2], f"{code} {words}".strip()
    kind = {
        "400": NotFound,
        "404": NotFound,
        "401": AuthenticationFailed,
        "403": AuthenticationFailed,
        "500": CarrierDown,
        "503": CarrierDown,
    }.get(status[0] if status else "", CannotRead)
    return kind(detail, number=number)


# --- Reading a parcel


def _parcel(parcel: Json) -> Answer:
    number = text(first(parcel.get("requested"), parcel.get("unitno"), parcel.get("trackid")))
    if parcel.get("errorCode"):
        return _error(text(parcel["errorCode"]), text(parcel.get("errorMessage"), 200), number)
    scans = sorted(_scans(parcel), key=lambda scan: scan.occurred_at)
    return TrackingResult(
        tracking_number=number,
        scans=(*scans[:-1], _by_state(scans[-1], text(parcel.get("status")))) if scans else (),
        service=text(parcel.get("product")),
        raw={key: value for key, value in parcel.items() if key != "events"},
    )


def _scans(parcel: Json) -> Iterable[CarrierScan]:
    events = [*each(parcel.get("events") or [])]
    yield from readable(events, _scan)
    if not events and parcel.get("statusDateTime"):
        yield _scan({"code": parcel.get("status"), "eventDateTime": parcel["statusDateTime"]})


def _scan(event: Json) -> CarrierScan:
    code, words = text(event.get("code")), text(event.get("description"), 500)
    meaning = refined(STATUSES.meaning(code, "", code.partition(".")[0]), words)
    country = country_code(text(event.get("country")))
    local_time = text(event["eventDateTime"])
    occurred_at, offset_known = parse_local(local_time, zone_of(country))
    place = Place(text(event.get("city")), "", text(event.get("postalCode"), 20), country)
    return scanned(meaning, place, occurred_at, local_time, offset_known, code=code, words=words)


def _by_state(scan: CarrierScan, state: str) -> CarrierScan:
    """The newest event of a code that nobody knows means what GLS says of the parcel as a whole."""
    meaning = STATUSES.meaning(state, "")
    if scan.known or not meaning.known or not state or scan.status == meaning.status:
        return scan
    meaning = refined(meaning, scan.description)
    return replace(scan, status=meaning.status, substatus=meaning.substatus)

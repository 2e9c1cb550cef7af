"""EasyPost, an aggregator: trackers of some hundred carriers with one key.

https://docs.easypost.com/docs/trackers: `POST /v2/trackers` makes a tracker, or gives the one that the same number and
carrier got within three months; `GET /v2/trackers?tracking_code=` lists them (index calls: 5 a second). The key is the
user name of HTTP Basic. Its webhook (`tracker.created`, `tracker.updated`) is an Event whose `result` is the tracker.

Times are UTC; EasyPost reads local times as UTC where a scan has no full place. Weights are ounces.
"""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
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
    never_raises,
    readable,
    refused,
    text,
    told_in,
)
from tracking.carriers.building import ends_of, scanned
from tracking.carriers.calls import one_each, send, wait_of
from tracking.carriers.mapping import StatusMap
from tracking.carriers.places import Place, country_code, split_place
from tracking.carriers.slugs import slug_of
from tracking.carriers.words import read_words, refined
from tracking.carriers.zones import parse_local, promised
from tracking.statuses import Status

BASE_URL: Final = "https://api.easypost.com"
STATUSES: Final = StatusMap.load(Path(__file__).with_name("easypost.toml"))


class EasyPost:
    code = "easypost"
    name = "EasyPost"
    poll = PollAdvice(calls_per_second=5, calls_per_day=100_000, fastest=timedelta(hours=2))
    credentials: tuple[Credential, ...] = (
        Credential("api_key"),
        Credential("webhook_secret", required=False),
    )

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return one_each(numbers, lambda number: _ask(number, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        return f"https://track.easypost.com/{quote(number, safe='')}"


def _ask(number: str, account: Account) -> Answer:
    """The tracker of a number; one that nobody made yet is made, and EasyPost tells of it from then on."""
    key = base64.b64encode(f"{account.credentials.get('api_key', '')}:".encode()).decode()
    headers = {"Authorization": f"Basic {key}", "Accept": "application/json"}
    tracker = {"tracking_code": number}
    if carrier := slug_of("easypost", account.carriers.get(number, "")):
        tracker["carrier"] = carrier
    url = f"{account.base_url or BASE_URL}/v2/trackers"
    if account.only_look:
        answer = send("GET", url, account, headers=headers, params={"tracking_code": number})
    else:
        answer = send("POST", url, account, headers=headers, json={"tracker": tracker})
    return read(number, answer.body, answer.status, wait_of(answer))[0]


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """A tracker, a list of trackers, or a webhook's event; {"error": {code, message}} otherwise."""
    answer = told_in(body, status, retry_after)
    problem = dig(answer, "error")
    if problem or status >= 400:
        raise _error(status, problem, retry_after)
    trackers = [*each(first(dig(answer, "trackers"), dig(answer, "result"), answer))]
    if isinstance(answer, dict) and answer.get("trackers") == []:
        raise NotFound("no tracker with this number")
    found = [_result(tracker) for tracker in trackers]
    if number is None:
        return [*found]
    wanted = [one for one in found if one.tracking_number.upper() == number.replace(" ", "").upper()]
    return [*wanted[:1]] or [NotFound("the answer is about another parcel", number=number)]


def _error(status: int, problem: Any, retry_after: float | None) -> CarrierError:
    """EasyPost's error: its code says more than the status, which may be missing in a recorded answer."""
    code, words = text(dig(problem, "code")), text(first(dig(problem, "message"), problem), 200)
    detail = f"{code} {words}".strip()
    if code.startswith(("APIKEY", "AUTHENTICATION", "FORBIDDEN", "PAYMENT", "ACCOUNT")):
        return AuthenticationFailed(detail)
    if code.startswith("RATE_LIMIT"):
        return refused(429, detail, retry_after=retry_after)
    if code.startswith(("TRACKER", "NOT_FOUND")) or status == 422:
        return NotFound(detail)
    return refused(status, detail, retry_after=retry_after)


# --- Reading a tracker


def _result(tracker: Json) -> TrackingResult:
    detail = tracker.get("carrier_detail") or {}
    destination = _place(detail.get("destination_tracking_location"), detail.get("destination_location"))
    origin = _place(detail.get("origin_tracking_location"), detail.get("origin_location"))
    scans = sorted(_scans(tracker), key=lambda scan: scan.occurred_at)
    begins, ends, is_day = _window(tracker, detail, destination.zone)
    return TrackingResult(
        tracking_number=text(tracker["tracking_code"]),
        scans=tuple(scans),
        eta_from=begins,
        eta_to=ends,
        eta_is_day=is_day,
        service=text(first(detail.get("service"), tracker.get("service"))),
        weight_grams=grams(tracker.get("weight"), "oz"),
        proof=Proof(signed_by=text(tracker.get("signed_by"))),
        **ends_of(origin, destination),
        raw={key: value for key, value in tracker.items() if key != "tracking_details"},
    )


def _scans(tracker: Json) -> Iterable[CarrierScan]:
    details = [*each(tracker.get("tracking_details") or [])]
    yield from readable(details, _scan)
    status = text(tracker.get("status")).lower()
    if not details and status not in ("", "unknown"):
        # It tells where the parcel is and nothing of how it came there.
        at = first(tracker.get("updated_at"), tracker.get("created_at"))
        yield _scan({"status": status, "status_detail": tracker.get("status_detail"), "datetime": at})


def _scan(detail: Json) -> CarrierScan:
    status, code = text(detail.get("status")).lower(), text(detail.get("status_detail")).lower()
    words = text(first(detail.get("message"), detail.get("description")), 500)
    meaning = refined(STATUSES.meaning(code, "", status), words)
    if not code:
        meaning = meaning._replace(known=status in STATUSES.families)
    if meaning.status == Status.RETURNING and read_words(words).status == Status.RETURNED:
        meaning = meaning._replace(status=Status.RETURNED, substatus="")
    place = _place(detail.get("tracking_location"), None)
    local_time = str(detail["datetime"])
    occurred_at, offset_known = parse_local(local_time, place.zone)
    return scanned(
        meaning,
        place,
        occurred_at,
        local_time,
        offset_known,
        code=f"{status}/{code}" if code else status,
        words=words,
    )


def _place(location: Any, line: Any) -> Place:
    if isinstance(location, dict) and any(location.get(part) for part in ("city", "state", "country", "zip")):
        return Place(
            text(location.get("city")),
            text(location.get("state")),
            text(location.get("zip"), 20),
            country_code(text(location.get("country"))),
        )
    return split_place(text(line)) if line else Place()


def _window(tracker: Json, detail: Any, zone: tzinfo) -> tuple[datetime | None, datetime | None, bool]:
    """A local date with its hour where the carrier gave one, else what EasyPost makes of it."""
    day, hour = text(dig(detail, "est_delivery_date_local")), text(dig(detail, "est_delivery_time_local"))
    local = f"{day}T{hour}" if day and hour else day
    return promised(local or text(tracker.get("est_delivery_date")), zone)

"""Shippo, an aggregator: tracks of some sixty carriers with one token.

https://docs.goshippo.com/docs/tracking/tracking: `GET /tracks/{carrier}/{number}` reads one, `POST /tracks` also
registers it for the webhook `track_updated` ({"event", "data": the track}). "Tracking webhooks are not idempotent": the
same is told again. Shippo wants to know the carrier, so a number without a known one is not asked for.

A scan has a status, a sub-status {code, text, action_required}, words and a time in UTC.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers.base import (
    Account,
    Answer,
    CarrierScan,
    Credential,
    NotFound,
    PollAdvice,
    TrackingResult,
)
from tracking.carriers.bodies import Json, dig, each, first, never_raises, readable, refused, text, told_in
from tracking.carriers.building import ends_of, scanned
from tracking.carriers.calls import one_each, plain, send, wait_of
from tracking.carriers.mapping import Meaning, StatusMap
from tracking.carriers.places import Place, country_code
from tracking.carriers.slugs import slug_of
from tracking.carriers.words import refined
from tracking.carriers.zones import parse_local, promised

BASE_URL: Final = "https://api.goshippo.com"
STATUSES: Final = StatusMap.load(Path(__file__).with_name("shippo.toml"))


class Shippo:
    code = "shippo"
    name = "Shippo"
    # 750 reads a minute for a live token (https://docs.goshippo.com/docs/guides_general/rate_limits).
    poll = PollAdvice(calls_per_second=10, calls_per_day=100_000)
    credentials: tuple[Credential, ...] = (
        Credential("api_token"),
        Credential("webhook_secret", required=False),
    )

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return one_each(numbers, lambda number: _ask(number, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        return f"https://goshippo.com/tracking?number={quote(number, safe='')}"


def _ask(number: str, account: Account) -> Answer:
    """The track of a number, registered for the webhook by the same call."""
    carrier = slug_of("shippo", account.carriers.get(number, ""))
    url = f"{account.base_url or BASE_URL}/tracks/"
    headers = {
        "Authorization": f"ShippoToken {account.credentials.get('api_token', '')}",
        "Accept": "application/json",
    }
    if account.only_look:
        answer = send("GET", f"{url}{carrier or 'shippo'}/{quote(number, safe='')}", account, headers=headers)
    elif carrier:
        wanted = {"carrier": carrier, "tracking_number": number}
        answer = send("POST", url, account, headers=headers, json=wanted)
    else:
        return NotFound("Shippo does not know the carrier", number=number)
    return read(number, answer.body, answer.status, wait_of(answer))[0]


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """A track, a list of them, or a webhook's event; {"detail": …} otherwise."""
    answer = told_in(body, status, retry_after)
    if status >= 400 or (isinstance(answer, dict) and "tracking_number" not in answer and "detail" in answer):
        words = text(first(dig(answer, "detail"), dig(answer, "__all__"), dig(answer, "error")), 200)
        if status in (200, 400, 404, 422) and not _is_key_trouble(words):
            raise NotFound(words or "no such track")
        raise refused(401 if status == 200 else status, words, retry_after=retry_after)
    tracks = [*each(first(dig(answer, "data"), dig(answer, "results"), answer))]
    found = [_result(track) for track in tracks if "tracking_number" in track]
    if number is None:
        return [*found]
    wanted = [one for one in found if plain(one.tracking_number) == plain(number)]
    return [*wanted[:1]] or [NotFound("the answer is about another parcel", number=number)]


def _is_key_trouble(words: str) -> bool:
    return any(word in words.lower() for word in ("credential", "token", "authentic", "permission"))


# --- Reading a track


def _result(track: Json) -> TrackingResult:
    if not track.get("tracking_status") and not track.get("tracking_history"):
        messages = "; ".join(text(message) for message in track.get("messages") or [] if message)
        raise NotFound(messages or "nothing is known of this number", number=text(track["tracking_number"]))
    origin, destination = _place(track.get("address_from")), _place(track.get("address_to"))
    begins, ends, is_day = promised(
        text(first(track.get("eta"), track.get("original_eta"))), destination.zone
    )
    return TrackingResult(
        tracking_number=text(track["tracking_number"]),
        scans=tuple(sorted(_scans(track), key=lambda scan: scan.occurred_at)),
        eta_from=begins,
        eta_to=ends,
        eta_is_day=is_day,
        service=text(first(dig(track, "servicelevel", "name"), dig(track, "servicelevel", "token"))),
        **ends_of(origin, destination),
        raw={key: value for key, value in track.items() if key != "tracking_history"},
    )


def _scans(track: Json) -> Iterable[CarrierScan]:
    """The history, and the current status where the history lacks it (Shippo repeats the last one)."""
    told: dict[tuple[Any, ...], Json] = {}
    for event in (*each(track.get("tracking_history") or []), *each(track.get("tracking_status") or [])):
        if event.get("status_date"):
            told.setdefault((event["status_date"], event.get("status"), event.get("status_details")), event)
    return readable(told.values(), _scan)


def _scan(event: Json) -> CarrierScan:
    status = text(event.get("status")).upper()
    code = text(first(dig(event, "substatus", "code"), event.get("substatus"))).lower()
    words = text(first(event.get("status_details"), dig(event, "substatus", "text")), 500)
    meaning = STATUSES.meaning(code, "", status)
    if not code:
        meaning = meaning._replace(known=status in STATUSES.families)
    meaning = _without_code(meaning, words) if not code else refined(meaning, words)
    place = _place(event.get("location"))
    local_time = text(event["status_date"])
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


def _without_code(meaning: Meaning, words: str) -> Meaning:
    """An older answer has no sub-status: TRANSIT and FAILURE are then wide, and the words say which of it."""
    wide = meaning.status in ("in_transit", "exception") and meaning.known
    read = refined(meaning._replace(known=False) if wide else meaning, words)
    return read._replace(known=meaning.known)


def _place(address: Any) -> Place:
    address = address if isinstance(address, dict) else {}
    return Place(
        text(address.get("city")),
        text(address.get("state")),
        text(address.get("zip"), 20),
        country_code(text(address.get("country"))),
    )

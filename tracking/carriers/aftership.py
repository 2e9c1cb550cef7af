"""AfterShip, an aggregator: trackings of 1,200 carriers with one key.

https://www.aftership.com/docs/tracking (2025-01): `GET /trackings?tracking_numbers=a,b` lists what is tracked (up to 50
numbers a call, 6 calls a second), `POST /trackings` begins to track one (20 a second). The header is `as-api-key`. Its
webhook is {"event": "tracking_update", "msg": the tracking}.

A checkpoint has a tag, a sub-tag and the time as the carrier gave it, mostly with its offset. Older answers
({"data": {"tracking": …}}) are read too.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers.base import (
    Account,
    Answer,
    AuthenticationFailed,
    CannotRead,
    CarrierError,
    CarrierScan,
    Credential,
    HandOver,
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
    never_raises,
    readable,
    refused,
    text,
    told_in,
)
from tracking.carriers.building import scanned
from tracking.carriers.calls import in_batches, plain, send, wait_of
from tracking.carriers.mapping import StatusMap
from tracking.carriers.places import Place, country_code
from tracking.carriers.slugs import carrier_of, slug_of
from tracking.carriers.words import refined
from tracking.carriers.zones import parse_local, promised
from tracking.statuses import Status

BASE_URL: Final = "https://api.aftership.com/tracking/2025-01"
BATCH: Final = 50
STATUSES: Final = StatusMap.load(Path(__file__).with_name("aftership.toml"))


class AfterShip:
    code = "aftership"
    name = "AfterShip"
    poll = PollAdvice(calls_per_second=5, calls_per_day=100_000, numbers_per_call=BATCH)
    credentials: tuple[Credential, ...] = (
        Credential("api_key"),
        Credential("webhook_secret", required=False),
    )

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return in_batches(numbers, BATCH, lambda batch: _ask(batch, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        return f"https://www.aftership.com/track/{quote(number, safe='')}"


def _ask(numbers: Sequence[str], account: Account) -> list[Answer]:
    """What is tracked already; the rest is begun, one call a number, and AfterShip tells of it from then on."""
    url, headers = f"{account.base_url or BASE_URL}/trackings", _headers(account)
    answer = send("GET", url, account, headers=headers, params={"tracking_numbers": ",".join(numbers)})
    found = read(None, answer.body, answer.status, wait_of(answer))
    if any(
        isinstance(one, CarrierError) and not isinstance(one, NotFound) and not one.number for one in found
    ):
        return found
    known = {plain(one.tracking_number) for one in found if isinstance(one, TrackingResult)}
    new = [number for number in numbers if plain(number) not in known and not account.only_look]
    begun = [_begin(number, url, account) for number in new]
    return [*(one for one in found if isinstance(one, TrackingResult)), *begun]


def _begin(number: str, url: str, account: Account) -> Answer:
    wanted = {"tracking_number": number}
    if slug := slug_of("aftership", account.carriers.get(number, "")):
        wanted["slug"] = slug
    answer = send("POST", url, account, headers=_headers(account), json=wanted)
    return read(number, answer.body, answer.status, wait_of(answer))[0]


def _headers(account: Account) -> dict[str, str]:
    return {"as-api-key": account.credentials.get("api_key", ""), "Accept": "application/json"}


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """A tracking, a list of them, or a webhook's message; {"meta": {code, message}} says what went wrong."""
    answer = told_in(body, status, retry_after)
    meta = dig(answer, "meta") or {}
    code = meta.get("code", status)
    if (isinstance(code, int) and code >= 400) or status >= 400:
        raise _error(status, meta, retry_after)
    data = first(dig(answer, "msg"), dig(answer, "data"), answer)
    found = [*_trackings(data)]
    if not found and not isinstance(dig(data, "trackings"), list):
        raise CannotRead("no tracking in the answer")
    results = [_result(tracking) for tracking in found]
    if number is None:
        return [*results]
    wanted = [one for one in results if plain(one.tracking_number) == plain(number)]
    return [*wanted[:1]] or [NotFound("the answer is about another parcel", number=number)]


def _trackings(data: Any) -> Iterable[Json]:
    """The trackings of every form: a list, one under its name, one by itself, a last checkpoint."""
    inner = first(dig(data, "trackings"), dig(data, "tracking"), data)
    for tracking in each(inner):
        if "checkpoint" in tracking:
            # A last checkpoint that nobody filled in yet has no time.
            last = tracking["checkpoint"] or {}
            yield {**tracking, "checkpoints": [last] if last.get("checkpoint_time") else []}
        elif "tracking_number" in tracking:
            yield tracking


def _error(status: int, meta: Any, retry_after: float | None) -> CarrierError:
    """https://www.aftership.com/docs/tracking/quickstart/errors"""
    code = meta.get("code") if isinstance(meta.get("code"), int) else status
    words = f"{code} {text(meta.get('type'))} {text(meta.get('message'), 200)}".strip()
    if code in (4004, 4005, 4012, 4009, 4010, 4011, 4014, 4015, 404):
        return NotFound(words)
    if code in (401, 403, 4020, 4190):
        return AuthenticationFailed(words)
    return refused(status if status >= 400 else min(int(code), 599), words, retry_after=retry_after)


# --- Reading a tracking


def _result(tracking: Json) -> TrackingResult:
    destination = country_code(
        text(first(tracking.get("courier_destination_country_iso3"), tracking.get("destination_country_iso3"),
                   tracking.get("destination_country_region")))
    )  # fmt: skip
    zone = Place(region=text(tracking.get("destination_state")), country=destination).zone
    scans = sorted(_scans(tracking), key=lambda scan: scan.occurred_at)
    begins, ends, is_day = _window(tracking, zone)
    return TrackingResult(
        tracking_number=text(tracking["tracking_number"]),
        scans=tuple(scans),
        eta_from=begins,
        eta_to=ends,
        eta_is_day=is_day,
        service=text(first(tracking.get("shipment_type"), tracking.get("service_type_name"))),
        weight_grams=_weight(tracking.get("shipment_weight"), tracking.get("shipment_weight_unit")),
        proof=Proof(
            signed_by=text(tracking.get("signed_by")),
            document_url=text(_proof(tracking, "SIGNATURE", "DOCUMENT", ""), 1000),
            photo_url=text(_proof(tracking, "PHOTO", "IMAGE"), 1000),
        ),
        pickup=_pickup(tracking, scans),
        handed_over_to=_hand_over(tracking),
        origin_country=country_code(
            text(first(tracking.get("origin_country_iso3"), tracking.get("origin_country_region")))
        ),
        origin_postcode=text(tracking.get("origin_postal_code"), 20),
        destination_country=destination,
        destination_postcode=text(
            first(tracking.get("destination_postal_code"), tracking.get("tracking_postal_code")), 20
        ),
        raw={key: value for key, value in tracking.items() if key != "checkpoints"},
    )


def _scans(tracking: Json) -> Iterable[CarrierScan]:
    checkpoints = [*each(tracking.get("checkpoints") or [])]
    yield from readable(checkpoints, _scan)
    tag, at = text(tracking.get("tag")), text(tracking.get("updated_at"))
    if not checkpoints and at and tag not in ("", "Pending"):
        yield _scan({"tag": tag, "subtag": tracking.get("subtag"), "checkpoint_time": at,
                     "message": tracking.get("subtag_message")})  # fmt: skip


def _scan(checkpoint: Json) -> CarrierScan:
    tag, code = text(checkpoint.get("tag")), text(checkpoint.get("subtag"))
    words = text(first(checkpoint.get("message"), checkpoint.get("subtag_message")), 500)
    meaning = refined(STATUSES.meaning(code, "", tag or code.partition("_")[0]), words)
    country = first(
        checkpoint.get("country_region"), checkpoint.get("country_iso3"), checkpoint.get("country_name")
    )
    place = Place(
        text(first(checkpoint.get("city"), checkpoint.get("location"))),
        text(checkpoint.get("state")),
        text(first(checkpoint.get("postal_code"), checkpoint.get("zip")), 20),
        country_code(text(country)),
    )
    local_time = text(checkpoint["checkpoint_time"])
    occurred_at, offset_known = parse_local(local_time, place.zone)
    known = meaning.known and (bool(code) or tag in STATUSES.families)
    return scanned(
        meaning._replace(known=known),
        place,
        occurred_at,
        local_time,
        offset_known,
        code=code or tag,
        words=words,
    )


def _weight(weight: Any, unit: Any) -> int | None:
    if isinstance(weight, dict):
        weight, unit = weight.get("value"), weight.get("unit")
    return grams(weight, unit)


def _window(tracking: Json, zone: tzinfo) -> tuple[datetime | None, datetime | None, bool]:
    """The carrier's own date: from and to where it gave both. AfterShip's own guess is not the carrier's word."""
    told = tracking.get("courier_estimated_delivery_date") or {}
    begins, ends = (
        text(told.get("estimated_delivery_date_min")),
        text(told.get("estimated_delivery_date_max")),
    )
    single = text(first(told.get("estimated_delivery_date"), tracking.get("expected_delivery")))
    if begins and ends and begins != ends:
        start, _, is_day = promised(begins, zone)
        return start, promised(ends, zone)[1], is_day
    return promised(single or begins or ends, zone)


def _proof(tracking: Json, *kinds: str) -> Any:
    for proof in each(tracking.get("proof_of_delivery") or []):
        if text(proof.get("type")).upper() in kinds:
            return proof.get("url")
    return None


def _pickup(tracking: Json, scans: Sequence[CarrierScan]) -> Pickup | None:
    """Where it waits; only while it does."""
    place = text(tracking.get("pickup_location"), 200)
    if not place or not scans or scans[-1].status != Status.AVAILABLE_FOR_PICKUP:
        return None
    return Pickup(name=place, hours=text(tracking.get("pickup_note"), 300))


def _hand_over(tracking: Json) -> HandOver | None:
    last = tracking.get("last_mile") or {}
    number = text(last.get("tracking_number"))
    if not number or plain(number) == plain(text(tracking.get("tracking_number"))):
        return None
    return HandOver(carrier_of("aftership", text(last.get("slug"))), number)

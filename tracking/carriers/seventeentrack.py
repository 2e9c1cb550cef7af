"""17TRACK, an aggregator: 2,100 carriers with one token.

https://api.17track.net/en/doc (v2.2): everything is POST, up to 40 numbers a call, 3 calls a second, with the header
`17token`. `/register` begins to track, `/gettrackinfo` reads. Answers are {"code", "data": {"accepted", "rejected"}}; a
number is refused by an error of its own. The webhook is {"event": "TRACKING_UPDATED", "data": one accepted parcel}.

An event has the time as the carrier wrote it (`time_raw`), with its offset (`time_iso`) where it is known, and in UTC.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, tzinfo
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers.base import (
    Account,
    Answer,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    CarrierError,
    CarrierScan,
    Credential,
    HandOver,
    NotFound,
    PollAdvice,
    RateLimited,
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
from tracking.carriers.calls import in_batches, plain, send, wait_of
from tracking.carriers.places import Place, country_code, split_place
from tracking.carriers.seventeentrack_v1 import STATUSES, first_version, listed
from tracking.carriers.slugs import carrier_of, slug_of
from tracking.carriers.words import refined
from tracking.carriers.zones import parse_local, whole_day, written

BASE_URL: Final = "https://api.17track.net/track/v2.2"
BATCH: Final = 40
# "Not registered": it has to be told of the number first.
_NOT_REGISTERED: Final = -18019902
_REGISTERED: Final = -18019901
# The key, the address, the account; -18019908: the quota of new numbers is used up, and somebody has to buy more.
_KEY: Final = frozenset({-18010001, -18010002, -18010004, -18010005, -18019908})
_TOO_MANY: Final = frozenset({429, -18019907})  # too many calls a second, or today


class SeventeenTrack:
    code = "17track"
    name = "17TRACK"
    poll = PollAdvice(calls_per_second=3, calls_per_day=100_000, numbers_per_call=BATCH)
    credentials: tuple[Credential, ...] = (Credential("api_key"),)

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return in_batches(numbers, BATCH, lambda batch: _ask(batch, account))

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        return read(number, body, status, retry_after)

    def tracking_url(self, number: str, locale: str) -> str:
        language = locale[:2].lower() or "en"
        return f"https://t.17track.net/{language}#nums={quote(number, safe='')}"


def _ask(numbers: Sequence[str], account: Account) -> list[Answer]:
    """What is known of the numbers; those that it does not follow yet are registered, and tell nothing so far."""
    found = _call("gettrackinfo", numbers, account)
    new = [one.number for one in found if isinstance(one, NotFound) and str(_NOT_REGISTERED) in one.detail]
    if not new or account.only_look:
        return found
    refusals = _call("register", new, account)
    if any(not _number(one) for one in refusals):
        return refusals
    return [*(one for one in found if _number(one) not in new), *refusals]


def _call(method: str, numbers: Sequence[str], account: Account) -> list[Answer]:
    answer = send(
        "POST",
        f"{account.base_url or BASE_URL}/{method}",
        account,
        headers={"17token": account.credentials.get("api_key", ""), "Accept": "application/json"},
        json=[_wanted(number, account) for number in numbers],
    )
    return read(None, answer.body, answer.status, wait_of(answer))


def _wanted(number: str, account: Account) -> dict[str, Any]:
    carrier = slug_of("17track", account.carriers.get(number, ""))
    return {"number": number, "carrier": int(carrier)} if carrier else {"number": number}


def _number(answer: Answer) -> str:
    return answer.tracking_number if isinstance(answer, TrackingResult) else answer.number


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """Accepted and rejected parcels, or a webhook's one."""
    answer = told_in(body, status, retry_after)
    code = dig(answer, "code")
    if status >= 400:
        raise refused(status, text(dig(answer, "msg")), retry_after=retry_after)
    if isinstance(code, int) and code not in (0, 200):
        raise _error(code, text(first(dig(answer, "data", "errors", "message"), dig(answer, "message"))), "")
    found = [*_answers(answer)]
    if not found:
        raise CannotRead("neither accepted nor rejected parcels in the answer")
    if number is None:
        return found
    wanted = [one for one in found if plain(_number(one)) == plain(number)]
    return wanted[:1] or [NotFound("the answer is about another parcel", number=number)]


def _answers(answer: Any) -> Iterable[Answer]:
    if isinstance(dig(answer, "Json"), list):
        yield from map(listed, each(answer["Json"]))
        return
    data = dig(answer, "data")
    accepted = first(dig(data, "accepted"), data if dig(data, "number") else None)
    for parcel in each(accepted or []):
        yield _parcel(parcel)
    for refusal in each(dig(data, "rejected") or []):
        error = refusal.get("error") or {}
        yield _error(
            int(error.get("code") or 0), text(error.get("message"), 200), text(refusal.get("number"))
        )


def _error(code: int, words: str, number: str) -> CarrierError:
    """https://api.17track.net/en/doc, "Error codes"."""
    detail = f"{code} {words}".strip()
    if code in _KEY:
        return AuthenticationFailed(detail)
    if code == -18010003:
        return CarrierDown(detail)
    if code in _TOO_MANY:
        return RateLimited(detail, retry_after=None)
    return NotFound(detail, number=number) if number else CannotRead(detail)


# --- Reading a parcel


def _parcel(parcel: Json) -> Answer:
    number = text(parcel["number"])
    info = parcel.get("track_info")
    if info is None and isinstance(parcel.get("track"), dict):
        return first_version(number, parcel["track"])
    if info is None:  # just registered
        return NotFound("registered: nothing is known so far", number=number)
    shipping = info.get("shipping_info") or {}
    origin = _address(shipping.get("shipper_address"))
    destination = _address(shipping.get("recipient_address"))
    misc = info.get("misc_info") or {}
    begins, ends, is_day = _window(dig(info, "time_metrics", "estimated_delivery_date"), destination.zone)
    return TrackingResult(
        tracking_number=number,
        scans=tuple(sorted(_scans(info), key=lambda scan: scan.occurred_at)),
        eta_from=begins,
        eta_to=ends,
        eta_is_day=is_day,
        service=text(misc.get("service_type")),
        weight_grams=grams(misc.get("weight_kg"), "kg"),
        handed_over_to=_hand_over(number, misc),
        **ends_of(origin, destination),
        raw={key: value for key, value in info.items() if key != "tracking"},
    )


def _scans(info: Json) -> Iterable[CarrierScan]:
    """The events of all its carriers; the latest one alone where no carrier's are there."""
    events = [
        event
        for provider in each(dig(info, "tracking", "providers") or [])
        for event in each(provider.get("events") or [])
        if event.get("time_iso") or event.get("time_utc") or dig(event, "time_raw", "date")
    ]
    latest = info.get("latest_event") or {}
    state = info.get("latest_status") or {}
    if not events and (latest.get("time_iso") or latest.get("time_utc")):
        events = [{**latest, "sub_status": latest.get("sub_status") or state.get("sub_status")}]
    return readable(events, _scan)


def _scan(event: Json) -> CarrierScan:
    code = text(first(event.get("sub_status"), event.get("stage")))
    words = text(event.get("description"), 500)
    meaning = refined(STATUSES.meaning(code, "", code.partition("_")[0]), words)
    if not code:
        # An event between the milestones: its words are all there is.
        meaning = refined(meaning._replace(known=False), words)._replace(known=True)
    place = _address(event.get("address"))
    if not place.city and not place.country:
        place = split_place(text(event.get("location")))
    raw = event.get("time_raw") or {}
    bare = written(text(raw.get("date")), text(raw.get("time")))
    stamp = text(first(event.get("time_iso"), event.get("time_utc"), bare))
    occurred_at, offset_known = parse_local(stamp, place.zone)
    if event.get("time_utc"):
        occurred_at = parse_local(text(event["time_utc"]), place.zone)[0]
    known_offset = offset_known and bool(event.get("time_iso") or raw.get("timezone"))
    return scanned(meaning, place, occurred_at, stamp or bare, known_offset, code=code, words=words)


def _address(address: Any) -> Place:
    address = address if isinstance(address, dict) else {}
    return Place(
        text(address.get("city")),
        text(address.get("state")),
        text(address.get("postal_code"), 20),
        country_code(text(address.get("country"))),
    )


def _window(told: Any, zone: tzinfo) -> tuple[datetime | None, datetime | None, bool]:
    """What the carrier says ("Official"); 17TRACK's own guess is not the carrier's word."""
    begins, ends = text(dig(told, "from")), text(dig(told, "to"))
    begins, ends = begins or ends, ends or begins
    if not begins or text(dig(told, "source")) not in ("", "Official"):
        return None, None, False
    if begins[:10] == ends[:10] and datetime.fromisoformat(begins).time() == time(0):
        return *whole_day(begins[:10], zone), True
    return parse_local(begins, zone)[0], parse_local(ends, zone)[0], False


def _hand_over(number: str, misc: Json) -> HandOver | None:
    local = text(misc.get("local_number"))
    if not local or plain(local) == plain(number):
        return None
    return HandOver(carrier_of("17track", text(misc.get("local_key"))), local)

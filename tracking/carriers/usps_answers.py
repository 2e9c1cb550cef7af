"""What USPS answers, read: scans, window, proof, pick-up place, or a typed error (`usps.py` asks)."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from tracking.carriers.base import (
    Answer,
    AuthenticationFailed,
    CarrierError,
    CarrierScan,
    NotFound,
    Pickup,
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
    plain_keys,
    readable,
    refused,
    text,
    told_in,
)
from tracking.carriers.building import ends_of, scanned
from tracking.carriers.calls import only
from tracking.carriers.mapping import StatusMap
from tracking.carriers.places import Place, country_code
from tracking.carriers.proofs import left_with
from tracking.carriers.words import refined
from tracking.carriers.zones import parse_local, spoken, whole_day
from tracking.statuses import Status

STATUSES: Final = StatusMap.load(Path(__file__).with_name("usps.toml"))


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """An answer of the Tracking API: one parcel, or (newer versions) a list of them."""
    answer = plain_keys(told_in(body, status, retry_after))
    if status != 200 and not isinstance(answer, list):
        raise _error(status, answer, retry_after)
    parcels = [*each(first(dig(answer, "trackinginfo"), dig(answer, "trackings"), answer))]
    found = [_one(number if len(parcels) == 1 else None, parcel, retry_after) for parcel in parcels]
    return only(number, found)


def _one(number: str | None, parcel: Json, retry_after: float | None) -> Answer:
    own = text(first(parcel.get("trackingnumber"), parcel.get("barcode")), 100)
    if parcel.get("error") or not (
        parcel.get("trackingevents") or parcel.get("tracksummary") or parcel.get("statuscategory")
    ):
        code = text(first(dig(parcel, "error", "code"), dig(parcel, "statuscode")))
        status = int(code) if code.isdigit() and 400 <= int(code) < 600 else 200
        error = _error(status, parcel, retry_after)
        error.number = number or own
        return error
    return _result(number or own, parcel)


_UNKNOWN: Final = (
    "not found",
    "not yet available",
    "not available",
    "no record",
    "could not locate",
    "not valid",
    "invalid tracking",
    "incorrect",
)


def _error(status: int, answer: Any, retry_after: float | None) -> CarrierError:
    told = dig(answer, "error")
    details = dig(told, "errors")
    words = text(
        first(dig(details, "detail"), dig(details, "title"), dig(told, "message"), dig(answer, "errordescription"),
              told, dig(answer, "message"), dig(answer, "fault", "faultstring")),
        300,
    )  # fmt: skip
    code = text(first(dig(details, "code"), dig(told, "code")))
    detail = f"{code} {words}".strip()
    if isinstance(told, str) and "invalid" in told and ("client" in told or "token" in told):
        return AuthenticationFailed(f"{told} {words}")
    by_code = int(code) if code.isdigit() and 400 <= int(code) < 600 else status
    if by_code in (200, 400, 404) and any(word in words.lower() for word in _UNKNOWN):
        return NotFound(detail)
    return refused(by_code, detail, retry_after=retry_after)


def _result(number: str, parcel: Json) -> TrackingResult:
    origin = Place(
        text(parcel.get("origincity")), text(parcel.get("originstate")), text(parcel.get("originzip"), 20),
        country_code(text(parcel.get("origincountry"))) or ("US" if parcel.get("originzip") else ""),
    )  # fmt: skip
    destination = Place(
        text(parcel.get("destinationcity")), text(parcel.get("destinationstate")),
        text(parcel.get("destinationzip"), 20),
        country_code(text(first(parcel.get("destinationcountrycode"), parcel.get("destinationcountry"))))
        or ("US" if parcel.get("destinationzip") else ""),
    )  # fmt: skip
    events = [*each(parcel.get("trackingevents"))] or [
        *each(parcel.get("tracksummary")),
        *each(parcel.get("trackdetail")),
    ]
    scans = readable(events, lambda event: _scan(event, destination))
    scans.sort(key=lambda scan: scan.occurred_at)
    done = bool(scans) and scans[-1].status == Status.DELIVERED
    window = _window(parcel, destination.zone)
    signed = next((text(e.get("name")) for e in events if text(e.get("name"))), "")
    where = text(parcel.get("status")).partition(", ")[2] if done else ""
    return TrackingResult(
        tracking_number=number,
        scans=tuple(scans),
        eta_from=window[0],
        eta_to=window[1],
        eta_is_day=window[2],
        service=text(first(parcel.get("mailclass"), parcel.get("class"), parcel.get("mailtype"))),
        weight_grams=grams(dig(parcel, "weight", "value"), dig(parcel, "weight", "unit"))
        or grams(parcel.get("weight"), "lb"),
        proof=Proof(
            signed_by=signed if done else "",
            left_with=left_with(where),
            place=where,
            available=done and text(parcel.get("proofofdeliveryenabled")).lower() == "true",
        ),
        pickup=_pickup(scans, events),
        **ends_of(origin, destination),
        raw=parcel,
    )


# "QUEENS NY DISTRIBUTION CENTER": the state stands in the middle of the name.
_CENTER: Final = re.compile(
    r"\b([A-Z]{2}) (?:\w+ )?(?:DISTRIBUTION|NETWORK|PROCESSING|SORTING|INTERNATIONAL)\b"
)


def _scan(event: Json, destination: Place) -> CarrierScan:
    code = text(event.get("eventcode"), 60).upper()
    words = text(first(event.get("eventtype"), event.get("event"), event.get("eventdescription")), 500)
    meaning = refined(STATUSES.meaning(code, words), words)
    country = country_code(text(first(event.get("eventcountrycode"), event.get("eventcountry"))))
    city, region = text(event.get("eventcity")), text(event.get("eventstate"))
    postcode = text(first(event.get("eventzip"), event.get("eventzipcode")), 20)
    if not region and (found := _CENTER.search(city)):
        region = found[1]
    if not country and (region or postcode or city):
        country = "US"  # USPS names the country of foreign events only
    place = Place(city, region, postcode, country)
    zone = place.zone if place.region or place.country not in ("", "US") else destination.zone
    occurred_at, local_time, offset_known = _time(event, zone)
    return scanned(meaning, place, occurred_at, local_time, offset_known, code=code, words=words)


def _time(event: Json, zone: tzinfo) -> tuple[datetime, str, bool]:
    """The GMT time that stands beside the local one, else the local one with its offset or by its place."""
    local = text(event.get("eventtimestamp"), 40)
    if not local:
        local = f"{text(event.get('eventdate'))} {text(event.get('eventtime'))}".strip()
    gmt, offset = text(event.get("gmttimestamp")), text(event.get("gmtoffset"))
    if gmt:
        return parse_local(gmt, UTC)[0], local or gmt, True
    try:
        return (*_swap(parse_local(local + (offset if "T" in local else ""), zone), local),)
    except ValueError:
        return parse_local(spoken(local), zone)[0], local[:40], False


def _swap(read_time: tuple[datetime, bool], local: str) -> tuple[datetime, str, bool]:
    return read_time[0], local, read_time[1]


def _window(parcel: Json, zone: tzinfo) -> tuple[datetime | None, datetime | None, bool]:
    """Predicted hours before an expected day before what is guaranteed; each may stand at the top or in a group."""
    told: dict[str, Any] = {**parcel}
    for one in each(parcel.get("deliverydateexpectation")):
        told |= {name: value for name, value in one.items() if value}
    day = text(first(
        told.get("predicteddeliverydate"), told.get("predicteddeliverytimestamp"), told.get("expecteddeliverydate"),
        told.get("expecteddeliverytimestamp"), told.get("guaranteeddeliverydate"),
        told.get("guaranteeddeliverytimestamp"),
    ), 40)  # fmt: skip
    if not day:
        return None, None, False
    begins, ends = whole_day(spoken(day), zone)
    date = spoken(day)[:10]
    start = _clock(told.get("predicteddeliverywindowstarttime"), date, zone)
    end = _clock(
        first(
            told.get("predicteddeliverywindowendtime"), told.get("expecteddeliverytime"), told.get("endofday")
        ),
        date,
        zone,
    )
    if end is None:
        at = spoken(day)
        if "T" in at and not at.endswith("T00:00:00"):
            return begins, parse_local(at, zone)[0], False
        return begins, ends, True
    return start or begins, end, False


def _clock(words: Any, date: str, zone: tzinfo) -> datetime | None:
    """A time as USPS speaks it: "8:00 am", "by 9:00pm", "2026-03-02T09:00:00"."""
    written = text(words)
    if not written:
        return None
    try:
        return parse_local(
            spoken(written if "T" in written else f"{date} {written.lower().removeprefix('by').strip()}"),
            zone,
        )[0]
    except ValueError:
        return None


def _pickup(scans: Sequence[CarrierScan], events: Iterable[Json]) -> Pickup | None:
    if not scans or scans[-1].status != Status.AVAILABLE_FOR_PICKUP:
        return None
    last = scans[-1]
    firm = next((text(event.get("firm")) for event in events if text(event.get("firm"))), "")
    return Pickup(name=firm or "Post Office", postcode=last.postcode, city=last.city, country=last.country)

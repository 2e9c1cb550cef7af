"""What UPS answers, read: scans, window, proof, pick-up place, or a typed error (`ups.py` asks)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from tracking.carriers.base import (
    Answer,
    AuthenticationFailed,
    CarrierError,
    CarrierScan,
    HandOver,
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
    readable,
    refused,
    text,
    told_in,
)
from tracking.carriers.building import ends_of, scanned
from tracking.carriers.calls import only, plain
from tracking.carriers.mapping import Meaning, StatusMap
from tracking.carriers.places import Place, country_code
from tracking.carriers.proofs import left_with
from tracking.carriers.words import refined
from tracking.carriers.zones import parse_local, whole_day, written
from tracking.statuses import Status

STATUSES: Final = StatusMap.load(Path(__file__).with_name("ups.toml"))


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """An answer of the Tracking API, or the body of a Track Alert's `trackResponse`."""
    answer = told_in(body, status, retry_after)
    told = first(dig(answer, "response", "errors"), dig(answer, "errors"))
    if status != 200 or told:
        raise _error(status, told, retry_after)
    found = [*_results(number, dig(answer, "trackResponse", "shipment"), answer)]
    return only(number, found)


# What the codes of its errors mean, whatever the HTTP status says.
_NOT_FOUND: Final = frozenset({"TW0001", "TV1002", "TV1001", "151018", "151022", "151045", "151062"})
_REFUSED: Final = frozenset(
    {"250001", "250002", "250003", "250004", "250005", "250006", "10400", "10401", "10403"}
)


def _error(status: int, told: Any, retry_after: float | None) -> CarrierError:
    code, words = text(dig(told, "code")), text(dig(told, "message"), 300)
    detail = f"{code} {words}".strip()
    if code in _NOT_FOUND or (status in (200, 400) and "tracking number" in words.lower()):
        return NotFound(detail)
    if code in _REFUSED:
        return AuthenticationFailed(detail)
    if code == "10429" or "rate limit" in words.lower():
        return refused(429, detail, retry_after=retry_after)
    if code.startswith("TV1") and status == 200:
        return refused(503, detail)
    return refused(status, detail, retry_after=retry_after)


def _results(number: str | None, shipments: Any, answer: Any) -> Iterable[Answer]:
    for shipment in each(shipments):
        packages = [*each(shipment.get("package"))]
        for package in packages:
            own = text(package.get("trackingNumber"))
            lead = text(shipment.get("inquiryNumber"))
            known = number if number and plain(number) in (plain(own), plain(lead)) else None
            if known is None and number and len(packages) > 1:
                known = own
            yield _result(known or (own if any(c.isdigit() for c in own) else lead or own), package, shipment)
        if not packages:
            warning = dig(shipment, "warnings")
            detail = f"{text(dig(warning, 'code'))} {text(dig(warning, 'message'), 300)}".strip()
            yield NotFound(detail or "no package", number=number or text(shipment.get("inquiryNumber")))


def _result(number: str, package: Json, shipment: Json) -> TrackingResult:
    places = {
        text(dig(one, "type")).upper(): _place(dig(one, "address"))
        for one in each(package.get("packageAddress"))
    }
    origin, destination = places.get("ORIGIN", Place()), places.get("DESTINATION", Place())
    activities = each(package.get("activity"))
    scans = readable(activities, lambda activity: _scan(activity, origin, destination))
    scans.sort(key=lambda scan: scan.occurred_at)
    eta_from, eta_to, is_day = _window(package, destination.zone)
    received = package.get("deliveryInformation")
    where = text(dig(received, "location"))
    return TrackingResult(
        tracking_number=number,
        scans=tuple(scans),
        eta_from=eta_from,
        eta_to=eta_to,
        eta_is_day=is_day,
        service=text(first(dig(package, "service", "description"), dig(shipment, "service", "description"))),
        weight_grams=grams(dig(package, "weight", "weight"), dig(package, "weight", "unitOfMeasurement")),
        delivered_to=_name(package),
        proof=Proof(
            signed_by=text(dig(received, "receivedBy")),
            left_with=left_with(where),
            place=where,
            available=bool(
                first(
                    dig(received, "signature", "image"), dig(received, "deliveryPhoto", "photo"),
                    dig(received, "pod", "content"),
                )
            ),
        ),
        pickup=_pickup(package, scans, destination.zone),
        handed_over_to=_next(package),
        **ends_of(origin, destination),
        raw=package,
    )  # fmt: skip


def _place(address: Any) -> Place:
    return Place(
        city=text(dig(address, "city")),
        region=text(first(dig(address, "stateProvince"), dig(address, "stateProvinceCode"))),
        postcode=text(dig(address, "postalCode"), 20),
        country=country_code(text(first(dig(address, "countryCode"), dig(address, "country")))),
    )


def _name(package: Json) -> str:
    for one in each(package.get("packageAddress")):
        if text(one.get("type")).upper() == "DESTINATION":
            return text(first(one.get("attentionName"), one.get("name")))
    return ""


def _scan(activity: Json, origin: Place, destination: Place) -> CarrierScan:
    told = activity.get("status")
    kind, code = text(dig(told, "type")).upper(), text(dig(told, "code"), 60)
    words = text(dig(told, "description"), 500)
    meaning = refined(_meaning(kind, code, text(dig(told, "statusCode")), words), words)
    place = _place(dig(activity, "location", "address"))
    # A label is printed where the parcel comes from; any other scan without a place is nearer its end.
    near = origin if meaning.status == Status.INFO_RECEIVED else destination
    zone = place.zone if place.country else near.zone
    occurred_at, local_time, offset_known = _time(activity, zone)
    return scanned(meaning, place, occurred_at, local_time, offset_known, code=code, words=words)


def _meaning(kind: str, code: str, number: str, words: str) -> Meaning:
    """By the activity's own code within its type; then by the three digits that newer answers give beside it."""
    own = STATUSES.meaning(code, words, kind)
    if own.known and code:
        return own
    by_number = STATUSES.codes.get(number)
    # The digits come with a type, too: "delivered" only when that says so as well.
    if by_number is None or (by_number.status == Status.DELIVERED and kind != "D"):
        return own
    return by_number._replace(known=not code)


def _time(activity: Json, zone: tzinfo) -> tuple[datetime, str, bool]:
    local = written(text(activity.get("date")), text(activity.get("time")))
    gmt_date, gmt_time = text(activity.get("gmtDate")), text(activity.get("gmtTime"))
    offset = text(activity.get("gmtOffset"))
    if gmt_date and gmt_time:
        return (
            parse_local(written(gmt_date, gmt_time.replace(":", "")), UTC)[0],
            local[:40],
            True,
        )
    if offset and "T" in local:
        return parse_local(local + offset, zone)[0], local[:40], True
    occurred_at, offset_known = parse_local(local, zone)
    return occurred_at, local[:40], offset_known


def _window(package: Json, zone: tzinfo) -> tuple[datetime | None, datetime | None, bool]:
    """The newest date (rescheduled before scheduled) with the hours that go with it; when it came is no window."""
    dates = {
        text(one.get("type")).upper(): text(one.get("date")) for one in each(package.get("deliveryDate"))
    }
    day = first(dates.get("RDD"), dates.get("SDD"))
    if not day or not day.isdigit():
        return None, None, False
    hours = package.get("deliveryTime")
    start, end = text(dig(hours, "startTime")), text(dig(hours, "endTime"))
    begins, ends = whole_day(day, zone)
    if text(dig(hours, "type")).upper() == "DEL" or not end.isdigit():
        return begins, ends, True
    until = parse_local(written(day, end), zone)[0]
    since = parse_local(written(day, start), zone)[0] if start.isdigit() else begins
    return since, until, False


def _pickup(package: Json, scans: Sequence[CarrierScan], zone: tzinfo) -> Pickup | None:
    """The UPS Access Point where it waits; only while it does."""
    if not scans or scans[-1].status != Status.AVAILABLE_FOR_PICKUP:
        return None
    until = text(dig(package, "accessPointInformation", "pickupByDate"))
    points = [
        one for one in each(package.get("packageAddress"))
        if any(word in text(one.get("type")).upper() for word in ("ACCESS", "HOLD", "PICKUP"))
    ]  # fmt: skip
    point: Json = points[0] if points else {}
    address = point.get("address")
    place = _place(address)
    return Pickup(
        name=text(first(point.get("name"), point.get("attentionName")))
        or ("" if points else "UPS Access Point"),
        address=text(first(dig(address, "addressLine1"), dig(address, "addressLine"))),
        postcode=place.postcode,
        city=place.city or scans[-1].city,
        country=place.country or scans[-1].country,
        until=whole_day(until, zone)[1] if until.isdigit() else None,
    )


def _next(package: Json) -> HandOver | None:
    """SurePost and Mail Innovations end at a post office, under a number of its own."""
    for one in each(package.get("alternateTrackingNumber")):
        kind, number = text(one.get("type")).upper(), text(one.get("number"), 100)
        if number and ("USPS" in kind or "POSTAL" in kind):
            return HandOver("usps", number)
    return None

"""What FedEx answers, read: scans, window, proof, pick-up place, or a typed error (`fedex.py` asks)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from tracking.carriers.base import (
    Answer,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    CarrierError,
    CarrierScan,
    HandOver,
    NotFound,
    Pickup,
    Proof,
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
from tracking.carriers.building import ends_of, scanned, sentence
from tracking.carriers.calls import only
from tracking.carriers.mapping import StatusMap
from tracking.carriers.places import Place, country_code
from tracking.carriers.proofs import left_with
from tracking.carriers.words import refined
from tracking.carriers.zones import parse_local, whole_day
from tracking.statuses import Status

STATUSES: Final = StatusMap.load(Path(__file__).with_name("fedex.toml"))
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """An answer of the Track API, or the body of a webhook (the same results without `output`)."""
    answer = told_in(body, status, retry_after)
    told = dig(answer, "errors")
    results = first(dig(answer, "output", "completeTrackResults"), dig(answer, "completeTrackResults"))
    if status != 200 or (told and not results):
        raise _error(status, told, retry_after)
    found = [_newest(complete) for complete in each(results)]
    if not found:
        alert = dig(answer, "output", "alerts")
        if alert and not dig(answer, "output", "documents"):
            raise _error(
                200, {"code": first(dig(alert, "code"), text(alert)), "message": dig(alert, "message")}, None
            )
        raise CannotRead("no completeTrackResults")
    if number is None:
        return found
    one = only(number, found)[0]
    return [one if isinstance(one, CarrierError) else replace(one, tracking_number=number)]


# FedEx's error codes are words with dots: "TRACKING.TRACKINGNUMBER.NOTFOUND".
def _error(status: int, told: Any, retry_after: float | None) -> CarrierError:
    code, words = text(dig(told, "code")).upper(), text(dig(told, "message"), 300)
    detail = f"{code} {words}".strip()
    if "TRACKINGNUMBER" in code or "NOTFOUND" in code or "NOT.FOUND" in code or "TRACKING.DATA" in code:
        return NotFound(detail)
    if any(
        word in code for word in ("NOT.AUTHORIZED", "UNAUTHORIZED", "REAUTHENTICATE", "FORBIDDEN", "LOGIN")
    ):
        return AuthenticationFailed(detail)
    if "RATE" in code or "TOO.MANY" in code or "QUOTA" in code:
        return RateLimited(detail, retry_after=retry_after)
    if any(word in code for word in ("INTERNAL", "UNAVAILABLE", "SYSTEM.UNEXPECTED", "TIMEOUT")):
        return CarrierDown(detail)
    return refused(status, detail, retry_after=retry_after)


def _newest(complete: Json) -> Answer:
    """Of all results for a number the one with the newest scan; its error when there is none."""
    number = text(complete.get("trackingNumber"), 100)
    best: TrackingResult | None = None
    error: CarrierError | None = None
    for told in each(complete.get("trackResults")):
        own = number or text(dig(told, "trackingNumberInfo", "trackingNumber"), 100)
        try:
            result = _result(own, told)
        except (ValueError, TypeError, AttributeError, KeyError) as fault:
            error = error or CannotRead(f"not the documented form: {fault!r}", number=own)
            continue
        if not result.scans:
            error = error or _error(
                200, told.get("error") or {"code": "NOTFOUND", "message": "no scans"}, None
            )
            continue
        if best is None or _age(result) > _age(best):
            best = result
    if best is not None:
        return best
    error = error or NotFound("no trackResults")
    error.number = number
    return error


def _age(result: TrackingResult) -> tuple[datetime, str]:
    unique = text(dig(result.raw, "trackingNumberInfo", "trackingNumberUniqueId"))
    return (result.scans[-1].occurred_at if result.scans else _LONG_AGO, unique)


def _result(number: str, told: Json) -> TrackingResult:
    origin = _fullest(
        dig(told, "originLocation", "locationContactAndAddress", "address"),
        dig(told, "shipperInformation", "address"),
    )
    destination = _fullest(
        dig(told, "destinationLocation", "locationContactAndAddress", "address"),
        dig(told, "lastUpdatedDestinationAddress"),
        dig(told, "recipientInformation", "address"),
    )
    events = [*each(told.get("scanEvents"))] or [*_latest(told)]
    scans = readable(events, lambda event: _scan(event, origin, destination))
    scans.sort(key=lambda scan: scan.occurred_at)
    eta_from, eta_to, is_day = _window(told, destination.zone)
    done = told.get("deliveryDetails")
    where = text(first(dig(done, "locationDescription"), dig(done, "locationType")))
    return TrackingResult(
        tracking_number=number,
        scans=tuple(scans),
        eta_from=eta_from,
        eta_to=eta_to,
        eta_is_day=is_day,
        service=text(first(dig(told, "serviceDetail", "description"), dig(told, "serviceDetail", "type"))),
        weight_grams=_weight(told),
        delivered_to=text(dig(told, "recipientInformation", "contact", "personName")),
        proof=Proof(
            signed_by=text(first(dig(done, "signedByName"), dig(done, "receivedByName"))),
            left_with=left_with(where.replace("_", " ")),
            place=where,
            available=any(
                "PROOF_OF_DELIVERY" in text(one.get("type")) for one in each(told.get("availableImages"))
            ),
        ),
        pickup=_pickup(told, scans),
        handed_over_to=_next(told),
        **ends_of(origin, destination),
        raw=told,
    )


def _fullest(*addresses: Any) -> Place:
    """The first of several addresses that says where: some hold only whether somebody lives there."""
    places = [_place(address) for address in addresses]
    return next((place for place in places if place.country or place.city), Place())


def _place(address: Any) -> Place:
    return Place(
        city=text(dig(address, "city")),
        region=text(dig(address, "stateOrProvinceCode")),
        postcode=text(dig(address, "postalCode"), 20),
        country=country_code(text(first(dig(address, "countryCode"), dig(address, "countryName")))),
    )


def _scan(event: Json, origin: Place, destination: Place) -> CarrierScan:
    words = [text(event.get(name), 500) for name in ("eventDescription", "exceptionDescription")]
    code, family = text(event.get("eventType"), 60), text(event.get("derivedStatusCode"))
    meaning = refined(STATUSES.meaning(code, " ".join(words), family), " ".join(words))
    place = _place(event.get("scanLocation"))
    near = origin if meaning.status == Status.INFO_RECEIVED else destination
    local_time = text(event.get("date"), 40)
    occurred_at, offset_known = parse_local(local_time, place.zone if place.country else near.zone)
    return scanned(
        meaning, place, occurred_at, local_time, offset_known, code=code or family, words=sentence(*words)
    )


# Which of FedEx's dates belongs to a status, when there are no scans.
_DATE_OF: Final = {"DL": "ACTUAL_DELIVERY", "PU": "ACTUAL_PICKUP", "OC": "SHIP", "IN": "SHIP"}


def _latest(told: Json) -> Iterable[Json]:
    """The summary as if it were a scan, for answers without any."""
    latest = told.get("latestStatusDetail")
    code = text(first(dig(latest, "code"), dig(latest, "derivedCode")))
    dates = _dates(told)
    at = first(dates.get(_DATE_OF.get(code, "")), dates.get("ACTUAL_TENDER"), dates.get("SHIP"))
    if code and at and not told.get("error"):
        yield {
            "date": at, "eventType": code, "derivedStatusCode": dig(latest, "derivedCode"),
            "eventDescription": first(dig(latest, "description"), dig(latest, "statusByLocale")),
            "exceptionDescription": dig(latest, "ancillaryDetails", "reasonDescription"),
            "scanLocation": dig(latest, "scanLocation"),
        }  # fmt: skip


def _dates(told: Json) -> dict[str, str]:
    return {text(one.get("type")): text(one.get("dateTime")) for one in each(told.get("dateAndTimes"))}


def _window(told: Json, zone: tzinfo) -> tuple[datetime | None, datetime | None, bool]:
    """FedEx's estimate, else the appointment, else what its standard transit time promises; a midnight is a day."""
    dates = _dates(told)
    frames = [
        (dig(told, "estimatedDeliveryTimeWindow", "window", "begins"),
         dig(told, "estimatedDeliveryTimeWindow", "window", "ends")),
        (None, first(dates.get("APPOINTMENT_DELIVERY"), dates.get("ESTIMATED_DELIVERY"))),
        (dig(told, "standardTransitTimeWindow", "window", "begins"),
         dig(told, "standardTransitTimeWindow", "window", "ends")),
        (None, dates.get("COMMITMENT")),
    ]  # fmt: skip
    for begins, ends in frames:
        start, end = text(begins), text(ends)
        if not start and not end:
            continue
        if not start or not end or start == end:
            return _moment(start or end, zone)
        return parse_local(start, zone)[0], parse_local(end, zone)[0], False
    return None, None, False


def _moment(written_at: str, zone: tzinfo) -> tuple[datetime, datetime, bool]:
    """One time is the end of its day's window; a midnight says no more than the day."""
    begins, ends = whole_day(written_at, zone)
    if datetime.fromisoformat(written_at).time().replace(tzinfo=None) == datetime.min.time():
        return begins, ends, True
    return begins, parse_local(written_at, zone)[0], False


def _weight(told: Json) -> int | None:
    weights = [
        *each(dig(told, "packageDetails", "weightAndDimensions", "weight")),
        *each(dig(told, "shipmentDetails", "weight")),
    ]
    weights.sort(key=lambda one: text(one.get("unit")).upper() != "KG")
    return next((w for one in weights if (w := grams(one.get("value"), one.get("unit"))) is not None), None)


def _pickup(told: Json, scans: Sequence[CarrierScan]) -> Pickup | None:
    """Where it is held; only while it is."""
    if not scans or scans[-1].status != Status.AVAILABLE_FOR_PICKUP:
        return None
    held = told.get("holdAtLocation")
    contact, address = (dig(held, "locationContactAndAddress", part) for part in ("contact", "address"))
    place = _place(address)
    lines = dig(address, "streetLines")
    return Pickup(
        name=text(first(dig(contact, "companyName"), dig(contact, "personName"))) or "FedEx",
        address=text(" ".join(map(text, lines)) if isinstance(lines, list) else lines),
        postcode=place.postcode or scans[-1].postcode,
        city=place.city or scans[-1].city,
        country=place.country or scans[-1].country,
        code=text(dig(held, "locationId")),
    )


def _next(told: Json) -> HandOver | None:
    """Ground Economy can end at a post office, under the partner's number."""
    for one in each(dig(told, "additionalTrackingInfo", "packageIdentifiers")):
        if text(one.get("type")) == "PARTNER_CARRIER_NUMBER":
            values = one.get("values")
            number = text(
                first(one.get("value"), values[0] if isinstance(values, list) and values else ""), 100
            )
            if number:
                return HandOver("usps" if number.isdigit() and len(number) >= 20 else "", number)
    return None

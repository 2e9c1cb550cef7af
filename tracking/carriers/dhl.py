"""DHL, all divisions, by the "Shipment Tracking - Unified" API.

https://developer.dhl.com/api-reference/shipment-tracking: GET /track/shipments with the header
DHL-API-Key, one number a call. A new key has 250 calls a day and one a second; DHL grants up to
ten looks at a parcel a day.

Credentials: `api_key`, and optionally `service` (parcel-de, express, ecommerce …) for shops whose
numbers collide with another division's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from merchants import http
from tracking.carriers.base import (
    Account,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    CarrierError,
    CarrierScan,
    NotFound,
    PollAdvice,
    RateLimited,
    TrackingResult,
)
from tracking.carriers.mapping import StatusMap
from tracking.carriers.zones import country_of_name, parse_local, zone_of
from tracking.statuses import Status

BASE_URL: Final = "https://api-eu.dhl.com"
STATUSES: Final = StatusMap.load(Path(__file__).with_name("dhl.toml"))

Json = Mapping[str, Any]


class DHL:
    code = "dhl"
    name = "DHL"
    # Ten looks a parcel and day: every 2 h 24 min at the most.
    poll = PollAdvice(calls_per_second=1.0, calls_per_day=250, fastest=timedelta(minutes=144))

    def track(self, numbers: Sequence[str], account: Account) -> list[TrackingResult | CarrierError]:
        """One call a number. After an error that will meet every number, none is asked more."""
        found: list[TrackingResult | CarrierError] = []
        for number in numbers:
            last = found[-1] if found else None
            if isinstance(last, AuthenticationFailed | RateLimited | CarrierDown):
                found.append(last)
                continue
            try:
                found.append(self._track_one(number, account))
            except CarrierError as error:
                error.number = number
                found.append(error)
        return found

    def tracking_url(self, number: str, locale: str) -> str:
        language, _, country = locale.lower().replace("_", "-").partition("-")
        site = f"{country}-{language}" if country else "de-de" if language == "de" else "global-en"
        return f"https://www.dhl.com/{site}/home/tracking.html?tracking-id={quote(number, safe='')}"

    def _track_one(self, number: str, account: Account) -> TrackingResult:
        params = {"trackingNumber": number, "language": account.language}
        if account.credentials.get("service"):
            params["service"] = account.credentials["service"]
        try:
            response = http.request(
                "GET",
                f"{account.base_url or BASE_URL}/track/shipments",
                params=params,
                headers={
                    "DHL-API-Key": account.credentials.get("api_key", ""),
                    "Accept": "application/json",
                },
                timeout=account.timeout,
                allow=account.allow,
            )
        except http.OutboundError as error:
            raise CarrierDown(str(error)) from error
        _raise_for_status(response)
        try:
            return read_result(number, response.json())
        except CarrierError as error:
            error.body = response.body
            raise
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise CannotRead(f"not the documented form: {error}", body=response.body) from error


def _raise_for_status(response: http.Response) -> None:
    """DHL's errors are "problem" objects: {status, title, detail}."""
    status, body = response.status, response.body
    if status == 200:
        return
    detail = f"{status} {_problem(response)}".strip()
    if status in (401, 403):
        raise AuthenticationFailed(detail, body=body)
    if status == 429:
        wait = retry_after(response.headers.get("Retry-After", ""))
        raise RateLimited(detail, retry_after=wait, body=body)
    # 400 is what it answers to a number of a wrong form.
    if status == 404 or (status == 400 and "track" in detail.lower()):
        raise NotFound(detail, body=body)
    if status >= 500:
        raise CarrierDown(detail, body=body)
    raise CannotRead(detail, body=body)


def _problem(response: http.Response) -> str:
    try:
        problem = response.json()
        return str(problem.get("detail") or problem.get("title") or "")[:300]
    except (ValueError, AttributeError):
        return ""


def retry_after(header: str, now: datetime | None = None) -> float | None:
    """Seconds to wait by a Retry-After header (seconds or an HTTP date), None without one."""
    if header.strip().isdigit():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())


# --- Reading an answer


def read_result(number: str, answer: Any) -> TrackingResult:
    """The parcel with that number out of an answer; NotFound when it is about another one."""
    shipment = _shipment(number, answer["shipments"])
    details: Json = shipment.get("details") or {}
    origin, destination = _place(shipment.get("origin")), _place(shipment.get("destination"))
    events = [*(shipment.get("events") or ())] or [shipment["status"]]
    scans = sorted(_scans(events, origin, destination), key=lambda scan: scan.occurred_at)
    eta_from, eta_to = _window(shipment, destination.zone)
    proof: Json = details.get("proofOfDelivery") or {}
    pickup_place, pickup_until = _pickup(shipment, scans, destination.zone)
    return TrackingResult(
        tracking_number=number,
        scans=tuple(scans),
        eta_from=eta_from,
        eta_to=eta_to,
        service=_text((details.get("product") or {}).get("productName") or shipment.get("service")),
        delivered_to=_person(details.get("receiver")),
        signed_by=_person(proof.get("signed")),
        proof_url=_text(proof.get("documentUrl"), 1000),
        pickup_place=pickup_place,
        pickup_until=pickup_until,
        origin_country=origin.country,
        origin_postcode=origin.postcode,
        destination_country=destination.country,
        destination_postcode=destination.postcode,
        raw=shipment,
    )


def _shipment(number: str, shipments: Sequence[Json]) -> Json:
    """Without a `service`, DHL may answer with another division's parcel: that is not ours."""
    wanted = _bare(number)
    for shipment in shipments:
        details: Json = shipment.get("details") or {}
        references = details.get("references") or ()
        if isinstance(references, Mapping):
            references = (references,)
        known = [shipment["id"], *(details.get("pieceIds") or ())]
        known += [reference.get("number", "") for reference in references]
        if wanted in map(_bare, known):
            return shipment
    raise NotFound("the answer is about another parcel" if shipments else "no shipment")


def _bare(number: Any) -> str:
    return re.sub(r"[^A-Z0-9]", "", str(number).upper()).lstrip("0")


@dataclass(frozen=True, slots=True)
class _Place:
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""

    @property
    def zone(self) -> tzinfo:
        return zone_of(self.country, self.region)


def _place(location: Any) -> _Place:
    """A place out of `{"address": {…}}`; divisions write "Hebron, KY, US", "LEIPZIG - GERMANY"."""
    address: Json = (location or {}).get("address") or {}
    locality = _text(address.get("addressLocality"))
    country = _text(address.get("countryCode")).upper()[:2]
    city, _, tail = locality.rpartition(" - ")
    named = country_of_name(tail)
    if named:
        locality, country = city, country or named
    parts = [part.strip() for part in locality.split(",")]
    if len(parts) > 1 and parts[-1].upper() == country:
        parts.pop()
    region = parts.pop() if len(parts) > 1 and re.fullmatch(r"[A-Z]{2,3}", parts[-1]) else ""
    postcode = _text(address.get("postalCode"), 20)
    return _Place(", ".join(parts), region, postcode, country)


def _scans(events: Iterable[Json], origin: _Place, destination: _Place) -> Iterable[CarrierScan]:
    for event in events:
        code = _text(event.get("statusCode")).lower()
        words = [_text(event.get("status"), 500), _text(event.get("description"), 500)]
        status, substatus = STATUSES.read(code, " ".join(words))
        place = _place(event.get("location"))
        # A scan without a place happened where parcels of its kind are.
        near = origin if code == "pre-transit" else destination
        local_time = str(event["timestamp"])
        zone = place.zone if place.country else near.zone
        occurred_at, offset_known = parse_local(local_time, zone)
        yield CarrierScan(
            occurred_at=occurred_at,
            local_time=local_time[:40],
            offset_known=offset_known,
            status=status,
            substatus=substatus,
            raw_code=code or _text(event.get("statusCode")),
            description=" · ".join(dict.fromkeys(filter(None, words)))[:500],
            city=place.city,
            region=place.region,
            postcode=place.postcode,
            country=place.country,
        )


def _window(shipment: Json, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """When it will be there. A window is kept as it is; a single midnight means that day."""
    frame: Json = shipment.get("estimatedDeliveryTimeFrame") or {}
    start, end = frame.get("estimatedFrom"), frame.get("estimatedThrough")
    if start and end:
        return parse_local(start, zone)[0], parse_local(end, zone)[0]
    single = start or end or shipment.get("estimatedTimeOfDelivery")
    if not single:
        return None, None
    written = datetime.fromisoformat(single)
    if written.time() == time(0):
        day = written.date()
        return (
            datetime.combine(day, time(0), zone).astimezone(UTC),
            datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC),
        )
    at = parse_local(single, zone)[0]
    return at, at


_UNTIL: Final = re.compile(r"\b(?:until|by|bis)\b\D{0,20}(\d{1,2})\.(\d{1,2})\.(\d{4})")
_UNTIL_ISO: Final = re.compile(r"\b(?:until|by|bis)\b\D{0,20}(\d{4})-(\d{2})-(\d{2})")


def _pickup(shipment: Json, scans: Sequence[CarrierScan], zone: tzinfo) -> tuple[str, datetime | None]:
    """Where a parcel waits and the end of its last day there; only while it does."""
    if not scans or scans[-1].status != Status.AVAILABLE_FOR_PICKUP:
        return "", None
    current: Json = shipment.get("status") or {}
    location: Json = current.get("location") or {}
    label = _text((location.get("servicePoint") or {}).get("label"))
    address: Json = location.get("address") or {}
    where = [address.get(part) for part in ("streetAddress", "postalCode", "addressLocality")]
    place = ", ".join(filter(None, [label, *map(_text, where)]))
    words = " ".join(_text(current.get(part), 500) for part in ("description", "remark", "nextSteps"))
    return place[:300], _last_day(words, zone)


def _last_day(words: str, zone: tzinfo) -> datetime | None:
    european, iso = _UNTIL.search(words), _UNTIL_ISO.search(words)
    if european is not None:
        day, month, year = map(int, european.groups())
    elif iso is not None:
        year, month, day = map(int, iso.groups())
    else:
        return None
    try:
        return datetime(year, month, day, 23, 59, 59, tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def _person(person: Any) -> str:
    """The name of a schema.org Person or Organization."""
    person = person or {}
    parts = [person.get("givenName"), person.get("familyName")]
    full = " ".join(filter(None, map(_text, parts)))
    return full or _text(person.get("name") or person.get("organizationName"))


def _text(value: Any, limit: int = 120) -> str:
    """Plain words on one line: some divisions put links into their sentences."""
    bare = re.sub(r"<[^<>]*>", "", str(value or ""))  # each "<" ends the search from the one before it
    return " ".join(bare.split())[:limit]

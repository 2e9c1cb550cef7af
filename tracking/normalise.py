"""One recorded answer of a carrier in our normal form, for people and scripts (`manage.py normalise`). No database."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from tracking.carriers.base import Answer, CarrierScan, RateLimited, TrackingResult
from tracking.carriers.registry import ADAPTERS, carrier_from_name
from tracking.resolve import ScanFacts, resolve


def normal_form(
    carrier: str, body: bytes, *, number: str | None = None, status: int = 200, now: datetime | None = None
) -> dict[str, Any]:
    """What our adapter reads out of an answer, as JSON. Raises LookupError for a carrier without an adapter.

    The first parcel in it (or the one with `number`); further ones stand in `others`. status: HTTP.
    now: until when scans count for the status; by default after the last of them.
    """
    adapter = ADAPTERS.get(carrier) or ADAPTERS.get(_code_of(carrier))
    if adapter is None:
        raise LookupError(f"no adapter for {carrier!r}; there are: {', '.join(ADAPTERS)}")
    first, *others = [_shown(carrier, answer, now) for answer in adapter.read(number, body, status)]
    return {**first, "others": others} if others else first


def _code_of(name: str) -> str:
    """Our code for whatever a carrier is called: "UPS", "17TRACK", "canadapost", "usps_international"."""
    bare = "".join(filter(str.isalnum, name)).lower()
    return next((code for code in ADAPTERS if code.replace("_", "") == bare), carrier_from_name(name))


def _shown(carrier: str, answer: Answer, now: datetime | None) -> dict[str, Any]:
    if not isinstance(answer, TrackingResult):
        wait = answer.retry_after if isinstance(answer, RateLimited) else None
        return {
            "carrier": carrier,
            "tracking_number": answer.number,
            "error": {"code": answer.code, "detail": answer.detail, "retry_after": wait},
        }
    facts = [
        ScanFacts(scan.occurred_at, scan.status, scan.substatus, f"{place:05}")
        for place, scan in enumerate(answer.scans)
    ]
    latest = max((scan.occurred_at for scan in answer.scans), default=datetime.now(UTC))
    state = resolve(facts, now=now or latest)
    pickup = asdict(answer.pickup) if answer.pickup else None
    if pickup is not None:
        pickup["until"] = _time(answer.pickup.until if answer.pickup else None)
    return {
        "carrier": carrier,
        "tracking_number": answer.tracking_number,
        "status": state.status,
        "substatus": state.substatus,
        "eta_from": _time(answer.eta_from),
        "eta_to": _time(answer.eta_to),
        "eta_is_day": answer.eta_is_day,
        "service": answer.service,
        "weight": answer.weight_grams,
        "delivered_to": answer.delivered_to,
        "pickup": pickup,
        "pickup_until": _time(answer.pickup.until) if answer.pickup else None,
        "proof": asdict(answer.proof),
        "handed_over_to": asdict(answer.handed_over_to) if answer.handed_over_to else None,
        "origin": {"country": answer.origin_country, "postcode": answer.origin_postcode},
        "destination": {"country": answer.destination_country, "postcode": answer.destination_postcode},
        "scans": [_scan(scan) for scan in answer.scans],
        "unknown_codes": list(answer.unknown_codes),
    }


def _scan(scan: CarrierScan) -> dict[str, Any]:
    return {
        "occurred_at": _time(scan.occurred_at),
        "local_time": scan.local_time,
        "offset_known": scan.offset_known,
        "city": scan.city,
        "region": scan.region,
        "postcode": scan.postcode,
        "country": scan.country,
        "code": scan.raw_code,
        "text": scan.description,
        "status": scan.status,
        "substatus": scan.substatus,
    }


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None

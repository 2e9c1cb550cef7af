"""What DPD answers: the life of one parcel, as SOAP or as the newer JSON, or a fault."""

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from tracking.carriers.base import (
    Answer,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    CarrierError,
    CarrierScan,
    NotFound,
    TrackingResult,
)
from tracking.carriers.bodies import Json, dig, each, first, json_body, never_raises, refused, text, xml_body
from tracking.carriers.building import scanned
from tracking.carriers.mapping import StatusMap
from tracking.carriers.places import Place
from tracking.carriers.words import refined
from tracking.carriers.zones import parse_local, zone_of

STATUSES: Final = StatusMap.load(Path(__file__).with_name("dpd.toml"))
_PLACE: Final = re.compile(r"(?P<city>.*?)\s*\((?P<country>[A-Z]{2})\)$")
_FORMS: Final = (
    "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y, %H:%M", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d-%m-%Y, %H:%M",
    "%d/%m/%Y %H:%M", "%d.%m.%Y",
)  # fmt: skip


@never_raises
def read(number: str | None, body: bytes, status: int, retry_after: float | None) -> list[Answer]:
    """The steps that a parcel has reached. A fault comes with a 500, and sometimes with a 200."""
    if body.lstrip().startswith((b"{", b"[")):
        return [_json(number or "", json_body(body), status, retry_after)]
    if status in (401, 403, 429) or not body.strip():
        raise refused(status, retry_after=retry_after)
    try:
        root = xml_body(body)
    except CannotRead:
        if status != 200:
            raise refused(status, retry_after=retry_after) from None
        raise
    if root.find(".//Fault") is not None:
        raise _fault(said(root, "errorCode"), said(root, "errorMessage") or said(root, "faultstring"))
    if status != 200:
        raise refused(status, retry_after=retry_after)
    if root.find(".//trackingresult") is None:
        raise CannotRead("no trackingresult in the answer")
    steps = [_plain(step) for step in root.iter("statusInfo")]
    service = " ".join(said(info, "content/content") for info in root.iter("serviceDescription"))
    return [_result(number or said(root, "parcelLabelNumber"), steps, service)]


def said(element: ElementTree.Element, path: str) -> str:
    """The text of the first element at a path below, "" when there is none."""
    return text(element.findtext(f".//{path}"), 500)


def _fault(code: str, words: str) -> CarrierError:
    detail = f"{code} {words}".strip()
    lowered = detail.lower()
    if "authentic" in lowered or code.startswith("LOGIN"):
        return AuthenticationFailed(detail)
    if any(
        word in lowered
        for word in ("not found", "no data", "unknown parcel", "no information", "invalid parcel")
    ):
        return NotFound(detail)
    return CarrierDown(detail) if "unavailable" in lowered or "internal" in lowered else CannotRead(detail)


def _plain(step: ElementTree.Element) -> dict[str, Any]:
    """A statusInfo of the web service in the form of the JSON."""
    return {
        "status": text(step.findtext("status")),
        "label": said(step, "label/content"),
        "description": said(step, "description/content/content"),
        "location": said(step, "location/content"),
        "date": said(step, "date/content"),
        "reached": step.findtext("statusHasBeenReached") != "false",
    }


def _json(number: str, answer: Any, status: int, retry_after: float | None) -> Answer:
    data = dig(answer, "parcellifecycleResponse", "parcelLifeCycleData")
    if data is None:
        if status != 200:
            return refused(status, retry_after=retry_after)
        raise NotFound("nothing is known of this number") if answer else CannotRead("no parcelLifeCycleData")
    info = dig(data, "shipmentInfo") or {}
    number = number or text(first(info.get("parcelLabelNumber"), info.get("parcelNumber")))
    scans = [_json_scan(scan) for scan in each(dig(data, "scanInfo", "scan") or [])]
    steps = [_json_step(step) for step in each(dig(data, "statusInfo") or [])]
    return _result(number, scans or steps, text(info.get("productName")))


def _json_step(step: Json) -> dict[str, Any]:
    words = dig(step, "description", "content")
    return {
        **step,
        "description": " ".join(map(str, words)) if isinstance(words, list) else words,
        "date": first(step.get("dateTime"), step.get("date")),
        "reached": step.get("statusHasBeenReached", True) is not False,
    }


def _json_scan(scan: Json) -> dict[str, Any]:
    words = dig(scan, "scanDescription", "content")
    return {
        "status": first(dig(scan, "scanType", "name"), dig(scan, "scanType", "code")),
        "description": " ".join(map(str, words)) if isinstance(words, list) else words,
        "location": first(dig(scan, "scanData", "location"), dig(scan, "scanData", "scanLocation")),
        "date": scan.get("date"),
        "reached": True,
    }


def _result(number: str, steps: Iterable[Json], service: str) -> TrackingResult:
    scans = [_scan(step) for step in steps if step["reached"] and text(step.get("date"))]
    return TrackingResult(
        tracking_number=number,
        scans=tuple(sorted(scans, key=lambda scan: scan.occurred_at)),
        service=service,
    )


def _scan(step: Json) -> CarrierScan:
    code = text(step.get("status"))
    label, words = text(step.get("label"), 200), text(step.get("description"), 500)
    code = f"SCAN_{code}" if code.isdigit() else code
    meaning = refined(STATUSES.meaning(code, ""), words or label)
    told = _PLACE.fullmatch(text(step.get("location")))
    place = Place(told["city"], country=told["country"]) if told else Place(text(step.get("location")))
    local_time = text(step["date"], 40)
    occurred_at, offset_known = _time(local_time, zone_of(place.country or "DE"))
    return scanned(meaning, place, occurred_at, local_time, offset_known, code=code, words=words or label)


def _time(told: str, zone: tzinfo) -> tuple[datetime, bool]:
    """ "8/17/2021 7:11:26 PM", "18.08.2021, 10:14", ISO 8601: as UTC, and whether it had an offset."""
    for form in _FORMS:
        try:
            return parse_local(datetime.strptime(told, form).isoformat(), zone)[0], False
        except ValueError:
            continue
    return parse_local(told, zone)

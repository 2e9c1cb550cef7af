"""Pushed scans: stored, and their parcels brought to the state that they add up to."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from merchants.ids import parse_public_id, uuid7
from merchants.models import Merchant
from merchants.rest.decode import aware
from merchants.rest.errors import InvalidBody, NotFound
from merchants.scope import merchant_scope
from tracking import one_scan
from tracking.carriers.registry import carrier_from_name
from tracking.models import Shipment
from tracking.progress import advance
from tracking.resolve import FUTURE_TOLERANCE
from tracking.schemas import ScanIn
from tracking.statuses import SUBSTATUSES
from tracking.writes import insert_scans, lock_parcels

# (carrier, number) means one parcel only inside this window: carriers use their numbers again (PRODUCT, T6).
NUMBER_IS_ONE_PARCEL_FOR: Final = timedelta(days=120)


@dataclass(frozen=True)
class Recorded:
    """What became of scans: how many were new, how many known already."""

    recorded: int
    duplicates: int


def record_scans(
    merchant: Merchant, scans: Sequence[ScanIn], *, source: str = "api", notify: bool = True
) -> Recorded:
    """Store pushed scans and bring their parcels to the state that they add up to. All of them or none.

    Raises InvalidBody and Unprocessable naming the scan that is wrong (`scans[3].occurred_at`), NotFound for
    a parcel that the merchant does not have.
    """
    now = timezone.now()
    for index, scan in enumerate(scans):
        _check_scan(scan, _where(scans, index), now)
    with merchant_scope(merchant):
        if len(scans) == 1:
            new = _record_alone(merchant, scans, now, source=source, notify=notify)
            if new is not None:
                return Recorded(recorded=new, duplicates=1 - new)
        return _record_locked(merchant, scans, now, source=source, notify=notify)


def _record_alone(
    merchant: Merchant, scans: Sequence[ScanIn], now: datetime, *, source: str, notify: bool
) -> int | None:
    """Store one scan without holding locks while it is thought about. Returns how many were new.

    None when it takes `_record_locked`: nothing was done then.
    """
    found = one_scan.read(merchant, *_named(scans), made_after=now - NUMBER_IS_ONE_PARCEL_FOR)
    (target,) = _targets(scans, [seen.parcel for seen in found])
    seen = next(seen for seen in found if seen.parcel is target)
    row = _scan_row(scans[0], target.id)
    return one_scan.record(merchant, seen, row, now, source=source, notify=notify)


def _record_locked(
    merchant: Merchant, scans: Sequence[ScanIn], now: datetime, *, source: str, notify: bool
) -> Recorded:
    with transaction.atomic():
        parcels = lock_parcels(merchant, *_named(scans), made_after=now - NUMBER_IS_ONE_PARCEL_FOR)
        targets = _targets(scans, parcels)
        rows = [_scan_row(scan, target.id) for scan, target in zip(scans, targets, strict=True)]
        new, known = insert_scans(merchant.id, rows, source=source, now=now)
        if new:
            touched = set(new)
            advance(merchant, [s for s in dict.fromkeys(targets) if s.id in touched], known, notify=notify)
    return Recorded(recorded=len(new), duplicates=len(scans) - len(new))


def _where(scans: Sequence[ScanIn], index: int) -> str:
    return f"scans[{index}]." if len(scans) > 1 else ""


def _check_scan(scan: ScanIn, where: str, now: datetime) -> None:
    if not scan.shipment_id and not scan.tracking_number:
        raise InvalidBody(
            "Name the parcel by shipment_id or tracking_number.",
            param=f"{where}shipment_id",
            code="invalid_field",
        )
    if aware(scan.occurred_at, f"{where}occurred_at") > now + FUTURE_TOLERANCE:
        raise InvalidBody("This time lies in the future.", param=f"{where}occurred_at", code="invalid_field")
    if scan.substatus:
        known = SUBSTATUSES.get(scan.substatus)
        if known is None or known.status != scan.status:
            raise InvalidBody(
                f"{scan.status} has no sub-status {scan.substatus!r}.",
                param=f"{where}substatus",
                code="invalid_field",
            )


def _named(scans: Sequence[ScanIn]) -> tuple[set[UUID], set[str]]:
    """The ids and the tracking numbers by which the scans name their parcels."""
    ids = {parse_public_id("shp", scan.shipment_id) for scan in scans if scan.shipment_id}
    return {known for known in ids if known}, {scan.tracking_number for scan in scans if not scan.shipment_id}


def _targets(scans: Sequence[ScanIn], parcels: Iterable[Shipment]) -> list[Shipment]:
    """Each scan's parcel of these: the newest one that it can mean. Raises NotFound."""
    oldest_first = sorted(parcels, key=lambda shipment: shipment.created_at)
    by_id = {shipment.id: shipment for shipment in oldest_first}
    by_number: dict[str, list[Shipment]] = defaultdict(list)
    for shipment in oldest_first:
        by_number[shipment.tracking_number].append(shipment)
    targets = []
    for index, scan in enumerate(scans):
        if scan.shipment_id:
            shipment_id = parse_public_id("shp", scan.shipment_id)
            found = by_id.get(shipment_id) if shipment_id else None
        else:
            found = _meant(by_number.get(scan.tracking_number, ()), scan)
        if found is None:
            where = _where(scans, index) + ("shipment_id" if scan.shipment_id else "tracking_number")
            raise NotFound("There is no such shipment.", param=where, code="shipment_not_found")
        targets.append(found)
    return targets


def _meant(parcels: Sequence[Shipment], scan: ScanIn) -> Shipment | None:
    """Which of the parcels with its number a scan means (oldest first): the newest of its carrier, or of any when it
    names none, that was ordered by then. A late scan of a number's former parcel is not the new one's."""
    carrier = carrier_from_name(scan.carrier) if scan.carrier else None
    fitting = [parcel for parcel in parcels if carrier in (None, parcel.carrier)]
    ordered = [parcel for parcel in fitting if parcel.order.placed_at <= scan.occurred_at]
    return next(reversed(ordered or fitting), None)


def _scan_row(scan: ScanIn, shipment_id: UUID) -> dict[str, Any]:
    occurred_at = scan.occurred_at.astimezone(UTC)
    key = scan.external_id or _content_key(scan, occurred_at)
    return {
        "id": uuid7(), "shipment_id": shipment_id, "key": _digest(key), "occurred_at": occurred_at,
        "local_time": scan.occurred_at.isoformat(), "offset_known": True, "status": scan.status,
        "substatus": scan.substatus, "raw_code": scan.raw_code, "description": scan.description,
        "city": scan.city, "region": scan.region, "postcode": scan.postcode, "country": scan.country or "",
    }  # fmt: skip


def _content_key(scan: Any, occurred_at: datetime) -> str:
    """What makes a scan without an id of its own the same scan (PRODUCT, T3)."""
    return "\n".join(
        (occurred_at.isoformat(), scan.status, scan.substatus, scan.raw_code, scan.city, scan.postcode,
         scan.country or "")
    )  # fmt: skip


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

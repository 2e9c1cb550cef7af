"""What a carrier answered about a parcel, written down: scans, delivery window, hand-over, or the lack of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection, models, transaction
from django.utils import timezone

from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.scope import merchant_transaction, platform_scope
from tracking import polling, windows
from tracking.carriers.base import CannotRead, CarrierError, CarrierScan, TrackingResult, scan_key
from tracking.details import put_details
from tracking.legs.wanting import want_legs
from tracking.models import Shipment, UnreadAnswer
from tracking.progress import RECYCLED_BEFORE, advance, is_awaited, record_delay, set_window
from tracking.radar import count_unknown
from tracking.statuses import TERMINAL
from tracking.writes import Known, insert_scans, load_scans, lock_parcels

_KEPT_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Told:
    """What a carrier answered about one parcel."""

    shipment_id: UUID
    result: TrackingResult


def apply_tracking(merchant: Merchant, shipment_id: UUID, result: TrackingResult, *, source: str) -> None:
    """Store what a carrier answered about a parcel, and bring the parcel to the state that it adds up to.

    An answer about a number that the parcel no longer has changes nothing.
    """
    apply_answers(merchant, [Told(shipment_id, result)], source=source)


def apply_answers(merchant: Merchant, told: Sequence[Told], *, source: str) -> None:
    """Store what a carrier answered about a merchant's parcels, as `apply_tracking`: all of it in one transaction.

    The number of statements does not grow with the parcels, unless a delivery window slips.
    """
    now = timezone.now()
    with merchant_transaction(merchant):
        locked = lock_parcels(merchant, {one.shipment_id for one in told}, (), made_after=now)
        parcels = {parcel.id: parcel for parcel in locked}
        told = [one for one in told if _is_about(parcels.get(one.shipment_id), one.result)]
        pairs = [(parcels[one.shipment_id], one.result) for one in told]
        if not pairs:
            return
        known = _store_scans(merchant, pairs, source, now)
        put_details(merchant, pairs, now)
        count_unknown(merchant, pairs, source, now)
        want_legs(pairs, now)
        slipped = [(parcel, _put_window(merchant, parcel, result)) for parcel, result in pairs]
        moved = list({parcel.id: parcel for parcel, _ in pairs}.values())
        advance(merchant, moved, known)
        for parcel, eta_was in slipped:
            if eta_was and is_awaited(parcel):
                record_delay(parcel, eta_was)


def _is_about(parcel: Shipment | None, result: TrackingResult) -> bool:
    return parcel is not None and parcel.tracking_number == result.tracking_number


# The claim is the lease's end and the number of tries (`events.due.held`): who lost it changes nothing.
_FAIL = """
UPDATE tracking_shipment AS shipment
SET polled_at = %(now)s::timestamptz, poll_error = failure.error, due_at = failure.again
FROM jsonb_to_recordset(%(failures)s::jsonb) AS failure(
    merchant uuid, id uuid, lease timestamptz, attempts smallint, error text, again timestamptz)
WHERE shipment.merchant_id = failure.merchant AND shipment.id = failure.id
  AND shipment.due_at = failure.lease AND shipment.attempts = failure.attempts
RETURNING shipment.id
"""


def record_failures(failures: Sequence[tuple[Shipment, CarrierError]]) -> None:
    """Note why claimed parcels could not be asked about, and when each is tried again. Their status stays.

    Nothing changes about a parcel whose claim was lost meanwhile.
    """
    if not failures:
        return
    now = timezone.now()
    rows = [
        {
            "merchant": row.merchant_id, "id": row.id, "lease": row.due_at, "attempts": row.attempts,
            "error": f"{error.code}: {error.detail}".replace("\0", "")[:300],
            "again": polling.retry_at(row, error, now),
        }
        for row, error in failures
    ]  # fmt: skip
    with platform_scope("failures of a batch of parcels"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_FAIL, {"now": now, "failures": msgspec.json.encode(rows).decode()})
            changed = {shipment_id for (shipment_id,) in cursor.fetchall()}
        for row, error in failures:
            if row.id in changed and isinstance(error, CannotRead):
                _keep_unread(row, error, now)


def _store_scans(
    merchant: Merchant, pairs: Sequence[tuple[Shipment, TrackingResult]], source: str, now: datetime
) -> Known:
    """Store the scans, repeats dropped. Returns all scans of these parcels."""
    since = _known_since(pairs, now)
    rows = [
        _row(parcel, scan)
        for parcel, result in pairs
        for scan in result.scans
        if scan.occurred_at >= since[parcel.id]
    ]
    known = insert_scans(merchant.id, rows, source=source, now=now)[1] if rows else {}
    silent = [parcel.id for parcel, _ in pairs if parcel.id not in known]
    return known | load_scans(merchant.id, silent) if silent else known


def _known_since(pairs: Sequence[tuple[Shipment, TrackingResult]], now: datetime) -> dict[UUID, datetime]:
    """Since when scans of its number can be each parcel's. Carriers use their numbers again, and tell of both parcels.

    Where a former parcel of ours had the number and its way had ended before this one was ordered, that is the border.
    Two orders that travel in one parcel both have its scans.
    """
    numbers = {parcel.tracking_number for parcel, _ in pairs}
    ended = Shipment.objects.filter(
        tracking_number__in=numbers, status__in=TERMINAL, last_scan_at__isnull=False
    )
    former = list(ended.values_list("id", "carrier", "tracking_number", "last_scan_at"))
    since = {}
    for parcel, _ in pairs:
        ordered, mine = parcel.order.placed_at, (parcel.carrier, parcel.tracking_number)
        used_before = any(
            tuple(whose) == mine and at < ordered and other != parcel.id for other, *whose, at in former
        )
        since[parcel.id] = (
            ordered if used_before else min(ordered, parcel.shipped_at or now) - RECYCLED_BEFORE
        )
    return since


def _row(shipment: Shipment, scan: CarrierScan) -> dict[str, Any]:
    return {
        "id": uuid7(), "shipment_id": shipment.id,
        "key": scan_key(shipment.carrier, shipment.tracking_number, scan).hex(),
        "occurred_at": scan.occurred_at, "local_time": scan.local_time[:40], "offset_known": scan.offset_known,
        "status": scan.status, "substatus": scan.substatus, "raw_code": scan.raw_code[:120],
        "description": scan.description[:500], "city": scan.city[:120], "region": scan.region[:120],
        "postcode": scan.postcode[:20], "country": (scan.country or "")[:2],
    }  # fmt: skip


def _put_window(merchant: Merchant, shipment: Shipment, result: TrackingResult) -> datetime | None:
    """The carrier's window, on the parcel. Returns the end that was told before when it slips to a later day."""
    start, end = result.eta_from or result.eta_to, result.eta_to or result.eta_from
    if start is None or end is None or end < start:
        return None
    return set_window(merchant, shipment, windows.Window(start, end, "carrier"))


def _keep_unread(shipment: Shipment, error: CarrierError, now: datetime) -> None:
    told = {
        "detail": error.detail.replace("\0", "")[:300],
        "body": error.body[:_KEPT_BYTES],
        "received_at": now,
    }
    known = UnreadAnswer.objects.filter(merchant_id=shipment.merchant_id, shipment_id=shipment.id)
    if not known.update(times=models.F("times") + 1, **told):
        UnreadAnswer.objects.create(
            merchant_id=shipment.merchant_id, shipment_id=shipment.id, carrier=shipment.carrier, **told
        )

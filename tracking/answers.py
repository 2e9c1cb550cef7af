"""What a carrier answered about a parcel, written down: scans, delivery window, hand-over, or the lack of it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from events.due import held
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from tracking import polling, windows
from tracking.carriers.base import CannotRead, CarrierError, CarrierScan, Proof, TrackingResult, scan_key
from tracking.locks import lock_shipment
from tracking.models import Shipment, UnreadAnswer
from tracking.progress import RECYCLED_BEFORE, advance, is_awaited, record_delay, set_window
from tracking.radar import count_unknown
from tracking.writes import insert_scans

_KEPT_BYTES: Final = 65_536

_COLUMNS = [
    "service", "signed_by", "pickup_place", "pickup_until", "pickup", "proof", "weight_grams",
    "next_carrier", "next_number", "polled_at", "poll_error", "attempts",
]  # fmt: skip


def apply_tracking(merchant: Merchant, shipment_id: UUID, result: TrackingResult, *, source: str) -> None:
    """Store what a carrier answered about a parcel, and bring the parcel to the state that it adds up to.

    An answer about a number that the parcel no longer has changes nothing.
    """
    now = timezone.now()
    with merchant_transaction(merchant):
        shipment = lock_shipment(shipment_id)
        if result.tracking_number != shipment.tracking_number:
            return
        _store_scans(shipment, result, source, now)
        _put_details(shipment, result)
        eta_was = _put_window(merchant, shipment, result)
        shipment.polled_at, shipment.poll_error, shipment.attempts = now, "", 0
        shipment.save(update_fields=_COLUMNS)
        advance(merchant, [shipment])
        if eta_was and is_awaited(shipment):
            record_delay(shipment, eta_was)


def record_failure(shipment: Shipment, error: CarrierError) -> None:
    """Note why a claimed parcel could not be asked about, and when it is tried again. Its status stays.

    Does nothing when the claim was lost meanwhile.
    """
    now = timezone.now()
    with merchant_scope(shipment.merchant), transaction.atomic():
        changed = held(shipment).update(
            polled_at=now,
            poll_error=f"{error.code}: {error.detail}"[:300],
            due_at=polling.retry_at(shipment, error, now),
        )
        if changed and isinstance(error, CannotRead):
            _keep_unread(shipment, error, now)


def _store_scans(shipment: Shipment, result: TrackingResult, source: str, now: datetime) -> None:
    earliest = min(shipment.order.placed_at, shipment.shipped_at or now) - RECYCLED_BEFORE
    rows = [_row(shipment, scan) for scan in result.scans if scan.occurred_at >= earliest]
    if rows:
        insert_scans(shipment.merchant_id, rows, source=source, now=now)
    count_unknown(shipment, result, now)


def _row(shipment: Shipment, scan: CarrierScan) -> dict[str, Any]:
    return {
        "id": uuid7(), "shipment_id": shipment.id,
        "key": scan_key(shipment.carrier, shipment.tracking_number, scan).hex(),
        "occurred_at": scan.occurred_at, "local_time": scan.local_time[:40], "offset_known": scan.offset_known,
        "status": scan.status, "substatus": scan.substatus, "raw_code": scan.raw_code[:120],
        "description": scan.description[:500], "city": scan.city[:120], "region": scan.region[:120],
        "postcode": scan.postcode[:20], "country": (scan.country or "")[:2],
    }  # fmt: skip


def _put_details(shipment: Shipment, result: TrackingResult) -> None:
    shipment.service = (result.service or shipment.service)[:120]
    shipment.weight_grams = result.weight_grams or shipment.weight_grams
    shipment.signed_by = (result.proof.signed_by or shipment.signed_by)[:120]
    if result.proof != Proof():
        shipment.proof = asdict(result.proof)
    if result.pickup is not None:
        shipment.pickup_place = result.pickup.line or shipment.pickup_place
        shipment.pickup_until = result.pickup.until or shipment.pickup_until
        shipment.pickup = {name: value for name, value in asdict(result.pickup).items() if name != "until"}
    if result.handed_over_to is not None:
        shipment.next_carrier = result.handed_over_to.carrier[:40]
        shipment.next_number = result.handed_over_to.number[:100]


def _put_window(merchant: Merchant, shipment: Shipment, result: TrackingResult) -> datetime | None:
    """The carrier's window, on the parcel. Returns the end that was told before when it slips to a later day."""
    start, end = result.eta_from or result.eta_to, result.eta_to or result.eta_from
    if start is None or end is None or end < start:
        return None
    return set_window(merchant, shipment, windows.Window(start, end, "carrier"))


def _keep_unread(shipment: Shipment, error: CannotRead, now: datetime) -> None:
    told = {"detail": error.detail[:300], "body": error.body[:_KEPT_BYTES], "received_at": now}
    known = UnreadAnswer.objects.filter(shipment_id=shipment.id)
    if not known.update(times=models.F("times") + 1, **told):
        UnreadAnswer.objects.create(
            merchant=shipment.merchant, shipment=shipment, carrier=shipment.carrier, **told
        )

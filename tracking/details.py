"""What carriers tell about a parcel beyond its scans: service, weight, proof of delivery, pick-up place, hand-over."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec

from merchants.models import Merchant
from merchants.prepared import prepared_cursor
from tracking.carriers.base import Proof, TrackingResult
from tracking.models import Shipment

# What an answer does not say stays as it was.
_DETAILS = """
UPDATE tracking_shipment AS shipment SET
    service = coalesce(nullif(told.service, ''), shipment.service),
    weight_grams = coalesce(told.weight_grams, shipment.weight_grams),
    signed_by = coalesce(nullif(told.signed_by, ''), shipment.signed_by),
    proof = coalesce(told.proof, shipment.proof),
    pickup_place = coalesce(nullif(told.pickup_place, ''), shipment.pickup_place),
    pickup_until = coalesce(told.pickup_until, shipment.pickup_until),
    pickup = coalesce(told.pickup, shipment.pickup),
    next_carrier = CASE told.next_number WHEN '' THEN shipment.next_carrier ELSE told.next_carrier END,
    next_number = CASE told.next_number WHEN '' THEN shipment.next_number ELSE told.next_number END,
    polled_at = %(now)s::timestamptz, poll_error = '', attempts = 0
FROM jsonb_to_recordset(%(told)s::jsonb) AS told(
    id uuid, service text, weight_grams integer, signed_by text, proof jsonb, pickup_place text,
    pickup_until timestamptz, pickup jsonb, next_carrier text, next_number text)
WHERE shipment.merchant_id = %(merchant_id)s::uuid AND shipment.id = told.id
"""


def put_details(merchant: Merchant, pairs: Sequence[tuple[Shipment, TrackingResult]], now: datetime) -> None:
    """Store the details of answers about locked parcels, and that they were answered: one statement."""
    told = [{"id": parcel.id, **_details(result)} for parcel, result in pairs]
    values = {"merchant_id": merchant.id, "told": msgspec.json.encode(told).decode(), "now": now}
    with prepared_cursor() as cursor:
        cursor.execute(_DETAILS, values)
    for parcel, _ in pairs:
        parcel.polled_at, parcel.attempts = now, 0


def _details(result: TrackingResult) -> dict[str, Any]:
    pickup, over = result.pickup, result.handed_over_to
    return {
        "service": result.service[:120],
        "weight_grams": result.weight_grams,
        "signed_by": result.proof.signed_by[:120],
        "proof": asdict(result.proof) if result.proof != Proof() else None,
        "pickup_place": pickup.line if pickup else "",
        "pickup_until": pickup.until if pickup else None,
        "pickup": {name: value for name, value in asdict(pickup).items() if name != "until"}
        if pickup
        else None,
        "next_carrier": over.carrier[:40] if over else "",
        "next_number": over.number[:100] if over else "",
    }

"""Codes of carriers that our tables do not have: kept, counted, shown (B16). Nobody guesses what they mean."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Count

from merchants.ids import uuid7
from merchants.models import Merchant
from tracking.carriers.base import TrackingResult
from tracking.models import Scan, Shipment, UnknownCode

# In one order, so that two answers that count the same codes do not wait for each other in a circle.
_COUNT = """
INSERT INTO tracking_unknowncode AS known
    (id, merchant_id, carrier, code, words, times, shipment_id, first_seen_at, last_seen_at)
SELECT id, %(merchant)s, carrier, code, words, times, shipment_id, %(now)s, %(now)s
FROM jsonb_to_recordset(%(codes)s::jsonb) AS new(
    id uuid, carrier text, code text, words text, times integer, shipment_id uuid)
ORDER BY carrier, code
ON CONFLICT (merchant_id, carrier, code) DO UPDATE SET
    words = excluded.words, times = known.times + excluded.times, shipment_id = excluded.shipment_id,
    last_seen_at = excluded.last_seen_at
"""


def count_unknown(
    merchant: Merchant, pairs: Sequence[tuple[Shipment, TrackingResult]], source: str, now: datetime
) -> None:
    """Count the unknown codes of `source` among the scans that answers brought and that were stored at `now`.

    In the transaction that stored them. No statement when all codes are known, else two.
    """
    words: dict[tuple[UUID, str], tuple[str, str]] = {}
    for parcel, result in pairs:
        for scan in result.scans:
            if not scan.known:
                words[parcel.id, scan.raw_code[:120]] = (source, scan.description[:500])
    if not words:
        return
    new = Scan.objects.filter(
        shipment_id__in={parcel for parcel, _ in words},
        received_at=now,
        raw_code__in={code for _, code in words},
    )
    counted: dict[tuple[str, str], dict[str, Any]] = {}
    for parcel, code, times in new.values_list("shipment_id", "raw_code").annotate(Count("pk")).order_by():
        if (parcel, code) not in words:
            continue  # another parcel of the batch has this code from a carrier that knows it
        carrier, said = words[parcel, code]
        row = counted.setdefault(
            (carrier, code), {"id": uuid7(), "carrier": carrier, "code": code, "times": 0}
        )
        row.update(words=said, shipment_id=parcel, times=row["times"] + times)
    if counted:
        values: dict[str, Any] = {
            "merchant": merchant.id,
            "now": now,
            "codes": msgspec.json.encode([*counted.values()]).decode(),
        }
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, values)


def unknown_codes(limit: int = 100) -> list[UnknownCode]:
    """The unknown codes of the merchant in scope, the newest first, each with its newest parcel. One query."""
    return list(UnknownCode.objects.select_related("shipment").order_by("-last_seen_at", "-id")[:limit])

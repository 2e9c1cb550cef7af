"""The statements behind pushed and polled scans: a fixed number, however many scans come at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from merchants.prepared import prepared_cursor
from tracking.resolve import ScanFacts

_INSERT = """
INSERT INTO tracking_scan (id, merchant_id, shipment_id, key, occurred_at, local_time, offset_known, status,
                           substatus, raw_code, description, city, region, postcode, country, source, received_at)
SELECT scan.id, %(merchant_id)s::uuid, scan.shipment_id, decode(scan.key, 'hex'), scan.occurred_at,
       scan.local_time, scan.offset_known, scan.status, scan.substatus, scan.raw_code, scan.description,
       scan.city, scan.region, scan.postcode, scan.country, %(source)s::text, %(now)s::timestamptz
FROM jsonb_to_recordset(%(scans)s::jsonb) AS scan(
    id uuid, shipment_id uuid, key text, occurred_at timestamptz, local_time text, offset_known boolean,
    status text, substatus text, raw_code text, description text, city text, region text, postcode text,
    country text)
ON CONFLICT (merchant_id, shipment_id, key) DO NOTHING
RETURNING shipment_id
"""

_LOAD = """
SELECT shipment_id, occurred_at, status, substatus, encode(key, 'hex') FROM tracking_scan
WHERE merchant_id = %s::uuid AND shipment_id = ANY(%s::uuid[])
"""


def insert_scans(
    merchant_id: UUID, scans: Sequence[dict[str, Any]], *, source: str, now: datetime
) -> list[UUID]:
    """Store scans, dropping repeats. Returns the shipment of each new one."""
    with prepared_cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "merchant_id": merchant_id,
                "scans": msgspec.json.encode(scans).decode(),
                "source": source,
                "now": now,
            },
        )
        return [shipment_id for (shipment_id,) in cursor.fetchall()]


def load_scans(merchant_id: UUID, shipment_ids: Iterable[UUID]) -> dict[UUID, list[ScanFacts]]:
    """What `resolve` needs to know of all scans of these parcels."""
    found: dict[UUID, list[ScanFacts]] = {shipment_id: [] for shipment_id in shipment_ids}
    with prepared_cursor() as cursor:
        cursor.execute(_LOAD, [merchant_id, list(found)])
        for shipment_id, occurred_at, status, substatus, key in cursor.fetchall():
            found[shipment_id].append(ScanFacts(occurred_at, status, substatus, key))
    return found

"""One pushed scan in two statements: read what it depends on, think, store what follows if nothing changed since.

Most scans come one by one, for a parcel that nobody else touches at that moment. Locks, a transaction around them
and a statement for each step were a third of the CPU of `POST /scans`
(docs/decisions/0010-one-scan-is-two-statements.md). What cannot be done this way (somebody was faster, or the order's
stage may change) is left to `tracking.scans`, which locks first.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from events import log as event_log
from merchants.models import Merchant
from merchants.prepared import prepared_cursor
from tracking.models import Shipment
from tracking.progress import advance_one
from tracking.resolve import ScanFacts
from tracking.writes import (
    MOVE,
    PARCEL_COLUMNS,
    PARCELS,
    SCAN_COLUMNS,
    SCANS,
    TELL,
    as_parcels,
    named_by,
    states_and_facts,
)

# `xmin` is the number of the transaction that wrote this version of a row: any change gives the row another one.
_READ = f"""
SELECT {PARCEL_COLUMNS}, EXISTS (
    SELECT FROM tracking_watchitem w
    WHERE w.merchant_id = p.merchant_id AND w.shipment_id = p.id AND w.state <> 'closed'
), p.xmin::text, o.xmin::text, (
    SELECT coalesce(json_agg(json_build_array(occurred_at, status, substatus, encode(key, 'hex'))), '[]')::text
    FROM tracking_scan WHERE merchant_id = p.merchant_id AND shipment_id = p.id)
{PARCELS}
"""  # noqa: S608  # names of our own columns

# The order is locked before its parcel, as everywhere (`tracking.locks`). Who waits here for somebody's change finds
# the row's next version afterwards, whose `xmin` is another one: then no row is left, and nothing is done.
_STORE = f"""
WITH same_order AS MATERIALIZED (
    SELECT id FROM orders_order
    WHERE merchant_id = %(merchant_id)s::uuid AND id = %(order_id)s::uuid AND xmin::text = %(order_version)s::text
    FOR NO KEY UPDATE
), same_parcel AS MATERIALIZED (
    SELECT p.id FROM tracking_shipment p, same_order
    WHERE p.merchant_id = %(merchant_id)s::uuid AND p.id = %(shipment_id)s::uuid AND p.order_id = same_order.id
      AND p.xmin::text = %(version)s::text
    FOR NO KEY UPDATE OF p
), new AS (
    INSERT INTO tracking_scan ({SCAN_COLUMNS}) {SCANS} WHERE scan.shipment_id IN (SELECT id FROM same_parcel)
    ON CONFLICT (merchant_id, shipment_id, key) DO NOTHING
    RETURNING shipment_id
), moved AS ({MOVE} AND EXISTS (SELECT FROM new)
), told AS ({TELL} WHERE EXISTS (SELECT FROM new)
)
SELECT count(*) FROM new
"""  # noqa: S608  # names of our own columns

_known_scans = msgspec.json.Decoder(list[tuple[datetime, str, str, str]])


@dataclass(slots=True)
class Seen:
    """A parcel as it was read, with its order: the versions of both rows, and all scans there were.

    watched: it is on the watch-list, and a scan may be what it waited for.
    """

    parcel: Shipment
    watched: bool
    version: str
    order_version: str
    scans: list[ScanFacts]


def read(
    merchant: Merchant, ids: Collection[UUID], numbers: Collection[str], *, made_after: datetime
) -> list[Seen]:
    """The parcels that `tracking.writes.lock_parcels` would lock, as they are now."""
    which = named_by(ids, numbers)
    if not which:
        return []
    values = {
        "merchant_id": merchant.id, "ids": list(ids), "numbers": list(numbers), "made_after": made_after,
    }  # fmt: skip
    with prepared_cursor(binary=True) as cursor:
        cursor.execute(_READ.replace("WHICH", which), values)
        rows = cursor.fetchall()
    return [
        Seen(parcel, row[-4], row[-3], row[-2], [ScanFacts(*scan) for scan in _known_scans.decode(row[-1])])
        for parcel, row in zip(as_parcels(merchant, rows), rows, strict=True)
    ]


def record(
    merchant: Merchant, seen: Seen, row: dict[str, Any], now: datetime, *, source: str, notify: bool
) -> int | None:
    """Store a scan of a parcel that was read before, and what follows from it. Returns how many were new: 1 or 0.

    None when it has to be done under locks: nothing was done then.
    """
    if any(row["key"] == scan.key for scan in seen.scans):
        return 0  # Sent again: nothing follows from it.
    parcel = seen.parcel
    scan = ScanFacts(row["occurred_at"], row["status"], row["substatus"], row["key"])
    told, moves_order = advance_one(merchant, parcel, [*seen.scans, scan], now, notify=notify)
    if moves_order or seen.watched:
        return (
            None  # Where the order stands depends on its other parcels too; a watched one is looked at anew.
        )
    values = {
        "merchant_id": merchant.id, "shard": merchant.shard, "now": now, "source": source,
        "order_id": parcel.order_id, "order_version": seen.order_version,
        "shipment_id": parcel.id, "version": seen.version,
        "scans": msgspec.json.encode([row]).decode(), **states_and_facts([parcel], told),
    }  # fmt: skip
    with prepared_cursor(binary=True) as cursor:
        cursor.execute(_STORE, values)
        stored = cursor.fetchone() == (1,)
    if not stored:
        return None  # Somebody was faster.
    if told:
        event_log.ring_after_commit(merchant)
    return 1

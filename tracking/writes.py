"""The statements behind pushed and polled scans: a fixed number, however many scans come at once.

They are written out and prepared, for there are more scans than of anything else.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.utils import timezone

from events import log as event_log
from events.facts import FactData
from events.log import INCOMING_COLUMNS
from merchants.models import Merchant
from merchants.prepared import loaded, prepared_cursor
from orders.models import Order
from tracking.models import Shipment
from tracking.resolve import ScanFacts

Known = dict[UUID, list[ScanFacts]]

# What a scan can change, or what decides about it. The rest of the rows stays where it is.
_NOT_NEEDED = frozenset(
    {
        "raw", "carrier_name", "tracking_url", "signed_by", "pickup_place", "pickup_until", "poll_error",
        "pickup", "proof", "weight_grams", "next_carrier", "next_number", "carriers_tried",
    }
)  # fmt: skip
_PARCEL_FIELDS = [f.attname for f in Shipment._meta.concrete_fields if f.attname not in _NOT_NEEDED]
_ORDER_NEEDED = frozenset(
    {
        "id",
        "merchant_id",
        "external_id",
        "status",
        "stage",
        "placed_at",
        "updated_at",
        "country",
        "postcode",
        "shipping",
        "total",
        "promised_from",
        "promised_to",
    }
)
_ORDER_FIELDS = [f.attname for f in Order._meta.concrete_fields if f.attname in _ORDER_NEEDED]
# As `Order.region` reads it, without loading the whole address.
_REGION = "coalesce(o.shipping_address->>'region', '')"
_WIDTH = len(_PARCEL_FIELDS) + len(_ORDER_FIELDS) + 1
PARCEL_COLUMNS = ", ".join(
    [*(f"p.{name}" for name in _PARCEL_FIELDS), *(f"o.{name}" for name in _ORDER_FIELDS), _REGION]
)
PARCELS = """
FROM tracking_shipment p JOIN orders_order o ON o.merchant_id = p.merchant_id AND o.id = p.order_id
WHERE p.merchant_id = %(merchant_id)s::uuid AND (WHICH)
"""
_LOCK_PARCELS = f"""
SELECT {PARCEL_COLUMNS} {PARCELS} ORDER BY p.order_id, p.id FOR NO KEY UPDATE OF o, p
"""
_BY_ID = "p.id = ANY(%(ids)s::uuid[])"
_BY_NUMBER = (
    "p.tracking_number = ANY(%(numbers)s::text[]) AND p.tracking_number <> ''"
    " AND p.created_at > %(made_after)s::timestamptz"
)

# What scans change about a parcel, as it comes in JSON.
STATE = {
    "status": "text", "substatus": "text", "status_at": "timestamptz", "shipped_at": "timestamptz",
    "out_for_delivery_at": "timestamptz", "delivered_at": "timestamptz", "last_scan_at": "timestamptz",
    "failed_attempts": "smallint", "eta_from": "timestamptz", "eta_to": "timestamptz", "eta_source": "text",
    "promised_from": "timestamptz", "promised_to": "timestamptz", "carrier_from": "timestamptz",
    "carrier_to": "timestamptz", "due_at": "timestamptz",
    "updated_at": "timestamptz", "eta_p10": "timestamptz", "eta_p50": "timestamptz", "eta_p90": "timestamptz",
    "eta_fitted_at": "timestamptz",
}  # fmt: skip
# Puts `%(states)s` on their parcels.
MOVE = f"""
UPDATE tracking_shipment AS shipment SET {", ".join(f"{name} = state.{name}" for name in STATE)}
FROM jsonb_to_recordset(%(states)s::jsonb) AS state(id uuid, {", ".join(map(" ".join, STATE.items()))})
WHERE shipment.merchant_id = %(merchant_id)s::uuid AND shipment.id = state.id
"""  # noqa: S608  # names of our own columns
# Records `%(facts)s`, in order.
TELL = f"""
INSERT INTO events_incoming ({INCOMING_COLUMNS})
SELECT %(merchant_id)s::uuid, %(shard)s::smallint, fact.type, fact.order_id, fact.data, %(now)s::timestamptz
FROM jsonb_to_recordset(%(facts)s::jsonb) AS fact(type text, order_id uuid, data jsonb)
"""  # noqa: S608  # names of our own columns
_STORE = f"""
WITH moved AS ({MOVE}), told AS ({TELL})
SELECT DISTINCT order_id FROM tracking_watchitem
WHERE merchant_id = %(merchant_id)s::uuid AND shipment_id = ANY(%(ids)s::uuid[]) AND state <> 'closed'
"""  # noqa: S608  # names of our own columns

SCAN_COLUMNS = """id, merchant_id, shipment_id, key, occurred_at, local_time, offset_known, status, substatus,
    raw_code, description, city, region, postcode, country, source, received_at"""
# The rows of `%(scans)s` (JSON) in the order of these columns.
SCANS = """
SELECT scan.id, %(merchant_id)s::uuid, scan.shipment_id, decode(scan.key, 'hex'), scan.occurred_at,
       scan.local_time, scan.offset_known, scan.status, scan.substatus, scan.raw_code, scan.description,
       scan.city, scan.region, scan.postcode, scan.country, %(source)s::text, %(now)s::timestamptz
FROM jsonb_to_recordset(%(scans)s::jsonb) AS scan(
    id uuid, shipment_id uuid, key text, occurred_at timestamptz, local_time text, offset_known boolean,
    status text, substatus text, raw_code text, description text, city text, region text, postcode text,
    country text)
"""
_INSERT = f"""
WITH new AS (
INSERT INTO tracking_scan ({SCAN_COLUMNS}) {SCANS}
ON CONFLICT (merchant_id, shipment_id, key) DO NOTHING
RETURNING shipment_id, occurred_at, status, substatus, encode(key, 'hex')
)
SELECT true, * FROM new
UNION ALL
SELECT false, shipment_id, occurred_at, status, substatus, encode(key, 'hex') FROM tracking_scan
WHERE merchant_id = %(merchant_id)s::uuid AND shipment_id = ANY(%(shipments)s::uuid[])
"""  # noqa: S608  # names of our own columns

_LOAD = """
SELECT shipment_id, occurred_at, status, substatus, encode(key, 'hex') FROM tracking_scan
WHERE merchant_id = %s::uuid AND shipment_id = ANY(%s::uuid[])
"""


_STAGES = """
SELECT id, ARRAY(SELECT status FROM tracking_shipment p
                 WHERE p.merchant_id = %(merchant_id)s::uuid AND p.order_id = o.id AND NOT p.inbound),
       (SELECT coalesce(sum(quantity - shipped_quantity), 0) FROM orders_orderline l
        WHERE l.merchant_id = %(merchant_id)s::uuid AND l.order_id = o.id AND requires_shipping)
FROM unnest(%(orders)s::uuid[]) AS o(id)
"""


def lock_parcels(
    merchant: Merchant, ids: Collection[UUID | None], numbers: Collection[str], *, made_after: datetime
) -> list[Shipment]:
    """The parcels with these ids, or with these tracking numbers and made after a time; locked with their orders.

    Row by row the order is locked before its parcel, as everywhere (`tracking.locks`).
    """
    which = named_by(ids, numbers)
    if not which:
        return []
    values = {
        "merchant_id": merchant.id, "ids": list(ids), "numbers": list(numbers), "made_after": made_after,
    }  # fmt: skip
    with prepared_cursor(binary=True) as cursor:
        cursor.execute(_LOCK_PARCELS.replace("WHICH", which), values)
        return as_parcels(merchant, cursor.fetchall())


def named_by(ids: Collection[UUID | None], numbers: Collection[str]) -> str:
    """The condition for `WHICH`: parcels with these ids, or with these tracking numbers. "" for none."""
    return " OR ".join([_BY_ID] * bool(ids) + [_BY_NUMBER] * bool(numbers))


def as_parcels(merchant: Merchant, rows: Iterable[Sequence[Any]]) -> list[Shipment]:
    """Rows that begin with `PARCEL_COLUMNS` as parcels; those of one order share its object."""
    found: list[Shipment] = []
    orders: dict[UUID, Order] = {}
    for row in rows:
        parcel = loaded(Shipment, _PARCEL_FIELDS, row[: len(_PARCEL_FIELDS)])
        order = loaded(Order, [*_ORDER_FIELDS, "region"], row[len(_PARCEL_FIELDS) : _WIDTH])
        parcel.merchant = order.merchant = merchant
        parcel.order = orders.setdefault(order.id, order)
        found.append(parcel)
    return found


def insert_scans(
    merchant_id: UUID, scans: Sequence[dict[str, Any]], *, source: str, now: datetime
) -> tuple[list[UUID], Known]:
    """Store scans, dropping repeats. Returns the shipment of each new one, and all scans of these parcels."""
    new: list[UUID] = []
    known: Known = {scan["shipment_id"]: [] for scan in scans}
    values = {
        "merchant_id": merchant_id, "scans": msgspec.json.encode(scans).decode(), "shipments": list(known),
        "source": source, "now": now,
    }  # fmt: skip
    with prepared_cursor(binary=True) as cursor:
        cursor.execute(_INSERT, values)
        for is_new, shipment_id, occurred_at, status, substatus, key in cursor.fetchall():
            known[shipment_id].append(ScanFacts(occurred_at, status, substatus, key))
            if is_new:
                new.append(shipment_id)
    return new, known


def load_scans(merchant_id: UUID, shipment_ids: Iterable[UUID]) -> Known:
    """What `resolve` needs to know of all scans of these parcels."""
    found: Known = {shipment_id: [] for shipment_id in shipment_ids}
    with prepared_cursor(binary=True) as cursor:
        cursor.execute(_LOAD, [merchant_id, list(found)])
        for shipment_id, occurred_at, status, substatus, key in cursor.fetchall():
            found[shipment_id].append(ScanFacts(occurred_at, status, substatus, key))
    return found


def store_states(
    merchant: Merchant, shipments: Iterable[Shipment], facts: Iterable[tuple[FactData, UUID | None]]
) -> list[UUID]:
    """Store what scans have changed about locked parcels, and the facts that became true by it: one statement.

    The facts are recorded in order, as `events.log.record_many` records them. Returns the orders of those parcels
    that are on the watch-list: a scan may be what they waited for.
    """
    parcels, told = list(shipments), list(facts)
    values = {
        "merchant_id": merchant.id, "shard": merchant.shard, "now": timezone.now(),
        "ids": [parcel.id for parcel in parcels], **states_and_facts(parcels, told),
    }  # fmt: skip
    with prepared_cursor() as cursor:
        cursor.execute(_STORE, values)
        watched = [order_id for (order_id,) in cursor.fetchall()]
    if told:
        event_log.ring_after_commit(merchant)
    return watched


def states_and_facts(
    shipments: Iterable[Shipment], facts: Iterable[tuple[FactData, UUID | None]]
) -> dict[str, str]:
    """What the statements read as `states` and `facts`: JSON."""
    states = [{name: getattr(shipment, name) for name in ("id", *STATE)} for shipment in shipments]
    told = [{"type": data.fact_type, "order_id": order_id, "data": data} for data, order_id in facts]
    return {"states": msgspec.json.encode(states).decode(), "facts": msgspec.json.encode(told).decode()}


def contents_of(merchant_id: UUID, order_ids: Iterable[UUID]) -> list[tuple[UUID, list[str], int]]:
    """Of each order: its id, the statuses of its parcels, and how many pieces are not in a parcel yet."""
    with prepared_cursor(binary=True) as cursor:
        cursor.execute(_STAGES, {"merchant_id": merchant_id, "orders": list(order_ids)})
        rows: list[tuple[UUID, list[str], int]] = cursor.fetchall()
    return rows

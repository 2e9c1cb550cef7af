"""Scans: one by one, and a hundred in a body, beside bare psycopg that writes the same rows (in pipeline mode)."""

import itertools
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from benchmarks import harness, raw
from benchmarks.harness import Result
from tools.installation import Installation

ONE_BY_ONE = 2500
BODIES = 60
SCANS_A_BODY = 100
SCANS_A_PARCEL = 4

_JOURNEY = ("transit.picked_up", "transit.departure", "transit.arrival", "ofd.on_vehicle")
_series = itertools.count(1)


def scan_post(installation: Installation) -> Result:
    """Scans a second, pushed one by one, each for another parcel, which goes out for delivery with it."""
    harness.drive(installation, _one_by_one(installation, parcels(installation, 200)))
    limit, rounds = harness.beside(
        lambda number: _bare(installation, ONE_BY_ONE, 1, 1),
        lambda number: harness.drive(
            installation, _one_by_one(installation, parcels(installation, ONE_BY_ONE))
        ),
    )
    queries = harness.count_queries(installation, _one_by_one(installation, parcels(installation, 8)))
    return harness.result("scan_post", "scans/s", rounds, limit, queries=queries)


def scan_post_bulk(installation: Installation) -> Result:
    """Scans a second, a hundred in a body: the four scans of each of 25 parcels up to its going out for delivery."""
    parcels_a_body = SCANS_A_BODY // SCANS_A_PARCEL
    harness.drive(installation, _bodies(installation, parcels(installation, 10 * parcels_a_body)))
    count = BODIES * parcels_a_body
    limit, rounds = harness.beside(
        lambda number: _bare(installation, count, parcels_a_body, SCANS_A_PARCEL),
        lambda number: harness.drive(
            installation, _bodies(installation, parcels(installation, count)), connections=4
        ),
    )
    queries = harness.count_queries(
        installation, _bodies(installation, parcels(installation, 8 * parcels_a_body))
    )
    return harness.result("scan_post_bulk", "scans/s", rounds, limit, each=SCANS_A_BODY, queries=queries)


def parcels(installation: Installation, count: int) -> list[str]:
    """Make so many orders with a parcel each, shipped two days ago. Returns the tracking numbers."""
    series = f"{next(_series)}{uuid.uuid4().hex[:6]}".upper()
    with installation.connect() as connection:
        connection.execute(_PARCELS, {"series": series, "count": count})
        connection.execute("ANALYZE orders_order, orders_orderline, tracking_shipment")
    return [f"BENCH{series}{number:06}" for number in range(1, count + 1)]


_PARCELS = """
WITH merchant AS (SELECT id FROM merchants_merchant WHERE slug = 'nordwind'),
made AS (
    SELECT merchant.id AS merchant_id, gen_random_uuid() AS order_id, gen_random_uuid() AS line_id,
           gen_random_uuid() AS shipment_id, %(series)s || lpad(number::text, 6, '0') AS name
    FROM merchant, generate_series(1, %(count)s) AS number
), orders AS (
    INSERT INTO orders_order (
        id, merchant_id, external_id, number, lookup_number, status, stage, placed_at, email, phone, sms_consent,
        first_name, last_name, locale, shipping_address, city, postcode, country, currency, subtotal, shipping, tax,
        discount, total, source, raw, link_digest, link_version, link_expires_at, created_at, updated_at)
    SELECT order_id, merchant_id, 'bench-' || name, '#' || name, lower(name), 'placed', 'in_transit',
           now() - interval '3 days', '', '', false, '', '', 'en', '{}', 'Berlin', '10115', 'DE', 'EUR', 89, 0, 0, 0,
           89, 'api', '{}', sha256(name::bytea), 1, now() + interval '400 days', now(), now()
    FROM made
), lines AS (
    INSERT INTO orders_orderline (id, merchant_id, order_id, external_id, position, sku, title, variant, quantity,
                                  shipped_quantity, unit_price, image_url, requires_shipping)
    SELECT line_id, merchant_id, order_id, 'L1', 1, 'FWS', 'Fjord Wool Sweater', '', 1, 1, 89, '', true FROM made
), shipments AS (
    INSERT INTO tracking_shipment (
        id, merchant_id, order_id, external_id, number, carrier, carrier_name, tracking_number, tracking_url, service,
        status, substatus, status_at, shipped_at, failed_attempts, attempts, eta_source, signed_by, pickup_place,
        poll_error, raw, created_at, updated_at)
    SELECT shipment_id, merchant_id, order_id, 'BENCH' || name, 1, 'other', 'Bench', 'BENCH' || name, '', '',
           'info_received', '', now() - interval '2 days', now() - interval '2 days', 0, 0, '', '', '', '', '{}',
           now() - interval '2 days', now()
    FROM made
)
INSERT INTO tracking_shipmentline (id, merchant_id, shipment_id, line_id, quantity)
SELECT gen_random_uuid(), merchant_id, shipment_id, line_id, 1 FROM made
"""


def scan(tracking_number: str, step: int) -> dict[str, Any]:
    """The scan of a step of a parcel's journey, as carriers' middlemen push them."""
    substatus = _JOURNEY[step]
    return {
        "tracking_number": tracking_number,
        "status": "out_for_delivery" if substatus.startswith("ofd") else "in_transit",
        "substatus": substatus,
        "occurred_at": (datetime.now(UTC) - timedelta(hours=24 - 6 * step)).isoformat(),
        "description": "The parcel was scanned at the depot",
        "raw_code": f"D{step}",
        "city": "Hannover",
        "postcode": "30159",
        "country": "DE",
    }


def _one_by_one(installation: Installation, numbers: Sequence[str]) -> list[bytes]:
    return [
        harness.post(installation, "scans", json.dumps(scan(number, SCANS_A_PARCEL - 1)).encode())
        for number in numbers
    ]


def _bodies(installation: Installation, numbers: Sequence[str]) -> list[bytes]:
    each = SCANS_A_BODY // SCANS_A_PARCEL
    return [
        harness.post(installation, "scans", json.dumps({
            "scans": [scan(name, step) for name in numbers[at : at + each] for step in range(SCANS_A_PARCEL)]
        }).encode())
        for at in range(0, len(numbers), each)
    ]  # fmt: skip


def _bare(installation: Installation, count: int, together: int, scans_each: int) -> float:
    """Scans a second of bare psycopg for so many parcels, `together` in a transaction with `scans_each` scans each."""
    parcels(installation, count)
    with installation.connect() as connection:
        series = connection.execute("SELECT max(created_at) FROM tracking_shipment").fetchone()
        assert series is not None
        rows = connection.execute(
            "SELECT merchant_id::text, order_id::text, id::text FROM tracking_shipment"
            " WHERE status = 'info_received' ORDER BY random() LIMIT %s",
            [count],
        ).fetchall()
    per_connection = count // raw.CONNECTIONS
    shares = [
        rows[at : at + per_connection] for at in range(0, per_connection * raw.CONNECTIONS, per_connection)
    ]
    parcels_a_second = raw.per_second(
        "benchmarks.scans:write_bare", installation.database_url, count, shares=shares, together=together,
        scans_each=scans_each,
    )  # fmt: skip
    return parcels_a_second * scans_each


def write_bare(
    url: str, count: int, start: Callable[[], None], rows: list[list[str]], together: int, scans_each: int
) -> None:
    """The rows that the API writes for these scans, in pipeline mode: scans, parcel, fact."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        start()
        for at in range(0, count, together):
            now = datetime.now(UTC)
            with connection.pipeline():
                for merchant_id, order_id, shipment_id in rows[at : at + together]:
                    merchant, order, shipment = (
                        uuid.UUID(merchant_id),
                        uuid.UUID(order_id),
                        uuid.UUID(shipment_id),
                    )
                    for _ in range(scans_each):
                        cursor.execute(
                            _SCAN, [uuid.uuid4(), merchant, shipment, uuid.uuid4().bytes, now, now]
                        )
                    cursor.execute(_SHIPMENT, [now, now, now, now, merchant, shipment])
                    fact = json.dumps({
                        "shipment_id": shipment_id, "status": "out_for_delivery", "substatus": "ofd.on_vehicle",
                        "at": now.isoformat(),
                    })  # fmt: skip
                    cursor.execute(_FACT, [merchant, merchant.int % 16, order, fact, now])
                connection.commit()


_SCAN = """
INSERT INTO tracking_scan (id, merchant_id, shipment_id, key, occurred_at, local_time, offset_known, status, substatus,
                           raw_code, description, city, region, postcode, country, source, received_at)
VALUES (%s, %s, %s, %s, %s, '2026-11-22T09:30:00+00:00', true, 'out_for_delivery', 'ofd.on_vehicle', 'D3',
        'The parcel was scanned at the depot', 'Hannover', '', '30159', 'DE', 'api', %s)
"""
_SHIPMENT = """
UPDATE tracking_shipment SET status = 'out_for_delivery', substatus = 'ofd.on_vehicle', status_at = %s,
       out_for_delivery_at = %s, last_scan_at = %s, updated_at = %s WHERE merchant_id = %s AND id = %s
"""
_FACT = """
INSERT INTO events_incoming (merchant_id, shard, type, order_id, data, recorded_at)
VALUES (%s, %s, 'shipment.out_for_delivery', %s, %s, %s)
"""

"""Orders: one with three lines by `POST /api/v1/orders`, beside bare psycopg that writes the same rows."""

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from benchmarks import harness, raw
from benchmarks.harness import Result
from tools.installation import Installation

COUNT = 3000


def order_post(installation: Installation) -> Result:
    """Orders a second over 16 keep-alive connections, granian with 2 workers, synchronous_commit on."""
    merchant_id = _merchant_id(installation)
    installation.worker.stop()
    first_ms = _first_call(installation)
    harness.drive(installation, order_requests(installation, 200))
    harness.settle(installation)
    limit, rounds = harness.beside(
        lambda number: raw.per_second(
            "benchmarks.orders:write_bare", installation.database_url, COUNT, merchant_id=merchant_id
        ),
        lambda number: harness.drive(installation, order_requests(installation, COUNT)),
    )
    queries = harness.count_queries(installation, order_requests(installation, 3))
    found = harness.result("order_post", "orders/s", rounds, limit, queries=queries)
    found.first_ms = first_ms
    return found


def order_body(external_id: str, lines: int = 3) -> dict[str, Any]:
    """An order as shops send them."""
    return {
        "external_id": external_id,
        "number": f"#{external_id[:8]}",
        "currency": "EUR",
        "customer": {
            "external_id": f"c-{external_id}", "email": f"anna.{external_id}@example.test", "first_name": "Anna",
            "last_name": "Weber", "phone": "+4915112345678", "locale": "de",
        },
        "shipping_address": {
            "name": "Anna Weber", "address1": "Ring 5", "city": "Berlin", "postcode": "10115", "country": "DE",
        },
        "lines": [
            {
                "external_id": f"L{number}", "sku": f"FWS-{number}", "title": "Fjord Wool Sweater",
                "variant": "Petrol / M", "quantity": number, "unit_price": "89.00",
                "image_url": "https://cdn.nordwind.test/fws.jpg",
            }
            for number in range(1, lines + 1)
        ],
        "shipping": "4.90",
        "notify": False,
    }  # fmt: skip


def write_bare(url: str, count: int, start: Callable[[], None], merchant_id: str) -> None:
    """The rows of `order_post`, as plain statements in one transaction for each order."""
    merchant = uuid.UUID(merchant_id)
    address = json.dumps(order_body("x")["shipping_address"])
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        start()
        for _ in range(count):
            order, customer, external_id = uuid.uuid4(), uuid.uuid4(), uuid.uuid4().hex
            now = datetime.now(UTC)
            cursor.execute(_CUSTOMER, {
                "id": customer, "merchant": merchant, "external_id": f"c-{external_id}",
                "email": f"anna.{external_id}@example.test", "now": now,
            })  # fmt: skip
            cursor.execute(_ORDER, {
                "id": order, "merchant": merchant, "customer": customer, "external_id": external_id,
                "email": f"anna.{external_id}@example.test", "number": external_id[:8], "address": address, "now": now,
                "digest": order.bytes * 2, "expires": now + timedelta(days=400),
                "words": [external_id, f"anna.{external_id}@example.test", "anna", "weber", "10115", "example", "test"],
            })  # fmt: skip
            values: list[Any] = []
            for number in (1, 2, 3):
                values += [uuid.uuid4(), merchant, order, f"L{number}", number, f"FWS-{number}", number]
            cursor.execute(_LINES, values)
            fact = json.dumps({
                "order_id": str(order), "external_id": external_id, "number": external_id[:8], "total": "538.90",
                "currency": "EUR", "notify": False,
            })  # fmt: skip
            cursor.execute(_FACT, {"merchant": merchant, "shard": merchant.int % 16, "order": order, "data": fact,
                                   "now": now})  # fmt: skip
            connection.commit()


_CUSTOMER = """
INSERT INTO orders_customer (id, merchant_id, external_id, email, first_name, last_name, phone, locale, created_at,
                             updated_at)
VALUES (%(id)s, %(merchant)s, %(external_id)s, %(email)s, 'Anna', 'Weber', '+4915112345678', 'de', %(now)s, %(now)s)
"""
_ORDER = """
INSERT INTO orders_order (
    id, merchant_id, customer_id, external_id, number, lookup_number, status, stage, placed_at, email, phone,
    sms_consent, first_name, last_name, locale, shipping_address, city, postcode, country, currency, subtotal,
    shipping, tax, discount, total, source, raw, link_digest, link_version, link_expires_at, search, created_at,
    updated_at)
VALUES (%(id)s, %(merchant)s, %(customer)s, %(external_id)s, %(number)s, %(number)s, 'placed', 'to_ship', %(now)s,
        %(email)s, '+4915112345678', false, 'Anna', 'Weber', 'de', %(address)s, 'Berlin', '10115', 'DE', 'EUR', 534,
        4.9, 0, 0, 538.9, 'api', '{}', %(digest)s, 1, %(expires)s, array_to_tsvector(%(words)s), %(now)s, %(now)s)
"""
_LINES = """
INSERT INTO orders_orderline (id, merchant_id, order_id, external_id, position, sku, title, variant, quantity,
                              shipped_quantity, unit_price, image_url, requires_shipping)
VALUES """ + ", ".join(
    [
        "(%s, %s, %s, %s, %s, %s, 'Fjord Wool Sweater', 'Petrol / M', %s, 0, 89,"
        " 'https://cdn.nordwind.test/fws.jpg', true)"
    ]
    * 3
)
_FACT = """
INSERT INTO events_incoming (merchant_id, shard, type, order_id, data, recorded_at)
VALUES (%(merchant)s, %(shard)s, 'order.placed', %(order)s, %(data)s, %(now)s)
"""


def order_requests(installation: Installation, count: int) -> list[bytes]:
    """So many orders of new customers."""
    return [
        harness.post(installation, "orders", json.dumps(order_body(uuid.uuid4().hex)).encode())
        for _ in range(count)
    ]


def _first_call(installation: Installation) -> float:
    """How long the first request of a fresh web process takes, in ms: the slower one of two processes."""
    installation.web.stop()
    installation.web.start()
    installation.wait_for_port()
    waits = harness.drive(installation, order_requests(installation, 2), connections=2).waits_ms
    time.sleep(0.2)
    return max(waits)


def _merchant_id(installation: Installation) -> str:
    with installation.connect() as connection:
        row = connection.execute("SELECT id FROM merchants_merchant WHERE slug = 'nordwind'").fetchone()
        assert row is not None
        return str(row[0])

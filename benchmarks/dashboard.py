"""The dashboard's pages at 200,000 orders: server time, statements and bytes; the first page beside the thousandth."""

import base64
import urllib.request

import psycopg

from benchmarks import harness
from benchmarks.harness import Result
from tools.installation import Installation

ORDERS = 200_000
PAGE = 50
REQUESTS = 120  # of each address


def dashboard_orders(installation: Installation) -> Result:
    """The list of orders: its first page, its thousandth, and two filters."""
    cookie = prepare(installation)
    addresses = ["/orders/", f"/orders/?cursor={_cursor(installation, 999)}", "/orders/?tab=attention",
                 "/orders/?country=CH&carrier=ups"]  # fmt: skip
    return measured(installation, "dashboard_orders", cookie, addresses)


def dashboard_overview(installation: Installation) -> Result:
    """The overview of 30 days and of 90."""
    return measured(installation, "dashboard_overview", prepare(installation), ["/", "/?days=90"])


def dashboard_search(installation: Installation) -> Result:
    """The search: a frequent name, a rare number, and nothing at all."""
    addresses = ["/search/?q=weber", "/search/?q=150000", "/search/?q=weber+berlin+zzz"]
    return measured(installation, "dashboard_search", prepare(installation), addresses)


def measured(installation: Installation, name: str, cookie: str, addresses: list[str]) -> Result:
    """p95 of the slowest address in ms, on one connection: nobody waits for anybody else."""
    requests = {path: _get(f"/app/nordwind{path}", cookie) for path in addresses}
    worst: harness.Round | None = None
    for path, request in requests.items():
        harness.drive(installation, [request] * 20, connections=2)
        found = harness.drive(installation, [request] * REQUESTS, connections=1)
        p50, p95 = harness.percentile(found.waits_ms, 50), harness.percentile(found.waits_ms, 95)
        print(f"  {path[:40]:40} p50 {p50:.0f} ms, p95 {p95:.0f} ms, CPU {found.cpu_ms:.0f} ms", flush=True)
        if worst is None or p95 > harness.percentile(worst.waits_ms, 95):
            worst = found
    assert worst is not None
    waits = worst.waits_ms
    queries = max(harness.count_queries(installation, [request] * 3) for request in requests.values())
    size = max(_size(installation, path, cookie) for path in addresses)
    return Result(
        name, harness.percentile(waits, 95), "ms p95", p50_ms=harness.percentile(waits, 50),
        p99_ms=harness.percentile(waits, 99), queries=queries, cpu_ms=worst.cpu_ms, bytes=size,
    )  # fmt: skip


def _get(path: str, cookie: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: session={cookie}\r\n\r\n".encode()


def _size(installation: Installation, path: str, cookie: str) -> int:
    """Bytes of the page, not compressed."""
    asked = urllib.request.Request(
        f"{installation.url}/app/nordwind{path}", headers={"Cookie": f"session={cookie}"}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return len(answer.read())


def prepare(installation: Installation) -> str:
    """200,000 orders with their parcels, and somebody who is signed in. Returns the session's key."""
    with installation.connect() as connection:
        row = connection.execute("SELECT id FROM merchants_merchant WHERE slug = 'nordwind'").fetchone()
        assert row is not None
        (known,) = connection.execute(
            "SELECT count(*) FROM orders_order WHERE merchant_id = %s AND external_id LIKE 'desk-%%'", row
        ).fetchone() or (0,)
        if known < ORDERS:
            cursor = psycopg.ClientCursor(
                connection
            )  # CREATE TABLE takes no parameters from the server's side
            for statement in _SEED:
                cursor.execute(statement, {"merchant": row[0], "count": ORDERS})
            connection.commit()
            harness.settle(installation)
    return installation.python(_SIGN_IN).split()[-1]


def _cursor(installation: Installation, page: int) -> str:
    """The place in the list after so many pages."""
    with installation.connect() as connection:
        row = connection.execute(
            "SELECT placed_at, id FROM orders_order ORDER BY placed_at DESC, id DESC OFFSET %s LIMIT 1",
            [page * PAGE - 1],
        ).fetchone()
    assert row is not None
    return base64.urlsafe_b64encode(f"{row[0].isoformat()}|{row[1]}".encode()).decode()


_SIGN_IN = """
import django
django.setup()
from django.test import Client
from merchants import commands
from merchants.models import Membership, Merchant
merchant = Merchant.objects.get(slug="nordwind")
seat = Membership.objects.filter(merchant=merchant, user__email="bench@nordwind.test").first()
if seat is None:
    seat = commands.add_member(merchant, email="bench@nordwind.test", password="lighthouse-9-keeper")
client = Client()
client.force_login(seat.user)
print(client.cookies["session"].value)
"""

# Made inside the server: a few seconds. Names, countries, stages and carriers as unevenly spread as in a shop.
_SEED = (
    "SET session_replication_role = replica",  # rows that fit by their making: no look-up for each reference
    """
CREATE TEMP TABLE desk AS SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS parcel, gen_random_uuid() AS person,
    now() - n * interval '1 minute' AS at,
    (ARRAY['Anna','Ben','Clara','David','Emma','Felix','Greta','Hugo'])[1 + n %% 8] AS first,
    (ARRAY['Weber','Becker','Koch','Wolf','Lang','Vogt','Kraus','Jung','Roth','Busch'])[1 + n / 8 %% 10] AS last,
    CASE WHEN n %% 100 < 82 THEN 'DE' WHEN n %% 100 < 92 THEN 'AT' WHEN n %% 100 < 97 THEN 'CH' ELSE 'NL' END
        AS country,
    CASE WHEN n %% 10 < 5 THEN 'dhl' WHEN n %% 10 < 7 THEN 'dpd' WHEN n %% 10 < 9 THEN 'hermes' ELSE 'ups' END
        AS carrier,
    CASE WHEN n < 3000 THEN 'to_ship' WHEN n < 9000 THEN 'in_transit' WHEN n %% 33 = 0 THEN 'attention'
         WHEN n %% 40 = 1 THEN 'cancelled' ELSE 'delivered' END AS stage
FROM generate_series(1, %(count)s) AS n
""",
    """
INSERT INTO orders_customer (id, merchant_id, external_id, email, first_name, last_name, phone, locale, created_at,
                             updated_at)
SELECT person, %(merchant)s, 'c' || n, 'desk' || n || '@example.test', first, last, '', 'de', at, at FROM desk
""",
    """
INSERT INTO orders_order (
    id, merchant_id, customer_id, external_id, number, lookup_number, status, stage, placed_at, email, phone,
    sms_consent, first_name, last_name, locale, shipping_address, city, postcode, country, currency, subtotal,
    shipping, tax, discount, total, source, raw, link_digest, link_version, link_expires_at, search, created_at,
    updated_at)
SELECT id, %(merchant)s, person, 'desk-' || n, '#' || n, n::text,
       CASE WHEN stage = 'cancelled' THEN stage ELSE 'placed' END, stage, at, 'desk' || n || '@example.test', '', false,
       first, last, 'de', '{}', 'Berlin', (10000 + n %% 900)::text, country, 'EUR', 89, 0, 0, 0, 89 + n %% 90, 'api',
       '{}', sha256(id::text::bytea), 1, at + interval '400 days',
       array_to_tsvector(ARRAY[n::text, lower(first), lower(last), (10000 + n %% 900)::text, 'desk' || n,
                               'desk' || n || '@example.test', 'example', 'test', 'jjd' || n]), at, at
FROM desk
""",
    """
INSERT INTO tracking_shipment (
    id, merchant_id, order_id, external_id, number, carrier, carrier_name, tracking_number, tracking_url, service,
    status, substatus, status_at, shipped_at, delivered_at, last_scan_at, failed_attempts, eta_from, eta_to, eta_source,
    promised_from, promised_to, signed_by, pickup_place, poll_error, raw, created_at, updated_at, attempts)
SELECT parcel, %(merchant)s, id, '1', 1, carrier, '', 'JJD' || n, '', '',
       CASE stage WHEN 'delivered' THEN 'delivered' WHEN 'attention' THEN 'exception' ELSE 'in_transit' END,
       CASE stage WHEN 'attention' THEN 'exception.address' ELSE '' END, at + interval '2 days', at,
       CASE stage WHEN 'delivered' THEN at + (20 + n %% 80) * interval '1 hour' END, at + interval '2 days', 0,
       at + interval '1 day', at + interval '3 days', 'rule', at + interval '1 day', at + interval '3 days', '', '', '',
       '{}', at, at, 0
FROM desk WHERE stage NOT IN ('to_ship', 'cancelled')
""",
    """
INSERT INTO analytics_parceloutcome (id, merchant_id, shipment_id, day, carrier, outcome, transit)
SELECT gen_random_uuid(), %(merchant)s, parcel, (at + (20 + n %% 80) * interval '1 hour')::date, carrier,
       CASE WHEN n %% 80 > 52 THEN 'late' ELSE 'on_time' END, (20 + n %% 80) / 6
FROM desk WHERE stage = 'delivered'
""",
    """
INSERT INTO analytics_deliveryday (id, merchant_id, day, carrier, outcome, transit, parcels)
SELECT gen_random_uuid(), merchant_id, day, carrier, outcome, transit, count(*) FROM analytics_parceloutcome
WHERE merchant_id = %(merchant)s GROUP BY merchant_id, day, carrier, outcome, transit
""",
    """
INSERT INTO analytics_daycount (id, merchant_id, day, figure, number)
SELECT gen_random_uuid(), %(merchant)s, at::date, 'orders.placed', count(*) FROM desk GROUP BY at::date
ON CONFLICT (merchant_id, day, figure) DO UPDATE SET number = excluded.number
""",
)

"""A return policy of eight rules tried on 100,000 orders, beside reading the same rows without judging them."""

import time

from benchmarks import dashboard
from benchmarks.harness import Result
from tools.installation import Installation

ORDERS = 100_000


def policy_dry_run(installation: Installation) -> Result:
    """Seconds of the whole dry run in a process of its own, with its start; statements and peak memory beside it."""
    dashboard.prepare(installation)
    with installation.connect() as connection:
        for statement in _SEED:
            connection.execute(statement.replace("ORDERS", str(ORDERS)))
        began = time.perf_counter()
        with connection.transaction(), connection.cursor("rows") as cursor:
            cursor.execute(_BARE)
            count = sum(1 for _row in cursor)
        raw = time.perf_counter() - began
    told = installation.python(_DRY_RUN, timeout=600).split()
    seconds, cpu, waited, orders, lines, queries, peak = map(float, told[-7:])
    if orders < ORDERS or lines < count:
        raise RuntimeError(f"{orders:.0f} orders with {lines:.0f} lines were looked at, {count} are there")
    print(
        f"  {orders:.0f} orders, {lines:.0f} lines, {cpu:.1f} s CPU, {waited:.1f} s for the database",
        flush=True,
    )
    return Result(
        "policy_dry_run", seconds, "s", raw=raw, ratio=seconds / raw, queries=round(queries), cpu_ms=cpu * 1000,
        peak_mb=peak,
    )  # fmt: skip


# Two lines an order of the newest 100,000, shipped with its parcel; 400 products with tags.
_SEED = (
    """
CREATE TEMP TABLE newest AS SELECT o.merchant_id, o.id, s.id AS parcel, row_number() OVER () AS n
FROM (SELECT * FROM orders_order WHERE external_id LIKE 'desk-%' ORDER BY placed_at DESC LIMIT ORDERS) o
LEFT JOIN tracking_shipment s ON s.merchant_id = o.merchant_id AND s.order_id = o.id
""",
    """
INSERT INTO orders_orderline (id, merchant_id, order_id, external_id, position, sku, title, variant, quantity,
                              shipped_quantity, unit_price, image_url, requires_shipping)
SELECT gen_random_uuid(), merchant_id, id, 'L' || p, p, 'SKU-' || (n * p % 400), 'Thing', '', 1, 0, 5 + n % 120, '',
       true
FROM newest, generate_series(1, 2) AS p ON CONFLICT DO NOTHING
""",
    """
INSERT INTO tracking_shipmentline (id, merchant_id, shipment_id, line_id, quantity)
SELECT gen_random_uuid(), l.merchant_id, w.parcel, l.id, 1 FROM newest w
JOIN orders_orderline l ON l.merchant_id = w.merchant_id AND l.order_id = w.id
WHERE w.parcel IS NOT NULL ON CONFLICT DO NOTHING
""",
    """
WITH made AS (
    INSERT INTO orders_product (id, merchant_id, external_id, title, handle, url, image_url, product_type, tags, status,
                                source, raw, created_at, updated_at)
    SELECT gen_random_uuid(), m.id, 'p' || n, 'Thing', '', '', '', CASE WHEN n % 3 = 0 THEN 'Shoes' ELSE 'Shirts' END,
           CASE WHEN n % 5 = 0 THEN ARRAY['sale', 'hygiene'] ELSE ARRAY['basic'] END, 'active', 'api', '{}', now(),
           now()
    FROM merchants_merchant m, generate_series(0, 399) AS n WHERE m.slug = 'nordwind'
    ON CONFLICT DO NOTHING RETURNING id, merchant_id, external_id)
INSERT INTO orders_variant (id, merchant_id, product_id, external_id, position, sku, title, price, currency, image_url)
SELECT gen_random_uuid(), merchant_id, id, 'v' || external_id, 1, 'SKU-' || substr(external_id, 2), '', 50, 'EUR', ''
FROM made ON CONFLICT DO NOTHING
""",
    "ANALYZE orders_orderline",
    "ANALYZE tracking_shipmentline",
    "ANALYZE orders_variant",
)
# What has to be read at the least: an order, its lines, and when each was delivered.
_BARE = """
SELECT o.*, l.*, s.shipped_at, s.delivered_at FROM newest n
JOIN orders_order o ON o.merchant_id = n.merchant_id AND o.id = n.id
JOIN orders_orderline l ON l.merchant_id = o.merchant_id AND l.order_id = o.id
LEFT JOIN tracking_shipment s ON s.merchant_id = o.merchant_id AND s.id = n.parcel
"""
_DRY_RUN = """
import resource, time
began = time.perf_counter()
import django
django.setup()
import msgspec
from datetime import timedelta
from django.db import connection
from django.utils import timezone
from merchants.models import Merchant
from merchants.scope import merchant_scope
from returns.policy.dry_run.running import dry_run
from returns.policy.model import Policy
def rule(key, field, op, value, **outcome):
    return {"key": key, "name": key, "conditions": [{"field": field, "op": op, "values": [value]}], "outcome": outcome}
policy = msgspec.convert({"rules": [
    rule("hygiene", "product_tag", "is", "hygiene", final_sale=True),
    rule("sale", "product_tag", "is", "sale", window=14, exchange_only=True),
    rule("shoes", "product_type", "is", "shoes", window=60),
    rule("cheap", "price", "below", "10", keep_item=True),
    rule("far", "country", "is", "CH", fees={"flat": "9.90"}),
    rule("discount", "discount_percent", "at_least", "30", resolutions=["exchange", "store_credit"]),
    rule("regular", "customer_orders", "at_least", "5", auto_approve=True),
    rule("serial", "customer_returns", "at_least", "10", review=True),
]}, Policy, strict=False)
merchant = Merchant.objects.get(slug="nordwind")
count, waited = 0, 0.0
def counting(execute, *rest):
    global count, waited
    count, start = count + 1, time.perf_counter()
    try:
        return execute(*rest)
    finally:
        waited += time.perf_counter() - start
with merchant_scope(merchant), connection.execute_wrapper(counting):
    report = dry_run(merchant, policy, days=DAYS, now=timezone.now())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
print(time.perf_counter() - began, time.process_time(), waited, report.orders, report.lines, count, peak)
""".replace("DAYS", str(70))

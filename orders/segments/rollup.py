"""The statements that keep the figures: made anew from the orders of some customers, so that a replay ends equal."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection

from merchants.models import Merchant

_KEPT = "o.merchant_id = %(merchant)s AND o.customer_id = ANY(%(customers)s) AND o.status <> 'cancelled'"
_STATS = f"""
WITH told AS (
    SELECT o.customer_id, o.currency, o.total - o.refunded AS net, o.placed_at, o.id, o.country, o.source
    FROM orders_order AS o WHERE {_KEPT}
), by_currency AS (
    SELECT customer_id, currency, sum(net) AS net FROM told GROUP BY 1, 2
), fresh AS (
    SELECT customer_id, count(*) AS orders, coalesce(sum(net) FILTER (WHERE currency = %(currency)s), 0) AS spent,
        min(placed_at) AS first_at, max(placed_at) AS last_at,
        (array_agg(country ORDER BY placed_at DESC, id DESC))[1] AS country,
        (array_agg(source ORDER BY placed_at DESC, id DESC))[1] AS channel
    FROM told GROUP BY 1
), gone AS (
    DELETE FROM segments_customerstats AS s WHERE s.merchant_id = %(merchant)s AND s.customer_id = ANY(%(customers)s)
    AND NOT EXISTS (SELECT FROM fresh WHERE fresh.customer_id = s.customer_id)
)
INSERT INTO segments_customerstats AS known (id, merchant_id, customer_id, orders, spent, spent_by_currency,
    first_order_at, last_order_at, mean_interval_days, country, channel)
SELECT f.customer_id, %(merchant)s, f.customer_id, f.orders, f.spent,
    (SELECT jsonb_object_agg(b.currency, trim_scale(b.net)::text)
     FROM by_currency AS b WHERE b.customer_id = f.customer_id),
    f.first_at, f.last_at,
    CASE WHEN f.orders > 1 THEN extract(epoch FROM f.last_at - f.first_at) / 86400 / (f.orders - 1) END,
    f.country, f.channel
FROM fresh AS f JOIN orders_customer AS c ON c.merchant_id = %(merchant)s AND c.id = f.customer_id
ON CONFLICT (merchant_id, customer_id) DO UPDATE SET orders = excluded.orders, spent = excluded.spent,
    spent_by_currency = excluded.spent_by_currency, first_order_at = excluded.first_order_at,
    last_order_at = excluded.last_order_at, mean_interval_days = excluded.mean_interval_days,
    country = excluded.country, channel = excluded.channel
"""  # noqa: S608  # our own condition
_PURCHASES = f"""
WITH fresh AS (
    SELECT o.customer_id, l.sku, count(DISTINCT o.id) AS times, sum(l.quantity) AS quantity,
        min(o.placed_at) AS first_at, max(o.placed_at) AS last_at
    FROM orders_order AS o
    JOIN orders_orderline AS l ON l.merchant_id = o.merchant_id AND l.order_id = o.id AND l.quantity > 0 AND l.sku <> ''
    WHERE {_KEPT} GROUP BY 1, 2
), gone AS (
    DELETE FROM segments_purchase AS p WHERE p.merchant_id = %(merchant)s AND p.customer_id = ANY(%(customers)s)
    AND NOT EXISTS (SELECT FROM fresh WHERE fresh.customer_id = p.customer_id AND fresh.sku = p.sku)
)
INSERT INTO segments_purchase AS known (id, merchant_id, customer_id, sku, times, quantity, first_at, last_at)
SELECT gen_random_uuid(), %(merchant)s, f.customer_id, f.sku, f.times, f.quantity, f.first_at, f.last_at
FROM fresh AS f JOIN orders_customer AS c ON c.merchant_id = %(merchant)s AND c.id = f.customer_id
ON CONFLICT (merchant_id, customer_id, sku) DO UPDATE SET times = excluded.times, quantity = excluded.quantity,
    first_at = excluded.first_at, last_at = excluded.last_at
"""  # noqa: S608  # our own condition


def refresh(merchant: Merchant, customers: Collection[UUID]) -> None:
    """Bring the figures of these customers to what their orders say, in the open transaction: two statements.

    One worker at a time does this for a merchant: the one that holds the reader's cursor.
    """
    if not customers:
        return
    values: dict[str, Any] = {
        "merchant": merchant.id,
        "customers": sorted(customers),
        "currency": merchant.currency,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATS, values)
        cursor.execute(_PURCHASES, values)

"""Products as messages show them, and those that go with what somebody bought."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection

from merchants.models import Merchant
from notifications.about_shop import absolute, format_locale
from notifications.rendering import money

MOST_OFFERED: Final = 3
# Below so many common orders a pair is chance.
MIN_TOGETHER: Final = 3
_DAYS: Final = 730

_LEARN = """
WITH baskets AS (
    SELECT DISTINCT l.order_id, l.sku FROM orders_orderline AS l
    JOIN orders_order AS o ON o.merchant_id = l.merchant_id AND o.id = l.order_id
    WHERE l.merchant_id = %(merchant)s AND l.sku <> '' AND l.quantity > 0 AND o.status <> 'cancelled'
    AND o.placed_at > now() - %(days)s * interval '1 day'
), alone AS (
    SELECT sku, count(*) AS orders FROM baskets GROUP BY sku HAVING count(*) >= %(least)s
), everything AS (
    SELECT count(DISTINCT order_id) AS orders FROM baskets
), pairs AS (
    SELECT a.sku, b.sku AS other, count(*) AS together FROM baskets AS a
    JOIN baskets AS b ON b.order_id = a.order_id AND b.sku <> a.sku
    GROUP BY 1, 2 HAVING count(*) >= %(least)s
), ranked AS (
    SELECT p.sku, p.other, p.together, p.together::float * e.orders / (x.orders::float * y.orders) AS lift,
        row_number() OVER (PARTITION BY p.sku ORDER BY p.together DESC, p.other) AS place
    FROM pairs AS p JOIN alone AS x ON x.sku = p.sku JOIN alone AS y ON y.sku = p.other CROSS JOIN everything AS e
)
INSERT INTO followups_pair (id, merchant_id, sku, other, together, lift)
SELECT gen_random_uuid(), %(merchant)s, sku, other, together, lift FROM ranked WHERE place <= 20 AND lift > 1
"""
# Never what was bought (and so never what was sent back), nor what nobody can buy now.
_OFFER = """
SELECT b.customer_id, d.title, v.title, v.price, v.currency, coalesce(nullif(v.image_url, ''), d.image_url), d.url,
    v.sku
FROM (
    SELECT m.customer_id, p.other, max(p.lift) AS lift, max(p.together) AS together,
        row_number() OVER (PARTITION BY m.customer_id ORDER BY max(p.lift) DESC, max(p.together) DESC, p.other) AS place
    FROM unnest(%(customers)s::uuid[], %(skus)s::text[]) AS m(customer_id, sku)
    JOIN followups_pair AS p ON p.merchant_id = %(merchant)s AND p.sku = m.sku
    WHERE NOT EXISTS (
        SELECT FROM orders_order AS o JOIN orders_orderline AS l ON l.merchant_id = o.merchant_id AND l.order_id = o.id
        WHERE o.merchant_id = %(merchant)s AND o.customer_id = m.customer_id AND l.sku = p.other)
    AND EXISTS (
        SELECT FROM orders_variant AS v
        JOIN orders_product AS d ON d.merchant_id = v.merchant_id AND d.id = v.product_id
        WHERE v.merchant_id = %(merchant)s AND v.sku = p.other AND d.status = 'active'
        AND coalesce(v.inventory_quantity, 1) > 0)
    GROUP BY m.customer_id, p.other
) AS b
JOIN LATERAL (
    SELECT * FROM orders_variant WHERE merchant_id = %(merchant)s AND sku = b.other
    AND coalesce(inventory_quantity, 1) > 0 ORDER BY position LIMIT 1
) AS v ON true
JOIN orders_product AS d ON d.merchant_id = v.merchant_id AND d.id = v.product_id
WHERE b.place <= %(most)s ORDER BY b.customer_id, b.place
"""
_SHOW = """
SELECT DISTINCT ON (v.sku) v.sku, d.title, v.title, v.price, v.currency, coalesce(nullif(v.image_url, ''), d.image_url),
    d.url
FROM orders_variant AS v JOIN orders_product AS d ON d.merchant_id = v.merchant_id AND d.id = v.product_id
WHERE v.merchant_id = %(merchant)s AND v.sku = ANY(%(skus)s) AND d.status = 'active'
AND coalesce(v.inventory_quantity, 1) > 0 ORDER BY v.sku, v.position
"""


def learn_pairs(merchant: Merchant) -> None:
    """Learn anew what is bought together, in the open transaction: two statements."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM followups_pair WHERE merchant_id = %s", [merchant.id])
        cursor.execute(_LEARN, {"merchant": merchant.id, "days": _DAYS, "least": MIN_TOGETHER})


def complements(
    merchant: Merchant, bought: Mapping[UUID, Collection[str]]
) -> dict[UUID, list[dict[str, Any]]]:
    """For each customer (→ SKUs) up to three products that go with them, as `product` shows them: one query.

    Never one that they ever ordered (whatever became of it), is out of stock, or is not sold any more.
    """
    pairs = [(customer_id, sku) for customer_id, skus in bought.items() for sku in skus]
    found: dict[UUID, list[dict[str, Any]]] = {}
    if pairs:
        values: dict[str, Any] = {
            "merchant": merchant.id, "most": MOST_OFFERED, "customers": [pair[0] for pair in pairs],
            "skus": [pair[1] for pair in pairs],
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_OFFER, values)
            for customer_id, *rest in cursor.fetchall():
                found.setdefault(customer_id, []).append(_raw(rest))
    return found


def on_sale(merchant: Merchant, skus: Collection[str]) -> dict[str, dict[str, Any]]:
    """These SKUs as they can be bought now, by SKU: one query. What is gone or out of stock is not in it."""
    with connection.cursor() as cursor:
        cursor.execute(_SHOW, {"merchant": merchant.id, "skus": list(skus)})
        rows: list[Any] = cursor.fetchall()
        return {sku: _raw([*columns, sku]) for sku, *columns in rows}


def product(raw: Mapping[str, Any], locale: str) -> dict[str, str]:
    """A product as templates show it: its price as the reader writes money."""
    shown = {name: str(raw[name]) for name in ("title", "variant_title", "url", "image")}
    return {**shown, "price": money(raw["price"], raw["currency"], format_locale(locale))}


def _raw(row: Sequence[Any]) -> dict[str, Any]:
    title, variant, price, currency, image, url, sku = row
    return {
        "title": title[:160], "variant_title": variant[:160], "price": price, "currency": currency,
        "image": absolute(image), "url": absolute(url), "sku": sku,
    }  # fmt: skip

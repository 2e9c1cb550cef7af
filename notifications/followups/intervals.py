"""How long a customer takes for a product: their own purchases, else everybody's, else what the shop says.

A quantity of two lasts twice as long, so intervals are counted in days for one unit. Own purchases count from two on
(one interval), everybody's from `ENOUGH` intervals. Pure SQL over purchases and orders; nothing is stored.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from merchants.models import Merchant
from notifications.followups.models import Match, ProductRule, RuleKind

ENOUGH: Final = 10
_SHORTEST, _LONGEST = 3.0, 730.0

# Days for one unit between an order with the SKU and the same customer's next one.
_INTERVALS = """
SELECT customer_id, sku, days / greatest(quantity, 1) AS days FROM (
    SELECT o.customer_id, l.sku, sum(l.quantity) AS quantity, o.placed_at,
        extract(epoch FROM lead(o.placed_at) OVER w - o.placed_at) / 86400 AS days
    FROM orders_orderline AS l
    JOIN orders_order AS o ON o.merchant_id = l.merchant_id AND o.id = l.order_id AND o.status <> 'cancelled'
    WHERE l.merchant_id = %(merchant)s AND l.quantity > 0 AND l.sku = ANY(%(skus)s) AND o.customer_id = ANY(%(whose)s)
    GROUP BY o.customer_id, l.sku, o.id, o.placed_at
    WINDOW w AS (PARTITION BY o.customer_id, l.sku ORDER BY o.placed_at, o.id)
) AS bought WHERE days >= 1
"""
_OWN = f"""
SELECT customer_id, sku, percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FROM ({_INTERVALS}) AS i GROUP BY 1, 2
"""  # noqa: S608  # ours
# Of everybody: the mean wait of those who bought a SKU more than once, which the roll-up knows without the orders.
_SHOPS = """
SELECT sku, percentile_cont(0.5) WITHIN GROUP (
    ORDER BY extract(epoch FROM last_at - first_at) / 86400 / (times - 1) / greatest(quantity::float / times, 1))
FROM segments_purchase WHERE merchant_id = %(merchant)s AND sku = ANY(%(skus)s) AND times > 1
GROUP BY sku HAVING count(*) >= %(enough)s
"""
_OF_RULES = """
SELECT DISTINCT v.sku, d.tags, d.product_type FROM orders_variant AS v
JOIN orders_product AS d ON d.merchant_id = v.merchant_id AND d.id = v.product_id
WHERE v.merchant_id = %(merchant)s AND v.sku = ANY(%(skus)s)
"""


class Bought(NamedTuple):
    """A customer with a SKU."""

    customer_id: UUID
    sku: str


def unit_days(merchant: Merchant, wanted: Collection[Bought]) -> dict[Bought, float]:
    """For how many days one unit lasts, for those of whom it can be said: at most four queries."""
    if not wanted:
        return {}
    skus = sorted({each.sku for each in wanted})
    values = {"merchant": merchant.id, "skus": skus, "enough": ENOUGH}
    own = {
        Bought(customer_id, sku): days
        for customer_id, sku, days in _rows(
            _OWN, {**values, "whose": sorted({w.customer_id for w in wanted})}
        )
    }
    shops = dict(_rows(_SHOPS, values))
    said = said_by_rules(merchant, skus, RuleKind.REPLENISH)
    found = {}
    for each in wanted:
        days = (
            own.get(each)
            or shops.get(each.sku)
            or min((rule.days for rule in said.get(each.sku, ())), default=0)
        )
        if days:
            found[each] = min(max(float(days), _SHORTEST), _LONGEST)
    return found


def said_by_rules(merchant: Merchant, skus: Collection[str], kind: RuleKind) -> dict[str, list[ProductRule]]:
    """The shop's rules of a kind for each of these SKUs: two queries, one when there are none."""
    rules: Sequence[ProductRule] = list(ProductRule.objects.filter(kind=kind).order_by("created_at", "id"))
    if not rules:
        return {}
    products = {
        sku: (set(tags), type_)
        for sku, tags, type_ in _rows(_OF_RULES, {"merchant": merchant.id, "skus": list(skus)})
    }
    return {
        sku: [rule for rule in rules if _fits(rule, sku, *products.get(sku, (set(), "")))] for sku in skus
    }


def _fits(rule: ProductRule, sku: str, tags: set[str], product_type: str) -> bool:
    if rule.match == Match.SKU:
        return rule.value == sku
    return rule.value in tags if rule.match == Match.TAG else rule.value == product_type


def _rows(sql: str, values: Mapping[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()

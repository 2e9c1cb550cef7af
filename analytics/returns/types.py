"""Returns by the type of product: two statements, whatever the number of products."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

MOST_TYPES: Final = 50


@dataclass(frozen=True)
class TypeReturns:
    """A type of product, "" for what has none. reasons: the most frequent first, with how many items.

    faults: how many of them came back for a reason that speaks against the product, or how it is described.
    """

    type: str
    returned: int
    bought: int
    reasons: Mapping[str, int]
    faults: int

    @property
    def rate(self) -> float | None:
        """Items that came back in the period for those bought in it; None where none was bought."""
        return self.returned / self.bought if self.bought else None

    @property
    def fault_share(self) -> float | None:
        """Of what came back."""
        return self.faults / self.returned if self.returned else None


# As the shop called it when it was bought, where that was noted; else as it calls it today.
_OF_SKU: Final = """
of_sku AS (
    SELECT DISTINCT ON (v.sku) v.sku, lower(p.product_type) AS type
    FROM orders_variant v JOIN orders_product p ON p.merchant_id = v.merchant_id AND p.id = v.product_id
    WHERE v.merchant_id = %(merchant)s AND v.sku <> '' ORDER BY v.sku, p.product_type = '', v.id)
"""
_RETURNED: Final = f"""
WITH {_OF_SKU}, counted AS (
    SELECT coalesce(nullif(b.type, ''), s.type, '') AS type,
           CASE WHEN r.kind = 'withdrawal' AND l.reason = '' THEN 'withdrawal' ELSE l.reason END AS reason,
           sum(l.quantity) AS number
    FROM returns_return r JOIN returns_returnline l ON l.merchant_id = r.merchant_id AND l.ret_id = r.id
    JOIN orders_orderline o ON o.merchant_id = l.merchant_id AND o.id = l.line_id
    LEFT JOIN policy_boughtproduct b ON b.merchant_id = l.merchant_id AND b.line_id = l.line_id
    LEFT JOIN of_sku s ON s.sku = o.sku
    WHERE r.merchant_id = %(merchant)s AND r.requested_at >= %(since)s AND r.requested_at < %(until)s
      AND r.approval_state NOT IN ('rejected', 'cancelled') AND l.quantity > 0 AND l.part_id IS NULL
    GROUP BY 1, 2)
SELECT type, sum(number), array_agg(reason ORDER BY number DESC, reason),
       array_agg(number ORDER BY number DESC, reason),
       coalesce(sum(number) FILTER (WHERE reason = ANY(%(faults)s)), 0)
FROM counted GROUP BY type ORDER BY 2 DESC, 1 LIMIT {MOST_TYPES}
"""  # noqa: S608  # our own expression
_BOUGHT: Final = f"""
WITH {_OF_SKU}
SELECT coalesce(nullif(b.type, ''), s.type, ''), sum(l.quantity)
FROM orders_order o JOIN orders_orderline l ON l.merchant_id = o.merchant_id AND l.order_id = o.id
LEFT JOIN policy_boughtproduct b ON b.merchant_id = l.merchant_id AND b.line_id = l.id
LEFT JOIN of_sku s ON s.sku = l.sku
WHERE o.merchant_id = %(merchant)s AND o.placed_at >= %(since)s AND o.placed_at < %(until)s AND o.status = 'placed'
GROUP BY 1
"""  # noqa: S608  # our own expression


def returns_by_type(span: Mapping[str, Any], faults: frozenset[str]) -> tuple[TypeReturns, ...]:
    """What came back of each type of product, most first. span: merchant, since, until; faults: codes of reasons."""
    with connection.cursor() as cursor:
        cursor.execute(_RETURNED, {**span, "faults": sorted(faults)})
        returned = cursor.fetchall()
        cursor.execute(_BOUGHT, dict(span))
        bought = dict(cursor.fetchall())
    return tuple(
        TypeReturns(kind, int(number), int(bought.get(kind, 0)), dict(zip(names, map(int, counts), strict=True)),
                    int(against))
        for kind, number, names, counts, against in returned
    )  # fmt: skip

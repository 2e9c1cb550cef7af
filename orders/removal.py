"""Taking imported orders away again, when a whole import was a mistake."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from events import log as event_log
from merchants.models import Merchant
from orders.bulk import MARK
from orders.facts import OrderDeleted

# Ids begin with the time at which they were made: the primary key leads to the import's orders.
_UNTOUCHED = """
SELECT id FROM orders_order
WHERE merchant_id = %s AND id > %s AND raw->>%s = %s AND updated_at = created_at ORDER BY id LIMIT %s
"""
_REMOVE = """
DELETE FROM orders_order WHERE merchant_id = %s AND id = ANY(%s) AND raw->>%s = %s AND updated_at = created_at
RETURNING id, external_id, customer_id, created_at
"""
_REMOVE_CUSTOMERS = """
DELETE FROM orders_customer AS c WHERE merchant_id = %s AND id = ANY(%s) AND created_at >= %s AND NOT EXISTS (
    SELECT FROM orders_order WHERE merchant_id = c.merchant_id AND customer_id = c.id)
"""


def untouched_orders_of(
    merchant: Merchant, mark: str, *, since: datetime, after: UUID | None, limit: int
) -> list[UUID]:
    """Ids of orders that the import `mark` newly made since a time, and nobody has changed; in order, after one."""
    # An hour earlier: the clocks of two machines differ.
    first = UUID(int=int((since - timedelta(hours=1)).timestamp() * 1000) << 80)
    with connection.cursor() as cursor:
        cursor.execute(_UNTOUCHED, [merchant.id, after or first, MARK, mark, limit])
        return [row[0] for row in cursor.fetchall()]


def remove_orders(merchant: Merchant, order_ids: Sequence[UUID], mark: str) -> int:
    """Remove orders that an import made, with customers who came with them and have no other. Returns how many.

    In the open transaction and scope. What was changed since stays.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REMOVE, [merchant.id, list(order_ids), MARK, mark])
        gone = cursor.fetchall()
        if gone:
            customers = list({row[2] for row in gone if row[2]})
            cursor.execute(_REMOVE_CUSTOMERS, [merchant.id, customers, min(row[3] for row in gone)])
    event_log.record_many(
        (OrderDeleted(order_id=order_id, external_id=external_id, customer_id=customer_id), order_id)
        for order_id, external_id, customer_id, _created in gone
    )
    return len(gone)

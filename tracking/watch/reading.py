"""What the rules of the watch-list look at, read for some orders at once: two statements, however many."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection

from merchants.models import Merchant
from orders.models import OrderStatus
from tracking.watch.reasons import Parcel, Unshipped

_PARCELS = """
SELECT p.id, p.order_id, p.carrier, p.tracking_number, p.status, p.substatus, p.status_at, p.shipped_at, p.created_at,
       p.last_scan_at, p.promised_to, p.pickup_until, p.poll_error,
       p.cancelled_at IS NOT NULL OR (o.status = %(cancelled)s AND p.last_scan_at IS NULL),
       o.placed_at, o.country, o.currency,
       (SELECT coalesce(sum(held.quantity * line.unit_price), 0) FROM tracking_shipmentline held
        JOIN orders_orderline line ON line.merchant_id = held.merchant_id AND line.id = held.line_id
        WHERE held.merchant_id = p.merchant_id AND held.shipment_id = p.id)
FROM tracking_shipment p JOIN orders_order o ON o.merchant_id = p.merchant_id AND o.id = p.order_id
WHERE p.merchant_id = %(merchant)s AND p.id = ANY(%(ids)s) AND NOT p.inbound
"""
_ORDERS = """
SELECT o.id, o.placed_at, o.status = %(cancelled)s, o.currency, coalesce(sum(line.quantity - line.shipped_quantity), 0),
       coalesce(sum((line.quantity - line.shipped_quantity) * line.unit_price), 0)
FROM orders_order o LEFT JOIN orders_orderline line
  ON line.merchant_id = o.merchant_id AND line.order_id = o.id AND line.requires_shipping
WHERE o.merchant_id = %(merchant)s AND o.id = ANY(%(ids)s) GROUP BY o.merchant_id, o.id
"""


def parcels(merchant: Merchant, ids: Collection[UUID]) -> list[Parcel]:
    """These parcels as they stand now, with the value of what is in them."""
    return [Parcel(*row) for row in _read(_PARCELS, merchant, ids)]


def orders(merchant: Merchant, ids: Collection[UUID]) -> list[Unshipped]:
    """These orders as they stand now, with what of them is in no parcel."""
    return [Unshipped(*row) for row in _read(_ORDERS, merchant, ids)]


def _read(statement: str, merchant: Merchant, ids: Collection[UUID]) -> list[Any]:
    if not ids:
        return []
    values: dict[str, Any] = {
        "merchant": merchant.id,
        "ids": list(ids),
        "cancelled": OrderStatus.CANCELLED.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()

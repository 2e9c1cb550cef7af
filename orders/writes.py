"""The one statement that stores a new order: customer, order, lines and fact together.

`POST /orders` is the busiest write of the product. One prepared statement takes a sixth of the time that
the same rows take through the ORM, row by row (docs/decisions/0003-one-statement-per-order.md).
"""

from typing import Any

from events.log import INCOMING_COLUMNS
from merchants.prepared import prepared_cursor

_ORDER_COLUMNS = (
    "id", "external_id", "number", "lookup_number", "placed_at", "email", "phone", "sms_consent", "first_name",
    "last_name", "locale", "shipping_address", "city", "postcode", "country", "currency", "subtotal", "shipping",
    "tax", "discount", "total", "promised_from", "promised_to", "source", "source_updated_at", "raw",
    "link_digest", "link_expires_at",
)  # fmt: skip
_CASTS = {
    "id": "uuid", "placed_at": "timestamptz", "sms_consent": "boolean", "shipping_address": "jsonb",
    "subtotal": "numeric", "shipping": "numeric", "tax": "numeric", "discount": "numeric", "total": "numeric",
    "promised_from": "date", "promised_to": "date", "source_updated_at": "timestamptz", "raw": "jsonb",
    "link_digest": "bytea", "link_expires_at": "timestamptz",
}  # fmt: skip


def _placeholder(column: str) -> str:
    return f"%({column})s::{_CASTS.get(column, 'text')}"


_STORE = f"""
WITH tenant AS (
    SELECT set_config('app.merchant', %(merchant_id)s::text, true)
), known_customer AS (
    INSERT INTO orders_customer (id, merchant_id, external_id, email, first_name, last_name, phone, locale,
                                 created_at, updated_at)
    SELECT %(customer_id)s::uuid, %(merchant_id)s::uuid, %(customer_external_id)s::text, %(email)s::text,
           %(first_name)s::text, %(last_name)s::text, %(phone)s::text, %(locale)s::text,
           %(now)s::timestamptz, %(now)s::timestamptz
    FROM tenant WHERE %(email)s::text <> '' AND NOT (%(alone)s::boolean AND EXISTS (
        SELECT FROM orders_order WHERE merchant_id = %(merchant_id)s::uuid AND external_id = %(external_id)s::text))
    ON CONFLICT (merchant_id, email) WHERE NOT (email = '') DO UPDATE SET
        external_id = coalesce(nullif(excluded.external_id, ''), orders_customer.external_id),
        first_name = coalesce(nullif(excluded.first_name, ''), orders_customer.first_name),
        last_name = coalesce(nullif(excluded.last_name, ''), orders_customer.last_name),
        phone = coalesce(nullif(excluded.phone, ''), orders_customer.phone),
        locale = coalesce(nullif(excluded.locale, ''), orders_customer.locale),
        updated_at = excluded.updated_at
    RETURNING id
), new_order AS (
    INSERT INTO orders_order (merchant_id, customer_id, status, stage, link_version, search, created_at,
                              updated_at, {", ".join(_ORDER_COLUMNS)})
    SELECT %(merchant_id)s::uuid, coalesce((SELECT id FROM known_customer), %(found_customer_id)s::uuid),
           'placed', 'to_ship', 1, array_to_tsvector(%(search)s::text[]), %(now)s::timestamptz,
           %(now)s::timestamptz, {", ".join(map(_placeholder, _ORDER_COLUMNS))}
    ON CONFLICT (merchant_id, external_id) DO NOTHING
    RETURNING id
), new_lines AS (
    INSERT INTO orders_orderline (id, merchant_id, order_id, external_id, position, sku, title, variant, quantity,
                                  shipped_quantity, unit_price, image_url, requires_shipping)
    SELECT line.id, %(merchant_id)s::uuid, new_order.id, line.external_id, line.position, line.sku, line.title,
           line.variant, line.quantity, 0, line.unit_price, line.image_url, line.requires_shipping
    FROM new_order, jsonb_to_recordset(%(lines)s::jsonb) AS line(
        id uuid, external_id text, position smallint, sku text, title text, variant text, quantity integer,
        unit_price numeric, image_url text, requires_shipping boolean)
), new_fact AS (
    INSERT INTO events_incoming ({INCOMING_COLUMNS})
    SELECT %(merchant_id)s::uuid, %(shard)s::smallint, %(fact_type)s::text, new_order.id, %(fact)s::jsonb,
           %(now)s::timestamptz
    FROM new_order
)
SELECT new_order.id, coalesce((SELECT id FROM known_customer), %(found_customer_id)s::uuid) FROM new_order
"""  # noqa: S608  # names of our own columns


def store_order(values: dict[str, Any]) -> tuple[Any, Any] | None:
    """Store a new order. Returns (order id, customer id), or None when its external id is taken.

    Outside a transaction (`alone`) it is one by itself. Somebody who stores the same external id is waited for.
    """
    with prepared_cursor() as cursor:
        cursor.execute(_STORE, values)
        return cursor.fetchone()

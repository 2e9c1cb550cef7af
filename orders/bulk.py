"""Storing many new orders at once, for imports: COPY instead of a statement for each.

Reading and checking (`ready`) needs no database, so it can be done while the orders before are being stored.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from events import log as event_log
from events.facts import FactData
from merchants.copying import copy_rows
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.rest.decode import aware
from orders.bulk_customers import Person, put_customers
from orders.checks import checked, line_external_id
from orders.facts import OrderCancelled, OrderPlaced
from orders.links import new_link
from orders.schemas import OrderIn
from orders.text import search_tokens

_json = msgspec.json.Encoder(decimal_format="string")

# In an order's `raw`: which import made it.
MARK = "import"

_BEFORE = ("id", "merchant_id", "customer_id")
_COLUMNS = (
    "external_id", "number", "lookup_number", "status", "stage", "placed_at", "cancelled_at", "email", "phone",
    "sms_consent", "first_name", "last_name", "locale", "shipping_address", "city", "postcode", "country", "currency",
    "subtotal", "shipping", "tax", "discount", "total", "promised_from", "promised_to", "source", "raw",
    "link_digest", "link_version", "link_expires_at", "search", "created_at", "updated_at",
)  # fmt: skip
_LINE_COLUMNS = (
    "id", "merchant_id", "order_id", "external_id", "position", "sku", "title", "variant", "quantity",
    "shipped_quantity", "unit_price", "image_url", "requires_shipping",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """What every order of one import has in common: its public id, kept with the order so that it can be undone."""

    import_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class ReadyOrder:
    """An order that can be stored as it is, apart from its customer."""

    id: UUID
    external_id: str
    total: Decimal
    person: Person
    row: tuple[Any, ...]
    lines: list[tuple[Any, ...]]
    facts: list[FactData]


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """What has to be known of an order that is there already. mark: of the import that stored it, else ""."""

    id: UUID
    currency: str
    total: Decimal
    email: str
    mark: str


def ready(
    merchant: Merchant, order: OrderIn, mark: Mark, *, cancelled_at: datetime | None = None
) -> ReadyOrder:
    """The rows of a new order. No message is sent about it. Raises InvalidBody that names the field."""
    values = checked(order)
    if cancelled_at is not None:
        cancelled_at = aware(cancelled_at, "cancelled_at")
    id_, merchant_id, now = uuid7(), str(merchant.id), mark.now.isoformat()
    digest, expires_at = new_link(id_, 1, mark.now)
    state = "cancelled" if cancelled_at else "placed"
    words = search_tokens(
        values["number"], order.external_id, values["email"], values["first_name"], values["last_name"],
        values["postcode"],
    )  # fmt: skip
    stored = {
        **values,
        "external_id": order.external_id,
        "status": state,
        "stage": "cancelled" if cancelled_at else "to_ship",
        "cancelled_at": cancelled_at,
        "shipping_address": _text(values["shipping_address"]),
        "source": "import",
        "raw": _text({MARK: mark.import_id}),
        "link_digest": digest,
        "link_version": 1,
        "link_expires_at": expires_at,
        "search": _vector(words),
        "created_at": now,
        "updated_at": now,
    }
    order_id = str(id_)
    lines = [
        (str(uuid7()), merchant_id, order_id, line_external_id(line, index), index + 1, line.sku, line.title,
         line.variant, line.quantity, 0, line.unit_price, line.image_url, line.requires_shipping)
        for index, line in enumerate(order.lines)
    ]  # fmt: skip
    person = Person(
        values["email"], order.customer.external_id, values["first_name"], values["last_name"], values["phone"],
        values["locale"],
    )  # fmt: skip
    return ReadyOrder(
        id_, order.external_id, values["total"], person, tuple(map(stored.__getitem__, _COLUMNS)), lines,
        _facts(id_, order.external_id, values, cancelled_at),
    )  # fmt: skip


def known_orders(merchant: Merchant, external_ids: Collection[str]) -> dict[str, KnownOrder]:
    """Those of these orders that the merchant has already, by external id: one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT external_id, id, currency, total, email, coalesce(raw->>%s, '') FROM orders_order"
            " WHERE merchant_id = %s AND external_id = ANY(ARRAY(SELECT jsonb_array_elements_text(%s)))",
            [MARK, merchant.id, _text(list(external_ids))],
        )
        return {row[0]: KnownOrder(*row[1:]) for row in cursor.fetchall()}


def store_new_orders(merchant: Merchant, orders: Sequence[ReadyOrder], now: datetime) -> None:
    """Store orders with their customers, lines and facts, in the open transaction and scope.

    Raises IntegrityError when one of them is there already, or is being stored by somebody else at this moment.
    """
    if not orders:
        return
    put = put_customers(merchant, [order.person for order in orders], now)
    merchant_id = str(merchant.id)
    copy_rows(
        "orders_order",
        (*_BEFORE, *_COLUMNS),
        (
            (str(order.id), merchant_id, customer_id, *order.row)
            for order, customer_id in zip(orders, put, strict=True)
        ),
    )
    copy_rows("orders_orderline", _LINE_COLUMNS, (line for order in orders for line in order.lines))
    event_log.record_in_bulk((fact, order.id) for order in orders for fact in order.facts)


def refresh_statistics() -> None:
    """Tell PostgreSQL how large the tables have become.

    A session keeps the plans of its foreign keys' checks. One made while the tables were empty walks along all of the
    merchant's rows for each new one, until autovacuum comes by: an import would take the square of its size.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE (SKIP_LOCKED) orders_customer, orders_order, orders_orderline")


def _facts(
    order_id: UUID, external_id: str, values: dict[str, Any], cancelled_at: datetime | None
) -> list[FactData]:
    placed = OrderPlaced(
        order_id=order_id, external_id=external_id, number=values["number"], total=values["total"],
        currency=values["currency"], notify=False, historical=True,
    )  # fmt: skip
    if cancelled_at is None:
        return [placed]
    cancelled = OrderCancelled(
        order_id=order_id, external_id=external_id, cancelled_at=cancelled_at, notify=False
    )
    return [placed, cancelled]


def _text(value: Any) -> str:
    return _json.encode(value).decode()


def _vector(words: Sequence[str]) -> str:
    """Words as a tsvector's text: each in quotes."""
    return " ".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words)

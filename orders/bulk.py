"""Storing many new orders at once, for imports: COPY instead of a statement for each.

Reading and checking (`ready`) needs no database, so it can be done while the orders before are being stored.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from events import log as event_log
from events.facts import FactData
from merchants.copying import NULL, copy_line, copy_lines
from merchants.ids import uuid7_texts
from merchants.models import Merchant
from merchants.rest.decode import aware
from orders.bulk_customers import Person, put_customers
from orders.checks import checked, line_external_id
from orders.facts import OrderCancelled, OrderPlaced
from orders.links import VALID_FOR, link_digest, link_token
from orders.schemas import LineIn, OrderIn
from orders.text import search_tokens

_json = msgspec.json.Encoder(decimal_format="string")

# In an order's `raw`: which import made it.
MARK = "import"

# Texts come first: whatever stands behind them needs no escaping.
_TEXTS = (
    "external_id", "number", "lookup_number", "email", "phone", "first_name", "last_name", "locale",
    "shipping_address", "city", "postcode", "country", "search",
)  # fmt: skip
_AMOUNTS = ("subtotal", "shipping", "tax", "discount", "total")
_COLUMNS = (
    "customer_id", *_TEXTS, "id", "status", "stage", "placed_at", "cancelled_at", "sms_consent", "currency",
    *_AMOUNTS, "promised_from", "promised_to", "link_digest",
    "merchant_id", "source", "raw", "link_version", "link_expires_at", "created_at", "updated_at",
)  # fmt: skip
_LINE_COLUMNS = (
    "external_id", "sku", "title", "variant", "image_url", "id", "merchant_id", "order_id", "position", "quantity",
    "shipped_quantity", "unit_price", "requires_shipping",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """What every order of one import has in common: its public id, kept with the order so that it can be undone."""

    import_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class ReadyOrder:
    """An order that can be stored as it is. row, lines: for COPY; the row lacks the customer, its first column."""

    id: UUID
    external_id: str
    total: Decimal
    person: Person
    row: str
    lines: str
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
    order_id, *line_ids = uuid7_texts(1 + len(order.lines))
    id_ = UUID(order_id)
    person = Person(
        values["email"], order.customer.external_id, values["first_name"], values["last_name"], values["phone"],
        values["locale"],
    )  # fmt: skip
    return ReadyOrder(
        id_, order.external_id, values["total"], person,
        _row(id_, order.external_id, values, cancelled_at, _same_in_all(merchant.id, mark)),
        _lines(order.lines, line_ids, f"{merchant.id}\t{order_id}"),
        _facts(id_, order.external_id, values, cancelled_at),
    )  # fmt: skip


def _row(
    id_: UUID, external_id: str, values: dict[str, Any], cancelled_at: datetime | None, same: str
) -> str:
    """The order's row behind the customer, as COPY reads it."""
    email, first_name, last_name = values["email"], values["first_name"], values["last_name"]
    words = search_tokens(values["number"], external_id, email, first_name, last_name, values["postcode"])
    texts = copy_line((
        external_id, values["number"], values["lookup_number"], email, values["phone"], first_name, last_name,
        values["locale"], _text(values["shipping_address"]), values["city"], values["postcode"], values["country"],
        _vector(words),
    ))  # fmt: skip
    state = ("placed", "to_ship", str(values["placed_at"]), NULL)
    if cancelled_at is not None:
        state = ("cancelled", "cancelled", str(values["placed_at"]), str(cancelled_at))
    amounts = (str(values[name]) for name in _AMOUNTS)
    promised = (str(values[name] or NULL) for name in ("promised_from", "promised_to"))
    digest = link_digest(link_token(id_, 1)).hex()
    return "\t".join((
        texts, str(id_), *state, str(values["sms_consent"]), values["currency"], *amounts, *promised,
        f"\\\\x{digest}", same,
    ))  # fmt: skip


def _lines(lines: Sequence[LineIn], ids: Sequence[str], keys: str) -> str:
    """The rows of an order's lines, as COPY reads them. keys: the merchant's id and the order's."""
    return "\n".join([
        copy_line((line_external_id(line, number - 1), line.sku, line.title, line.variant, line.image_url))
        + f"\t{id_}\t{keys}\t{number}\t{line.quantity}\t0\t{line.unit_price!s}\t{line.requires_shipping!s}"
        for number, (line, id_) in enumerate(zip(lines, ids, strict=True), 1)
    ])  # fmt: skip


@lru_cache(maxsize=8)
def _same_in_all(merchant_id: UUID, mark: Mark) -> str:
    """The last columns, which are the same in every order of an import."""
    now = mark.now.isoformat()
    raw = copy_line([_text({MARK: mark.import_id})])
    return f"{merchant_id}\timport\t{raw}\t1\t{(mark.now + VALID_FOR).isoformat()}\t{now}\t{now}"


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
    rows = [f"{customer_id or NULL}\t{order.row}" for order, customer_id in zip(orders, put, strict=True)]
    copy_lines("orders_order", _COLUMNS, rows)
    copy_lines("orders_orderline", _LINE_COLUMNS, [order.lines for order in orders])
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
    text = "\0".join(words)
    if "'" in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace("'", "''")
    return "'" + text.replace("\0", "' '") + "'" if words else ""

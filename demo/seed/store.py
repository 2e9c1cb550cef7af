"""Storing a planned history in bulk.

`commands.py` would take minutes for four months of orders, so this is the one place beside it that writes orders and
parcels. What keeps it honest: the rows come from the product's own rules (`demo.seed.history`), the database's
constraints hold for them as for any others, state and facts are stored in one transaction, and every fact says
`notify: false`, so that no reader tells anybody about what is history.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from types import MappingProxyType
from uuid import UUID

from django.db import connection

from demo.seed.agreements import note_agreements
from demo.seed.asking import add_requests, store_waiting
from demo.seed.copying import copy_rows
from demo.seed.history import history_of
from demo.seed.messages import add_messages, place_messages, store_messages
from demo.seed.people import Shopper
from demo.seed.plan import PlannedOrder
from demo.seed.record import History, Told, in_order
from events import log as event_log
from events.drain import drain
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from orders.models import Customer, Order, OrderLine
from orders.text import search_tokens
from tracking.models import Scan, Shipment, ShipmentLine

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Stored:
    """How much was stored."""

    orders: int
    customers: int
    shipments: int
    scans: int
    facts: int
    messages: int


def store_orders(
    merchant: Merchant, planned: Sequence[PlannedOrder], customers: Mapping[Shopper, Customer], rng: Random,
    now: datetime, say: Progress,
) -> Stored:  # fmt: skip
    """Store planned orders with everything that happened to them up to `now`. `say` is told each step."""
    say("working out what happened to them")
    histories = [history_of(merchant, order, customers[order.shopper].id, now) for order in planned]
    messages, requests = add_messages(merchant, histories, rng, now), add_requests(histories, customers, now)
    told = in_order(histories)
    say(f"storing {len(histories):,} orders")
    with merchant_transaction(merchant):
        copy_rows(Customer, customers.values())
        _store_rows(merchant, histories)
        _record(merchant, told)
    say(f"sequencing {len(told):,} facts")
    drain(merchant.shard)
    count = len(messages) + len(requests)
    say(f"filling {count:,} messages")
    with merchant_scope(merchant):
        note_agreements(merchant, customers.values())
        store_messages(merchant, [*place_messages(messages), *requests])
        store_waiting(histories, now)
    return Stored(
        orders=len(histories), customers=len(customers), shipments=sum(len(h.shipments) for h in histories),
        scans=sum(len(h.scans) for h in histories), facts=len(told), messages=count,
    )  # fmt: skip


def customers_of(
    merchant: Merchant,
    planned: Iterable[PlannedOrder],
    known: Mapping[Shopper, Customer] = MappingProxyType({}),
) -> dict[Shopper, Customer]:
    """A customer for each shopper, known since the first order; those of `known` are the same ones."""
    customers = dict(known)
    for order in planned:
        shopper = order.shopper
        if shopper not in customers:
            customers[shopper] = Customer(
                id=uuid7(), merchant=merchant, external_id=f"c-{shopper.number}", email=shopper.email,
                first_name=shopper.first_name, last_name=shopper.last_name, phone=shopper.phone,
                locale=shopper.locale, created_at=order.placed_at, updated_at=order.placed_at,
            )  # fmt: skip
        customer = customers[shopper]
        customer.created_at = min(customer.created_at, order.placed_at)
        customer.updated_at = max(customer.updated_at, order.placed_at)
    return customers


def _store_rows(merchant: Merchant, histories: Sequence[History]) -> None:
    for history in histories:
        history.order.search = _tsvector(_words(history))
    copy_rows(Order, [history.order for history in histories])
    copy_rows(OrderLine, [row for history in histories for row in history.lines])
    copy_rows(Shipment, [row for history in histories for row in history.shipments])
    copy_rows(ShipmentLine, [row for history in histories for row in history.contents])
    copy_rows(Scan, [row for history in histories for row in history.scans])


def _tsvector(words: Iterable[str]) -> str:
    """Words as PostgreSQL writes a `tsvector`."""
    quoted = (word.replace("\\", "\\\\").replace("'", "''") for word in words)
    return " ".join(f"'{word}'" for word in quoted)


def _words(history: History) -> list[str]:
    """The words by which an order is found, as `orders.commands` collects them."""
    order = history.order
    numbers = [shipment.tracking_number for shipment in history.shipments]
    return search_tokens(
        order.number,
        order.external_id,
        order.email,
        order.first_name,
        order.last_name,
        order.postcode,
        *numbers,
    )


def _record(merchant: Merchant, told: Sequence[Told]) -> None:
    """Record facts as of their own times, in the open transaction (`events.log.record_many` knows only now)."""
    statement = f"COPY events_incoming ({event_log.INCOMING_COLUMNS}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for fact in told:
            row: tuple[UUID | int | str | datetime, ...] = (
                merchant.id, merchant.shard, fact.data.fact_type, fact.order_id, event_log.encode(fact.data), fact.at,
            )  # fmt: skip
            copy.write_row(row)

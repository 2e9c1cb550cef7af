"""Everything that changes an order or a customer: one function a verb, one transaction, facts recorded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from events import log as event_log
from merchants import audit
from merchants.ids import public_id, uuid7
from merchants.models import Merchant
from merchants.prepared import execute_each, loaded
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_scope, merchant_transaction
from orders.addresses import without_undoing
from orders.checks import checked
from orders.facts import OrderCancelled, OrderPlaced, OrderUpdated
from orders.lines import Line, NewLine, new_line
from orders.links import new_link
from orders.models import Customer, Order, OrderLine, OrderStatus, Stage
from orders.schemas import OrderIn
from orders.text import search_tokens
from orders.writes import store_order


@dataclass(frozen=True)
class Origin:
    """Where an order came from, beside its content.

    source: `api`, `shopify` …
    updated_at: the shop's own time of this state; news that is older than what we hold is ignored.
    raw: what the shop sent that we have no column for.
    happened: the shop's system did it already, so nothing of it is refused: a quantity below what was shipped is
        raised to that, and contact and address are not emptied (shops redact them in later payloads).
    """

    source: str = "api"
    updated_at: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    happened: bool = False


@dataclass(frozen=True)
class Placed:
    """What `place_order` did: the order, its lines, and whether it was new."""

    order: Order
    lines: Sequence[Line]
    created: bool

    @property
    def order_id(self) -> UUID:
        return self.order.id


@dataclass(frozen=True)
class _News:
    """What the fact of a new order says beside the order: whether shoppers are told, and whether it is history."""

    notify: bool
    historical: bool


_API = Origin()
_encoder = msgspec.json.Encoder(decimal_format="string")


def place_order(
    merchant: Merchant, order_in: OrderIn, origin: Origin = _API, *, historical: bool = False
) -> Placed:
    """Store an order, or update the one with the same external id.

    historical: it is brought in from before we were there. The fact says so, and shoppers are told nothing.

    Raises InvalidBody for a value that cannot be stored, and Unprocessable for a change that contradicts
    what was shipped already (unless `origin.happened`).
    """
    values = checked(order_in)
    news = _News(notify=order_in.notify and not historical, historical=historical)
    with merchant_scope(merchant):
        # Most orders are new, and a new one is one statement: that is a transaction by itself, and BEGIN and COMMIT
        # would be two more round trips on the busiest road of the product.
        one_statement = values["email"] or not order_in.customer.external_id
        alone = bool(one_statement) and not connection.in_atomic_block
        if alone and (placed := _store_new(merchant, order_in, values, origin, news, alone=True)):
            return placed
        with transaction.atomic():
            return _store_or_update(merchant, order_in, values, origin, news)


def _store_or_update(
    merchant: Merchant, order_in: OrderIn, values: dict[str, Any], origin: Origin, news: "_News"
) -> Placed:
    if placed := _store_new(merchant, order_in, values, origin, news):
        return placed
    order = Order.objects.select_for_update(of=("self",), no_key=True).get(external_id=order_in.external_id)
    _update(merchant, order, order_in, values, origin, notify=news.notify)
    return Placed(order, order.lines.order_by("position"), created=False)


def cancel_order(
    merchant: Merchant, order_id: UUID, *, at: datetime | None = None, notify: bool = True
) -> Order:
    """Mark an order as no longer wanted. Doing it twice changes nothing.

    Raises NotFound for an order that the merchant does not have, and Unprocessable once all of it was delivered.
    """
    with merchant_transaction(merchant):
        order = lock_order(order_id)
        if order.status == OrderStatus.CANCELLED:
            return order
        if order.stage == Stage.DELIVERED:
            raise Unprocessable("A delivered order cannot be cancelled.", code="order_delivered")
        order.status = OrderStatus.CANCELLED
        order.stage = Stage.CANCELLED
        order.cancelled_at = at or timezone.now()
        order.updated_at = timezone.now()
        order.save(update_fields=["status", "stage", "cancelled_at", "updated_at"])
        cancelled = OrderCancelled(
            order_id=order.id, external_id=order.external_id, cancelled_at=order.cancelled_at, notify=notify
        )
        event_log.record(cancelled, order_id=order.id)
        audit.record_by_hand("order.cancelled", public_id("ord", order.id), order.number)
    return order


def lock_order(order_id: UUID) -> Order:
    """The order, locked until the transaction ends. Whoever changes an order or its parcels takes this lock first.

    Raises NotFound.
    """
    order = Order.objects.select_for_update(of=("self",), no_key=True).filter(pk=order_id).first()
    if order is None:
        raise NotFound("There is no such order.", param="order_id")
    return order


def set_stages(stages: Iterable[tuple[Order, Stage]]) -> None:
    """Note where locked orders stand. A cancelled order stays cancelled."""
    now = timezone.now()
    moved = []
    for order, stage in stages:
        if order.stage != stage and order.status != OrderStatus.CANCELLED:
            order.stage, order.updated_at = stage, now
            moved.append((stage.value, now, order.merchant_id, order.id))
    execute_each(
        "UPDATE orders_order SET stage = %s, updated_at = %s WHERE merchant_id = %s AND id = %s", moved
    )


def add_shipped_quantities(quantities: Mapping[UUID, int]) -> None:
    """Count quantities as shipped (negative: no longer). The order must be locked, the sums checked."""
    for line_id, quantity in sorted(quantities.items()):
        OrderLine.objects.filter(pk=line_id).update(shipped_quantity=F("shipped_quantity") + quantity)


def add_search_words(order: Order, texts: Iterable[str]) -> None:
    """Let an order be found by more words (tracking numbers)."""
    tokens = search_tokens(*texts)
    if tokens:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE orders_order SET search = coalesce(search, '') || array_to_tsvector(%s::text[])"
                " WHERE merchant_id = %s AND id = %s",
                [tokens, order.merchant_id, order.id],
            )


def renew_link(merchant: Merchant, order_id: UUID) -> Order:
    """Give an order a new link; the old one stops working. Raises NotFound."""
    with merchant_transaction(merchant):
        order = lock_order(order_id)
        _new_link(order)
        order.save(update_fields=["link_version", "link_digest", "link_expires_at"])
        audit.record_by_hand("order.link_renewed", public_id("ord", order.id), order.number)
    return order


def _new_link(order: Order) -> None:
    """Put a new link on a locked order (unsaved)."""
    order.link_version += 1
    order.link_digest, order.link_expires_at = new_link(order.id, order.link_version, timezone.now())


def _store_new(
    merchant: Merchant,
    order_in: OrderIn,
    values: dict[str, Any],
    origin: Origin,
    news: "_News",
    *,
    alone: bool = False,
) -> Placed | None:
    """Store the order in one statement. Returns None when its external id is taken.

    alone: outside a transaction. Nothing is changed then when the external id is taken, not even the customer.
    The rows are known without reading them again: they hold what was told and nothing else.
    """
    now = timezone.now()
    order_id = uuid7()
    link_digest, link_expires_at = new_link(order_id, 1, now)
    lines = [new_line(line, index) for index, line in enumerate(order_in.lines)]
    placed = OrderPlaced(
        order_id=order_id, external_id=order_in.external_id, number=values["number"], total=values["total"],
        currency=values["currency"], notify=news.notify, historical=news.historical,
    )  # fmt: skip
    stored = store_order(
        {
            **values,
            "id": order_id,
            "merchant_id": merchant.id,
            "shard": merchant.shard,
            "external_id": order_in.external_id,
            "shipping_address": _json(values["shipping_address"]),
            "source": origin.source,
            "source_updated_at": origin.updated_at,
            "raw": _json(origin.raw),
            "link_digest": link_digest,
            "link_expires_at": link_expires_at,
            "customer_id": uuid7(),
            "customer_external_id": order_in.customer.external_id,
            "found_customer_id": _customer_without_address(merchant, order_in, values),
            "search": _search_words(order_in, values),
            "lines": _json(lines),
            "fact_type": OrderPlaced.fact_type,
            "fact": event_log.encode(placed),
            "now": now,
            "alone": alone,
        }
    )
    if stored is None:
        return None
    event_log.ring_after_commit(merchant)
    row = {
        **_NEW, **values, "id": order_id, "merchant_id": merchant.id, "customer_id": stored[1],
        "external_id": order_in.external_id, "source": origin.source, "source_updated_at": origin.updated_at,
        "raw": dict(origin.raw), "link_digest": link_digest, "link_expires_at": link_expires_at, "tags": [],
        "created_at": now, "updated_at": now,
    }  # fmt: skip
    order = loaded(Order, row.keys(), row.values())
    order._state.fields_cache["merchant"] = merchant
    return Placed(order, lines, created=True)


# What the statement gives every new order.
_NEW = {
    "status": OrderStatus.PLACED.value, "stage": Stage.TO_SHIP.value, "cancelled_at": None, "refunded": Decimal(0),
    "link_version": 1,
}  # fmt: skip


def _customer_without_address(merchant: Merchant, order_in: OrderIn, values: dict[str, Any]) -> UUID | None:
    """The customer of an order without an e-mail address: known by the shop's id, or nobody."""
    external_id = order_in.customer.external_id
    if values["email"] or not external_id:
        return None
    known = Customer.objects.filter(external_id=external_id).order_by("-updated_at")
    if not known.exists():
        now = timezone.now()
        new = Customer(
            merchant=merchant, external_id=external_id, first_name=values["first_name"],
            last_name=values["last_name"], phone=values["phone"], locale=values["locale"],
            created_at=now, updated_at=now,
        )  # fmt: skip
        # Somebody else's order of the same person may be stored at this moment: one of the two rows is kept.
        Customer.objects.bulk_create([new], ignore_conflicts=True)
    return known.values_list("pk", flat=True)[0]


def _update(
    merchant: Merchant,
    order: Order,
    order_in: OrderIn,
    values: dict[str, Any],
    origin: Origin,
    *,
    notify: bool,
) -> None:
    """Bring a locked order to the state that the shop told. Records what changed, if anything did."""
    if origin.updated_at and order.source_updated_at and origin.updated_at < order.source_updated_at:
        return  # News that was overtaken on its way.
    if order_in.placed_at is None:
        values = {**values, "placed_at": order.placed_at}
    if origin.happened:
        values = {n: v for n, v in values.items() if v or n not in _NOT_EMPTIED}
    values = without_undoing(order, values)
    changed = [name for name, value in values.items() if getattr(order, name) != value]
    had_address, customer_was = bool(order.email), order.customer_id
    for name in changed:
        setattr(order, name, values[name])
    if "email" in changed and order.email:
        order.customer = Customer.objects.get(email=order.email)  # `store_order` knows everybody by now.
    if "email" in changed and had_address:
        _new_link(order)  # Whoever the former address belongs to has the old one.
    changed += _update_lines(merchant, order, order_in, raise_to_shipped=origin.happened)
    order.source_updated_at = origin.updated_at or order.source_updated_at
    order.raw = dict(origin.raw) or order.raw
    if changed:
        order.updated_at = timezone.now()
    order.save()
    if changed:
        add_search_words(order, _search_words(order_in, {**_SEARCHED, **values}))
        visible = sorted(set(changed) - {"lookup_number"})
        updated = OrderUpdated(
            order_id=order.id, external_id=order.external_id, changed=visible, changed_at=order.updated_at,
            notify=notify,
        )  # fmt: skip
        if customer_was != order.customer_id:
            updated.customer_was = customer_was
        event_log.record(updated, order_id=order.id)


# What a shop that redacts a shopper's data does not take from us by an update.
_NOT_EMPTIED = frozenset(
    {"email", "phone", "first_name", "last_name", "locale", "shipping_address", "city", "postcode", "country"}
)
_SEARCHED = dict.fromkeys(("email", "first_name", "last_name", "postcode"), "")


def _update_lines(
    merchant: Merchant, order: Order, order_in: OrderIn, *, raise_to_shipped: bool
) -> list[str]:
    """Bring the lines to what was told. A line that is gone keeps its row with quantity 0.

    Returns what changed: nothing, `lines`, or `lines` and `quantities` when there are other items, or more or fewer.
    Raises Unprocessable for a quantity below what was shipped, or raises the quantity instead.
    """
    known = {line.external_id: line for line in order.lines.all()}
    changed: list[OrderLine] = []
    new: list[OrderLine] = []
    recounted = False
    for index, line_in in enumerate(order_in.lines):
        told = new_line(line_in, index)
        line = known.pop(told.external_id, None)
        if line is not None and raise_to_shipped:
            told.quantity = max(told.quantity, line.shipped_quantity)
        if line is None:
            new.append(OrderLine(merchant=merchant, order=order, **msgspec.structs.asdict(told)))
        elif _differs(line, told):
            _refuse_below_shipped(line, told.quantity, f"lines[{index}].quantity")
            recounted |= line.quantity != told.quantity or line.sku != told.sku
            for name in _LINE_COLUMNS:
                setattr(line, name, getattr(told, name))
            changed.append(line)
    for line in known.values():
        gone = line.shipped_quantity if raise_to_shipped else 0
        if line.quantity != gone:
            _refuse_below_shipped(line, gone, "lines")
            line.quantity, recounted = gone, True
            changed.append(line)
    OrderLine.objects.bulk_update(changed, _LINE_COLUMNS)
    OrderLine.objects.bulk_create(new)
    if not (changed or new):
        return []
    return ["lines", "quantities"] if recounted or new else ["lines"]


_LINE_COLUMNS = [
    "position", "sku", "title", "variant", "quantity", "unit_price", "image_url", "requires_shipping",
]  # fmt: skip


def _differs(line: OrderLine, told: NewLine) -> bool:
    return any(getattr(line, name) != getattr(told, name) for name in _LINE_COLUMNS)


def _refuse_below_shipped(line: OrderLine, quantity: int, where: str) -> None:
    if quantity < line.shipped_quantity:
        raise Unprocessable(
            f"{line.shipped_quantity} of line {line.external_id!r} were shipped already.",
            param=where,
            code="line_already_shipped",
        )


def _search_words(order_in: OrderIn, values: dict[str, Any]) -> list[str]:
    return search_tokens(
        values["number"], order_in.external_id, values["email"], values["first_name"], values["last_name"],
        values["postcode"],
    )  # fmt: skip


def _json(value: Any) -> str:
    return _encoder.encode(value).decode()

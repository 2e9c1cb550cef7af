"""What becomes of what a shop tells, whichever shop and whichever way it came: webhook or pull.

Each function returns a note for people, empty when there is nothing to say. They run in the merchant's scope and in
the caller's transaction, which holds their effects.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from orders import commands
from orders.connectors.base import ShopFulfilment, ShopOrder, ShopProduct, ShopRefund
from orders.connectors.lenient import Unreadable
from orders.fulfilments import report_fulfilment
from orders.models import Order, OrderStatus, ShopConnection, Variant
from orders.products import put_product
from orders.refunds import record_refund

# An order that dates so far back when we see it for the first time is history: its shopper is told nothing.
HISTORY = timedelta(hours=48)


class OrderUnknown(Exception):
    """Something came before the order that it is about. The text is for people."""


def take_order(merchant: Merchant, told: ShopOrder, *, since: datetime | None = None) -> str:
    """Store an order with its parcels, refunds and cancellation.

    since: what happened before is history, of which shoppers are told nothing. Without it (the shop tells of it now)
    everything is told, unless the order is new to us and dates back further than `HISTORY`.
    """
    now = timezone.now()
    known = Order.objects.filter(external_id=told.order.external_id).values_list("source", flat=True).first()
    if known not in (None, told.origin.source):
        _refuse_anothers(known, told)
    if known is None and told.never_placed:
        return "It was never placed: nobody paid, or it was only a draft."
    historical = known is None and _is_history(told, since, now)
    _add_pictures(told)
    placed = commands.place_order(merchant, told.order, told.origin, historical=historical)
    order = commands.lock_order(placed.order_id)

    def is_news(at: datetime | None) -> bool:
        return not historical and (since is None or at is None or at >= since)

    for fulfilment in told.fulfilments:
        report_fulfilment(merchant, order, fulfilment, notify=is_news(fulfilment.shipped_at))
    for refund in told.refunds:
        record_refund(merchant, order, refund, notify=is_news(refund.refunded_at))
    if told.cancelled_at:
        return cancel(merchant, order, told.cancelled_at, notify=is_news(told.cancelled_at))
    return ""


def _add_pictures(told: ShopOrder) -> None:
    """Give lines without a picture that of the product with their SKU: webhooks do not bring any."""
    bare = {line.sku for line in told.order.lines if line.sku and not line.image_url}
    if not bare:
        return
    rows = Variant.objects.filter(sku__in=bare).values_list("sku", "image_url", "product__image_url")
    pictures = {sku: own or common for sku, own, common in rows}
    for line in told.order.lines:
        line.image_url = line.image_url or pictures.get(line.sku, "")


def _refuse_anothers(source: str | None, told: ShopOrder) -> None:
    """Two shops of one merchant may call their orders the same: neither may overwrite the other's.

    An order that came through the API, an import or a shop that is connected no more may be taken over.
    """
    if any(connection.source == source for connection in ShopConnection.objects.all()):
        raise Unreadable(
            f"Order {told.order.external_id} came from another shop ({source}): two shops call an order the same."
        )


def _is_history(told: ShopOrder, since: datetime | None, now: datetime) -> bool:
    """Whether an order that we see for the first time is old.

    A shop that has just made it (`told.is_new`) may date it back: that is an import.
    """
    placed_at = told.order.placed_at
    if placed_at is None:
        return False
    if since is not None:
        return (told.created_at or placed_at) < since or placed_at < now - HISTORY
    return placed_at < ((told.created_at or now) if told.is_new else now) - HISTORY


def cancel(merchant: Merchant, order: Order, at: datetime, *, notify: bool) -> str:
    """Note that the shop cancelled a locked order."""
    if order.status == OrderStatus.CANCELLED:
        return ""
    try:
        commands.cancel_order(merchant, order.id, at=at, notify=notify)
    except Unprocessable as error:
        return f"The shop cancelled it, and it stays as it is: {error.detail}"
    return ""


def take_fulfilment(merchant: Merchant, told: ShopFulfilment) -> str:
    """Store what a shop sent of an order that is known. Raises OrderUnknown."""
    order = known_order(told.order_external_id, f"reported fulfilment {told.external_id} of it")
    report_fulfilment(merchant, order, told, notify=True)
    return ""


def take_refund(merchant: Merchant, told: ShopRefund) -> str:
    """Record money that was given back for an order that is known. Raises OrderUnknown."""
    order = known_order(told.order_external_id, f"reported refund {told.external_id} of it")
    if told.amount <= 0:
        return "No money was given back with it."
    record_refund(merchant, order, told, notify=True)
    return ""


def take_product(merchant: Merchant, told: ShopProduct) -> str:
    """Store a product with its variants."""
    put_product(merchant, told.product, source=told.source, updated_at=told.updated_at, raw=told.raw)
    return ""


def known_order(external_id: str, what: str) -> Order:
    """The order that a shop calls so, locked. Raises OrderUnknown; `what` says what the shop told about it."""
    found = Order.objects.filter(external_id=external_id).values_list("pk", flat=True).first()
    if found is None:
        raise OrderUnknown(f"Order {external_id} is not known: the shop {what}, but has not sent the order.")
    return commands.lock_order(found)

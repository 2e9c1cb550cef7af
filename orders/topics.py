"""What is done with each topic of each shop system: payload in, effects and a note for people out.

A topic's name is not signed: each reader makes sure that the body is what the topic says, and what became of an order
is read from the body alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone

from merchants.ids import parse_public_id
from merchants.models import Merchant
from orders import receiving
from orders.connectors import generic, shopify, shopify_records, woocommerce, woocommerce_records
from orders.connectors.lenient import Unreadable, identifier, moment, part, text
from orders.connectors.shopify_fulfilments import read_fulfilment, status_of
from orders.connectors.shopify_refunds import read_refund
from orders.customers import put_customer
from orders.models import Fulfilment, InboxItem, Order, ShopConnection, ShopKind
from orders.privacy import note_request
from orders.products import archive_product, put_variant

GENERIC_TOPIC = "order"  # whatever a generic shop sends is orders

Work = Callable[[InboxItem, Mapping[str, Any]], str]


def known_topic(source: str, topic: str) -> bool:
    """Whether anything is done with webhooks of this topic, from this source."""
    return topic in _WORK.get(_kind(source), {})


def work_of(source: str, topic: str) -> Work:
    """What is done with a stored webhook. Raises Unreadable for one that nothing is done with."""
    work = _WORK.get(_kind(source), {}).get(topic)
    if work is None:
        raise Unreadable("Nothing is done with this topic.")
    return work


def _kind(source: str) -> str:
    return source if source in ShopKind.values else ShopKind.GENERIC


# --- Shopify


def _shopify_order(item: InboxItem, payload: Mapping[str, Any]) -> str:
    if "order_edit" in payload:
        return "The order's new content comes with orders/updated."
    told = shopify.read_order(payload, currency=item.merchant.currency, now=timezone.now())
    return receiving.take_order(item.merchant, replace(told, is_new=item.topic == "orders/create"))


def _shopify_fulfilment(item: InboxItem, payload: Mapping[str, Any]) -> str:
    return receiving.take_fulfilment(item.merchant, read_fulfilment(payload, now=timezone.now()))


def _shopify_parcel_event(item: InboxItem, payload: Mapping[str, Any]) -> str:
    """Where a parcel is, as its carrier told Shopify: the fulfilment as we know it, with another status."""
    payload = part(payload.get("fulfillment_event")) or payload
    now = timezone.now()
    order_id, fulfilment_id = identifier(payload.get("order_id")), identifier(payload.get("fulfillment_id"))
    if not order_id or not fulfilment_id:
        raise Unreadable("The event names no order, or no fulfilment.")
    status = status_of(payload.get("status"))
    if not status:
        return f"Nothing is known about the status {text(payload.get('status'), 40)!r}."
    order = receiving.known_order(order_id, f"reported on fulfilment {fulfilment_id} of it")
    known = Fulfilment.objects.filter(order=order, external_id=fulfilment_id).first()
    if known is None:
        raise receiving.OrderUnknown(
            f"Fulfilment {fulfilment_id} is not known: the shop has not sent it yet."
        )
    at = moment(payload.get("happened_at"), latest=now) or now
    told = read_fulfilment({"order_id": order_id, **known.raw}, now=now)
    receiving.take_fulfilment(item.merchant, replace(told, status=status, status_at=at))
    return ""


def _shopify_refund(item: InboxItem, payload: Mapping[str, Any]) -> str:
    order_id = identifier((part(payload.get("refund")) or payload).get("order_id"))
    currency = Order.objects.filter(external_id=order_id).values_list("currency", flat=True).first()
    told = read_refund(payload, currency=currency or "", now=timezone.now())
    return receiving.take_refund(item.merchant, told)


def _shopify_customer(item: InboxItem, payload: Mapping[str, Any]) -> str:
    put_customer(item.merchant, shopify_records.read_customer(payload))
    return ""


def _shopify_product(item: InboxItem, payload: Mapping[str, Any]) -> str:
    url = shop_url(item.merchant, ShopKind.SHOPIFY)
    told = shopify_records.read_product(payload, shop_url=url, now=timezone.now())
    return receiving.take_product(item.merchant, told)


def _product_deleted(item: InboxItem, payload: Mapping[str, Any]) -> str:
    external_id = identifier(payload.get("id"))
    if not external_id or set(payload) - {"id"}:
        raise Unreadable("The body is no deletion: that is an id and nothing else.")
    return "" if archive_product(item.merchant, external_id) else "The product was not known."


def _shopify_privacy(item: InboxItem, payload: Mapping[str, Any]) -> str:
    note_request(item.merchant, shopify_records.read_privacy_request(item.topic, payload))
    return ""


# --- WooCommerce


def _woocommerce_order(item: InboxItem, payload: Mapping[str, Any]) -> str:
    told = woocommerce.read_order(payload, currency=item.merchant.currency, now=timezone.now())
    return receiving.take_order(item.merchant, replace(told, is_new=item.topic == "order.created"))


def _woocommerce_deleted(item: InboxItem, payload: Mapping[str, Any]) -> str:
    """An order that was deleted in the shop is wanted no more. Its body is its id and nothing else."""
    external_id = identifier(payload.get("id"))
    if not external_id or set(payload) - {"id"}:
        raise Unreadable("The body is no deletion: that is an id and nothing else.")
    order = Order.objects.filter(external_id=external_id, source=ShopKind.WOOCOMMERCE).first()
    if order is None:
        return "The order was not known."
    locked = receiving.known_order(external_id, "deleted it")
    return receiving.cancel(item.merchant, locked, timezone.now(), notify=False)


def _woocommerce_customer(item: InboxItem, payload: Mapping[str, Any]) -> str:
    put_customer(item.merchant, woocommerce_records.read_customer(payload))
    return ""


def _woocommerce_product(item: InboxItem, payload: Mapping[str, Any]) -> str:
    currency = item.merchant.currency
    parent = identifier(payload.get("parent_id"))
    if text(payload.get("type")) == "variation" and parent:
        known = put_variant(
            item.merchant, parent, woocommerce_records.read_variant(payload, currency=currency)
        )
        return "" if known else "The product that it is a variation of is not known."
    told = woocommerce_records.read_product(payload, currency=currency, now=timezone.now())
    return receiving.take_product(item.merchant, told)


# --- Any other shop


def _generic_order(item: InboxItem, payload: Mapping[str, Any]) -> str:
    connection = ShopConnection.objects.filter(pk=parse_public_id("con", item.source)).first()
    if connection is None:
        raise Unreadable("This shop is connected no more.")
    told = generic.read_orders(
        payload, connection.options.get("mapping") or {}, source=item.source,
        currency=item.merchant.currency, cents=bool(connection.options.get("cents")), now=timezone.now(),
    )  # fmt: skip
    notes = [receiving.take_order(item.merchant, order) for order in told]
    return " ".join(filter(None, notes))


def shop_url(merchant: Merchant, kind: str) -> str:
    """The address of the shop's own pages, "" when it is not known."""
    address = ShopConnection.objects.filter(kind=kind).values_list("address", flat=True).first()
    if kind == ShopKind.SHOPIFY:
        return merchant.website.rstrip("/") or (f"https://{address}" if address else "")
    return (address or "").rstrip("/")


_WORK: dict[str, dict[str, Work]] = {
    ShopKind.SHOPIFY: {
        **dict.fromkeys(shopify.ORDER_TOPICS, _shopify_order),
        **dict.fromkeys(shopify.FULFILMENT_TOPICS, _shopify_fulfilment),
        **dict.fromkeys(shopify.PRIVACY_TOPICS, _shopify_privacy),
        "fulfillment_events/create": _shopify_parcel_event,
        "refunds/create": _shopify_refund,
        "customers/create": _shopify_customer,
        "customers/update": _shopify_customer,
        "products/create": _shopify_product,
        "products/update": _shopify_product,
        "products/delete": _product_deleted,
    },
    ShopKind.WOOCOMMERCE: {
        **dict.fromkeys(woocommerce.ORDER_TOPICS, _woocommerce_order),
        woocommerce.DELETED: _woocommerce_deleted,
        "customer.created": _woocommerce_customer,
        "customer.updated": _woocommerce_customer,
        "product.created": _woocommerce_product,
        "product.updated": _woocommerce_product,
        "product.deleted": _product_deleted,
    },
    ShopKind.GENERIC: {GENERIC_TOPIC: _generic_order},
}

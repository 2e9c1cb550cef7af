"""What conditions are held against, loaded for many orders at once: a fixed number of queries for each kind of need."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from merchants.models import Merchant
from notifications.conditions import Context, Needs, Value
from orders.models import Order, OrderLine, OrderStatus, Variant
from orders.segments.queries import members
from tracking.models import Shipment
from tracking.statuses import Status

Values = dict[str, Value]

_GONE: Final = (Status.CANCELLED, Status.EXPIRED)


def contexts(merchant: Merchant, orders: Iterable[Order], needs: Collection[Needs]) -> dict[UUID, Context]:
    """The contexts of these orders of the open scope, by their ids.

    Queries: none for what stands in the order, one each for lines, products, customers and parcels, two for segments,
    however many orders.
    """
    all_orders = list(orders)
    found: dict[UUID, Values] = {order.id: _of_order(merchant, order) for order in all_orders}
    parcels: dict[UUID, dict[UUID, Values]] = {}
    if Needs.LINES in needs or Needs.PRODUCTS in needs:
        _add_lines(found, with_products=Needs.PRODUCTS in needs)
    if Needs.CUSTOMER in needs:
        _add_history(found, all_orders)
    if Needs.PARCELS in needs:
        parcels = _add_parcels(found, timezone.now())
    if Needs.SEGMENTS in needs:
        _add_segments(found, all_orders)
    return {order_id: Context(values, parcels.get(order_id, {})) for order_id, values in found.items()}


def _of_order(merchant: Merchant, order: Order) -> Values:
    # An amount in another currency is not compared with the shop's: nobody knows by which rate.
    value = order.total if order.currency == merchant.currency else None
    language = order.locale.replace("_", "-").split("-")[0].lower() or merchant.locale
    return {
        "country": order.country or None,
        "language": language,
        "currency": order.currency,
        "order_value": value,
        "sales_channel": order.source,
        "order_tag": frozenset(order.tags),
        "refunded": order.refunded > 0,
    }


def _add_lines(found: dict[UUID, Values], *, with_products: bool) -> None:
    lines = list(
        OrderLine.objects.filter(order_id__in=found, quantity__gt=0).values_list(
            "order_id", "sku", "quantity"
        )
    )
    skus: dict[UUID, set[str]] = {order_id: set() for order_id in found}
    items: dict[UUID, int] = dict.fromkeys(found, 0)
    for order_id, sku, quantity in lines:
        items[order_id] += quantity
        if sku:
            skus[order_id].add(sku)
    products = _products({sku for own in skus.values() for sku in own}) if with_products else {}
    for order_id, values in found.items():
        values["sku"] = frozenset(skus[order_id])
        values["items"] = Decimal(items[order_id])
        if with_products:
            own = [products[sku] for sku in skus[order_id] if sku in products]
            values["product_tag"] = frozenset(tag for tags, _ in own for tag in tags)
            values["product_type"] = frozenset(kind for _, kinds in own for kind in kinds)


def _products(skus: set[str]) -> dict[str, tuple[set[str], set[str]]]:
    """Tags and types by SKU. Two products may share one: then it has what either has."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    rows = Variant.objects.filter(sku__in=skus).exclude(sku="")
    for sku, tags, kind in rows.values_list("sku", "product__tags", "product__product_type"):
        own_tags, own_kinds = found.setdefault(sku, (set(), set()))
        own_tags.update(tags)
        if kind:
            own_kinds.add(kind)
    return found


def _add_history(found: dict[UUID, Values], orders: Sequence[Order]) -> None:
    """Orders of the same customer before and after, cancelled ones left out. Unknown for an order of nobody."""
    known = [order.id for order in orders if order.customer_id]
    mine = Order.objects.filter(merchant_id=OuterRef("merchant_id"), customer_id=OuterRef("customer_id"))
    mine = mine.exclude(status=OrderStatus.CANCELLED).order_by().values("customer_id")
    before = mine.filter(Q(placed_at__lt=OuterRef("placed_at"))).annotate(count=Count("id")).values("count")
    after = mine.filter(Q(placed_at__gt=OuterRef("placed_at"))).annotate(count=Count("id")).values("count")
    rows = Order.objects.filter(pk__in=known).annotate(
        count_before=Coalesce(Subquery(before), 0), count_after=Coalesce(Subquery(after), 0)
    )
    for order_id, earlier, later in rows.values_list("id", "count_before", "count_after"):
        found[order_id] |= {
            "first_order": earlier == 0,
            "order_count": Decimal(earlier + 1),
            "ordered_again": later > 0,
        }


def _add_parcels(found: dict[UUID, Values], now: datetime) -> dict[UUID, dict[UUID, Values]]:
    """The order's parcels as a whole into `found`; each of them by itself in the answer."""
    columns = ("order_id", "id", "status", "carrier", "delivered_at", "promised_to")
    each: dict[UUID, dict[UUID, Values]] = {order_id: {} for order_id in found}
    rows = Shipment.outbound.filter(order_id__in=found).values_list(*columns)
    for order_id, parcel_id, status, carrier, delivered_at, promised_to in rows:
        is_late = promised_to is not None and (delivered_at or now) > promised_to
        each[order_id][parcel_id] = {
            "parcel_state": frozenset([status]),
            "carrier": frozenset([carrier] if carrier else []),
            "late": is_late,
        }
    for order_id, values in found.items():
        live = [own for own in each[order_id].values() if not _is_gone(own)]
        values["parcel_state"] = _together(live, "parcel_state")
        values["carrier"] = _together(live, "carrier")
        values["late"] = any(own["late"] for own in live)
        values["parcels"] = Decimal(len(live))
    return each


def _is_gone(parcel: Values) -> bool:
    states = parcel["parcel_state"]
    return isinstance(states, frozenset) and bool(states & set(_GONE))


def _together(parcels: Sequence[Values], name: str) -> frozenset[str]:
    every = (parcel[name] for parcel in parcels)
    return frozenset(value for values in every if isinstance(values, frozenset) for value in values)


def _add_segments(found: dict[UUID, Values], orders: Sequence[Order]) -> None:
    refs = members({order.customer_id for order in orders if order.customer_id})
    for order in orders:
        if order.customer_id:
            found[order.id]["segment"] = frozenset(refs.get(order.customer_id, ()))

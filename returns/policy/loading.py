"""Facts about the lines of orders, out of the database: a fixed number of queries, however many orders."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import F
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from merchants.models import Merchant
from orders.models import Order, OrderLine, OrderStatus, Variant
from returns.policy.fields import Field
from returns.policy.history import history_of
from returns.policy.line_facts import NOTHING_ASKED, Asked, LineFacts, Product
from returns.policy.models import BoughtProduct
from tracking.models import ShipmentLine
from tracking.statuses import Status
from tracking.windows import zone_at

# A parcel that went back to the shop, or never left it, was not delivered.
_NOT_SENT: Final = (Status.CANCELLED, Status.RETURNED)
_OF_PRODUCTS: Final = frozenset({Field.PRODUCT_TAG, Field.PRODUCT_TYPE})
_OF_SHOPS: Final = frozenset({Field.CUSTOMER_TAG, Field.ORDER_TAG, Field.SOURCE})
_LINE: Final = (
    "id",
    "merchant_id",
    "order_id",
    "external_id",
    "sku",
    "unit_price",
    "quantity",
    "requires_shipping",
    "title",
    "variant",
)


@dataclass(frozen=True, slots=True)
class _Parcels:
    """When a line was sent and delivered. delivered_at: None while a parcel with it is under way."""

    shipped_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class LoadedLine:
    """A line, and the facts about it."""

    line: OrderLine
    facts: LineFacts


def load(
    merchant: Merchant,
    orders: Sequence[Order],
    *,
    asked: Mapping[UUID, Asked] | None = None,
    wanted: frozenset[Field] | None = None,
) -> dict[UUID, list[LoadedLine]]:
    """Facts about every line of some orders of the open scope, by order. Eight queries at most.

    Lines that were taken out of their order are left out. asked: what the shopper said, by line. wanted: what is going
    to be asked about, when the rest would be read for nothing.
    """
    ids = [order.id for order in orders]
    lines = list(
        OrderLine.objects.filter(order_id__in=ids, quantity__gt=0)
        .only(*_LINE)
        .order_by("order_id", "position")
    )
    parcels = _parcels(ids)
    of_products = _any(wanted, _OF_PRODUCTS)
    products = products_of({line.sku for line in lines if line.sku}) if of_products else {}
    bought = bought_products([line.id for line in lines]) if of_products else {}
    history = history_of(orders, wanted)
    shop_words = _shop_words(ids) if _any(wanted, _OF_SHOPS) else {}
    by_order: dict[UUID, list[OrderLine]] = defaultdict(list)
    for line in lines:
        by_order[line.order_id].append(line)
    found: dict[UUID, list[LoadedLine]] = {}
    for order in orders:
        base = _order_facts(merchant, order, shop_words.get(order.id, ("", "", "")))
        base |= history.about(order)
        found[order.id] = [
            LoadedLine(
                line,
                _line_facts(
                    base | {"bought": bought.get(line.id)}, line, parcels.get(line.id), products, asked
                ),
            )
            for line in by_order[order.id]
        ]
    return found


def _any(wanted: frozenset[Field] | None, of: frozenset[Field]) -> bool:
    return wanted is None or not wanted.isdisjoint(of)


def _order_facts(merchant: Merchant, order: Order, words: tuple[str, str, str]) -> dict[str, Any]:
    customer_tags, shop_tags, channel = words
    gross = order.subtotal
    return {
        "country": (order.country or merchant.country).casefold(),
        "sources": frozenset(word.casefold() for word in (order.source, channel) if word),
        "order_tags": frozenset(tag.casefold() for tag in order.tags) | words_of(shop_tags),
        "order_value": order.total,
        "customer_tags": words_of(customer_tags),
        "discount_percent": order.discount * 100 / gross if gross else Decimal(0),
        "is_cancelled": order.status == OrderStatus.CANCELLED,
        "placed_at": order.placed_at,
        "zone": zone_at(merchant, order.country or merchant.country),
    }


def _line_facts(
    base: Mapping[str, Any],
    line: OrderLine,
    parcels: _Parcels | None,
    products: Mapping[str, Product],
    asked: Mapping[UUID, Asked] | None,
) -> LineFacts:
    return LineFacts(
        product=products.get(line.sku, Product()),
        sku=line.sku.casefold(),
        price=line.unit_price,
        shipped_at=parcels.shipped_at if parcels else None,
        delivered_at=parcels.delivered_at if parcels else None,
        needs_sending=line.requires_shipping,
        asked=asked.get(line.id, NOTHING_ASKED) if asked else NOTHING_ASKED,
        **base,
    )


def _parcels(order_ids: Sequence[UUID]) -> dict[UUID, _Parcels]:
    """When the last parcel with a line was sent, and when it was delivered."""
    rows = (
        ShipmentLine.objects.filter(
            shipment__order_id__in=order_ids, shipment__cancelled_at__isnull=True, shipment__inbound=False
        )
        .exclude(shipment__status__in=_NOT_SENT)
        .values_list("line_id", "shipment__shipped_at", "shipment__created_at", "shipment__delivered_at")
    )
    found: dict[UUID, _Parcels] = {}
    for line, shipped, created, delivered in rows:
        sent, before = shipped or delivered or created, found.get(line)
        if before is None:
            found[line] = _Parcels(sent, delivered)
            continue
        both = before.delivered_at and delivered
        found[line] = _Parcels(
            max(before.shipped_at, sent), max(before.delivered_at, delivered) if both else None
        )
    return found


def products_of(skus: Iterable[str]) -> dict[str, Product]:
    """The products behind some SKUs. One that several products share has the tags of all of them."""
    found: dict[str, Product] = {}
    rows = Variant.objects.filter(sku__in=skus).values_list("sku", "product__product_type", "product__tags")
    for sku, kind, tags in rows:
        before = found.get(sku, Product())
        found[sku] = Product(
            before.type or kind.casefold(), before.tags | frozenset(tag.casefold() for tag in tags)
        )
    return found


def bought_products(line_ids: Iterable[UUID]) -> dict[UUID, Product]:
    """The products of lines as they were noted when they were bought."""
    rows = BoughtProduct.objects.filter(line_id__in=line_ids).values_list("line_id", "type", "tags")
    return {line: Product(kind, frozenset(tags)) for line, kind, tags in rows}


def _shop_words(order_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str, str]]:
    """What only the shop's own record tells: tags of the customer, tags of the order, the sales channel."""
    rows = Order.objects.filter(pk__in=order_ids).exclude(raw={}).values_list(
        "pk",
        KeyTextTransform("tags", KeyTransform("customer", F("raw"))),
        KeyTextTransform("tags", F("raw")),
        KeyTextTransform("source_name", F("raw")),
    )  # fmt: skip
    return {pk: (customer or "", tags or "", channel or "") for pk, customer, tags, channel in rows}


def words_of(text: str) -> frozenset[str]:
    """Words of a list as shops write it: `"VIP, wholesale"`."""
    return frozenset(word.strip().casefold() for word in text.strip("[]").split(",") if word.strip())

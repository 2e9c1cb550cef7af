"""WooCommerce's customers and products."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from html import unescape
from typing import Any

from orders.connectors.base import ShopProduct
from orders.connectors.lenient import (
    Unreadable,
    amount,
    email_of,
    identifier,
    link,
    moment,
    part,
    parts,
    text,
    whole,
)
from orders.connectors.woocommerce import SOURCE
from orders.schemas import CustomerIn, ProductIn, VariantIn

_STATUSES = {"draft": "draft", "pending": "draft", "private": "archived", "trash": "archived"}
_LARGEST_STOCK = 2_000_000_000
_MOST_VARIANTS = 2048


def read_customer(payload: Mapping[str, Any]) -> CustomerIn:
    """A customer payload. Raises Unreadable without an id."""
    external_id = identifier(payload.get("id"))
    if not external_id or "line_items" in payload or "email" not in payload:
        raise Unreadable("The customer has no id, or is none.")
    people = (payload, part(payload.get("billing")), part(payload.get("shipping")))
    return CustomerIn(
        external_id=external_id,
        email=email_of(payload.get("email")) or email_of(people[1].get("email")),
        phone=next((phone for p in people if (phone := text(p.get("phone"), 40))), ""),
        first_name=next((name for p in people if (name := text(p.get("first_name"), 120))), ""),
        last_name=next((name for p in people if (name := text(p.get("last_name"), 120))), ""),
    )


def read_product(payload: Mapping[str, Any], *, currency: str, now: datetime) -> ShopProduct:
    """A product payload. Raises Unreadable without an id.

    A product with choices lists only the ids of its variations in a webhook: those that are known are left as they
    are. The pull asks for them and puts them in as `variations`.
    """
    external_id = identifier(payload.get("id"))
    if not external_id or "permalink" not in payload or "line_items" in payload:
        raise Unreadable("The product has no id, or is none.")
    image = next((found for i in parts(payload.get("images")) if (found := link(i.get("src")))), "")
    variations = payload.get("variations")
    detailed = parts(variations)
    variants: list[VariantIn] | None = [read_variant(payload, currency=currency)]
    if detailed:
        variants = [read_variant(v, currency=currency) for v in detailed[:_MOST_VARIANTS] if v.get("id")]
    elif variations:
        variants = None
    product = ProductIn(
        external_id=external_id,
        title=text(unescape(text(payload.get("name"), 2000)), 500) or "Item",
        handle=text(payload.get("slug"), 255),
        url=link(payload.get("permalink")),
        image_url=image,
        product_type=text(unescape(_first_name(payload.get("categories"))), 255),
        tags=list(
            dict.fromkeys(tag for t in parts(payload.get("tags")) if (tag := text(t.get("name"), 255)))
        )[:250],
        status=_STATUSES.get(text(payload.get("status")), "active"),  # type: ignore[arg-type]
        variants=variants,
    )
    kept = {
        name: value
        for name, value in payload.items()
        if name not in ("description", "short_description", "price_html", "meta_data", "_links", "variations")
    }
    updated_at = moment(payload.get("date_modified_gmt"), latest=now)
    return ShopProduct(product, SOURCE, updated_at, kept)


def read_variant(payload: Mapping[str, Any], *, currency: str) -> VariantIn:
    """One form of a product: a variation, or a product without choices."""
    stock = whole(payload.get("stock_quantity")) if payload.get("manage_stock") else None
    choices = [text(choice.get("option"), 100) for choice in parts(payload.get("attributes"))]
    return VariantIn(
        external_id=identifier(payload.get("id")),
        price=amount(payload.get("price")) or Decimal(0),
        sku=text(payload.get("sku")),
        title=" / ".join(filter(None, choices))[:300],
        currency=currency,
        inventory_quantity=None if stock is None else max(min(stock, _LARGEST_STOCK), -_LARGEST_STOCK),
        image_url=link(part(payload.get("image")).get("src")),
    )


def _first_name(value: Any) -> str:
    return next((name for entry in parts(value) if (name := text(entry.get("name"), 255))), "")

"""Shopify's customers, products and requests about people's data."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.connectors.base import ShopProduct
from orders.connectors.lenient import (
    Unreadable,
    amount,
    email_of,
    identifier,
    is_a,
    language,
    link,
    moment,
    part,
    parts,
    text,
    whole,
)
from orders.models import PrivacyKind
from orders.privacy import Asked
from orders.schemas import CustomerIn, ProductIn, VariantIn

SOURCE = "shopify"
_MOST_VARIANTS = 2048
_MOST_TAGS = 250
_LARGEST_STOCK = 2_000_000_000
_STATUSES = {"draft": "draft", "archived": "archived"}


def read_customer(payload: Mapping[str, Any]) -> CustomerIn:
    """A customer payload. Raises Unreadable without an id."""
    other = any(name in payload for name in ("line_items", "variants", "shop_domain"))
    other = any(name in payload for name in ("line_items", "variants", "shop_domain"))
    payload = part(payload.get("customer")) or payload
    external_id = identifier(payload.get("id"))
    if not external_id or other or "first_name" not in payload or not is_a(payload, "Customer"):
        raise Unreadable("The customer has no id, or is none.")
    address = part(payload.get("default_address"))
    people = (payload, address)
    return CustomerIn(
        external_id=external_id,
        email=email_of(payload.get("email")),
        phone=next((phone for p in people if (phone := text(p.get("phone"), 40))), ""),
        first_name=next((name for p in people if (name := text(p.get("first_name"), 120))), ""),
        last_name=next((name for p in people if (name := text(p.get("last_name"), 120))), ""),
        locale=language(payload.get("locale")),
    )


def read_product(payload: Mapping[str, Any], *, shop_url: str = "", now: datetime) -> ShopProduct:
    """A product payload. `shop_url`: the shop's own pages, for the product's. Raises Unreadable without an id."""
    payload = part(payload.get("product")) or payload
    external_id = identifier(payload.get("id"))
    if not external_id or not isinstance(payload.get("variants"), list):
        raise Unreadable("The product has no id, or is none.")
    handle = text(payload.get("handle"), 255)
    images = {identifier(image.get("id")): link(image.get("src")) for image in parts(payload.get("images"))}
    first = link(part(payload.get("image")).get("src")) or next(iter(images.values()), "")
    product = ProductIn(
        external_id=external_id,
        title=text(payload.get("title"), 500) or "Item",
        handle=handle,
        url=link(payload.get("url")) or link(f"{shop_url}/products/{handle}" if shop_url and handle else ""),
        image_url=first,
        product_type=text(payload.get("product_type"), 255),
        tags=tags_of(payload.get("tags")),
        status=_STATUSES.get(text(payload.get("status")).lower(), "active"),  # type: ignore[arg-type]
        variants=_variants(payload, images),
    )
    kept = {name: value for name, value in payload.items() if name not in ("variants", "body_html", "images")}
    return ShopProduct(product, SOURCE, moment(payload.get("updated_at"), latest=now), kept)


def tags_of(value: Any) -> list[str]:
    """Tags as a list: they come as one text with commas, or as a list."""
    told = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return list(dict.fromkeys(tag for entry in told if (tag := text(entry, 255))))[:_MOST_TAGS]


def _variants(payload: Mapping[str, Any], images: Mapping[str, str]) -> list[VariantIn]:
    found: dict[str, VariantIn] = {}
    for entry in parts(payload.get("variants"))[:_MOST_VARIANTS]:
        external_id = identifier(entry.get("id"))
        if not external_id or external_id in found:
            continue
        title = text(entry.get("title"), 300)
        found[external_id] = VariantIn(
            external_id=external_id,
            price=amount(entry.get("price")) or Decimal(0),
            sku=text(entry.get("sku")),
            title="" if title == "Default Title" else title,
            inventory_quantity=stock(entry),
            image_url=link(entry.get("image_url")) or images.get(identifier(entry.get("image_id")), ""),
        )
    return list(found.values())


def stock(entry: Mapping[str, Any]) -> int | None:
    """How many are there; None when the shop does not count them."""
    if "inventory_management" in entry and not entry["inventory_management"]:
        return None
    found = whole(entry.get("inventory_quantity"))
    return None if found is None else max(min(found, _LARGEST_STOCK), -_LARGEST_STOCK)


def read_privacy_request(topic: str, payload: Mapping[str, Any]) -> Asked:
    """A request about people's data. Raises Unreadable when it names nobody."""
    customer = part(payload.get("customer"))
    if topic == "shop/redact":
        kind, subject = PrivacyKind.SHOP_ERASURE, text(payload.get("shop_domain"), 254)
        if customer:
            raise Unreadable("The body names a customer: it is no request to erase a shop.")
    else:
        asks = topic == "customers/data_request"
        kind = PrivacyKind.CUSTOMER_DATA if asks else PrivacyKind.CUSTOMER_ERASURE
        if asks != ("data_request" in payload):
            raise Unreadable("The body asks for something else than its topic says.")
        subject = email_of(customer.get("email")) or identifier(customer.get("id"))
    if not subject or "shop_domain" not in payload:
        raise Unreadable("The request names nobody.")
    return Asked(kind, subject, SOURCE, payload)

"""What Shopify's Admin API answers (GraphQL), in the form of its webhooks: there is one reader for both."""

from collections.abc import Mapping
from typing import Any

from orders.connectors.lenient import part, parts, text

Node = Mapping[str, Any]


def order_payload(node: Node) -> dict[str, Any]:
    """An `Order` as its webhook would tell it."""
    customer, address = part(node.get("customer")), part(node.get("shippingAddress"))
    return {
        "id": node.get("id"),
        "name": node.get("name"),
        "created_at": node.get("createdAt"),
        "processed_at": node.get("processedAt"),
        "updated_at": node.get("updatedAt"),
        "cancelled_at": node.get("cancelledAt"),
        "email": node.get("email"),
        "phone": node.get("phone"),
        "customer_locale": node.get("customerLocale"),
        "currency": node.get("currencyCode"),
        "presentment_currency": node.get("presentmentCurrencyCode"),
        "customer": customer_payload(customer) if customer else {},
        "shipping_address": {
            "name": address.get("name"),
            "first_name": address.get("firstName"),
            "last_name": address.get("lastName"),
            "company": address.get("company"),
            "address1": address.get("address1"),
            "address2": address.get("address2"),
            "city": address.get("city"),
            "province": address.get("province"),
            "province_code": address.get("provinceCode"),
            "zip": address.get("zip"),
            "country_code": address.get("countryCodeV2"),
            "phone": address.get("phone"),
        },
        "note_attributes": [
            {"name": entry.get("key"), "value": entry.get("value")}
            for entry in parts(node.get("customAttributes"))
        ],
        "line_items": [_line(line) for line in nodes(node.get("lineItems"))],
        "shipping_lines": [_both("price", node.get("totalShippingPriceSet"))],
        "fulfillments": [_fulfilment(entry) for entry in parts(node.get("fulfillments"))],
        "refunds": [_refund(entry, node) for entry in parts(node.get("refunds"))],
        **_both("total_price", node.get("totalPriceSet")),
        **_both("current_total_price", node.get("currentTotalPriceSet")),
        **_both("total_tax", node.get("totalTaxSet")),
        **_both("current_total_tax", node.get("currentTotalTaxSet")),
        **_both("total_discounts", node.get("totalDiscountsSet")),
        **_both("current_total_discounts", node.get("currentTotalDiscountsSet")),
    }


def customer_payload(node: Node) -> dict[str, Any]:
    """A `Customer` as its webhook would tell it."""
    return {
        "id": node.get("id"),
        "email": part(node.get("defaultEmailAddress")).get("emailAddress"),
        "phone": part(node.get("defaultPhoneNumber")).get("phoneNumber"),
        "first_name": node.get("firstName"),
        "last_name": node.get("lastName"),
        "locale": node.get("locale"),
    }


def product_payload(node: Node) -> dict[str, Any]:
    """A `Product` as its webhook would tell it."""
    picture = part(part(part(node.get("featuredMedia")).get("preview")).get("image"))
    return {
        "id": node.get("id"),
        "title": node.get("title"),
        "handle": node.get("handle"),
        "url": node.get("onlineStoreUrl"),
        "product_type": node.get("productType"),
        "tags": node.get("tags"),
        "status": text(node.get("status")).lower(),
        "updated_at": node.get("updatedAt"),
        "image": {"src": picture.get("url")},
        "variants": [_variant(variant) for variant in nodes(node.get("variants"))],
    }


def nodes(connection: Any) -> list[dict[str, Any]]:
    """The entries of a GraphQL connection."""
    return parts(part(connection).get("nodes"))


def has_more(connection: Any) -> bool:
    """Whether a GraphQL connection goes on."""
    return part(part(connection).get("pageInfo")).get("hasNextPage") is True


def end_of(connection: Any) -> str:
    """Where the next page of a GraphQL connection begins, "" when there is none."""
    return text(part(part(connection).get("pageInfo")).get("endCursor"), 2000) if has_more(connection) else ""


def _both(name: str, money: Any) -> dict[str, Any]:
    """A `MoneyBag` as the two fields of a webhook."""
    shop, shown = part(part(money).get("shopMoney")), part(part(money).get("presentmentMoney"))
    return {
        name: shop.get("amount"),
        f"{name}_set": {
            "shop_money": {"amount": shop.get("amount"), "currency_code": shop.get("currencyCode")},
            "presentment_money": {"amount": shown.get("amount"), "currency_code": shown.get("currencyCode")},
        },
    }


def _line(line: Node) -> dict[str, Any]:
    return {
        "id": line.get("id"),
        "title": line.get("title"),
        "variant_title": line.get("variantTitle"),
        "sku": line.get("sku"),
        "quantity": line.get("quantity"),
        "current_quantity": line.get("currentQuantity"),
        "requires_shipping": line.get("requiresShipping"),
        "gift_card": line.get("isGiftCard"),
        "image_url": part(line.get("image")).get("url"),
        **_both("price", line.get("originalUnitPriceSet")),
    }


def _fulfilment(entry: Node) -> dict[str, Any]:
    tracking = parts(entry.get("trackingInfo"))
    lines = entry.get("fulfillmentLineItems")
    return {
        "id": entry.get("id"),
        "status": text(entry.get("status")).lower(),
        "shipment_status": text(entry.get("displayStatus")).lower(),
        "created_at": entry.get("createdAt"),
        "updated_at": entry.get("updatedAt"),
        "tracking_company": next((info["company"] for info in tracking if info.get("company")), None),
        "tracking_numbers": [info.get("number") for info in tracking if info.get("number")],
        "tracking_urls": [info.get("url") for info in tracking if info.get("url")],
        "line_items": [
            {"id": part(line.get("lineItem")).get("id"), "quantity": line.get("quantity")}
            for line in nodes(lines)
        ],
    }


def _refund(entry: Node, order: Node) -> dict[str, Any]:
    """A refund; its one transaction tells what was given back, in the currency that the order is shown in."""
    money = part(entry.get("totalRefundedSet"))
    shown = part(money.get("presentmentMoney"))
    same = text(shown.get("currencyCode")) == text(order.get("presentmentCurrencyCode"))
    given = shown if same and shown else part(money.get("shopMoney"))
    return {
        "id": entry.get("id"),
        "created_at": entry.get("createdAt"),
        "note": entry.get("note"),
        "refund_line_items": [
            {"line_item_id": part(line.get("lineItem")).get("id"), "quantity": line.get("quantity")}
            for line in nodes(entry.get("refundLineItems"))
        ],
        "transactions": [
            {
                "kind": "refund",
                "status": "success",
                "amount": given.get("amount"),
                "currency": given.get("currencyCode"),
            }
        ],
    }


def _variant(variant: Node) -> dict[str, Any]:
    tracked = part(variant.get("inventoryItem")).get("tracked")
    return {
        "id": variant.get("id"),
        "title": variant.get("title"),
        "sku": variant.get("sku"),
        "price": variant.get("price"),
        "inventory_quantity": variant.get("inventoryQuantity"),
        "inventory_management": "shopify" if tracked else None,
        "image_url": part(variant.get("image")).get("url"),
    }

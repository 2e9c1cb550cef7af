"""Shopify's Admin API (GraphQL): pages of orders, customers and products.

A question costs points, of which the shop gives out so many a second. Every answer tells how many are left; when
the next page would cost more, we wait first.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from orders.connectors import shopify, shopify_queries
from orders.connectors.api import (
    Page,
    PageTooLarge,
    Record,
    ShopDown,
    ShopRefusesUs,
    ShopThrottles,
    call,
    decoded,
)
from orders.connectors.lenient import clean, number, part, parts, text, whole
from orders.connectors.shopify_nodes import (
    customer_payload,
    end_of,
    has_more,
    nodes,
    order_payload,
    product_payload,
)
from orders.connectors.shopify_records import read_customer, read_product

VERSION: Final = "2026-04"
DOMAIN: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.myshopify\.com")
_MOST_PAGES_OF_LINES = 20

_QUERIES = {
    "orders": (shopify_queries.ORDERS, "orders", "ordersCount"),
    "customers": (shopify_queries.CUSTOMERS, "customers", "customersCount"),
    "products": (shopify_queries.PRODUCTS, "products", "productsCount"),
}
_PAYLOADS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "orders": order_payload,
    "customers": customer_payload,
    "products": product_payload,
}


class ShopifyApi:
    """One shop's Admin API. domain: `name.myshopify.com`; token: of a custom app with read access."""

    page_size = 10

    def __init__(self, domain: str, token: str, *, currency: str, website: str = "") -> None:
        if not DOMAIN.fullmatch(domain) or not token:
            raise ShopRefusesUs("The shop's domain or its access token is missing.")
        base = settings.SHOPIFY_API_URL.rstrip("/") or f"https://{domain}"
        self._url = f"{base}/admin/api/{VERSION}/graphql.json"
        self._headers = {"X-Shopify-Access-Token": token}
        self._currency = currency
        self._website = website.rstrip("/") or f"https://{domain}"

    def page(self, kind: str, cursor: str, size: int) -> Page:
        """A page of orders, customers or products, oldest first."""
        query, name, counter = _QUERIES[kind]
        data, cost = self._ask(query, {"first": size, "after": cursor or None})
        connection = data.get(name)
        records = [_PAYLOADS[kind](self._whole(kind, node)) for node in nodes(connection)]
        return Page(
            records=records,
            next_cursor=end_of(connection),
            total=whole(part(data.get(counter)).get("count")),
            wait=_wait(cost),
        )

    def read(self, kind: str, record: Mapping[str, Any]) -> Record:
        """A record of a page in our words. Raises Unreadable."""
        now = timezone.now()
        if kind == "orders":
            return shopify.read_order(record, currency=self._currency, now=now)
        if kind == "customers":
            return read_customer(record)
        return read_product(record, shop_url=self._website, now=now)

    def _whole(self, kind: str, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """The node with all of its lines or variants: a page asks only for the first ones."""
        if kind == "orders" and _is_cut(node):
            data, _cost = self._ask(shopify_queries.ORDER, {"id": node.get("id")})
            node = part(data.get("order")) or node
            return self._with_rest(node, "lineItems", shopify_queries.LINES, "order")
        if kind == "products":
            return self._with_rest(node, "variants", shopify_queries.VARIANTS, "product")
        return node

    def _with_rest(self, node: Mapping[str, Any], name: str, query: str, root: str) -> Mapping[str, Any]:
        entries = nodes(node.get(name))
        connection = node.get(name)
        for _ in range(_MOST_PAGES_OF_LINES):
            if not (after := end_of(connection)):
                break
            data, _cost = self._ask(query, {"id": node.get("id"), "after": after})
            connection = part(data.get(root)).get(name)
            entries += nodes(connection)
        return {**node, name: {"nodes": entries}}

    def _ask(self, query: str, variables: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The data of an answer, and what it cost. Raises a ShopError for an answer that has none."""
        body = {"query": query, "variables": variables}
        answer = part(clean(decoded(call("POST", self._url, json=body, headers=self._headers))))
        cost = part(part(answer.get("extensions")).get("cost"))
        errors = answer.get("errors")
        if errors:
            raise _error(errors, cost)
        data = answer.get("data")
        if not isinstance(data, dict):
            raise ShopDown("The shop's answer holds no data.")
        return data, cost


def _is_cut(order: Mapping[str, Any]) -> bool:
    """Whether an order of a page has more lines, parcels or refunds than a page asks for."""
    inner = [entry.get("fulfillmentLineItems") for entry in parts(order.get("fulfillments"))]
    inner += [entry.get("refundLineItems") for entry in parts(order.get("refunds"))]
    many = any(len(parts(order.get(name))) >= shopify_queries.FEW for name in ("fulfillments", "refunds"))
    return many or has_more(order.get("lineItems")) or any(map(has_more, inner))


def _error(errors: Any, cost: Mapping[str, Any]) -> Exception:
    told = parts(errors)
    codes = {text(part(error.get("extensions")).get("code")) for error in told}
    messages = "; ".join(text(error.get("message"), 300) for error in told) or text(errors, 300)
    if "THROTTLED" in codes or messages == "Throttled":
        return ShopThrottles("The shop was asked too often.", max(_wait(cost), 1.0))
    if "MAX_COST_EXCEEDED" in codes:
        return PageTooLarge(messages)
    if "ACCESS_DENIED" in codes:
        return ShopRefusesUs(f"The access token may not read this: {messages}")
    return ShopDown(f"The shop answered with an error: {messages}")


def _wait(cost: Mapping[str, Any]) -> float:
    """Seconds until there are points enough for the same question again."""
    status = part(cost.get("throttleStatus"))
    needed, left = number(cost.get("requestedQueryCost")), number(status.get("currentlyAvailable"))
    rate = number(status.get("restoreRate"))
    if needed is None or left is None or not rate or rate < 0 or left >= needed:
        return 0.0
    return min(float((needed - left) / rate), 60.0)

"""WooCommerce's REST API (v3): pages of orders, customers and products, oldest first."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone

from orders.connectors.api import Page, Record, ShopDown, ShopRefusesUs, call, decoded
from orders.connectors.lenient import clean, identifier, part, parts, whole
from orders.connectors.woocommerce import read_order, read_refund
from orders.connectors.woocommerce_records import read_customer, read_product

_MOST_PAGES_OF_VARIATIONS = 21


class WooCommerceApi:
    """One shop's REST API. address: the shop's own (`https://shop.example`); key and secret: with read access."""

    page_size = 50

    def __init__(self, address: str, key: str, secret: str, *, currency: str) -> None:
        if not address or not key or not secret:
            raise ShopRefusesUs("The shop's address, its consumer key or its secret is missing.")
        self._base = f"{address.rstrip('/')}/wp-json/wc/v3"
        self._headers = {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}
        self._currency = currency

    def page(self, kind: str, cursor: str, size: int) -> Page:
        """A page of orders, customers or products, by their ids: what is new comes at the end."""
        number_ = int(cursor or 1)
        asked = {"page": str(number_), "per_page": str(size), "orderby": "id", "order": "asc"}
        if kind == "customers":
            asked["role"] = "all"
        records, headers = self._list(kind, asked)
        last = whole(headers.get("X-WP-TotalPages")) or (number_ + 1 if len(records) == size else number_)
        return Page(
            records=[self._whole(kind, record) for record in records],
            next_cursor=str(number_ + 1) if records and number_ < last else "",
            total=whole(headers.get("X-WP-Total")),
        )

    def read(self, kind: str, record: Mapping[str, Any]) -> Record:
        """A record of a page in our words. Raises Unreadable."""
        now = timezone.now()
        if kind == "customers":
            return read_customer(record)
        if kind == "products":
            return read_product(record, currency=self._currency, now=now)
        told = read_order(record, currency=self._currency, now=now)
        order_id = told.order.external_id
        refunds = [read_refund(entry, order_id=order_id, now=now) for entry in parts(record.get("_refunds"))]
        return replace(told, refunds=tuple(refunds) or told.refunds)

    def _whole(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """The record with what a list leaves out: when refunds were made and of what, and a product's variations."""
        record_id = identifier(record.get("id"))
        if kind == "orders" and record.get("refunds"):
            refunds, _headers = self._list(f"orders/{record_id}/refunds", {"per_page": "100"})
            return {**record, "_refunds": refunds}
        if kind == "products" and record.get("variations"):
            found: list[dict[str, Any]] = []
            for page in range(1, _MOST_PAGES_OF_VARIATIONS + 1):
                asked = {"per_page": "100", "page": str(page), "orderby": "id", "order": "asc"}
                more, _headers = self._list(f"products/{record_id}/variations", asked)
                found += more
                if len(more) < 100:
                    break
            return {**record, "variations": found}
        return record

    def _list(self, path: str, asked: dict[str, str]) -> tuple[list[dict[str, Any]], Mapping[str, str]]:
        answer = call("GET", f"{self._base}/{path}", params=asked, headers=self._headers)
        found = clean(decoded(answer))
        if not isinstance(found, list):
            message = part(found).get("message", "not a list")
            raise ShopDown(f"The shop answered with something else: {message}")
        return parts(found), answer.headers

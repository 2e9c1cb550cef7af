"""Exports of orders, customers and products. Their CSV has the columns that an import reads without being told."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from drf_spectacular.utils import extend_schema

from merchants.exporting import Export
from merchants.ids import public_id
from merchants.rest.exports import FILE, ExportView, parameters
from orders import queries
from orders.api import CUSTOMER_FILTERS, ORDER_FILTERS, filtered_customers, filtered_orders
from orders.models import Customer, Order, OrderLine, Product
from orders.products_api import PRODUCT_FILTERS, filtered_products, show_product
from orders.text import plain

_ADDRESS = ("name", "company", "address1", "address2", "city", "region", "postcode", "country")
_ORDER_COLUMNS = (
    "id", "external_id", "number", "status", "stage", "placed_at", "cancelled_at", "customer.external_id",
    "customer.email", "customer.phone", "customer.first_name", "customer.last_name", "customer.locale",
    *(f"shipping_address.{name}" for name in _ADDRESS),
    "currency", "subtotal", "shipping", "tax", "discount", "total", "refunded", "delivery.earliest", "delivery.latest",
    "lines[].external_id", "lines[].sku", "lines[].title", "lines[].variant", "lines[].quantity",
    "lines[].shipped_quantity", "lines[].unit_price", "lines[].image_url", "lines[].requires_shipping",
)  # fmt: skip
_LINE_CELLS = 9


def _order_lines(order: Order) -> Iterator[Sequence[Any]]:
    address = order.shipping_address
    head = [
        public_id("ord", order.id), order.external_id, order.number, order.status, order.stage, order.placed_at,
        order.cancelled_at, order.customer.external_id if order.customer else "", order.email, order.phone,
        order.first_name, order.last_name, order.locale, *(address.get(name, "") for name in _ADDRESS), order.currency,
        plain(order.subtotal), plain(order.shipping), plain(order.tax), plain(order.discount), plain(order.total),
        plain(order.refunded), order.promised_from, order.promised_to,
    ]  # fmt: skip
    lines = [line for line in order.lines.all() if line.quantity]
    for line in lines:
        yield [
            *head, line.external_id, line.sku, line.title, line.variant, line.quantity, line.shipped_quantity,
            plain(line.unit_price), line.image_url, line.requires_shipping,
        ]  # fmt: skip
    if not lines:
        yield [*head, *[""] * _LINE_CELLS]


def _customer_lines(customer: Customer) -> Iterator[Sequence[Any]]:
    yield [
        public_id("cus", customer.id), customer.external_id, customer.email, customer.phone, customer.first_name,
        customer.last_name, customer.locale, customer.birthday, ", ".join(customer.tags), customer.created_at,
        customer.updated_at,
    ]  # fmt: skip


def _product_lines(product: Product) -> Iterator[Sequence[Any]]:
    head = [
        public_id("prd", product.id), product.external_id, product.title, product.handle, product.url,
        product.image_url, product.product_type, ", ".join(product.tags), product.status,
    ]  # fmt: skip
    variants = list(product.variants.all())
    for variant in variants:
        yield [
            *head, variant.external_id, variant.sku, variant.title, plain(variant.price), variant.currency,
            variant.inventory_quantity, variant.image_url,
        ]  # fmt: skip
    if not variants:
        yield [*head, *[""] * 7]


ORDERS = Export("orders", _ORDER_COLUMNS, _order_lines, queries.show_order, by="placed_at")
CUSTOMERS = Export(
    "customers",
    (
        "id", "external_id", "email", "phone", "first_name", "last_name", "locale", "birthday", "tags", "created_at",
        "updated_at",
    ),
    _customer_lines,
    lambda _merchant, customer: queries.show_customer(customer),
)  # fmt: skip
PRODUCTS = Export(
    "products",
    (
        "id", "external_id", "title", "handle", "url", "image_url", "product_type", "tags", "status",
        "variants[].external_id", "variants[].sku", "variants[].title", "variants[].price", "variants[].currency",
        "variants[].inventory_quantity", "variants[].image_url",
    ),
    _product_lines,
    lambda _merchant, product: show_product(product),
)  # fmt: skip


def with_what_is_exported(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Orders with everything that a row of the export names: two queries a page."""
    lines = Prefetch("lines", OrderLine.objects.order_by("position"))
    return orders.defer("raw", "search").select_related("customer").prefetch_related(lines)


class ExportOrders(ExportView):
    """The orders as a file."""

    scopes = {"GET": "orders:read"}
    export = ORDERS

    @extend_schema(
        operation_id="exports_orders",
        parameters=parameters(*ORDER_FILTERS),
        responses=FILE,
    )
    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Export all orders as a file, newest first.

        CSV has a row for each line of an order; the cells that a spreadsheet would take for a formula begin with an
        apostrophe, which the import takes off. NDJSON has an order a line, as `GET /orders` shows it.
        """
        return self.send(request)

    def rows(self, request: HttpRequest) -> QuerySet[Order]:
        return with_what_is_exported(filtered_orders(Order.objects.all(), request))


class ExportCustomers(ExportView):
    """The customers as a file."""

    scopes = {"GET": "customers:read"}
    export = CUSTOMERS

    @extend_schema(
        operation_id="exports_customers",
        parameters=parameters(*CUSTOMER_FILTERS),
        responses=FILE,
    )
    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Export all customers as a file, newest first. CSV as in `GET /exports/orders`."""
        return self.send(request)

    def rows(self, request: HttpRequest) -> QuerySet[Customer]:
        return filtered_customers(request)


class ExportProducts(ExportView):
    """The products as a file."""

    scopes = {"GET": "products:read"}
    export = PRODUCTS

    @extend_schema(
        operation_id="exports_products",
        parameters=parameters(*PRODUCT_FILTERS),
        responses=FILE,
    )
    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Export all products as a file, newest first: a row a variant. CSV as in `GET /exports/orders`."""
        return self.send(request)

    def rows(self, request: HttpRequest) -> QuerySet[Product]:
        return filtered_products(request)

"""Lists as files: everything is in them, no cell is a formula, and our import reads them again."""

import csv
import io
import json
from typing import Any

import pytest

from imports.values import plain
from merchants import exporting
from merchants.exporting import escape_cell
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Customer, Order, OrderLine, Product
from tests import factories
from tests.api_client import ApiClient
from tests.imports.helpers import imported

pytestmark = pytest.mark.django_db

NASTY = [
    "=1+1",
    "+49 30",
    "-5",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "'=x",
    "''=x",
    "'90s shirt",
    "it's",
    "a;=b",
    'say "hi"',
    "ü\nz",
]


@pytest.mark.parametrize("text", NASTY)
def test_no_cell_begins_like_a_formula_and_the_import_reads_what_it_was(text: str) -> None:
    cell = escape_cell(text)
    assert cell[0] not in "=+-@\t\r\0"
    assert plain(cell) == text.strip()


def content(answer: Any) -> str:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def rows_of(api: ApiClient, path: str, **query: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(api.get(path, **query)), newline="")))


def test_an_export_of_orders_is_imported_as_the_same_orders(
    merchant: Merchant, stranger: Merchant, api: ApiClient
) -> None:
    lines = [{"title": text, "quantity": 1, "unit_price": "1.50", "sku": text.strip()} for text in NASTY]
    api.post("orders", factories.order_body(external_id="=a", lines=lines))
    api.post("orders", factories.order_body(external_id="b"))
    text = content(api.get("exports/orders"))
    done = imported(stranger, text)
    assert (done.created, done.refused) == (2, 0)

    def stored(owner: Merchant) -> Any:
        with merchant_scope(owner):
            columns = (
                "external_id", "number", "placed_at", "email", "first_name", "shipping_address", "subtotal",
                "shipping", "total", "currency",
            )  # fmt: skip
            orders = list(Order.objects.order_by("external_id").values_list(*columns))
            lines = OrderLine.objects.order_by("order__external_id", "position")
            return orders, [
                (title.strip(), *rest)
                for title, *rest in lines.values_list("title", "sku", "quantity", "unit_price", "external_id")
            ]

    assert stored(stranger) == stored(merchant)


def test_exports_honour_the_filters_of_their_lists(merchant: Merchant, api: ApiClient) -> None:
    for name in ("a", "b"):
        api.post("orders", factories.order_body(external_id=name))
    assert {row["external_id"] for row in rows_of(api, "exports/orders")} == {"a", "b"}
    assert {row["external_id"] for row in rows_of(api, "exports/orders", external_id="a")} == {"a"}
    for path, query in (
        ("orders", {"status": "x"}), ("orders", {"format": "xlsx"}), ("shipments", {"status": "x"}),
        ("messages", {"state": "x"}), ("events", {"type": "x"}), ("products", {"status": "x"}),
    ):  # fmt: skip
        assert api.get(f"exports/{path}", **query).status_code == 400, path


def test_ndjson_has_the_bodies_of_the_api(merchant: Merchant, api: ApiClient, drain_all: Any) -> None:
    order = factories.order(merchant)
    factories.shipment(merchant, order)
    api.post(
        "products", {"external_id": "p", "title": "Hat", "variants": [{"external_id": "v", "price": "5"}]}
    )
    drain_all()
    for name in ("orders", "shipments", "customers", "products", "messages", "events"):
        lines = content(api.get(f"exports/{name}", format="ndjson")).splitlines()
        listed = api.get(name).json()["data"]
        assert [json.loads(line) for line in lines] == listed, name
        assert rows_of(api, f"exports/{name}"), name


def test_every_page_of_a_list_is_exported_and_each_costs_the_same(
    merchant: Merchant, api: ApiClient, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 3)
    for _ in range(7):
        factories.order(merchant)
    answer = api.get("exports/orders")
    with django_assert_num_queries(6):  # three pages: orders with their customers, and the lines
        text = content(answer)
    assert len(text.splitlines()) == 8


def test_a_stranger_exports_nothing_of_ours(merchant: Merchant, strangers_api: ApiClient) -> None:
    factories.order(merchant)
    assert rows_of(strangers_api, "exports/orders") == []


def test_customers_products_and_shipments_go_out_and_in_again(
    merchant: Merchant, stranger: Merchant, api: ApiClient
) -> None:
    order = factories.order(merchant, external_id="o1")
    factories.shipment(merchant, order, tracking_number="SBX-1")
    api.post(
        "products", {"external_id": "p", "title": "=Hat", "variants": [{"external_id": "v", "price": "5"}]}
    )
    factories.order(stranger, external_id="o1", email="other@example.test")
    for kind in ("customers", "products", "shipments"):
        done = imported(stranger, content(api.get(f"exports/{kind}")), kind)
        assert (done.created, done.refused) == (1, 0), kind
        again = imported(stranger, content(api.get(f"exports/{kind}")), kind)
        assert (again.created, again.updated, again.refused) == (0, 1, 0), kind
    with merchant_scope(stranger):
        assert Product.objects.get().title == "=Hat"
        assert Customer.objects.filter(email=order.email).exists()
        parcel = Order.objects.get().shipments.get()
        assert (parcel.tracking_number, parcel.carrier) == ("SBX-1", "sandbox")

"""Orders from a CSV or NDJSON: what is stored, what is refused, and that it happens once."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from events.models import Fact, Incoming
from imports.models import ImportState
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.models import Message
from orders.models import Customer, Order, OrderLine
from orders.search import find_orders
from tests import factories
from tests.imports.helpers import HEADERS, ORDERS, imported, refused

pytestmark = pytest.mark.django_db


def test_rows_of_an_order_become_one_order_with_lines(merchant: Merchant) -> None:
    done = imported(merchant, ORDERS)
    assert (done.state, done.read, done.created, done.refused) == (ImportState.DONE, 3, 3, 0)
    with merchant_scope(merchant):
        order = Order.objects.get(external_id="1")
        assert (order.number, order.total, order.source) == ("#1001", Decimal(30), "import")
        assert list(order.lines.values_list("external_id", "title", "quantity")) == [
            ("L1", "Sweater", 1),
            ("L2", "Loafer", 2),
        ]
        assert order.customer == Customer.objects.get(email="anna@example.test")
        assert order.customer.first_name == "Annabel"  # The last one told wins, as in the API.
        assert find_orders("1001").orders.get() == order


def test_imported_history_tells_shoppers_nothing(merchant: Merchant, drain_all) -> None:
    imported(merchant, ORDERS)
    drain_all()
    with merchant_scope(merchant):
        placed = Fact.objects.filter(type="order.placed")
        assert placed.count() == 3
        assert all(fact.data["historical"] and not fact.data["notify"] for fact in placed)
        assert not Message.objects.exists()


def test_the_same_file_again_changes_nothing(merchant: Merchant) -> None:
    imported(merchant, ORDERS)
    Incoming.objects.all().delete()
    again = imported(merchant, ORDERS)
    assert (again.created, again.updated, again.refused) == (0, 3, 0)
    with merchant_scope(merchant):
        assert Order.objects.count() == 3
        assert OrderLine.objects.count() == 4
    assert not Incoming.objects.exists()


def test_a_known_order_is_updated_as_by_the_api(merchant: Merchant) -> None:
    factories.order(merchant, external_id="2", email="ben@example.test")
    done = imported(merchant, ORDERS)
    assert (done.created, done.updated) == (2, 1)
    with merchant_scope(merchant):
        order = Order.objects.get(external_id="2")
        assert (order.number, order.city, order.source) == ("#1002", "Bonn", "api")


def test_bodies_of_the_api_are_imported_line_by_line(merchant: Merchant) -> None:
    bodies = [factories.order_body(external_id=f"n{number}") for number in range(3)]
    lines = [json.dumps(body) for body in bodies]
    lines.insert(1, '{"external_id": "x", "currency": "EUR", "lines": [{"title": "A"}]}')
    lines.insert(2, '{"external_id": ')
    done = imported(merchant, "\n".join(lines))
    assert (done.format, done.read, done.created, done.refused) == ("ndjson", 5, 3, 2)
    found = refused(merchant, done)
    assert found[0][:2] == (2, "lines[0].quantity")
    assert found[1][0] == 3


def test_an_order_that_was_cancelled_is_stored_as_cancelled(merchant: Merchant) -> None:
    body = factories.order_body(external_id="c", cancelled_at="2024-05-02T10:00:00Z")
    imported(merchant, json.dumps(body))
    with merchant_scope(merchant):
        order = Order.objects.get()
        assert (order.status, order.stage) == ("cancelled", "cancelled")
    assert [fact.type for fact in Incoming.objects.order_by("id")] == ["order.placed", "order.cancelled"]


def test_a_refused_record_says_line_column_and_what(merchant: Merchant) -> None:
    rows = ORDERS.replace("Socks,1,5.00", "Socks,one,5.00").replace("2024-05-03T10:00:00Z", "yesterday")
    done = imported(merchant, rows)
    assert (done.created, done.refused) == (1, 2)
    assert refused(merchant, done) == [
        (4, "lines[].quantity", "“one” is not an amount with a decimal point."),
        (5, "placed_at", "“yesterday” is not a date or time that can be read."),
    ]


def test_what_the_api_refuses_is_placed_at_its_row(merchant: Merchant) -> None:
    rows = ORDERS.replace("L2,Loafer", "L1,Loafer").replace("ben@example.test", "ben")
    done = imported(merchant, rows)
    assert [(line, field) for line, field, _ in refused(merchant, done)] == [
        (3, "lines[1].external_id"),
        (4, "customer.email"),
    ]


def test_rows_of_an_order_that_do_not_stand_together_are_refused(merchant: Merchant) -> None:
    late = "1,#1001,2024-05-01T10:00:00Z,EUR,anna@example.test,Anna,Berlin,30.00,L3,Belt,1,1.00\n"
    done = imported(merchant, ORDERS + late)
    assert done.refused == 1
    assert refused(merchant, done)[0][0] == 6
    with merchant_scope(merchant):
        assert Order.objects.get(external_id="1").lines.count() == 2


def test_an_import_of_another_merchant_is_apart(merchant: Merchant, stranger: Merchant) -> None:
    imported(merchant, ORDERS)
    imported(stranger, ORDERS)
    with merchant_scope(stranger):
        assert Order.objects.count() == 3
        assert Customer.objects.count() == 2


def test_customers_without_an_address_are_known_by_their_id(merchant: Merchant) -> None:
    headers = "external_id,customer.external_id,lines[].title"
    imported(merchant, f"{headers}\n1,till-7,Hat\n2,till-7,Hat\n3,,Hat\n")
    with merchant_scope(merchant):
        person = Customer.objects.get()
        assert person.external_id == "till-7"
        assert Order.objects.filter(customer=person).count() == 2
        assert Order.objects.filter(customer=None).count() == 1


def test_the_file_is_gone_when_it_is_worked_off(merchant: Merchant, folder: Path) -> None:
    done = imported(merchant, ORDERS)
    assert done.stored_as == ""
    assert list(folder.iterdir()) == []


def test_text_that_postgres_would_read_differently_is_stored_as_it_is(merchant: Merchant) -> None:
    title = "A\\tB\\N \\. 'x' \\\\ “ü” 🎁"
    imported(
        merchant,
        f'{HEADERS.replace("lines[].unit_price", "lines[].sku")}\n1,#1,,EUR,,,Köln\\n,1,L,"{title}",1,\\N\n',
    )
    with merchant_scope(merchant):
        line = OrderLine.objects.get()
        assert (line.title, line.sku) == (title, "\\N")
        assert Order.objects.get().city == "Köln\\n"


def test_line_breaks_tabs_and_signs_in_text_are_stored_as_they_are(merchant: Merchant) -> None:
    odd = "a\tb\\tc\nd\r\n\\N\\.\\\\ 'e' “ü”"
    body = {
        "external_id": odd, "number": "#1", "currency": "EUR",
        "customer": {"external_id": odd, "email": "o'hara@example.test", "first_name": f"x{odd}x"},
        "shipping_address": {"city": f"x{odd}x", "address1": odd},
        "lines": [
            {"title": odd, "sku": odd, "variant": odd, "quantity": 1, "unit_price": "1.10"},
            {"title": "\\", "external_id": "\t", "quantity": 2, "unit_price": "0.0001"},
        ],
    }  # fmt: skip
    imported(merchant, json.dumps(body) + "\n", format_="ndjson")
    with merchant_scope(merchant):
        order = Order.objects.get()
        assert (order.external_id, order.first_name, order.city) == (odd, f"x{odd}x", f"x{odd}x")
        assert order.shipping_address["address1"] == odd
        assert order.customer == Customer.objects.get(external_id=odd, first_name=f"x{odd}x")
        first, second = order.lines.all()
        assert (first.title, first.sku, first.variant, first.unit_price) == (odd, odd, odd, Decimal("1.1"))
        assert (second.title, second.external_id, order.total) == ("\\", "\t", Decimal("1.1002"))
        assert find_orders("hara example").orders.get() == order
    assert Incoming.objects.get(type="order.placed").data["external_id"] == odd

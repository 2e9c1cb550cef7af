"""An order outside a transaction is one statement, and all of it or nothing happens."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from events.models import Incoming
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_scope
from orders.commands import Placed, place_order
from orders.models import Customer, Order, OrderLine
from orders.schemas import CustomerIn, LineIn, OrderIn
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def order_in(**fields: Any) -> OrderIn:
    values: dict[str, Any] = {
        "external_id": "A1",
        "currency": "EUR",
        "customer": CustomerIn(email="anna@example.test", first_name="Anna"),
        "lines": [LineIn(title="Sweater", quantity=2, unit_price=Decimal(10), external_id="L1")],
        **fields,
    }
    return OrderIn(**values)


def test_a_new_order_is_one_statement_with_all_its_rows(merchant: Merchant) -> None:
    with CaptureQueriesContext(connection) as seen:
        placed = place_order(merchant, order_in())
    assert placed.created
    assert len(seen) == 1
    with merchant_scope(merchant):
        assert Order.objects.get().customer == Customer.objects.get()
        assert OrderLine.objects.get().quantity == 2
    assert [(fact.type, fact.order_id) for fact in Incoming.objects.all()] == [
        ("order.placed", placed.order.id)
    ]


def test_the_same_order_again_is_an_update_in_one_transaction(merchant: Merchant) -> None:
    place_order(merchant, order_in())
    changed = CustomerIn(email="anna@example.test", first_name="Annabel")
    again = place_order(merchant, order_in(customer=changed))
    assert not again.created
    with merchant_scope(merchant):
        assert Order.objects.get().first_name == "Annabel"
        assert Customer.objects.get().first_name == "Annabel"


def test_a_refused_update_changes_nothing_not_even_the_customer(merchant: Merchant) -> None:
    order = place_order(merchant, order_in()).order
    with merchant_scope(merchant):
        factories.shipment(merchant, Order.objects.get(pk=order.pk), quantity=2)
    Incoming.objects.all().delete()
    less = [LineIn(title="Sweater", quantity=1, unit_price=Decimal(10), external_id="L1")]
    other = CustomerIn(email="anna@example.test", first_name="Changed")
    with pytest.raises(Unprocessable):
        place_order(merchant, order_in(lines=less, customer=other))
    with merchant_scope(merchant):
        assert Customer.objects.get().first_name == "Anna"
        assert Order.objects.get().first_name == "Anna"
        assert OrderLine.objects.get().quantity == 2
    assert not Incoming.objects.exists()


def test_the_same_external_id_eight_times_at_once_is_one_order(merchant: Merchant) -> None:
    def place(_: int) -> Placed:
        try:
            return place_order(merchant, order_in())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(place, range(8)))
    assert [p.created for p in placed].count(True) == 1
    assert len({p.order.id for p in placed}) == 1
    with merchant_scope(merchant):
        assert Order.objects.count() == Customer.objects.count() == OrderLine.objects.count() == 1
    assert [fact.type for fact in Incoming.objects.all()] == ["order.placed"]


def test_one_person_without_an_address_who_orders_eight_times_at_once_is_one_customer(
    merchant: Merchant,
) -> None:
    def place(number: int) -> None:
        try:
            place_order(
                merchant, order_in(external_id=f"pos-{number}", customer=CustomerIn(external_id="till-7"))
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(place, range(8)))
    with merchant_scope(merchant):
        person = Customer.objects.get(external_id="till-7")
        assert Order.objects.filter(customer=person).count() == 8

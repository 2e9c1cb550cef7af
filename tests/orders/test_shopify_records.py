"""Shopify's refunds, customers, products, parcel events and privacy requests, and webhooks sent under another topic."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import (
    Customer,
    InboxItem,
    InboxState,
    Order,
    PrivacyRequest,
    Product,
    Refund,
    Variant,
)  # fmt: skip
from tests.orders.shopify_shop import ShopifyShop, fixture
from tracking.models import Shipment

TakeIn = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("in_scope")

ORDER_ID = fixture("order_created")["id"]


def refund(**fields: Any) -> dict[str, Any]:
    """A refund of one piece of the order's first line, as refunds/create tells it."""
    return {
        "id": 929361462, "order_id": ORDER_ID, "created_at": "2026-11-21T10:00:00+01:00", "note": "Too small",
        "processed_at": "2026-11-21T10:00:00+01:00", "order_adjustments": [], "duties": [],
        "admin_graphql_api_id": "gid://shopify/Refund/929361462",
        "refund_line_items": [{
            "id": 1, "quantity": 1, "line_item_id": fixture("order_created")["line_items"][0]["id"], "subtotal": 17.68,
            "subtotal_set": {"shop_money": {"amount": "17.68", "currency_code": "EUR"},
                             "presentment_money": {"amount": "17.68", "currency_code": "EUR"}},
            "total_tax_set": {"shop_money": {"amount": "0", "currency_code": "EUR"},
                              "presentment_money": {"amount": "0", "currency_code": "EUR"}},
        }],
        "transactions": [{"id": 2, "order_id": ORDER_ID, "kind": "refund", "status": "success", "amount": "17.68",
                          "currency": "EUR"}],
        **fields,
    }  # fmt: skip


def last_item() -> InboxItem:
    return InboxItem.objects.order_by("-id")[0]


def test_a_refund_is_recorded_once_with_amount_currency_and_lines(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    for _ in range(3):
        take_in("refunds/create", refund())
    take_in(
        "refunds/create",
        refund(id=2, transactions=[{"kind": "refund", "status": "success", "amount": "2.32"}]),
    )
    order = Order.objects.get()
    assert order.refunded == Decimal("20.00")
    first, second = Refund.objects.order_by("id")
    assert (first.amount, first.currency, first.reason) == (Decimal("17.68"), "EUR", "Too small")
    assert first.refunded_at == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert second.currency == order.currency
    told = [fact.data for fact in Fact.objects.filter(type="order.refunded").order_by("position")]
    assert [(d["refund_id"], d["amount"], d["currency"]) for d in told] == [
        ("929361462", "17.68", "EUR"), ("2", "2.32", "EUR"),
    ]  # fmt: skip
    line_id = str(fixture("order_created")["line_items"][0]["id"])
    assert told[0]["lines"] == [{"external_id": line_id, "quantity": 1}]


def test_a_refund_comes_with_its_order_too_and_is_the_same_one(take_in: TakeIn) -> None:
    take_in("orders/create", {**fixture("order_created"), "refunds": [refund()]})
    take_in("refunds/create", refund())
    assert Refund.objects.count() == 1
    assert Order.objects.get().refunded == Decimal("17.68")


def test_a_refund_that_came_before_its_order_waits_for_it(take_in: TakeIn) -> None:
    take_in("refunds/create", refund())
    assert (last_item().state, "is not known" in last_item().error) == (InboxState.WAITING, True)
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    "transactions",
    [
        [],
        [{"kind": "refund", "status": "failure", "amount": "17.68", "currency": "EUR"}],
        [{"kind": "sale", "status": "success", "amount": "17.68", "currency": "EUR"}],
    ],
)
def test_what_gave_no_money_back_is_no_refund(take_in: TakeIn, transactions: Any) -> None:
    take_in("orders/create", fixture("order_created"))
    take_in("refunds/create", refund(transactions=transactions))
    assert not Refund.objects.exists()
    assert "No money" in last_item().error


def test_a_refund_in_the_shops_currency_is_counted_in_the_orders(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    paid = [{"kind": "refund", "status": "success", "amount": "20.00", "currency": "USD"}]
    take_in("refunds/create", refund(transactions=paid))
    assert (Refund.objects.get().amount, Order.objects.get().refunded) == (Decimal("17.68"), Decimal("17.68"))
    take_in("refunds/create", refund(id=3, transactions=paid, refund_line_items=[]))
    other = Refund.objects.get(external_id="3")
    assert (other.amount, other.currency) == (Decimal(20), "USD")  # What it is worth is not known:
    assert Order.objects.get().refunded == Decimal("17.68")  # it is in the log, and not in the sum.


def test_a_customer_is_updated_and_an_address_is_not_taken_away(take_in: TakeIn) -> None:
    told = {"id": 207119551, "email": "Bob@Hostmail.test", "first_name": "Bob", "last_name": "Norman",
            "phone": "+4930123456"}  # fmt: skip
    take_in("customers/create", told)
    take_in("customers/update", {**told, "email": None, "phone": None, "last_name": "Norman-Ek"})
    take_in("customers/update", {**told, "email": "bob@new.test", "last_name": "Norman-Ek"})
    customer = Customer.objects.get()
    assert (customer.external_id, customer.email, customer.name) == (
        "207119551",
        "bob@new.test",
        "Bob Norman-Ek",
    )
    assert customer.phone == "+4930123456"
    facts = [
        f.data.get("changed", []) for f in Fact.objects.filter(type="customer.updated").order_by("position")
    ]
    assert facts == [[], ["last_name"], ["email"]]


def test_a_product_comes_with_its_variants_and_older_news_of_it_is_ignored(take_in: TakeIn) -> None:
    product = {
        "id": 632910392, "title": "IPod Nano", "handle": "ipod-nano", "product_type": "Cult Products",
        "tags": "Emotive, Flash Memory, Emotive", "status": "active", "updated_at": "2026-11-20T10:00:00+01:00",
        "image": {"id": 8, "src": "https://cdn.test/ipod.png"},
        "images": [{"id": 8, "src": "https://cdn.test/ipod.png"}, {"id": 9, "src": "https://cdn.test/red.png"}],
        "variants": [
            {"id": 1, "title": "Pink", "sku": "IPOD-P", "price": "199.00", "inventory_quantity": 10,
             "inventory_management": "shopify", "image_id": None},
            {"id": 2, "title": "Red", "sku": "IPOD-R", "price": "189.00", "inventory_quantity": 0,
             "inventory_management": None, "image_id": 9},
        ],
    }  # fmt: skip
    take_in("products/create", product)
    take_in("products/update", {**product, "title": "Old", "updated_at": "2026-11-19T10:00:00+01:00"})
    stored = Product.objects.get()
    assert (stored.title, stored.tags, stored.status) == ("IPod Nano", ["Emotive", "Flash Memory"], "active")
    variants = Variant.objects.order_by("position")
    assert [(v.external_id, v.price, v.inventory_quantity, v.image_url) for v in variants] == [
        ("1", Decimal(199), 10, ""), ("2", Decimal(189), None, "https://cdn.test/red.png"),
    ]  # fmt: skip
    later = {**product, "variants": product["variants"][1:], "updated_at": "2026-11-21T10:00:00+01:00"}
    take_in("products/update", later)
    assert Variant.objects.get().external_id == "2"
    take_in("products/delete", {"id": 632910392})
    assert Product.objects.get().status == "archived"


def test_an_event_of_the_carrier_moves_the_parcel_that_it_is_about(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    sent = fixture("fulfillment_created")
    take_in("fulfillments/create", sent)
    event = {"id": 5, "order_id": sent["order_id"], "fulfillment_id": sent["id"], "status": "out_for_delivery",
             "happened_at": "2026-11-22T00:10:00Z"}  # fmt: skip
    take_in("fulfillment_events/create", {"fulfillment_event": event})
    assert Shipment.objects.get().status == "out_for_delivery"
    take_in("fulfillment_events/create", {"fulfillment_event": {**event, "fulfillment_id": 404}})
    assert last_item().state == InboxState.WAITING


CUSTOMER = {"id": 191167, "email": "John@Example.test", "phone": "555-625-1199"}
ASKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "customers/data_request": (
        "customer_data", "john@example.test",
        {"shop_id": 954889, "shop_domain": "x.myshopify.com", "orders_requested": [1], "customer": CUSTOMER,
         "data_request": {"id": 9999}},
    ),
    "customers/redact": (
        "customer_erasure", "john@example.test",
        {"shop_id": 954889, "shop_domain": "x.myshopify.com", "customer": CUSTOMER, "orders_to_redact": [1]},
    ),
    "shop/redact": ("shop_erasure", "x.myshopify.com", {"shop_id": 954889, "shop_domain": "x.myshopify.com"}),
}  # fmt: skip


@pytest.mark.parametrize("topic", ASKS)
def test_a_request_about_peoples_data_is_verified_and_listed_as_open_once(
    take_in: TakeIn, shop: ShopifyShop, topic: str
) -> None:
    kind, subject, payload = ASKS[topic]
    assert shop.send(topic, payload, X_Shopify_Hmac_Sha256="AAAA").status_code == 401
    assert not PrivacyRequest.objects.exists()
    for _ in range(3):
        take_in(topic, payload)
    asked = PrivacyRequest.objects.get()
    assert (asked.kind, asked.subject, asked.state, asked.details) == (kind, subject, "open", payload)
    assert (asked.due_at - asked.received_at).days == 30
    (fact,) = Fact.objects.filter(type="privacy.requested")
    assert "john" not in json.dumps(fact.data).lower()  # The log is kept when the person is erased.


def test_a_request_to_erase_a_shop_is_no_other_request_under_its_topic(take_in: TakeIn) -> None:
    take_in("shop/redact", ASKS["customers/redact"][2])
    take_in("customers/data_request", ASKS["customers/redact"][2])
    take_in("customers/redact", fixture("order_created"))
    assert not PrivacyRequest.objects.exists()
    assert set(InboxItem.objects.values_list("state", flat=True)) == {InboxState.FAILED}


# --- the topic's header is not signed


def test_a_signed_order_that_is_sent_again_as_a_cancellation_cancels_nothing(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    take_in("orders/cancelled", fixture("order_created"))
    assert Order.objects.get().status == "placed"
    assert not Fact.objects.filter(type="order.cancelled").exists()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("orders/create", refund()),
        ("orders/create", fixture("fulfillment_created")),
        ("orders/create", {"id": 4, "title": "Thing", "variants": []}),
        ("orders/updated", {"id": 4, "admin_graphql_api_id": "gid://shopify/DraftOrder/4", "line_items": []}),
        ("refunds/create", fixture("order_created")),
        ("refunds/create", fixture("fulfillment_created")),
        ("customers/update", fixture("order_created")),
        ("products/update", fixture("order_created")),
        ("products/delete", fixture("order_created")),
    ],
)
def test_a_signed_body_of_another_kind_has_no_effect(take_in: TakeIn, topic: str, payload: Any) -> None:
    assert take_in(topic, payload).status_code == 200
    assert last_item().state == InboxState.FAILED
    for model in (Order, Refund, Customer, Product):
        assert not model.objects.exists()
    assert not Fact.objects.exists()


def test_an_order_of_a_stranger_is_not_refunded(take_in: TakeIn, stranger: Merchant) -> None:
    theirs = ShopifyShop(stranger)
    theirs.send("orders/create", fixture("order_created"))
    take_in("refunds/create", refund())
    with merchant_scope(stranger):
        assert not Refund.objects.exists()

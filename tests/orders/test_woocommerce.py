"""WooCommerce's webhooks: the door, orders, and the parcels that its plug-ins write down."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from events import due
from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Customer, InboxItem, InboxState, Order, Product, Refund, Variant
from tests.orders.shopify_shop import sign
from tests.orders.woocommerce_shop import WooCommerceShop, fixture
from tracking.models import Shipment

TakeIn = Callable[..., Any]


@pytest.fixture
def woo(merchant: Merchant) -> WooCommerceShop:
    """Nordwind's WooCommerce shop."""
    return WooCommerceShop(merchant)


@pytest.fixture
def take_in(woo: WooCommerceShop, drain_all: Callable[[], int]) -> TakeIn:
    """Deliver a webhook and let the workers do everything that follows from it. Returns what became of it."""

    def run(topic: str, payload: Any, **headers: str) -> InboxItem:
        assert woo.send(topic, payload, **headers).status_code == 200
        due.run("orders.inbox")
        while drain_all():
            pass
        with merchant_scope(woo.merchant):
            return InboxItem.objects.order_by("-id")[0]

    return run


def order_with(*meta: tuple[str, Any], **fields: Any) -> dict[str, Any]:
    """The order with meta data of plug-ins, changed a minute later."""
    known = fixture("order")
    told = [{"id": index, "key": key, "value": value} for index, (key, value) in enumerate(meta, 100)]
    return {
        **known,
        "meta_data": [*known["meta_data"], *told],
        "date_modified_gmt": "2026-11-20T12:00:00",
        **fields,
    }


def parcels(merchant: Merchant) -> list[tuple[str, str, str, dict[str, int]]]:
    """Number, carrier, status and contents of every parcel that was not taken back."""
    with merchant_scope(merchant):
        rows = Shipment.objects.filter(cancelled_at=None).prefetch_related("lines__line").order_by("number")
        return [
            (
                p.tracking_number,
                p.carrier_name,
                p.status,
                {x.line.external_id: x.quantity for x in p.lines.all()},
            )
            for p in rows
        ]


def test_the_ping_of_a_new_webhook_is_answered_and_does_nothing(woo: WooCommerceShop) -> None:
    for slug in ("nordwind", "nobody"):
        response = Client().post(
            f"/hooks/woocommerce/{slug}", "webhook_id=142", content_type="application/x-www-form-urlencoded"
        )
        assert response.status_code == 200
    with merchant_scope(woo.merchant):
        assert not InboxItem.objects.exists()


@pytest.mark.parametrize(
    "signature", ["", "AAAA", "é", sign("", b'{"id": 1}'), sign("guessed", b'{"id": 1}')]
)
def test_a_wrong_signature_is_refused(woo: WooCommerceShop, signature: str) -> None:
    assert woo.send("order.created", b'{"id": 1}', X_WC_Webhook_Signature=signature).status_code == 401
    with merchant_scope(woo.merchant):
        assert not InboxItem.objects.exists()


def test_a_flipped_byte_another_shops_secret_and_an_unknown_merchant_are_refused_alike(
    woo: WooCommerceShop, stranger: Merchant
) -> None:
    theirs = WooCommerceShop(stranger)
    body = b'{"id": 1, "line_items": []}'
    flipped = body.replace(b"1", b"2")
    answers = [
        woo.send("order.created", flipped, X_WC_Webhook_Signature=sign(woo.secret, body)),
        woo.send("order.created", body, X_WC_Webhook_Signature=sign(theirs.secret, body)),
        Client().post("/hooks/woocommerce/nobody", body, content_type="application/json"),
    ]
    assert {(a.status_code, a.json()["code"], a.json()["detail"]) for a in answers} == {
        (401, "not_authenticated", "The webhook is not signed with this shop's secret.")
    }


def test_a_delivery_that_comes_a_hundred_times_has_one_effect(woo: WooCommerceShop) -> None:
    for _ in range(100):
        sent = woo.send("order.created", fixture("order"), X_WC_Webhook_Delivery_ID="the-same")
        assert sent.status_code == 200
    with merchant_scope(woo.merchant):
        assert InboxItem.objects.count() == 1


def test_an_order_comes_with_lines_customer_address_and_what_it_costs(
    take_in: TakeIn, merchant: Merchant
) -> None:
    assert take_in("order.created", fixture("order")).state == InboxState.DONE
    with merchant_scope(merchant):
        order = Order.objects.select_related("customer").get()
        lines = list(order.lines.order_by("position"))
    assert (order.external_id, order.number, order.source) == ("4711", "4711", "woocommerce")
    assert (order.email, order.phone) == ("mia.krueger@example.test", "+49221123456")
    assert (order.first_name, order.last_name, order.locale) == ("Mia", "Krüger", "de")
    assert order.placed_at == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    assert (order.city, order.postcode, order.country) == ("Bonn", "53111", "DE")
    assert order.shipping_address["company"] == "Büro GmbH"
    assert (order.subtotal, order.shipping, order.discount, order.total, order.tax) == (
        Decimal("109"), Decimal("4.9"), Decimal("10"), Decimal("103.9"), Decimal("16.55"),
    )  # fmt: skip
    assert order.customer is not None
    assert order.customer.external_id == "25"
    assert [(x.external_id, x.title, x.variant, x.sku, x.quantity, x.unit_price) for x in lines] == [
        ("51", "Fjord – Sweater", "Petrol / M", "FWS-M", 1, Decimal("89")),
        ("52", "Enamel Mug", "", "MUG", 2, Decimal("10")),
    ]
    assert lines[0].image_url == "https://nordwind.test/fjord.jpg"
    assert not {"order_key", "customer_ip_address", "payment_url"} & set(order.raw)


def test_a_basket_that_nobody_paid_for_is_no_order_until_somebody_does(
    take_in: TakeIn, merchant: Merchant
) -> None:
    unpaid = {**fixture("order"), "status": "pending", "date_paid": None, "date_paid_gmt": None}
    for status in ("pending", "checkout-draft", "failed", "cancelled"):
        assert "never placed" in take_in("order.created", {**unpaid, "status": status}).error
    with merchant_scope(merchant):
        assert not Order.objects.exists()
    take_in("order.updated", {**fixture("order"), "date_modified_gmt": "2026-11-20T10:00:00"})
    with merchant_scope(merchant):
        assert Order.objects.get().number == "4711"


def test_an_order_that_was_cancelled_or_deleted_in_the_shop_is_cancelled_here(
    take_in: TakeIn, merchant: Merchant
) -> None:
    take_in("order.created", fixture("order"))
    take_in("order.created", {**fixture("order"), "id": 4712, "number": "4712"})
    changed = {"status": "cancelled", "date_modified_gmt": "2026-11-20T11:00:00"}
    take_in("order.updated", {**fixture("order"), **changed})
    take_in("order.deleted", {"id": 4712})
    with merchant_scope(merchant):
        assert set(Order.objects.values_list("status", flat=True)) == {"cancelled"}
        told = {f.data["external_id"]: f.data["notify"] for f in Fact.objects.filter(type="order.cancelled")
                if "notify" in f.data}  # fmt: skip
    assert told == {"4712": False}  # The shopper of a deleted order is told nothing.


def test_a_signed_order_that_is_sent_again_as_a_deletion_deletes_nothing(
    take_in: TakeIn, merchant: Merchant
) -> None:
    take_in("order.created", fixture("order"))
    assert take_in("order.deleted", fixture("order")).state == InboxState.FAILED
    with merchant_scope(merchant):
        assert Order.objects.get().status == "placed"


def test_older_news_that_comes_late_changes_nothing(take_in: TakeIn, merchant: Merchant) -> None:
    take_in(
        "order.updated", {**fixture("order"), "total": "50.00", "date_modified_gmt": "2026-11-21T00:00:00"}
    )
    take_in("order.created", fixture("order"))
    with merchant_scope(merchant):
        assert Order.objects.get().total == Decimal(50)


def test_refunds_are_summed_once_each(take_in: TakeIn, merchant: Merchant) -> None:
    take_in("order.created", fixture("order"))
    refunds = [{"id": 9, "reason": "Broken", "total": "-10.00"}, {"id": 10, "reason": "", "total": "-5.50"}]
    for minute in (1, 2):
        when = f"2026-11-20T10:0{minute}:00"
        take_in("order.updated", {**fixture("order"), "refunds": refunds, "date_modified_gmt": when})
    with merchant_scope(merchant):
        assert Order.objects.get().refunded == Decimal("15.5")
        assert Refund.objects.count() == 2
        assert [f.data["amount"] for f in Fact.objects.filter(type="order.refunded")] == ["10.00", "5.50"]


# --- parcels


def test_shipment_tracking_items_become_parcels(take_in: TakeIn, merchant: Merchant) -> None:
    items = [
        {"tracking_provider": "dhl-de", "custom_tracking_provider": "", "custom_tracking_link": "",
         "tracking_number": "00340434161094000001", "date_shipped": "1763683200", "tracking_id": "a1"},
        {"tracking_provider": "", "custom_tracking_provider": "Bote", "tracking_number": "B-2",
         "custom_tracking_link": "https://bote.test/B-2", "date_shipped": "1763769600", "tracking_id": "a2"},
    ]  # fmt: skip
    take_in("order.updated", order_with(("_wc_shipment_tracking_items", items)))
    assert parcels(merchant) == [
        ("00340434161094000001", "dhl de", "info_received", {"51": 1, "52": 2}),
        ("B-2", "Bote", "info_received", {}),
    ]
    with merchant_scope(merchant):
        first, second = Shipment.objects.order_by("number")
    assert first.shipped_at == datetime(2025, 11, 21, tzinfo=UTC)
    assert (first.carrier, second.tracking_url) == ("dhl", "https://bote.test/B-2")


def test_advanced_shipment_tracking_says_what_is_in_which_parcel(take_in: TakeIn, merchant: Merchant) -> None:
    items = [
        {"tracking_provider": "dhl", "tracking_number": "1", "tracking_id": "a", "date_shipped": "1763683200",
         "products_list": [{"product": "23", "item_id": "51", "qty": "1"}]},
        {"tracking_provider": "dhl", "tracking_number": "2", "tracking_id": "b", "date_shipped": "1763683200",
         "products_list": [{"product": "30", "item_id": "52", "qty": "2"}]},
    ]  # fmt: skip
    take_in("order.updated", order_with(("_wc_shipment_tracking_items", items)))
    assert [contents for *_, contents in parcels(merchant)] == [{"51": 1}, {"52": 2}]


def test_aftership_and_lists_of_the_same_form_are_read_and_name_a_parcel_once(
    take_in: TakeIn, merchant: Merchant
) -> None:
    aftership = [{"slug": "dhl-germany", "tracking_number": "77", "tracking_id": "x", "additional_fields": {},
                  "line_items": [{"id": 52, "quantity": 1}], "metrics": {}}]  # fmt: skip
    other = [
        {"tracking_provider": "DHL", "tracking_number": "77"},
        {"tracking_provider": "UPS", "tracking_number": "78"},
    ]
    told = order_with(("_aftership_tracking_items", aftership), ("_parcelpanel_tracking_items", other))
    take_in("order.updated", told)
    assert parcels(merchant) == [
        ("77", "dhl germany", "info_received", {"52": 1}), ("78", "UPS", "info_received", {"51": 1, "52": 1}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "meta",
    [
        (("ywot_tracking_code", "55"), ("ywot_carrier_id", "UPS")),
        (("_aftership_tracking_number", "55"), ("_aftership_tracking_provider_name", "UPS")),
        (("_tracking_number", 55), ("_tracking_provider", "UPS")),
    ],
)
def test_a_single_number_in_the_meta_data_is_a_parcel(take_in: TakeIn, merchant: Merchant, meta: Any) -> None:
    take_in("order.updated", order_with(*meta))
    assert parcels(merchant) == [("55", "UPS", "info_received", {"51": 1, "52": 2})]


def test_shipments_of_germanized_are_parcels_once_they_have_left(take_in: TakeIn, merchant: Merchant) -> None:
    shipments = [
        {"id": 1, "type": "simple", "status": "shipped", "tracking_id": "9", "shipping_provider": "dhl",
         "tracking_url": "https://dhl.test/9", "date_sent_gmt": "2026-11-20T11:30:00",
         "items": [{"id": 5, "order_item_id": 51, "quantity": 1}]},
        {"id": 2, "type": "simple", "status": "draft", "tracking_id": "", "shipping_provider": "dhl", "items": []},
        {"id": 3, "type": "return", "status": "shipped", "tracking_id": "10", "shipping_provider": "dhl", "items": []},
    ]  # fmt: skip
    take_in("order.updated", order_with(shipments=shipments))
    assert parcels(merchant) == [("9", "dhl", "info_received", {"51": 1})]


def test_a_completed_order_without_a_number_was_sent_and_gives_way_to_the_parcel_that_has_one(
    take_in: TakeIn, merchant: Merchant
) -> None:
    done = {"status": "completed", "date_completed_gmt": "2026-11-20T11:00:00"}
    take_in("order.updated", {**order_with(**done), "date_modified_gmt": "2026-11-20T11:00:00"})
    assert parcels(merchant) == [("", "", "info_received", {"51": 1, "52": 2})]
    items = [
        {
            "tracking_provider": "ups",
            "tracking_number": "42",
            "products_list": [{"item_id": "51", "qty": "1"}],
        }
    ]
    take_in("order.updated", order_with(("_wc_shipment_tracking_items", items), **done))
    assert parcels(merchant) == [("42", "ups", "info_received", {"51": 1})]


def test_an_order_without_shipping_has_nothing_to_send(take_in: TakeIn, merchant: Merchant) -> None:
    take_in("order.updated", order_with(status="completed", shipping_lines=[]))
    assert parcels(merchant) == []
    with merchant_scope(merchant):
        assert not Order.objects.get().lines.filter(requires_shipping=True).exists()


def test_the_same_parcels_told_again_record_nothing(take_in: TakeIn, merchant: Merchant) -> None:
    items = ("_wc_shipment_tracking_items", [{"tracking_provider": "ups", "tracking_number": "42"}])
    take_in("order.updated", order_with(items))
    with merchant_scope(merchant):
        before = Fact.objects.filter(type="fulfilment.reported").count()
    take_in("order.updated", order_with(items, date_modified_gmt="2026-11-21T12:00:00"))
    with merchant_scope(merchant):
        assert Fact.objects.filter(type="fulfilment.reported").count() == before == 1


# --- products and customers


def test_a_variable_products_webhook_leaves_known_variations_and_a_variation_updates_one(
    take_in: TakeIn, merchant: Merchant
) -> None:
    product = {
        "id": 22, "name": "Sweater", "slug": "sweater", "permalink": "https://nordwind.test/p/sweater",
        "type": "variable", "status": "publish", "price": "89", "variations": [], "images": [],
        "tags": [{"name": "wool"}], "categories": [],
        "date_modified_gmt": "2026-11-20T10:00:00",
    }  # fmt: skip
    variation = {
        "id": 23, "parent_id": 22, "type": "variation", "price": "79", "sku": "FWS-M", "manage_stock": True,
        "stock_quantity": 4, "attributes": [{"name": "Size", "option": "M"}],
    }  # fmt: skip
    take_in("product.created", product)
    take_in("product.updated", variation)
    take_in(
        "product.updated",
        {**product, "variations": [23], "name": "Fjord", "date_modified_gmt": "2026-11-21T10:00:00"},
    )
    with merchant_scope(merchant):
        assert Product.objects.get().title == "Fjord"
        stored = Variant.objects.get(external_id="23")
    assert (stored.title, stored.price, stored.inventory_quantity) == ("M", Decimal(79), 4)
    take_in("product.deleted", {"id": 22})
    with merchant_scope(merchant):
        assert Product.objects.get().status == "archived"


def test_a_customer_who_changes_their_address_stays_the_same_customer(
    take_in: TakeIn, merchant: Merchant
) -> None:
    take_in("order.created", fixture("order"))
    told = {
        "id": 25,
        "email": "mia@new.test",
        "first_name": "Mia",
        "last_name": "Krüger-Ek",
        "billing": {},
        "shipping": {},
    }
    take_in("customer.updated", told)
    with merchant_scope(merchant):
        customer = Customer.objects.get()
    assert (customer.email, customer.last_name, customer.external_id) == ("mia@new.test", "Krüger-Ek", "25")


def test_two_shops_that_call_their_orders_the_same_do_not_overwrite_each_other(
    take_in: TakeIn, merchant: Merchant
) -> None:
    from tests.orders.shopify_shop import ShopifyShop

    take_in("order.created", fixture("order"))
    shopify = {"id": 4711, "name": "#1", "email": "other@example.test", "currency": "EUR", "line_items": []}
    ShopifyShop(merchant).send("orders/create", shopify)
    due.run("orders.inbox")
    with merchant_scope(merchant):
        assert Order.objects.get().email == "mia.krueger@example.test"
        failed = InboxItem.objects.get(source="shopify")
    assert (failed.state, "two shops call an order the same" in failed.error) == (InboxState.FAILED, True)

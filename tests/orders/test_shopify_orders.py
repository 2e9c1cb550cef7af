"""Shopify's orders, end to end: a payload in, and what the shopper and the team then see."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Customer, InboxItem, InboxState, Order, Stage
from tests.orders.shopify_shop import ShopifyShop, fixture
from tracking.models import Shipment

TakeIn = Callable[..., Any]


@pytest.fixture(autouse=True)
def _own_scope(merchant: Merchant) -> Any:
    with merchant_scope(merchant):
        yield


def the_order(external_id: str = "5817263940113") -> Order:
    return Order.objects.get(external_id=external_id)


def facts(type_: str) -> list[dict[str, Any]]:
    return [fact.data for fact in Fact.objects.filter(type=type_).order_by("position")]


def lines(order: Order) -> list[tuple[str, int, int]]:
    return [(line.external_id, line.quantity, line.shipped_quantity) for line in order.lines.all()]


def test_an_order_becomes_an_order_with_its_lines_customer_and_amounts(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))

    order = the_order()
    assert (order.number, order.lookup_number, order.source) == ("#1001", "1001", "shopify")
    assert order.placed_at == datetime(2026, 11, 20, 9, 15, 28, tzinfo=UTC)
    assert (order.email, order.first_name, order.last_name) == (
        "jana.koehler@example.test", "Jana", "Köhler",
    )  # fmt: skip
    assert (order.phone, order.locale, order.city, order.postcode, order.country) == (
        "+491705550123", "de-DE", "Hamburg", "20253", "DE",
    )  # fmt: skip
    assert order.shipping_address["address1"] == "Gärtnerstraße 12"
    assert (order.currency, order.subtotal, order.shipping, order.discount, order.tax, order.total) == (
        "EUR", Decimal(226), Decimal("4.9"), Decimal(10), Decimal("36.09"), Decimal("220.9"),
    )  # fmt: skip
    assert [
        (
            line.external_id,
            line.title,
            line.variant,
            line.sku,
            line.quantity,
            line.unit_price,
            line.requires_shipping,
        )
        for line in order.lines.all()
    ] == [
        ("14000001", "Fjord Wool Sweater", "Petrol / M", "FWS-M", 1, Decimal(89), True),
        ("14000002", "Enamel Mug", "", "MUG", 2, Decimal("18.5"), True),
        ("14000003", "Gift Card", "100 €", "", 1, Decimal(100), False),
    ]
    customer = Customer.objects.get()
    assert (customer.external_id, customer.email) == ("7283910022", "jana.koehler@example.test")
    assert order.customer_id == customer.id
    (placed,) = facts("order.placed")
    assert placed.get("notify", True) is True


def test_what_has_no_column_is_kept_but_no_secret_and_no_trace_of_the_browser(take_in: TakeIn) -> None:
    take_in("orders/create", {**fixture("order_created"), "of_next_year": {"deep": [1, None]}})
    raw = the_order().raw
    assert raw["of_next_year"] == {"deep": [1, None]}
    assert raw["note"] == "Bitte nicht knicken"
    assert not {"token", "checkout_token", "browser_ip", "client_details", "order_status_url"} & set(raw)


def test_marketing_consent_is_not_consent_to_messages_about_an_order(take_in: TakeIn) -> None:
    payload = fixture("order_created")
    assert payload["customer"]["sms_marketing_consent"]["state"] == "subscribed"
    take_in("orders/create", payload)
    assert the_order().sms_consent is False


def test_a_shopper_abroad_sees_what_they_paid_in_their_money_and_may_be_sent_text_messages(
    take_in: TakeIn,
) -> None:
    take_in("orders/create", fixture("order_abroad"))

    order = the_order("5817263940777")
    assert (order.currency, order.total, order.shipping) == ("CHF", Decimal("142.9"), Decimal(9))
    assert [(line.external_id, line.unit_price, line.requires_shipping) for line in order.lines.all()] == [
        ("14000009", Decimal("119.9"), True), ("custom-2", Decimal(14), False),
    ]  # fmt: skip
    assert (order.customer_id, order.email, order.first_name, order.sms_consent) == (None, "", "Lea", True)


def test_an_update_with_a_refund_and_a_parcel_brings_lines_amounts_and_parcel_in_step(
    take_in: TakeIn,
) -> None:
    take_in("orders/create", fixture("order_created"))
    take_in("orders/updated", fixture("order_updated_refund"))

    order = the_order()
    assert lines(order) == [("14000001", 1, 1), ("14000002", 1, 1), ("14000003", 1, 0)]
    assert (order.total, order.discount) == (Decimal("203.22"), Decimal("9.18"))
    parcel = Shipment.objects.get()
    assert (parcel.external_id, parcel.carrier, parcel.tracking_number) == (
        "4567001", "dhl", "00340434161094042557",
    )  # fmt: skip
    assert order.stage == Stage.IN_TRANSIT


def test_the_same_content_again_changes_nothing_and_is_told_to_nobody(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    take_in("orders/updated", fixture("order_updated_refund"))
    before = Fact.objects.count()
    for topic in ("orders/updated", "orders/paid", "orders/fulfilled", "orders/partially_fulfilled"):
        take_in(topic, {**fixture("order_updated_refund"), "updated_at": "2026-11-21T09:31:00+01:00"})
    take_in("fulfillments/create", fixture("fulfillment_created"))
    assert Fact.objects.count() == before


def test_an_older_update_that_comes_late_is_ignored(take_in: TakeIn) -> None:
    take_in("orders/updated", fixture("order_updated_refund"))
    take_in("orders/create", fixture("order_created"))
    order = the_order()
    assert order.total == Decimal("203.22")
    assert ("14000002", 1, 1) in lines(order)


def test_a_cancelled_order_is_shown_as_it_was_ordered_and_cancelled_once(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    for topic in ("orders/cancelled", "orders/updated"):
        take_in(topic, fixture("order_cancelled"))
    order = the_order()
    assert (order.status, order.stage, order.cancelled_at) == (
        "cancelled", "cancelled", datetime(2026, 11, 20, 10, tzinfo=UTC),
    )  # fmt: skip
    assert (order.total, [quantity for _, quantity, _ in lines(order)]) == (Decimal("220.9"), [1, 2, 1])
    assert len(facts("order.cancelled")) == 1


def test_an_order_first_heard_of_when_it_is_cancelled_is_stored_as_cancelled(take_in: TakeIn) -> None:
    take_in("orders/cancelled", fixture("order_cancelled"))
    assert the_order().status == "cancelled"


def test_what_was_delivered_stays_delivered_when_the_shop_cancels_it(take_in: TakeIn) -> None:
    take_in(
        "orders/create",
        {**fixture("order_created"), "line_items": fixture("order_created")["line_items"][:1]},
    )
    delivered = fixture("fulfillment_delivered")
    take_in("fulfillments/update", {**delivered, "line_items": delivered["line_items"][:1]})
    assert the_order().stage == Stage.DELIVERED
    cancelled = fixture("order_cancelled")
    cancelled.update(line_items=cancelled["line_items"][:1], updated_at="2026-11-22T01:00:00+01:00")
    take_in("orders/cancelled", cancelled)
    assert the_order().stage == Stage.DELIVERED
    done = InboxItem.objects.get(topic="orders/cancelled")
    assert done.state == InboxState.DONE
    assert "stays as it is" in done.error


def test_a_line_taken_out_after_it_was_shipped_keeps_what_was_shipped(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    take_in("fulfillments/create", fixture("fulfillment_created"))
    payload = fixture("order_created")
    del payload["line_items"][0]
    payload["line_items"][0].update(current_quantity=0)
    take_in("orders/updated", {**payload, "updated_at": "2026-11-22T01:00:00+01:00"})
    assert sorted(lines(the_order())) == [("14000001", 1, 1), ("14000002", 1, 1), ("14000003", 1, 0)]
    assert not InboxItem.objects.exclude(state=InboxState.DONE).exists()


def test_an_order_whose_last_open_line_is_taken_out_is_not_waiting_any_more(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    take_in("fulfillments/create", fixture("fulfillment_created"))
    assert the_order().stage == Stage.PARTLY_SHIPPED
    payload = fixture("order_created")
    payload["line_items"][1].update(current_quantity=1)
    take_in("orders/updated", {**payload, "updated_at": "2026-11-22T01:00:00+01:00"})
    assert the_order().stage == Stage.IN_TRANSIT


def test_contact_and_address_that_a_shop_redacts_later_are_kept(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    gone = (
        "email",
        "contact_email",
        "phone",
        "customer",
        "shipping_address",
        "billing_address",
        "customer_locale",
    )
    redacted = {**fixture("order_created"), **dict.fromkeys(gone), "updated_at": "2026-11-22T01:00:00+01:00"}
    take_in("orders/updated", redacted)
    order = the_order()
    assert (order.email, order.first_name, order.locale, order.city, order.shipping_address["city"]) == (
        "jana.koehler@example.test", "Jana", "de-DE", "Hamburg", "Hamburg",
    )  # fmt: skip


def test_an_address_that_comes_later_brings_its_customer(take_in: TakeIn) -> None:
    take_in(
        "orders/create", {**fixture("order_created"), "email": None, "contact_email": None, "customer": {}}
    )
    assert the_order().customer_id is None
    take_in("orders/updated", {**fixture("order_created"), "updated_at": "2026-11-22T01:00:00+01:00"})
    assert the_order().customer.email == "jana.koehler@example.test"


def test_an_edit_waits_for_the_update_that_holds_its_content(take_in: TakeIn) -> None:
    take_in("orders/edited", fixture("order_edited"))
    item = InboxItem.objects.get()
    assert (item.state, "orders/updated" in item.error) == (InboxState.DONE, True)


@pytest.mark.parametrize(
    ("topic", "created", "processed", "told"),
    [
        ("orders/create", timedelta(minutes=1), timedelta(minutes=1), True),
        ("orders/create", timedelta(minutes=1), timedelta(days=400), False),  # imported into the shop
        ("orders/updated", timedelta(hours=1), timedelta(hours=1), True),
        ("orders/updated", timedelta(days=3), timedelta(days=3), False),  # from before we were connected
        ("orders/cancelled", timedelta(days=3), timedelta(days=3), False),
    ],
)
def test_shoppers_are_told_nothing_about_history(
    take_in: TakeIn, topic: str, created: timedelta, processed: timedelta, told: bool
) -> None:
    now = datetime.now(UTC)
    payload = {**fixture("order_updated_refund"), "created_at": (now - created).isoformat(),
               "processed_at": (now - processed).isoformat()}  # fmt: skip
    take_in(topic, payload)
    for type_ in ("order.placed", "fulfilment.reported", "shipment.shipped", "order.cancelled"):
        assert all(fact.get("notify", True) is told for fact in facts(type_))


def test_a_currency_that_does_not_exist_becomes_the_merchants(take_in: TakeIn) -> None:
    take_in("orders/create", {**fixture("order_created"), "currency": "XTS", "presentment_currency": None})
    assert (the_order().currency, the_order().raw["currency"]) == ("EUR", "XTS")


def test_two_lines_with_one_id_both_stay(take_in: TakeIn) -> None:
    payload = fixture("order_created")
    payload["line_items"][1]["id"] = payload["line_items"][0]["id"]
    take_in("orders/create", payload)
    assert [line for line, *_ in lines(the_order())] == ["14000001", "14000001-2", "14000003"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"id": null}',
        b'{"id": {}}',
        b"{" * 5000,
        b"\xff\xfe",
        b'{"id": 1' + b"0" * 10_000 + b"}",
    ],
)
def test_what_cannot_be_read_fails_with_words_for_people(take_in: TakeIn, body: bytes) -> None:
    assert take_in("orders/create", body).status_code == 200
    item = InboxItem.objects.get()
    if item.state == InboxState.DONE:
        assert Order.objects.exists()
    else:
        assert (item.state, bool(item.error), item.due_at) == (InboxState.FAILED, True, None)


def test_the_shop_of_one_merchant_makes_no_rows_of_another(
    take_in: TakeIn, shop: ShopifyShop, stranger: Merchant
) -> None:
    take_in("orders/create", fixture("order_created"))
    with merchant_scope(stranger):
        assert not Order.objects.exists()
        assert not Customer.objects.exists()
        assert not InboxItem.objects.exists()

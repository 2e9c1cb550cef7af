"""The door for Shopify's webhooks: who gets in, what is stored, what is answered."""

import time

import pytest
from django.db import connection
from django.test import Client

from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import InboxItem, InboxState, Order, ShopConnection
from orders.shops import connect_shop
from tests.orders.shopify_shop import ShopifyShop, fixture, sign

PAYLOAD = b'{"id": 1, "name": "#1", "currency": "EUR"}'


def items(merchant: Merchant) -> list[InboxItem]:
    with merchant_scope(merchant):
        return list(InboxItem.objects.order_by("id"))


def test_a_signed_webhook_is_stored_as_it_came_and_answered_without_working_on_it(shop: ShopifyShop) -> None:
    response = shop.send("orders/create", PAYLOAD)

    assert (response.status_code, response.content) == (200, b"")
    (item,) = items(shop.merchant)
    assert (item.source, item.topic, bytes(item.body)) == ("shopify", "orders/create", PAYLOAD)
    assert item.state == InboxState.WAITING
    with merchant_scope(shop.merchant):
        assert not Order.objects.exists()


def test_a_large_order_is_answered_within_a_second(shop: ShopifyShop) -> None:
    order = fixture("order_created")
    order["line_items"] = [{**order["line_items"][0], "id": n} for n in range(900)]
    began = time.monotonic()
    assert shop.send("orders/create", order).status_code == 200
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("flipped", [0, len(PAYLOAD) // 2, len(PAYLOAD) - 1])
def test_a_body_with_one_byte_changed_is_refused(shop: ShopifyShop, flipped: int) -> None:
    changed = bytearray(PAYLOAD)
    changed[flipped] ^= 1
    response = shop.send("orders/create", bytes(changed), X_Shopify_Hmac_Sha256=sign(shop.secret, PAYLOAD))
    assert response.status_code == 401
    assert items(shop.merchant) == []


@pytest.mark.parametrize("signature", ["", "AAAA", "é", "0" * 10_000, sign("", PAYLOAD)])
def test_a_missing_or_made_up_signature_is_refused(shop: ShopifyShop, signature: str) -> None:
    assert shop.send("orders/create", PAYLOAD, X_Shopify_Hmac_Sha256=signature).status_code == 401
    assert items(shop.merchant) == []


def test_another_merchants_secret_opens_nothing(shop: ShopifyShop, stranger: Merchant) -> None:
    theirs = connect_shop(stranger, "shopify")
    response = shop.send("orders/create", PAYLOAD, X_Shopify_Hmac_Sha256=sign(theirs, PAYLOAD))
    assert response.status_code == 401
    assert items(shop.merchant) == items(stranger) == []


def test_an_unknown_merchant_and_one_without_a_shop_get_the_answer_of_a_bad_signature(
    shop: ShopifyShop, stranger: Merchant
) -> None:
    headers = {"X-Shopify-Hmac-Sha256": sign("guessed", PAYLOAD), "X-Shopify-Topic": "orders/create"}
    answers = {
        (response.status_code, response.json()["code"], response.json()["detail"])
        for slug in ("nordwind", "sudwind", "nobody")
        for response in [
            Client().post(f"/hooks/shopify/{slug}", PAYLOAD, content_type="application/json", headers=headers)
        ]
    }
    assert len(answers) == 1
    assert answers.pop()[:2] == (401, "not_authenticated")


@pytest.mark.parametrize("slug", ["%00", "nordwind%00", "a b", "x" * 5000, "é"])
def test_a_slug_that_no_merchant_can_have_is_no_address(merchant: Merchant, slug: str) -> None:
    client = Client(raise_request_exception=False)
    response = client.post(f"/hooks/shopify/{slug}", PAYLOAD, content_type="application/json")
    assert response.status_code in (401, 404)


def test_a_secret_that_cannot_be_decrypted_any_more_lets_nobody_in(shop: ShopifyShop) -> None:
    # An empty secret would be one that everybody knows.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_shopconnection SET secret = 'lost', old_secret = 'lost too'")
    response = shop.send("orders/create", PAYLOAD, X_Shopify_Hmac_Sha256=sign("", PAYLOAD))
    assert response.status_code == 401


def test_the_former_secret_keeps_working_until_the_next_rotation(shop: ShopifyShop) -> None:
    first = shop.secret
    second = connect_shop(shop.merchant, "shopify")
    for secret in (first, second):
        response = shop.send("orders/create", PAYLOAD, X_Shopify_Hmac_Sha256=sign(secret, PAYLOAD))
        assert response.status_code == 200
    connect_shop(shop.merchant, "shopify")
    response = shop.send("orders/create", PAYLOAD, X_Shopify_Hmac_Sha256=sign(first, PAYLOAD))
    assert response.status_code == 401


def test_giving_the_same_secret_again_does_not_push_the_former_one_out(shop: ShopifyShop) -> None:
    connect_shop(shop.merchant, "shopify", secret="new")
    connect_shop(shop.merchant, "shopify", secret="new")
    with merchant_scope(shop.merchant):
        kept = ShopConnection.objects.get()
    assert (kept.secret, kept.old_secret) == ("new", shop.secret)


def test_secrets_are_encrypted_at_rest(shop: ShopifyShop) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM orders_shopconnection")
        assert shop.secret not in cursor.fetchone()[0]


def test_a_webhook_delivered_a_hundred_times_has_one_effect(shop: ShopifyShop) -> None:
    order = fixture("order_created")
    for _ in range(100):
        assert shop.send("orders/create", order, X_Shopify_Webhook_Id="the-same").status_code == 200
    due.run("orders.inbox")
    assert shop.send("orders/create", order, X_Shopify_Webhook_Id="the-same").status_code == 200
    (item,) = items(shop.merchant)
    assert (item.state, item.attempts) == (InboxState.DONE, 1)


@pytest.mark.parametrize("webhook_id", ["", "x" * 5000])
def test_without_a_usable_id_the_content_tells_a_second_delivery(shop: ShopifyShop, webhook_id: str) -> None:
    for topic in ("orders/create", "orders/create", "orders/updated"):
        assert shop.send(topic, PAYLOAD, X_Shopify_Webhook_Id=webhook_id).status_code == 200
    assert len(items(shop.merchant)) == 2


def test_two_merchants_may_get_the_same_webhook_id(shop: ShopifyShop, stranger: Merchant) -> None:
    theirs = ShopifyShop(stranger)
    for sender in (shop, theirs):
        assert sender.send("orders/create", PAYLOAD, X_Shopify_Webhook_Id="same").status_code == 200
    assert len(items(shop.merchant)) == len(items(stranger)) == 1


@pytest.mark.parametrize("topic", ["draft_orders/create", "app/uninstalled", "", "x" * 300])
def test_an_unknown_topic_is_kept_with_a_note_and_never_worked_on(shop: ShopifyShop, topic: str) -> None:
    assert shop.send(topic, b"not even json").status_code == 200
    (item,) = items(shop.merchant)
    assert (item.state, item.due_at) == (InboxState.DONE, None)
    assert "Nothing is done" in item.error


def test_a_body_over_the_limit_is_refused_before_it_is_read(shop: ShopifyShop, settings) -> None:  # type: ignore[no-untyped-def]
    settings.MAX_BODY_BYTES = 100
    response = shop.send("orders/create", b'{"id": 1, "note": "' + b"x" * 100 + b'"}')
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert items(shop.merchant) == []


def test_only_post_is_answered(shop: ShopifyShop) -> None:
    assert shop.client.get("/hooks/shopify/nordwind").status_code == 405

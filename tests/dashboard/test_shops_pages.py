"""Connecting a shop in the dashboard, and what its page tells."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events import due
from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from orders.models import Order, PrivacyRequest, PullState, ShopConnection, ShopPull
from orders.shops import ShopValues, add_shop
from tests.orders import shopify_graphql as admin
from tests.orders.shop_api_server import ShopApiServer
from tests.orders.shopify_graphql import ShopifyAdmin
from tests.orders.shopify_shop import ShopifyShop, sign

PAGE = "/app/nordwind/settings/shops/"
SHOPIFY = {"name": "", "address": "https://Nordwind.myshopify.com/admin", "secret": "shpss_1", "token": ""}
SAMPLE = {
    "data": {
        "id": 7, "no": "A-7", "currency": "EUR", "total": "30.00",
        "buyer": {"mail": "jo@example.test"},
        "positions": [{"name": "Mug", "count": 2, "price": "15.00"}],
    }
}  # fmt: skip
MAPPING = {
    "order": "$.data", "external_id": "$.id", "number": "$.no", "currency": "$.currency", "total": "$.total",
    "email": "$.buyer.mail", "lines": "$.positions", "line.title": "$.name", "line.quantity": "$.count",
    "line.unit_price": "$.price",
}  # fmt: skip


def generic(mapping: dict[str, str] = MAPPING, **fields: Any) -> dict[str, Any]:
    """The generic shop's form."""
    return {
        "name": "Till", "secret": "s3cret", "signature_header": "X-Sig", "sample": json.dumps(SAMPLE),
        **{f"map:{name}": path for name, path in mapping.items()}, **fields,
    }  # fmt: skip


def the_connection(merchant: Merchant) -> ShopConnection:
    with merchant_scope(merchant):
        return ShopConnection.objects.get()


def test_a_newcomer_sees_the_three_ways_and_connects_shopify(merchant: Merchant, owner: Client) -> None:
    page = owner.get(PAGE).content.decode()
    for words in ("No shop is connected yet", "Shopify", "WooCommerce", "Another shop"):
        assert words in page
    page = owner.post(f"{PAGE}connect/shopify/", SHOPIFY, follow=True).content.decode()
    for words in (
        "/hooks/shopify/nordwind",
        "orders/create",
        "refunds/create",
        "customers/redact",
        "none yet",
    ):
        assert words in page
    shop = the_connection(merchant)
    assert (shop.address, shop.secret) == ("nordwind.myshopify.com", "shpss_1")
    assert "shpss_1" not in page
    with merchant_scope(merchant):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("shop.connected", "owner@nordwind.test")
    # The webhook that Shopify signs with it comes in, and the page says so.
    body = json.dumps({"id": 1, "name": "#1", "currency": "EUR", "line_items": []}).encode()
    headers = {"X-Shopify-Hmac-Sha256": sign("shpss_1", body), "X-Shopify-Topic": "orders/create"}
    assert (
        Client().post("/hooks/shopify/nordwind", body, "application/json", headers=headers).status_code == 200
    )
    assert "Receives" in owner.get(PAGE).content.decode()
    assert owner.get(f"{PAGE}connect/shopify/").status_code == 302  # there is one of it


@pytest.mark.parametrize(
    ("kind", "form", "words"),
    [
        ("shopify", {**SHOPIFY, "address": "evil.test"}, "no Shopify domain"),
        ("shopify", {**SHOPIFY, "secret": ""}, "Without the secret"),
        ("woocommerce", {"address": "http://shop.test", "secret": "x"}, "over https"),
        ("woocommerce", {"address": "https://shop.test", "key": "ck_1"}, "belong together"),
        ("generic", generic(sample="no json"), "not JSON"),
        ("generic", generic({**MAPPING, "external_id": "id"}), "begins with $"),
        ("generic", generic({**MAPPING, "number": "$.no["}), "no JSONPath"),
        ("generic", generic({**MAPPING, "number": "$..a..b"}), "Two dots"),
        ("generic", generic({**MAPPING, "lines": ""}), "This is needed"),
        ("generic", generic({**MAPPING, "line.title": "$.title"}), "nothing at this path"),
        ("generic", generic(signature_header="X Sig"), "id_signature_header_error"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_typed_is_lost(
    merchant: Merchant, owner: Client, kind: str, form: dict[str, Any], words: str
) -> None:
    answer = owner.post(f"{PAGE}connect/{kind}/", form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "Nothing was saved yet" in page
    for value in filter(None, form.values()):
        assert json.dumps(value)[1:-1] in page or value.replace('"', "&quot;") in page
    with merchant_scope(merchant):
        assert not ShopConnection.objects.exists()


def test_a_mapping_is_tried_on_a_sample_and_takes_orders_in_once_it_is_saved(
    merchant: Merchant, owner: Client, drain_all: Callable[[], int]
) -> None:
    tried = owner.post(f"{PAGE}connect/generic/", generic(**{"try": "1"})).content.decode()
    assert re.search(r'id="tried-external_id"[^>]*><code>7</code>', tried)
    assert re.search(r'id="tried-line-title"[^>]*><code>Mug</code>', tried)
    with merchant_scope(merchant):
        assert not ShopConnection.objects.exists()
    live = owner.post(f"{PAGE}try-mapping/", generic({**MAPPING, "number": "$.nothing"})).content.decode()
    assert "not in the sample" in live
    assert 'hx-swap-oob="true"' in live

    page = owner.post(f"{PAGE}connect/generic/", generic(), follow=True).content.decode()
    shop = the_connection(merchant)
    path = f"/hooks/generic/nordwind/{public_id('con', shop.id)}"
    assert path in page
    body = json.dumps(SAMPLE).encode()
    sent = Client().post(path, body, "application/json", headers={"X-Sig": sign("s3cret", body)})
    assert sent.status_code == 200
    due.run("orders.inbox")
    with merchant_scope(merchant):
        order = Order.objects.get()
        assert (order.number, order.email, order.lines.get().quantity) == ("A-7", "jo@example.test", 2)
    # What came last is the sample when the mapping is changed.
    assert "jo@example.test" in owner.get(f"{PAGE}{public_id('con', shop.id)}/edit/").content.decode()


def test_a_secret_that_is_left_empty_is_kept_and_a_new_one_lets_the_former_one_live_on(
    merchant: Merchant, owner: Client
) -> None:
    owner.post(f"{PAGE}connect/woocommerce/", {"address": "https://shop.test/", "secret": "first"})
    shop = the_connection(merchant)
    edit = f"{PAGE}{public_id('con', shop.id)}/edit/"
    assert "first" not in owner.get(edit).content.decode()
    owner.post(edit, {"address": "https://shop.test", "secret": "", "key": "ck_1", "key_secret": "cs_1"})
    shop = the_connection(merchant)
    assert (shop.secret, json.loads(shop.credentials)) == ("first", {"key": "ck_1", "secret": "cs_1"})
    owner.post(edit, {"address": "https://shop.test", "secret": "second"})
    shop = the_connection(merchant)
    assert (shop.secret, shop.old_secret) == ("second", "first")
    assert json.loads(shop.credentials)["key"] == "ck_1"
    with merchant_scope(merchant):
        logged = str(list(AuditEntry.objects.values_list("action", "changes")))
    assert "shop.secret_rotated" in logged
    assert not re.search("first|second|ck_1|cs_1", logged)


def test_disconnecting_asks_first_and_then_refuses_the_shops_webhooks(
    merchant: Merchant, owner: Client
) -> None:
    shop = ShopifyShop(merchant)
    url = f"{PAGE}{public_id('con', the_connection(merchant).id)}/disconnect/"
    assert "Orders that came from it stay" in owner.get(url).content.decode()
    assert shop.send("orders/create", {"id": 1}).status_code == 200
    page = owner.post(url, follow=True).content.decode()
    assert "No shop is connected yet" in page
    assert shop.send("orders/create", {"id": 2}).status_code == 401
    assert owner.post(url).status_code == 404


@pytest.fixture
def server(settings: Any) -> Iterator[ShopApiServer]:
    found = ShopApiServer()
    settings.OUTBOUND_ALLOW = [found.host]
    settings.SHOPIFY_API_URL = f"http://{found.host}"
    yield found
    found.close()


def test_fetching_is_started_seen_stopped_and_continued(
    merchant: Merchant, owner: Client, server: ShopApiServer
) -> None:
    with merchant_scope(merchant):
        shop = add_shop(merchant, "shopify", ShopValues(address="nordwind.myshopify.com"))
    here = f"{PAGE}{public_id('con', shop.id)}/"
    assert "add the credentials" in owner.get(here).content.decode()
    owner.post(f"{here}edit/", {"address": "nordwind.myshopify.com", "token": "shpat_1"})
    page = owner.post(f"{here}pulls/", {"kind": "orders"}, follow=True).content.decode()
    assert "Under way" in page
    assert 'hx-trigger="every 3s"' in page
    assert (
        "being fetched already"
        in owner.post(f"{here}pulls/", {"kind": "orders"}, follow=True).content.decode()
    )
    with merchant_scope(merchant):
        pull = ShopPull.objects.get()
    one = f"{here}pulls/{public_id('pul', pull.id)}"
    assert "Stopped" in owner.post(f"{one}/stop/", follow=True).content.decode()
    owner.post(f"{one}/continue/")
    server.answer = ShopifyAdmin(orders=[admin.order(1), admin.order(2)])
    due.run("orders.pulls")
    part = owner.get(here, {"pulls": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert "2 of 2" in part
    assert "<html" not in part
    assert "every 3s" not in part
    with merchant_scope(merchant):
        assert ShopPull.objects.get().state == PullState.DONE
    assert owner.post(f"{here}pulls/", {"kind": "secrets"}).status_code == 404


def test_another_merchants_shops_and_pulls_are_not_there(
    merchant: Merchant, stranger: Merchant, desk: Callable[..., Client]
) -> None:
    with merchant_scope(merchant):
        shop = add_shop(
            merchant, "shopify", ShopValues(address="nordwind.myshopify.com", credentials={"token": "t"})
        )
    from orders.pulls import start_pull

    pull = start_pull(merchant, shop.id, "orders")
    client = desk(stranger)
    base = f"/app/sudwind/settings/shops/{public_id('con', shop.id)}/"
    one = f"{base}pulls/{public_id('pul', pull.id)}/"
    assert client.get(base).status_code == client.get(f"{base}edit/").status_code == 404
    for path in (f"{base}edit/", f"{base}disconnect/", f"{base}pulls/", f"{one}stop/", f"{one}continue/"):
        assert client.post(path, {**SHOPIFY, "kind": "orders"}).status_code == 404
    assert the_connection(merchant).address == "nordwind.myshopify.com"
    with merchant_scope(merchant):
        assert ShopPull.objects.get().state == PullState.RUNNING


def test_the_list_costs_the_same_however_many_shops_there_are(merchant: Merchant, owner: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            database,
        ) as captured:
            assert owner.get(PAGE).status_code == 200
        return len(captured)

    ShopifyShop(merchant)
    first = queries()
    with merchant_scope(merchant):
        for number in range(5):
            add_shop(merchant, "generic", ShopValues(name=f"Till {number}"))
    assert queries() == first


def test_requests_about_peoples_data_are_listed_until_they_are_due(merchant: Merchant, owner: Client) -> None:
    shop = ShopifyShop(merchant)
    here = "/app/nordwind/settings/privacy/"
    assert "No request is open" in owner.get(here).content.decode()
    told = {"shop_id": 1, "shop_domain": "nordwind.myshopify.com", "orders_to_redact": [7],
            "customer": {"id": 5, "email": "jo@example.test", "phone": ""}}  # fmt: skip
    shop.send("customers/redact", told)
    due.run("orders.inbox")
    page = owner.get(here).content.decode()
    assert "jo@example.test" in page
    assert "erased" in page
    with merchant_scope(merchant):
        asked = PrivacyRequest.objects.get()
    assert (asked.due_at - asked.received_at).days == 30

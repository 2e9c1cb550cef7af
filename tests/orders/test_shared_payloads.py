"""Every published payload of shops that is no Shopify order or fulfilment (those are in test_shopify_payloads.py).

They may not be part of this repository and are read from beside it.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.sending import send_due
from orders import pulls
from orders.models import Customer, InboxItem, InboxState, Order, Product, Refund, ShopPull
from orders.pulls import start_pull
from orders.queries import portal_path
from orders.shops import ShopValues, add_shop
from tests.orders.shop_api_server import Answer, ShopApiServer, as_json
from tests.orders.shopify_shop import ShopifyShop, need_shared, shared_shop_files
from tests.orders.woocommerce_shop import WooCommerceShop
from tests.smtp_sink import SmtpSink


def entries(pattern: str) -> list[Any]:
    """The objects in the files, one test each: lists and batches are taken apart."""
    found = []
    for path in shared_shop_files(pattern):
        for index, entry in enumerate(_apart(json.loads(path.read_text()))):
            found.append(pytest.param(entry, id=f"{path.stem}-{index}"))
    return found or [pytest.param(None, id="none")]


def _apart(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, list):
        yield from (entry for entry in content if isinstance(entry, dict))
    elif {"create", "delete"} & set(content):
        yield from (entry for name in ("create", "update") for entry in content.get(name, []))
    else:
        yield content


def work() -> None:
    """Let the workers do everything that is due."""
    from events.drain import drain
    from merchants.models import SHARDS

    due.run("orders.inbox")
    while sum(drain(shard) for shard in range(SHARDS)):
        pass
    while send_due():
        pass


# --- WooCommerce


@pytest.mark.parametrize("payload", entries("woocommerce_v3_orders_*.json"))
def test_an_order_of_woocommerce_is_stored_confirmed_and_shown(
    payload: dict[str, Any] | None, merchant: Merchant, smtp_sink: SmtpSink
) -> None:
    if payload is None:
        need_shared([])
        return
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%S")
    WooCommerceShop(merchant).send("order.created", {**payload, "date_created_gmt": now})
    work()
    with merchant_scope(merchant):
        assert InboxItem.objects.get().error == ""
        order = Order.objects.prefetch_related("lines").get(external_id=str(payload["id"]))
        lines = list(order.lines.all())
        parcels = list(order.shipments.all())
    assert order.number == payload["number"]
    assert (order.currency, order.total) == (payload["currency"], Decimal(payload["total"]))
    assert order.shipping == Decimal(payload["shipping_total"])
    assert [line.external_id for line in lines] == [str(item["id"]) for item in payload["line_items"]]
    assert [line.quantity for line in lines] == [item["quantity"] for item in payload["line_items"]]
    assert sum(line.unit_price * line.quantity for line in lines) == sum(
        Decimal(item["subtotal"]) for item in payload["line_items"]
    )
    assert (order.email, order.city) == (payload["billing"]["email"], payload["shipping"]["city"])
    assert (order.first_name, order.last_name) == (
        payload["billing"]["first_name"], payload["billing"]["last_name"],
    )  # fmt: skip
    assert order.refunded == sum(abs(Decimal(refund["total"])) for refund in payload["refunds"])
    assert len(parcels) == (1 if payload["status"] == "completed" else 0)
    mails = [mail for mail in smtp_sink.mails if mail.recipients == [order.email]]
    assert any(order.number in mail.subject + mail.text for mail in mails)
    path = portal_path(merchant, order)
    for language in ("en", "de"):
        page = Client().get(path.replace("/t/", "/o/"), {"lang": language}).content.decode()
        assert all(escape(line.title) in page for line in lines)


@pytest.mark.parametrize("payload", entries("woocommerce_v3_products_*.json"))
def test_a_product_of_woocommerce_is_stored(payload: dict[str, Any] | None, merchant: Merchant) -> None:
    if payload is None:
        need_shared([])
        return
    WooCommerceShop(merchant).send("product.updated", payload)
    work()
    with merchant_scope(merchant):
        product = Product.objects.get()
        variants = list(product.variants.all())
    assert (product.external_id, product.title) == (str(payload["id"]), payload["name"])
    assert product.url == payload["permalink"]
    if not payload["variations"]:
        assert [str(v.price) for v in variants] == [f"{Decimal(payload['price'] or 0):.4f}"]


@pytest.mark.parametrize("payload", entries("woocommerce_v3_customers_*.json"))
def test_a_customer_of_woocommerce_is_stored(payload: dict[str, Any] | None, merchant: Merchant) -> None:
    if payload is None:
        need_shared([])
        return
    WooCommerceShop(merchant).send("customer.updated", payload)
    work()
    with merchant_scope(merchant):
        item = InboxItem.objects.get()
        if "email" not in payload:  # a download of theirs, or half a customer
            assert item.state == InboxState.FAILED
            assert not Customer.objects.exists()
            return
        customer = Customer.objects.get()
    assert (customer.external_id, customer.email) == (str(payload["id"]), payload["email"])
    assert customer.first_name == payload["first_name"]


def test_what_describes_a_webhook_is_nothing_else(merchant: Merchant) -> None:
    need_shared(shared_shop_files("woocommerce_v3_webhooks_*.json"))
    woo = WooCommerceShop(merchant)
    for path in shared_shop_files("woocommerce_v3_webhooks_*.json"):
        for payload in _apart(json.loads(path.read_text())):
            for topic in ("order.updated", "product.updated", "customer.updated", "order.deleted"):
                woo.send(topic, payload)
    work()
    with merchant_scope(merchant):
        assert set(InboxItem.objects.values_list("state", flat=True)) == {InboxState.FAILED}
        assert not any(model.objects.exists() for model in (Order, Product, Customer))


def shared(name: str) -> Any:
    paths = shared_shop_files(name)
    if not paths:
        need_shared([])
    return json.loads(paths[0].read_text())


@pytest.fixture
def server(settings: Any) -> Iterator[ShopApiServer]:
    found = ShopApiServer()
    settings.OUTBOUND_ALLOW = [found.host]
    yield found
    found.close()


def woocommerce_answers(method: str, path: str, body: Any) -> Answer:
    """A shop's REST API over the published payloads: two to a page."""
    address, _mark, query = path.partition("?")
    page = int(dict(part.split("=") for part in query.split("&")).get("page", "1"))
    if address.endswith("/orders/723/refunds"):
        return as_json(shared("woocommerce_v3_order-refunds_2.json"))
    name = address.rsplit("/", 1)[-1]
    files = {"orders": "orders_2", "products": "products_3", "customers": "customers_2"}
    if name not in files:
        return as_json([])
    rows = shared(f"woocommerce_v3_{files[name]}.json")
    return as_json(rows[page - 1 : page], X_WP_Total=str(len(rows)), X_WP_TotalPages=str(len(rows)))


def fetch(merchant: Merchant, server: ShopApiServer, kind: str) -> ShopPull:
    with merchant_scope(merchant):
        values = ShopValues(address=f"http://{server.host}", credentials={"key": "ck_1", "secret": "cs_1"})
        shop = add_shop(merchant, "woocommerce", values)
    start_pull(merchant, shop.id, kind)
    pulls.pull_due()
    work()
    with merchant_scope(merchant):
        return ShopPull.objects.get()


def test_the_history_of_a_woocommerce_shop_is_fetched_with_refunds_and_without_a_message(
    merchant: Merchant, server: ShopApiServer, smtp_sink: SmtpSink
) -> None:
    need_shared(shared_shop_files("woocommerce_v3_orders_2.json"))
    server.answer = woocommerce_answers
    row = fetch(merchant, server, "orders")
    assert (row.state, row.done, row.total, row.error) == ("done", 2, 2, "")
    with merchant_scope(merchant):
        order = Order.objects.get(external_id="723")
        told = {refund.external_id: (refund.amount, refund.lines) for refund in Refund.objects.all()}
    assert order.refunded == Decimal(19)
    assert told["726"] == (Decimal(10), {})
    assert told["724"][1]
    assert smtp_sink.mails == []
    assert {h["Authorization"] for h in server.headers} == {"Basic Y2tfMTpjc18x"}


@pytest.mark.parametrize(("kind", "model"), [("products", Product), ("customers", Customer)])
def test_products_and_customers_of_a_woocommerce_shop_are_fetched(
    merchant: Merchant, server: ShopApiServer, kind: str, model: Any
) -> None:
    need_shared(shared_shop_files("woocommerce_v3_orders_2.json"))
    server.answer = woocommerce_answers
    row = fetch(merchant, server, kind)
    assert (row.state, row.done, row.refused) == ("done", 2, 0)
    with merchant_scope(merchant):
        assert model.objects.count() == 2


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (as_json({"code": "woocommerce_rest_cannot_view", "message": "Sorry"}, 401), "failed"),
        (as_json({"code": "rest_no_route"}, 404), "failed"),
        (as_json({}, 503), "running"),
        (as_json({}, 429, Retry_After="7"), "running"),
        ((200, b"<html>maintenance</html>", {}), "running"),
        (as_json({"message": "no list"}), "running"),
    ],
)
def test_trouble_of_a_woocommerce_shop_is_waited_out_and_a_refusal_ends_it(
    merchant: Merchant, server: ShopApiServer, trouble: Any, state: str
) -> None:
    server.answer = lambda *_: trouble
    assert fetch(merchant, server, "orders").state == state


# --- Shopify: what is neither an order nor a fulfilment

OTHERS = {
    "shopify_go_draft_order*.json": "draft_orders/create",
    "shopify_go_fulfillment_order*.json": "fulfillment_orders/moved",
    "shopify_go_fulfillment_service*.json": "fulfillment_services/create",
    "shopify_go_order_risk*.json": "orders/risk_assessment_changed",
    "shopify_*transaction*.json": "order_transactions/create",
}
FILES = [(path, topic) for pattern, topic in OTHERS.items() for path in shared_shop_files(pattern)]


@pytest.mark.parametrize(
    "pretended", ["", "orders/create", "products/update", "customers/update", "refunds/create"]
)
def test_what_we_do_nothing_with_is_kept_and_has_no_effect_under_any_topic(
    pretended: str, merchant: Merchant
) -> None:
    need_shared([path for path, _ in FILES])
    shop = ShopifyShop(merchant)
    for path, topic in FILES:
        content = json.loads(path.read_text())
        (inner,) = content.values() if len(content) == 1 else (content,)
        for payload in (content, *(inner if isinstance(inner, list) else [inner])):
            assert shop.send(pretended or topic, payload).status_code == 200
    work()
    with merchant_scope(merchant):
        states = set(InboxItem.objects.values_list("state", flat=True))
        assert states == {InboxState.FAILED if pretended else InboxState.DONE}
        assert not any(model.objects.exists() for model in (Order, Product, Customer, Refund))


def test_the_published_customer_refund_calculation_and_parcel_event(merchant: Merchant) -> None:
    need_shared(shared_shop_files("shopify_pyapi_*.json"))
    shop = ShopifyShop(merchant)
    shop.send("customers/update", shared("shopify_pyapi_customer.json"))
    shop.send("refunds/create", shared("shopify_pyapi_refund_calculate.json"))  # what would be given back
    event = shared("shopify_pyapi_fulfillment_event.json")["fulfillment_event"]
    order = {
        "id": event["order_id"],
        "name": "#1",
        "currency": "EUR",
        "line_items": [{"id": 1, "quantity": 1}],
    }
    sent = {"id": event["fulfillment_id"], "status": "success", "tracking_number": "1Z", "line_items": []}
    shop.send("orders/create", {**order, "fulfillments": [sent]})
    shop.send("fulfillment_events/create", shared("shopify_pyapi_fulfillment_event.json"))
    work()
    with merchant_scope(merchant):
        assert Customer.objects.get().name == "Bob Norman"
        assert not Refund.objects.exists()
        states = dict(InboxItem.objects.values_list("topic", "state"))
        assert Order.objects.get().shipments.get().status == "info_received"
    assert states == {
        "customers/update": "done", "refunds/create": "failed", "orders/create": "done",
        "fulfillment_events/create": "done",
    }  # fmt: skip

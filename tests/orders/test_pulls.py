"""Fetching a shop's history and products by its own API, with everything that goes wrong on the way."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from events import due
from events.models import Fact
from merchants.models import AuditEntry, Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_scope
from notifications.models import Message
from notifications.sending import send_due
from orders import pulls
from orders.models import Customer, Order, Product, PullState, Refund, ShopConnection, ShopPull, Variant
from orders.pulls import continue_pull, start_pull, stop_pull
from orders.shops import ShopValues, add_shop, change_shop, disconnect_shop
from tests.orders import shopify_graphql as admin
from tests.orders.shop_api_server import ShopApiServer, as_json
from tests.orders.shopify_graphql import ShopifyAdmin
from tests.smtp_sink import SmtpSink
from tracking import commands as tracking
from tracking.models import Shipment
from tracking.schemas import ScanIn


@pytest.fixture
def server(settings: Any) -> Iterator[ShopApiServer]:
    found = ShopApiServer()
    settings.OUTBOUND_ALLOW = [found.host]
    settings.SHOPIFY_API_URL = f"http://{found.host}"
    yield found
    found.close()


@pytest.fixture
def connection(merchant: Merchant, server: ShopApiServer) -> ShopConnection:
    """A Shopify shop whose history reaches back to before it was connected."""
    values = ShopValues(address="nordwind.myshopify.com", credentials={"token": "shpat_secret"})
    with merchant_scope(merchant):
        return add_shop(merchant, "shopify", values)


@pytest.fixture
def pull(
    merchant: Merchant, drain_all: Callable[[], int], connection: ShopConnection
) -> Callable[..., ShopPull]:
    """Fetch something, and let the workers do all that follows. With `waits` due rows come due at once."""

    def run(kind: str = "orders", *, started: ShopPull | None = None, waits: bool = True) -> ShopPull:
        row = started or start_pull(merchant, connection.id, kind)
        with merchant_scope(merchant):
            for _ in range(60):
                pulls.pull_due()
                row = ShopPull.objects.get(pk=row.pk)
                if row.state != PullState.RUNNING or not waits:
                    break
                ShopPull.objects.filter(pk=row.pk).update(due_at=timezone.now())
            while drain_all():
                pass
            while send_due():
                pass
        return row

    return run


def test_history_comes_page_by_page_with_orders_lines_parcels_and_progress(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant
) -> None:
    server.answer = ShopifyAdmin(orders=[admin.order(1000 + n) for n in range(23)])
    row = pull()
    assert (row.state, row.done, row.total, row.refused, row.error) == (PullState.DONE, 23, 23, 0, "")
    assert [body["variables"]["after"] for _, _, body in server.asked] == [None, "10", "20"]
    assert {h["X-Shopify-Access-Token"] for h in server.headers} == {"shpat_secret"}
    assert all(path == "/admin/api/2026-04/graphql.json" for _, path, _ in server.asked)
    with merchant_scope(merchant):
        order = Order.objects.prefetch_related("lines").get(external_id="1001")
        (line,) = order.lines.all()
        parcel = Shipment.objects.get(order=order)
        customers = Customer.objects.count()
    assert (order.number, order.currency, order.total, order.email) == (
        "#1001", "EUR", Decimal("24.9"), "jo1001@example.test",
    )  # fmt: skip
    assert (order.city, order.postcode, order.locale, order.source) == ("Berlin", "10115", "de-DE", "shopify")
    assert order.placed_at == datetime(2025, 3, 1, 10, tzinfo=UTC)
    assert (line.external_id, line.title, line.variant, line.quantity, line.shipped_quantity) == (
        "10010", "Thing 10010", "Blue", 2, 2,
    )  # fmt: skip
    assert (parcel.tracking_number, parcel.carrier, parcel.status) == (
        "00340430000000001001",
        "dhl",
        "delivered",
    )
    assert (customers, order.stage) == (23, "delivered")


def test_shoppers_are_told_nothing_about_history_and_everything_about_what_comes_after(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant, smtp_sink: SmtpSink
) -> None:
    under_way = admin.order(2)
    under_way["fulfillments"][0]["displayStatus"] = "IN_TRANSIT"
    cancelled = admin.order(3, cancelledAt="2025-03-02T10:00:00Z", fulfillments=[])
    server.answer = ShopifyAdmin(orders=[admin.order(1), under_way, cancelled])
    pull()
    with merchant_scope(merchant):
        assert not Message.objects.exists()
        placed = Fact.objects.filter(type="order.placed")
        assert [(f.data["historical"], f.data["notify"]) for f in placed] == [(True, False)] * 3
        parcel = Shipment.objects.get(order__external_id="2")
    # Its carrier tells for the first time where it was last year: that is no news.
    late = parcel.created_at - timedelta(days=200)
    told = ScanIn(shipment_id=f"shp_{_letters(parcel)}", status="out_for_delivery", occurred_at=late)
    tracking.record_scans(merchant, [told])
    pull(started=None, kind="products")
    assert smtp_sink.mails == []
    # And this happens now.
    told = ScanIn(shipment_id=f"shp_{_letters(parcel)}", status="delivered", occurred_at=timezone.now())
    tracking.record_scans(merchant, [told])
    pull(kind="customers")
    assert [mail.recipients for mail in smtp_sink.mails] == [["jo2@example.test"]]


def _letters(parcel: Shipment) -> str:
    from merchants.ids import public_id

    return public_id("shp", parcel.id)[4:]


def test_an_order_that_was_placed_after_the_shop_was_connected_is_no_history(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant, smtp_sink: SmtpSink
) -> None:
    # The webhook about it got lost: the shopper waits for a confirmation.
    now = (timezone.now() + timedelta(seconds=5)).isoformat()
    server.answer = ShopifyAdmin(orders=[admin.order(1), admin.order(9, now, fulfillments=[])])
    pull()
    assert [mail.recipients for mail in smtp_sink.mails] == [["jo9@example.test"]]


def test_fetched_twice_nothing_is_there_twice(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant
) -> None:
    refund = {
        "id": "gid://shopify/Refund/5", "createdAt": "2025-03-05T10:00:00Z", "note": "Too small",
        "totalRefundedSet": admin.money("10.00"),
        "refundLineItems": admin.listed([{"quantity": 1, "lineItem": {"id": "gid://shopify/LineItem/10"}}]),
    }  # fmt: skip
    server.answer = ShopifyAdmin(orders=[admin.order(1, refunds=[refund])])
    pull()
    with merchant_scope(merchant):
        facts = Fact.objects.count()
    pull()
    with merchant_scope(merchant):
        assert Fact.objects.count() == facts
        assert Shipment.objects.count() == 1
        assert Refund.objects.get().lines == {"10": 1}
        assert Order.objects.get().refunded == Decimal(10)


def test_an_order_with_more_than_a_page_asks_for_is_fetched_whole(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant
) -> None:
    many = [admin.line(500 + n) for n in range(30)]
    cut = admin.order(50, lineItems=admin.listed(many[:10], "x"))
    cut["whole"] = admin.order(50, lineItems=admin.listed(many))
    server.answer = ShopifyAdmin(orders=[cut])
    pull()
    with merchant_scope(merchant):
        assert Order.objects.get().lines.count() == 30


def test_when_the_points_are_used_up_the_next_page_waits_until_there_are_enough(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant
) -> None:
    page = {"orders": admin.listed([admin.order(1)], "next"), "ordersCount": {"count": 2}}
    server.next = [admin.answer(page, cost=800, left=200, rate=100)]
    row = pull(waits=False)
    assert (row.state, row.cursor, row.done, row.total) == (PullState.RUNNING, "next", 1, 2)
    assert timedelta(seconds=4) < row.due_at - timezone.now() < timedelta(seconds=7)
    assert len(server.asked) == 1


def test_a_throttled_question_is_asked_again_when_there_is_room_and_counts_as_no_failure(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant
) -> None:
    server.next = [admin.THROTTLED]
    row = pull(waits=False)
    assert (row.state, row.attempts, row.error) == (PullState.RUNNING, 0, "")
    assert timedelta(seconds=0.5) < row.due_at - timezone.now() < timedelta(seconds=3)
    server.answer = ShopifyAdmin(orders=[admin.order(1)])
    server.next = [admin.THROTTLED] * 15 + [as_json({"errors": [{"message": "Throttled"}]})]
    with merchant_scope(merchant):
        ShopPull.objects.update(due_at=timezone.now())
    assert pull(started=row).state == PullState.DONE


def test_a_question_that_costs_too_much_is_asked_for_less(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant
) -> None:
    server.answer = ShopifyAdmin(orders=[admin.order(n) for n in range(1, 6)])
    server.next = [admin.TOO_EXPENSIVE, admin.TOO_EXPENSIVE]
    row = pull()
    assert (row.state, row.done, row.page_size) == (PullState.DONE, 5, 2)
    assert [body["variables"]["first"] for _, _, body in server.asked] == [10, 5, 2, 2, 2]


@pytest.mark.parametrize(
    "trouble",
    [
        as_json({}, 500), as_json({}, 503), admin.HTML, as_json([]), as_json({"data": None}),
        (200, b'{"data": {"orders": {"nod', {"Content-Length": "5000"}),
        as_json({"errors": [{"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}),
    ],
    ids=["500", "503", "html", "list", "no data", "truncated", "error"],
)  # fmt: skip
def test_trouble_of_the_shop_is_waited_out_and_the_pull_goes_on_where_it_was(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant, trouble: Any
) -> None:
    server.answer = ShopifyAdmin(orders=[admin.order(1000 + n) for n in range(12)])
    first = server.answer("POST", "", {"query": " orders(first", "variables": {"first": 10, "after": None}})
    server.next = [first, trouble, trouble]
    row = pull(waits=False)
    assert (row.state, row.cursor, row.done) == (PullState.RUNNING, "10", 10)
    assert row.error
    assert row.due_at > timezone.now() + timedelta(seconds=5)
    with merchant_scope(merchant):
        ShopPull.objects.update(due_at=timezone.now())
    row = pull(started=row)
    assert (row.state, row.done, row.error) == (PullState.DONE, 12, "")


def test_a_shop_that_stays_away_fails_the_pull_and_it_can_be_continued(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant
) -> None:
    server.answer = lambda *_: as_json({}, 502)
    row = pull()
    assert (row.state, row.due_at) == (PullState.FAILED, None)
    assert "502" in row.error
    assert len(server.asked) == 10
    server.answer = ShopifyAdmin(orders=[admin.order(1)])
    continue_pull(merchant, row.id)
    assert pull(started=row).state == PullState.DONE


@pytest.mark.parametrize("refusal", [admin.UNAUTHORIZED, admin.DENIED, as_json({}, 404), as_json({}, 302)])
def test_a_refusal_ends_the_pull_at_once_with_words_for_people(
    pull: Callable[..., ShopPull], server: ShopApiServer, refusal: Any
) -> None:
    server.next = [refusal]
    row = pull()
    assert (row.state, len(server.asked)) == (PullState.FAILED, 1)
    assert row.error


def test_a_record_that_cannot_be_stored_is_counted_and_the_others_come(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant
) -> None:
    server.answer = ShopifyAdmin(orders=[admin.order(1), {**admin.order(2), "id": None}, admin.order(3)])
    row = pull()
    assert (row.state, row.done, row.refused) == (PullState.DONE, 3, 1)
    assert "has no id" in row.error
    with merchant_scope(merchant):
        assert set(Order.objects.values_list("external_id", flat=True)) == {"1", "3"}


def test_products_come_with_their_variants_and_give_order_lines_their_pictures(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant
) -> None:
    product = {
        "id": "gid://shopify/Product/4", "title": "Thing", "handle": "thing", "onlineStoreUrl": None,
        "productType": "Tools", "tags": ["new", "blue"], "status": "ACTIVE", "updatedAt": "2025-03-01T10:00:00Z",
        "featuredMedia": {"preview": {"image": {"url": "https://cdn.example.test/thing.jpg"}}},
        "variants": admin.listed([
            {"id": "gid://shopify/ProductVariant/41", "title": "Blue", "sku": "T-10", "price": "10.00",
             "inventoryQuantity": 7, "image": None, "inventoryItem": {"tracked": True}},
            {"id": "gid://shopify/ProductVariant/42", "title": "Red", "sku": "T-R", "price": "12.50",
             "inventoryQuantity": 0, "image": {"url": "https://cdn.example.test/red.jpg"},
             "inventoryItem": {"tracked": False}},
        ]),
    }  # fmt: skip
    server.answer = ShopifyAdmin(products=[product], orders=[admin.order(1)])
    assert pull("products").state == PullState.DONE
    pull("orders")
    with merchant_scope(merchant):
        stored = Product.objects.get()
        variants = list(Variant.objects.order_by("position"))
        (line,) = Order.objects.get().lines.all()
    assert (stored.external_id, stored.tags, stored.product_type) == ("4", ["new", "blue"], "Tools")
    assert stored.url.endswith("/products/thing")
    assert [(v.external_id, v.price, v.inventory_quantity) for v in variants] == [
        ("41", Decimal(10), 7), ("42", Decimal("12.5"), None),
    ]  # fmt: skip
    assert line.image_url == "https://cdn.example.test/thing.jpg"


def test_customers_come_without_an_order(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant
) -> None:
    told = {
        "id": "gid://shopify/Customer/8", "firstName": "Ida", "lastName": "Berg", "locale": "sv",
        "defaultEmailAddress": {"emailAddress": "Ida@Example.test"},
        "defaultPhoneNumber": {"phoneNumber": "+46701234567"},
    }  # fmt: skip
    server.answer = ShopifyAdmin(customers=[told])
    pull("customers")
    with merchant_scope(merchant):
        customer = Customer.objects.get()
    assert (customer.external_id, customer.email, customer.name) == ("8", "ida@example.test", "Ida Berg")
    assert (customer.phone, customer.locale) == ("+46701234567", "sv")


def test_a_worker_that_died_leaves_a_pull_that_goes_on_at_its_page(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant, connection: ShopConnection
) -> None:
    row = start_pull(merchant, connection.id, "orders")
    (claimed,) = due.claim(ShopPull, limit=1, lease=timedelta(seconds=60), related=("connection",))
    server.answer = ShopifyAdmin(orders=[admin.order(1)])
    with merchant_scope(merchant):
        assert pulls.pull_due() == 0  # leased
        ShopPull.objects.update(due_at=timezone.now())
    assert pull(started=row).state == PullState.DONE
    with merchant_scope(merchant):
        pulls._go_on(claimed)  # The first one comes back, and changes nothing.
        assert ShopPull.objects.get().done == 1


def test_a_pull_that_is_stopped_stays_where_it_is_until_it_is_continued(
    pull: Callable[..., ShopPull], server: ShopApiServer, merchant: Merchant
) -> None:
    page = {"orders": admin.listed([admin.order(1)], "next"), "ordersCount": {"count": 2}}
    server.next = [admin.answer(page, cost=800, left=200, rate=100)]
    row = pull(waits=False)
    stop_pull(merchant, row.id)
    asked = len(server.asked)
    row = pull(started=row)
    assert (row.state, row.cursor, len(server.asked)) == (PullState.STOPPED, "next", asked)
    server.next = [admin.answer({"orders": admin.listed([admin.order(2)])})]
    continue_pull(merchant, row.id)
    row = pull(started=row)
    assert (row.state, row.done, server.asked[-1][2]["variables"]["after"]) == (PullState.DONE, 2, "next")


def test_one_pull_of_a_kind_runs_at_a_time_and_every_step_is_in_the_audit_log(
    merchant: Merchant, connection: ShopConnection
) -> None:
    row = start_pull(merchant, connection.id, "orders")
    with pytest.raises(Conflict):
        start_pull(merchant, connection.id, "orders")
    stop_pull(merchant, row.id)
    start_pull(merchant, connection.id, "orders")
    with pytest.raises(Conflict):
        continue_pull(merchant, row.id)
    with merchant_scope(merchant):
        actions = list(AuditEntry.objects.order_by("occurred_at").values_list("action", flat=True))
    assert actions == ["shop.connected", "shop_pull.started", "shop_pull.stopped", "shop_pull.started"]


def test_a_shop_without_an_access_token_and_a_strangers_shop_cannot_be_fetched(
    merchant: Merchant, stranger: Merchant, connection: ShopConnection
) -> None:
    with pytest.raises(NotFound):
        start_pull(stranger, connection.id, "orders")
    with merchant_scope(merchant):
        disconnect_shop(merchant, connection.id)
        bare = add_shop(merchant, "shopify", ShopValues(address="nordwind.myshopify.com"))
    with pytest.raises(Unprocessable):
        start_pull(merchant, bare.id, "orders")


def test_the_access_token_is_in_neither_the_audit_log_nor_readable_in_the_database(
    merchant: Merchant, connection: ShopConnection
) -> None:
    with merchant_scope(merchant):
        changed = ShopValues(address=connection.address, credentials={"token": "shpat_new"})
        change_shop(merchant, connection.id, changed)
        logged = str(list(AuditEntry.objects.values_list("changes", "label")))
    assert "shpat" not in logged
    from django.db import connection as database

    with database.cursor() as cursor:
        cursor.execute("SELECT credentials FROM orders_shopconnection")
        assert "shpat" not in cursor.fetchone()[0]


def test_nothing_but_a_shopify_domain_is_called(merchant: Merchant) -> None:
    for domain in ("169.254.169.254", "nordwind.myshopify.com.evil.test", "evil.test/x.myshopify.com", ""):
        with merchant_scope(merchant):
            shop = add_shop(merchant, "shopify", ShopValues(address=domain, credentials={"token": "t"}))
        with pytest.raises(Unprocessable):
            start_pull(merchant, shop.id, "orders")

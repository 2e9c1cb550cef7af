"""Working the inbox off beside others: real connections, real locks."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from events import due
from events.models import Fact, Incoming
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders import inbox, receiving
from orders.models import InboxItem, InboxState, Order
from tests import factories
from tests.orders.shopify_shop import ShopifyShop, fixture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def merchant() -> Merchant:
    return factories.merchant()


@pytest.fixture
def shop(merchant: Merchant) -> ShopifyShop:
    return ShopifyShop(merchant)


def in_threads(count: int, work: Any) -> None:
    """Run `work(number)` in so many threads at once; each has its own connection."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            barrier.wait(10)
            work(number)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


def test_one_webhook_delivered_at_the_same_moment_by_eight_is_stored_once(shop: ShopifyShop) -> None:
    statuses: list[int] = []
    in_threads(
        8,
        lambda _: statuses.append(
            shop.send("orders/create", fixture("order_created"), X_Shopify_Webhook_Id="one").status_code
        ),
    )
    assert statuses == [200] * 8
    with merchant_scope(shop.merchant):
        assert InboxItem.objects.count() == 1


def test_items_about_one_order_worked_off_side_by_side_make_one_order_and_no_fact_twice(
    shop: ShopifyShop,
) -> None:
    for topic in ("orders/create", "orders/updated", "orders/paid", "orders/fulfilled"):
        shop.send(topic, fixture("order_updated_refund"))
    in_threads(4, lambda _: due.run("orders.inbox"))
    with merchant_scope(shop.merchant):
        while due.run("orders.inbox"):
            pass
        assert set(InboxItem.objects.values_list("state", flat=True)) == {InboxState.DONE}
        assert Order.objects.count() == 1
        types = [
            *Incoming.objects.values_list("type", flat=True),
            *Fact.objects.values_list("type", flat=True),
        ]
    assert (types.count("order.placed"), types.count("fulfilment.reported")) == (1, 1)


def test_a_worker_that_was_away_for_longer_than_its_lease_changes_nothing(
    shop: ShopifyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.send("orders/create", fixture("order_created"))
    real = inbox.payload_of

    def another_takes_over(_: int) -> None:
        with merchant_scope(shop.merchant):
            InboxItem.objects.update(due_at=timezone.now() + timedelta(minutes=5), attempts=7)

    def away(body: bytes) -> Any:
        in_threads(
            1, another_takes_over
        )  # committed on a connection of its own, as another worker's would be
        return real(body)

    monkeypatch.setattr(inbox, "payload_of", away)
    due.run("orders.inbox")
    with merchant_scope(shop.merchant):
        assert not Order.objects.exists()
        assert InboxItem.objects.get().attempts == 7


def test_a_fault_of_ours_is_tried_again_and_leaves_nothing_behind(
    shop: ShopifyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.send("orders/updated", fixture("order_updated_refund"))
    with monkeypatch.context() as broken:
        broken.setattr(receiving, "report_fulfilment", lambda *_, **__: 1 / 0)
        due.run("orders.inbox")
    with merchant_scope(shop.merchant):
        item = InboxItem.objects.get()
        assert (item.state, "ZeroDivisionError" in item.error) == (InboxState.WAITING, True)
        assert not Order.objects.exists()
        InboxItem.objects.update(due_at=timezone.now())
        due.run("orders.inbox")
        assert InboxItem.objects.get().state == InboxState.DONE


def test_the_claim_reads_the_partial_index(shop: ShopifyShop) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT * FROM orders_inboxitem WHERE due_at <= now() ORDER BY due_at LIMIT 20"
            " FOR UPDATE SKIP LOCKED"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "inbox_due" in plan

"""What could not be worked off: shown with its reason, and tried again when a person says so."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.models import ParkedFact
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import InboxItem
from tests import factories
from tests.dashboard import scene
from tests.dashboard.scene import Scene

URL = "/app/nordwind/parked/"


def test_a_parked_fact_says_what_who_why_and_when(shop: Scene, owner: Client) -> None:
    page = owner.get(URL).content.decode()
    for words in (
        "Order placed",
        "notifications.messages",
        "ValueError: no such window",
        shop.ids["order_id"],
    ):
        assert words in page, words
    assert page.index("<summary") < page.index("ValueError: no such window") < page.index("Traceback")
    assert "in 59 min" in page


def test_a_failed_webhook_says_what_and_why(shop: Scene, owner: Client) -> None:
    page = owner.get(URL, {"tab": "inbox"}).content.decode()
    for words in ("Webhook from shopify", "orders/create", "Order 5551 is not known.", "it was given up"):
        assert words in page, words


def test_trying_one_fact_again_makes_it_due_and_no_other(shop: Scene, owner: Client) -> None:
    with merchant_scope(shop.merchant):
        other = scene.parked_fact(shop.merchant, shop.order, position=2)
    page = owner.post(f"{URL}facts/{shop.ids['parked_id']}/retry/", follow=True).content.decode()
    assert "tried again within seconds" in page
    with merchant_scope(shop.merchant):
        assert ParkedFact.objects.get(pk=shop.parked.pk).due_at <= timezone.now()
        assert ParkedFact.objects.get(pk=other.pk).due_at == other.due_at


def test_trying_all_facts_again_makes_every_one_due(shop: Scene, stranger: Merchant, owner: Client) -> None:
    theirs = scene.build(stranger).parked
    with merchant_scope(shop.merchant):
        scene.parked_fact(shop.merchant, shop.order, position=2)
    page = owner.post(f"{URL}facts/retry/", follow=True).content.decode()
    assert "2 are tried again now." in page
    with merchant_scope(shop.merchant):
        assert all(fact.due_at <= timezone.now() for fact in ParkedFact.objects.all())
    with merchant_scope(stranger):
        assert ParkedFact.objects.get(pk=theirs.pk).due_at == theirs.due_at


def test_trying_webhooks_again_makes_them_wait_for_work(shop: Scene, owner: Client) -> None:
    with merchant_scope(shop.merchant):
        other = scene.failed_item(shop.merchant, "w-2")
    owner.post(f"{URL}inbox/{shop.ids['item_id']}/retry/")
    with merchant_scope(shop.merchant):
        assert InboxItem.objects.get(pk=shop.item.pk).state == "waiting"
        assert InboxItem.objects.get(pk=other.pk).state == "failed"
    assert "1 is tried again now." in owner.post(f"{URL}inbox/retry/", follow=True).content.decode()
    with merchant_scope(shop.merchant):
        assert InboxItem.objects.get(pk=other.pk).state == "waiting"
        assert InboxItem.objects.get(pk=other.pk).due_at is not None


def test_a_webhook_that_was_worked_off_is_not_tried_again(shop: Scene, owner: Client) -> None:
    with merchant_scope(shop.merchant):
        InboxItem.objects.update(state="done")
    assert owner.post(f"{URL}inbox/{shop.ids['item_id']}/retry/").status_code == 404
    owner.post(f"{URL}inbox/retry/")
    with merchant_scope(shop.merchant):
        assert InboxItem.objects.get(pk=shop.item.pk).state == "done"


@pytest.mark.parametrize("tab", ["facts", "inbox"])
def test_nothing_parked_says_so(tab: str, merchant: Merchant, owner: Client) -> None:
    page = owner.get(URL, {"tab": tab}).content.decode()
    assert "Nothing is parked" in page
    assert "Try all again" not in page


@pytest.mark.parametrize("tab", ["facts", "inbox"])
def test_the_number_of_queries_does_not_grow_with_the_rows(tab: str, shop: Scene, owner: Client) -> None:
    def price() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(URL, {"tab": tab}).status_code == 200
        return len(queries)

    few = price()
    with merchant_scope(shop.merchant):
        for number in range(2, 60):
            scene.parked_fact(shop.merchant, shop.order, position=number)
            scene.failed_item(shop.merchant, f"w-{number}")
    assert price() == few <= 7
    assert "The next 50" in owner.get(URL, {"tab": tab}).content.decode()


def test_what_waits_stands_in_the_navigation(shop: Scene, owner: Client) -> None:
    order = factories.order(shop.merchant)
    factories.scan(shop.merchant, factories.shipment(shop.merchant, order), "exception", timezone.now())
    page = owner.get(URL).content.decode()
    for words, number in (("need attention:", "1"), ("failed:", "1"), ("waiting:", "2")):
        assert f"{words} </span>{number}</b>" in page

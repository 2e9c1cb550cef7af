"""One order: what the page says, the timeline of everything, and what can be done."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.timeline import Entry, timeline
from events.drain import drain
from events.models import Fact, Incoming
from merchants.ids import public_id
from merchants.models import SHARDS, Merchant
from merchants.scope import merchant_scope
from notifications.models import Message
from orders.links import link_token
from orders.models import Order
from orders.schemas import PromiseIn
from tests import factories
from tests.dashboard import scene
from tracking.models import Shipment

NOW = timezone.now().replace(microsecond=0)


def drain_everything() -> None:
    for shard in range(SHARDS):
        drain(shard)


def page_of(client: Client, order: Order, query: str = "") -> str:
    answer = client.get(f"/app/nordwind/orders/{public_id('ord', order.id)}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def text_of(page: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def entries_of(merchant: Merchant, order: Order) -> list[Entry]:
    with merchant_scope(merchant):
        shipments = list(Shipment.objects.filter(order_id=order.id).order_by("number"))
        return timeline(merchant, order, shipments)


def told(entries: list[Entry]) -> list[str]:
    return [
        f"{entry.kind}: {entry.label.text}{f' ({entry.about})' if entry.about else ''}" for entry in entries
    ]


@pytest.fixture
def journey(merchant: Merchant) -> Order:
    """Two parcels: one delivered, one with a problem; a message sent and one left out."""
    order = factories.order(merchant, quantity=2, placed_at=NOW - timedelta(days=3))
    first = factories.shipment(merchant, order, quantity=1, shipped_at=NOW - timedelta(hours=48))
    second = factories.shipment(merchant, order, quantity=1, shipped_at=NOW - timedelta(hours=47))
    scans = [
        (first, "in_transit", "transit.picked_up", 48), (first, "delivered", "delivered.neighbour", 20),
        (second, "in_transit", "transit.picked_up", 47), (second, "in_transit", "transit.departure", 40),
        (second, "exception", "exception.address", 10),
    ]  # fmt: skip
    for parcel, status, substatus, hours in scans:
        factories.scan(
            merchant, parcel, status, NOW - timedelta(hours=hours), substatus=substatus, city="Leipzig", country="DE",
            description=f"carrier says {substatus}",
        )  # fmt: skip
    drain_everything()
    with merchant_scope(merchant):
        Message.objects.all().delete()  # only those below
        scene.message(
            merchant, order, state="sent", touchpoint="shipment_delivered", shipment_id=first.id,
            planned_at=NOW - timedelta(hours=20), sent_at=NOW - timedelta(hours=19),
        )  # fmt: skip
        scene.message(
            merchant, order, state="skipped", reason="too_old", touchpoint="shipment_exception",
            planned_at=NOW - timedelta(hours=9),
        )  # fmt: skip
    return order


def test_the_timeline_tells_facts_scans_and_messages_newest_first(merchant: Merchant, journey: Order) -> None:
    entries = [e for e in entries_of(merchant, journey) if e.label.text != "Parcel announced"]
    assert told(entries) == [
        "message: Message “Problem with a parcel”",
        "fact: Problem with the parcel (Parcel 2)",
        "message: Message “Delivered” (Parcel 1)",
        "fact: Parcel delivered (Parcel 1)",
        "scan: Left a depot (Parcel 2)",
        "fact: Parcel shipped (Parcel 2)",
        "fact: Parcel shipped (Parcel 1)",
        "fact: Order placed",
    ]
    assert [e.at for e in entries] == sorted((e.at for e in entries), reverse=True)


def test_a_scan_that_made_a_fact_is_told_with_it_once(merchant: Merchant, journey: Order) -> None:
    delivered = next(e for e in entries_of(merchant, journey) if e.label.text == "Parcel delivered")
    assert "Leipzig, Germany" in delivered.details
    assert "carrier says delivered.neighbour" in delivered.details
    with merchant_scope(merchant):
        facts = Fact.objects.exclude(type__startswith="message.").count()
        scans, messages = 5, Message.objects.count()
    merged = 4  # shipped twice, delivered, exception
    assert len(entries_of(merchant, journey)) == facts + scans - merged + messages


def test_every_fact_of_the_log_is_on_the_timeline(merchant: Merchant, journey: Order) -> None:
    with merchant_scope(merchant):
        facts = Fact.objects.exclude(type__startswith="message.").values_list("position", flat=True)
        assert {e.place[1] for e in entries_of(merchant, journey) if e.kind == "fact"} == set(facts)


def test_a_message_that_was_not_sent_says_why(merchant: Merchant, journey: Order, owner: Client) -> None:
    page = text_of(page_of(owner, journey))
    assert "Not sent · It had happened more than 48 hours before we could tell." in page


def test_one_parcel_needs_no_number_on_the_timeline(merchant: Merchant) -> None:
    order = factories.order(merchant)
    factories.scan(merchant, factories.shipment(merchant, order), "delivered", NOW - timedelta(hours=1))
    drain_everything()
    assert {entry.about for entry in entries_of(merchant, order)} == {""}


def test_the_page_says_what_was_bought_and_how_much_of_it_was_shipped(
    merchant: Merchant, owner: Client
) -> None:
    order = factories.order(merchant, quantity=3)
    factories.shipment(merchant, order, quantity=2, carrier="DHL", tracking_number="JJD42")
    page = text_of(page_of(owner, order))
    for words in (
        order.number, "Anna Weber", order.email, "10115 Berlin", "Fjord Wool Sweater", "3 × €89.00", "€267.00",
        "2 of 3 shipped", "Partly shipped", "JJD42", "2 × Fjord Wool Sweater",
    ):  # fmt: skip
        assert words in page, words


def test_before_anything_is_sent_the_page_says_when_it_will_be_there_and_why(
    merchant: Merchant, owner: Client
) -> None:
    order = factories.order(merchant)
    assert "by your delivery rule" in page_of(owner, order)
    day = NOW.date() + timedelta(days=3)
    promised = factories.order(merchant, delivery=PromiseIn(earliest=day, latest=day))
    assert "as your shop promised" in page_of(owner, promised)
    factories.shipment(merchant, promised)
    assert "as your shop promised" not in page_of(owner, promised)  # the parcel has a day of its own


def test_the_customers_link_is_there_to_copy_and_to_open(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    path = f"/p/nordwind/t/{link_token(order.id, 1)}/"
    page = page_of(owner, order)
    assert f'href="{path}"' in page
    assert re.search(rf'data-copy="https?://[^"]+{path}"[^>]* hidden', page)


def test_a_carriers_link_that_is_no_web_address_is_not_linked(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    parcel = factories.shipment(merchant, order, carrier="Own van", tracking_number="V-1")
    with merchant_scope(merchant):
        Shipment.objects.filter(pk=parcel.pk).update(tracking_url="javascript:alert(document.domain)")
    page = page_of(owner, order)
    assert "V-1" in page
    assert "javascript:" not in page


def test_cancelling_asks_first_then_cancels_and_says_so(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    url = f"/app/nordwind/orders/{public_id('ord', order.id)}/"
    assert "Cancel order" in page_of(owner, order)
    assert f"Cancel order {order.number}?" in owner.get(f"{url}cancel/").content.decode()
    assert stored(merchant, order).status == "placed"
    page = owner.post(f"{url}cancel/", follow=True).content.decode()
    assert stored(merchant, order).status == "cancelled"
    assert f"Order {order.number} is cancelled." in page
    assert f"{url}cancel/" not in page  # nothing left to cancel
    assert Incoming.objects.filter(type="order.cancelled").count() == 1


def test_a_delivered_order_is_not_cancelled(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    factories.scan(merchant, factories.shipment(merchant, order), "delivered", NOW - timedelta(hours=1))
    url = f"/app/nordwind/orders/{public_id('ord', order.id)}/cancel/"
    assert url not in page_of(owner, order)
    assert "A delivered order cannot be cancelled." in owner.post(url, follow=True).content.decode()
    assert stored(merchant, order).status == "placed"


def test_a_new_link_makes_the_old_one_useless(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    url = f"/app/nordwind/orders/{public_id('ord', order.id)}/renew-link/"
    assert owner.get(url).status_code == 200
    assert stored(merchant, order).link_version == 1
    page = owner.post(url, follow=True).content.decode()
    assert stored(merchant, order).link_version == 2
    assert link_token(order.id, 2) in page
    assert link_token(order.id, 1) not in page


def stored(merchant: Merchant, order: Order) -> Order:
    with merchant_scope(merchant):
        return Order.objects.get(pk=order.pk)


def test_the_number_of_queries_does_not_grow_with_what_happened(merchant: Merchant, owner: Client) -> None:
    def price(order: Order) -> int:
        drain_everything()
        with CaptureQueriesContext(connection) as queries:
            page_of(owner, order)
        return len(queries)

    few = price(factories.order(merchant))
    much = factories.order(merchant, quantity=12)
    for _ in range(12):
        parcel = factories.shipment(merchant, much, quantity=1)
        for hours in range(5):
            factories.scan(
                merchant, parcel, "in_transit", NOW - timedelta(hours=hours), description=str(hours)
            )
    with merchant_scope(merchant):
        for _ in range(20):
            scene.message(merchant, much, state="sent")
    # With parcels there are three more: what is in them, and their scans. Two of the others are the order's money, and
    # what became of it afterwards.
    assert price(much) <= few + 3 <= 17


def test_a_long_timeline_is_cut_and_opens_on_demand(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    with merchant_scope(merchant):
        for _ in range(60):
            scene.message(merchant, order, state="sent")
    cut, whole = page_of(owner, order), page_of(owner, order, "?timeline=all")
    assert cut.count('class="t-what"') == 40
    assert "Show 20 older entries" in cut
    assert whole.count('class="t-what"') == 60


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_unknown_fact_and_an_unknown_status_show_as_themselves(
    language: str, merchant: Merchant, owner: Client
) -> None:
    order = factories.order(merchant)
    drain_everything()
    with merchant_scope(merchant):
        fact: Any = Fact.objects.get(order_id=order.id, type="order.placed")
        Fact.objects.filter(position=fact.position).update(type="order.praised", data={})
    owner.cookies["django_language"] = language
    assert "order.praised" in page_of(owner, order)


def test_an_address_adds_nobody_to_a_mail(merchant: Merchant, owner: Client) -> None:
    """What a shopper gave as an address may be an address and still carry parts of a mailto link."""
    order = factories.order(merchant, email="anna?bcc=eve@example.test")
    page = owner.get(f"/app/nordwind/orders/{public_id('ord', order.pk)}/").content.decode()
    assert 'href="mailto:anna%3Fbcc%3Deve@example.test"' in page

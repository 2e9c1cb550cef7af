"""The list of parcels and the page of one: the right ones, and everything that was said about it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order
from orders.schemas import AddressIn
from tests import factories
from tests.dashboard.scene import Scene, a_watch_item, many_orders
from tracking.commands import put_shipment
from tracking.models import Shipment, UnreadAnswer
from tracking.schemas import ShipmentIn, WindowIn

URL = "/app/nordwind/shipments/"


def shown(answer: Any) -> list[str]:
    """The tracking numbers on a page, from top to bottom."""
    assert answer.status_code == 200
    return re.findall(r"<a href=shp_\w+/>([^<]+)<", answer.content.decode())


def parcel(owner: Merchant, number: str, status: str = "", hours_ago: float = 1, **fields: Any) -> Shipment:
    order_fields = fields.pop("order", {})
    found = factories.shipment(
        owner, factories.order(owner, **order_fields), tracking_number=number, **fields
    )
    if status:
        factories.scan(owner, found, status, timezone.now() - timedelta(hours=hours_ago))
    return found


@pytest.fixture
def parcels(merchant: Merchant) -> None:
    past = WindowIn(earliest=timezone.now() - timedelta(days=5), latest=timezone.now() - timedelta(days=2))
    later = WindowIn(earliest=timezone.now(), latest=timezone.now() + timedelta(days=2))
    long_ago = timezone.now() - timedelta(days=6)
    parcel(merchant, "MOVING-1", "in_transit")
    parcel(merchant, "PROBLEM-1", "exception")
    parcel(merchant, "OVERDUE-1", "in_transit", shipped_at=long_ago, delivery=past)
    parcel(merchant, "QUIET-1", "in_transit", 72, shipped_at=long_ago, delivery=later)
    parcel(merchant, "COLLECT-1", "available_for_pickup")
    parcel(merchant, "DONE-1", "delivered")
    parcel(merchant, "BACK-1", "returned")


@pytest.mark.parametrize(
    ("tab", "numbers"),
    [
        ("attention", ["PROBLEM-1"]),
        ("overdue", ["OVERDUE-1"]),
        ("quiet", ["QUIET-1"]),
        ("moving", ["QUIET-1", "OVERDUE-1", "MOVING-1"]),
        ("pickup", ["COLLECT-1"]),
        ("delivered", ["DONE-1"]),
        ("returned", ["BACK-1"]),
    ],
)
def test_each_tab_holds_its_parcels_and_counts_them(
    tab: str, numbers: list[str], parcels: None, owner: Client
) -> None:
    answer = owner.get(URL, {"tab": tab})
    assert shown(answer) == numbers
    current = re.search(r'aria-current="page">[^<]+ <span class="num">([^<]+)<', answer.content.decode())
    tabs = re.findall(r'tab=(\w+)"[^>]*>[^<]+ <span class="num">([^<]+)<', answer.content.decode())
    assert dict(tabs)[tab] == str(len(numbers))
    assert current is not None


def test_filters_narrow_the_list(merchant: Merchant, owner: Client) -> None:
    swiss = {"shipping_address": AddressIn(city="Bern", postcode="3000", country="CH")}
    parcel(merchant, "A-1", carrier="DHL")
    parcel(merchant, "B-1", carrier="UPS", order=swiss)
    assert shown(owner.get(URL, {"carrier": "ups"})) == ["B-1"]
    assert shown(owner.get(URL, {"country": "ch"})) == ["B-1"]
    assert shown(owner.get(URL, {"country": "CH", "carrier": "dhl"})) == []
    assert shown(owner.get(URL, {"q": "A-1"})) == ["A-1"]
    assert shown(owner.get(URL, {"q": "nosuchword"})) == []
    tomorrow = (timezone.localdate() + timedelta(days=2)).isoformat()
    assert shown(owner.get(URL, {"from": tomorrow})) == []
    assert len(shown(owner.get(URL, {"to": tomorrow}))) == 2
    page = owner.get(URL).content.decode()
    assert "Switzerland" in page


@pytest.mark.parametrize(
    "query",
    [
        "from=x",
        "from=2026-02-31",
        "to=0001-01-01",
        "country=%00",
        "carrier=%00",
        "outcome=x",
        "view=x",
        "tag=,",
    ],
)
def test_a_filter_that_is_none_is_left_out(query: str, merchant: Merchant, owner: Client) -> None:
    parcel(merchant, "A-1")
    assert owner.get(f"{URL}?{query}").status_code == 200
    assert owner.get(f"/app/nordwind/orders/?{query}").status_code == 200


def test_the_number_of_queries_does_not_grow(merchant: Merchant, owner: Client) -> None:
    def price(**query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(owner.get(URL, query).content) < 40_000
        return len(queries)

    many_orders(merchant, 3)
    price()
    few = price()
    with merchant_scope(merchant):
        Order.objects.all().delete()
    many_orders(merchant, 60)
    assert price() == few <= 8
    assert price(carrier="sandbox", tab="moving") <= 8


def test_the_rest_is_loaded_on_demand(merchant: Merchant, owner: Client) -> None:
    many_orders(merchant, 60)
    first = owner.get(URL)
    (more,) = re.findall(r'class="btn" href="([^"]+)"', first.content.decode())
    rest = owner.get(URL + more.replace("&amp;", "&"), headers={"HX-Request": "true", "HX-Target": "tr#more"})
    assert len(shown(first)) == 50
    assert len(shown(rest)) == 10
    assert "<html" not in rest.content.decode()


def test_the_page_shows_what_came_in_beside_our_words(shop: Scene, owner: Client) -> None:
    factories.scan(
        shop.merchant, shop.parcel, "exception", timezone.now(), substatus="exception.address", raw_code="ZX-17",
        description="Adresse unvollständig", city="Leipzig", country="DE",
    )  # fmt: skip
    page = owner.get(f"{URL}{shop.ids['shipment_id']}/").content.decode()
    for text in ("JJD100200300", "The address is wrong or incomplete", "ZX-17", "exception exception.address",
                 "Adresse unvollständig", "Leipzig · Germany", shop.order.number):  # fmt: skip
        assert text in page


def test_the_page_shows_how_the_window_moved(
    merchant: Merchant, owner: Client, drain_all: Callable[[], int]
) -> None:
    def window(days: int) -> WindowIn:
        at = timezone.now() + timedelta(days=days)
        return WindowIn(earliest=at, latest=at + timedelta(hours=1))

    found = parcel(merchant, "M-1", delivery=window(2))
    with merchant_scope(merchant):
        external = found.order.external_id
    put_shipment(merchant, ShipmentIn(order_external_id=external, tracking_number="M-1", delivery=window(6)))
    drain_all()
    page = owner.get(f"{URL}{public_id('shp', found.id)}/").content.decode()
    assert "How it moved" in page
    assert page.count('class="is-past"') == 1


def test_an_answer_that_could_not_be_read_is_shown_as_text(shop: Scene, owner: Client) -> None:
    with merchant_scope(shop.merchant):
        UnreadAnswer.objects.create(
            merchant=shop.merchant, shipment=shop.parcel, carrier="dhl", detail="no status",
            body=b"<script>alert(1)</script>\xff", received_at=timezone.now(),
        )  # fmt: skip
    page = owner.get(f"{URL}{shop.ids['shipment_id']}/").content.decode()
    assert "no status" in page
    assert "&lt;script&gt;alert(1)" in page


def test_asking_now_makes_the_parcel_due_once(shop: Scene, owner: Client) -> None:
    path = f"{URL}{shop.ids['shipment_id']}/refresh/"
    answer = owner.post(path, follow=True)
    assert "The carrier is asked now" in answer.content.decode()
    with merchant_scope(shop.merchant):
        Shipment.objects.filter(pk=shop.parcel.pk).update(polled_at=timezone.now())
    assert "Try again in 5 minutes" in owner.post(path, follow=True).content.decode()


def test_a_carrier_that_is_not_asked_has_no_button(merchant: Merchant, owner: Client) -> None:
    found = parcel(merchant, "K-1", carrier="Kurier Krause")
    path = f"{URL}{public_id('shp', found.id)}/"
    assert "Ask the carrier now" not in owner.get(path).content.decode()
    assert "cannot be asked" in owner.post(f"{path}refresh/", follow=True).content.decode()


def test_a_parcels_page_shows_what_proves_the_delivery_where_it_waited_and_why_it_was_watched(
    merchant: Merchant, owner: Client
) -> None:
    found = parcel(merchant, "PROVED-1", "delivered")
    proof = {
        "signed_by": "",
        "left_with": "neighbour",
        "place": "2nd floor",
        "photo_url": "https://c.test/p.jpg",
    }
    pickup = {
        "name": "Kiosk Meyer",
        "address": "Ring 7",
        "postcode": "10115",
        "city": "Berlin",
        "hours": "Mo–Fr 9–18",
    }
    with merchant_scope(merchant):
        Shipment.objects.filter(pk=found.pk).update(
            signed_by="M. Weber", proof={**proof, "document_url": "javascript:alert(1)"}, pickup=pickup,
            weight_grams=1240, next_carrier="dpd", next_number="0155",
        )  # fmt: skip
        item = a_watch_item(merchant, found, reason="late")
    page = owner.get(f"{URL}{public_id('shp', found.pk)}/").content.decode()
    for words in ("signed by M. Weber", "With a neighbour", "2nd floor", 'href="https://c.test/p.jpg"', "Kiosk Meyer",
                  "Mo–Fr 9–18", "1.2 kg", "DPD 0155", public_id("wat", item.pk)):  # fmt: skip
        assert words in page, words
    assert "javascript:alert" not in page.replace("&quot;", "")

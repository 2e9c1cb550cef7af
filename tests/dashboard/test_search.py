"""One search for everything: orders, parcels, people, products and pages."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Product
from orders.schemas import CustomerIn
from tests import factories
from tests.dashboard.scene import Scene, many_orders

URL = "/app/nordwind/search/"


def groups(page: str) -> dict[str, list[str]]:
    """What was found, by its heading."""
    parts = re.findall(r'<section class="hits"><h2>([^<]+)</h2><ul>(.*?)</ul>', page, re.DOTALL)
    return {name: re.findall(r"<strong>([^<]+)</strong>", rows) for name, rows in parts}


def found(client: Client, typed: str) -> dict[str, list[str]]:
    answer = client.get(URL, {"q": typed})
    assert answer.status_code == 200
    return groups(answer.content.decode())


def test_an_order_brings_its_parcels_and_its_buyer(shop: Scene, owner: Client) -> None:
    hits = found(owner, shop.order.number)
    assert hits["Orders"] == [shop.order.number]
    assert hits["Parcels"] == ["JJD100200300"]
    assert hits["People"] == ["Anna Weber"]


@pytest.mark.parametrize("typed", ["JJD100200300", "jjd1002"])
def test_a_tracking_number_finds_its_parcel(typed: str, shop: Scene, owner: Client) -> None:
    assert found(owner, typed)["Parcels"] == ["JJD100200300"]


def test_a_person_is_found_once(merchant: Merchant, owner: Client) -> None:
    for _ in range(3):
        factories.order(
            merchant, customer=CustomerIn(email="ida@x.test", first_name="Ida", last_name="Sommer")
        )
    hits = found(owner, "sommer ida")
    assert hits["People"] == ["Ida Sommer"]
    assert len(hits["Orders"]) == 3


def test_a_product_is_found_by_its_title(merchant: Merchant, owner: Client) -> None:
    with merchant_scope(merchant):
        Product.objects.create(
            merchant=merchant, external_id="p1", title="Fjord Wool Sweater", created_at=timezone.now(),
            updated_at=timezone.now(),
        )  # fmt: skip
    assert found(owner, "sweater fjord")["Products"] == ["Fjord Wool Sweater"]


def test_a_product_leads_to_its_page_in_the_shop_if_it_has_one(merchant: Merchant, owner: Client) -> None:
    now = timezone.now()
    with merchant_scope(merchant):
        for name, url in (
            ("Fjord", "https://shop.test/fjord"),
            ("Skerry", ""),
            ("Holm", "javascript:alert(1)"),
        ):
            Product.objects.create(
                merchant=merchant, external_id=name, title=name, url=url, created_at=now, updated_at=now
            )
    assert (
        '<a href="https://shop.test/fjord"><strong>Fjord' in owner.get(URL, {"q": "fjord"}).content.decode()
    )
    for name in ("Skerry", "Holm"):
        assert f"<li><p><strong>{name}</strong>" in owner.get(URL, {"q": name}).content.decode()


@pytest.mark.parametrize(
    ("typed", "page"),
    [("ship", "Shipments"), ("tracking", "Shipments"), ("webhooks", "Webhooks"), ("team", "Team")],
)
def test_pages_are_found_by_their_names_and_by_other_words(
    typed: str, page: str, merchant: Merchant, owner: Client
) -> None:
    assert any(page in name for name in found(owner, typed)["Pages"])


def test_pages_are_found_in_the_readers_language(merchant: Merchant, owner: Client) -> None:
    with translation.override("de"):
        name = translation.gettext("Messages")
    assert name != "Messages"
    answer = owner.get(URL, {"q": name[:6]}, headers={"Accept-Language": "de"})
    assert name in str(groups(answer.content.decode()))


def test_a_fragment_has_five_of_a_kind_and_no_page_around(merchant: Merchant, owner: Client) -> None:
    many_orders(merchant, 8)
    answer = owner.get(URL, {"q": "weber"}, headers={"HX-Request": "true"})
    assert "<html" not in answer.content.decode()
    assert len(groups(answer.content.decode())["Orders"]) == 5
    assert "All of them" in answer.content.decode()


@pytest.mark.parametrize("typed", ["", "   ", "\0", "%", "'", "zzzz", "\\", "a" * 500, "🦊"])
def test_nothing_is_found_politely(typed: str, shop: Scene, owner: Client) -> None:
    answer = owner.get(URL, {"q": typed})
    assert answer.status_code == 200
    assert shop.order.number not in answer.content.decode()


def test_another_shops_things_are_not_found(merchant: Merchant, stranger: Merchant, owner: Client) -> None:
    theirs = factories.order(stranger)
    factories.shipment(stranger, theirs, tracking_number="THEIRS-1")
    for typed in (theirs.number, "THEIRS-1", theirs.email):
        hits = found(owner, typed)
        assert not {"Orders", "Parcels", "People"} & set(hits)


def test_it_takes_five_queries_of_its_own(merchant: Merchant, owner: Client) -> None:
    many_orders(merchant, 60)
    with CaptureQueriesContext(connection) as queries:
        assert len(owner.get(URL, {"q": "weber"}).content) < 25_000
    assert len(queries) <= 8
    with CaptureQueriesContext(connection) as queries:
        owner.get(URL, {"q": "weber"}, headers={"HX-Request": "true"})
    assert len(queries) <= 7

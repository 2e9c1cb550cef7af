"""The list of orders: the right ones, in order, found by what people type, at a constant price."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.commands import cancel_order
from orders.models import Order, Stage
from orders.schemas import AddressIn, CustomerIn, LineIn
from tests import factories
from tests.dashboard.scene import many_orders
from tracking.commands import cancel_shipment

URL = "/app/nordwind/orders/"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def numbers(answer: Any) -> list[str]:
    """The order numbers on a page, from top to bottom."""
    return re.findall(r"<a href=ord_\w+/>([^<]+)<", answer.content.decode())


def counts(answer: Any) -> dict[str, str]:
    """What stands in the tabs."""
    page = answer.content.decode()
    return dict(re.findall(r'<a href="[^"]*"[^>]*>([A-Z][a-z ]+) <span class="num">([^<]+)</span>', page))


def at_stage(merchant: Merchant, stage: Stage) -> Order:
    order = factories.order(merchant, quantity=2)
    if stage == Stage.CANCELLED:
        cancel_order(merchant, order.id)
    elif stage != Stage.TO_SHIP:
        parcel = factories.shipment(merchant, order, quantity=1 if stage == Stage.PARTLY_SHIPPED else 2)
        status = {Stage.ATTENTION: "exception", Stage.DELIVERED: "delivered"}.get(stage, "in_transit")
        factories.scan(merchant, parcel, status, timezone.now() - timedelta(hours=1))
    with merchant_scope(merchant):
        order.refresh_from_db()
    assert order.stage == stage
    return order


TAB_OF = {
    Stage.TO_SHIP: ("ship", "To ship"),
    Stage.PARTLY_SHIPPED: ("ship", "To ship"),
    Stage.IN_TRANSIT: ("transit", "In transit"),
    Stage.ATTENTION: ("attention", "Needs attention"),
    Stage.DELIVERED: ("delivered", "Delivered"),
    Stage.CANCELLED: ("cancelled", "Cancelled"),
}


def test_each_stage_has_its_tab_and_is_counted_there(merchant: Merchant, owner: Client) -> None:
    made = {stage: at_stage(merchant, stage) for stage in Stage}
    for stage, order in made.items():
        tab, words = TAB_OF[stage]
        shown = numbers(owner.get(URL, {"tab": tab}))
        alike = {made[other].number for other in Stage if TAB_OF[other][0] == tab}
        assert order.number in shown
        assert set(shown) == alike
        assert counts(owner.get(URL))[words] == str(len(alike))
    assert counts(owner.get(URL))["All"] == "6"
    assert len(numbers(owner.get(URL))) == 6


def test_a_tab_that_does_not_exist_shows_all(merchant: Merchant, owner: Client) -> None:
    factories.order(merchant)
    assert len(numbers(owner.get(URL, {"tab": "<script>"}))) == 1


def test_a_row_says_who_when_how_much_and_what_became_of_the_parcels(
    merchant: Merchant, owner: Client
) -> None:
    order = factories.order(merchant, quantity=3, placed_at=NOON)
    for status in ("delivered", "delivered", "in_transit"):
        parcel = factories.shipment(
            merchant, order, quantity=1, carrier="DHL" if status == "delivered" else "UPS"
        )
        factories.scan(merchant, parcel, status, timezone.now() - timedelta(hours=1))
    page = owner.get(URL).content.decode()
    for words in ("Anna Weber", "1 Mar, 13:00", "€267.00", "2 of 3 delivered", "DHL, UPS", "In transit"):
        assert words in page


def test_a_cancelled_parcel_does_not_count(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant, quantity=2)
    cancel_shipment(merchant, factories.shipment(merchant, order, quantity=1).id)
    factories.shipment(merchant, order, quantity=2)
    assert "1 parcel<" in owner.get(URL).content.decode()


@pytest.fixture
def mueller(merchant: Merchant) -> Order:
    """An order with every kind of word, among others."""
    for _ in range(3):
        factories.order(merchant)
    order = factories.order(
        merchant,
        number="#AB-2077",
        customer=CustomerIn(email="Jürgen.Mueller-Groß@Example.test", first_name="Jürgen", last_name="Müller-Groß"),
        shipping_address=AddressIn(city="London", postcode="SW1A 1AA", country="GB"),
        lines=[LineIn(title="Sweater", quantity=1, unit_price=Decimal(9), external_id="L1")],
    )  # fmt: skip
    factories.shipment(merchant, order, tracking_number="JJD-000-77")
    return order


def test_an_order_is_found_by_what_people_type(mueller: Order, owner: Client) -> None:
    for typed in (
        "#AB-2077", "ab-2077", "AB2077", "2077", "jürgen", "JURGEN.mueller", "Jurgen", "müller", "Muller-Gross", "müll",
        "Müller-Groß, Jürgen", "jürgen.mueller-groß@example.test", "SW1A 1AA", "sw1a1aa", "JJD-000-77", "jjd00077",
        "  müller   jürgen ", '"müller"', "müller sw1a",
    ):  # fmt: skip
        answer = owner.get(URL, {"q": typed})
        assert numbers(answer) == ["#AB-2077"], typed
        assert counts(answer)["All"] == "1", typed


def test_nothing_that_is_typed_breaks_the_page(mueller: Order, owner: Client) -> None:
    for typed in (
        "müller anna", "'", "#", "\\", "!!!", "a & b", "weber | anna", "<->", "'weber':*", "%", "weber\x00", "(", ":*",
        "x" * 5000, "ä" * 300, "zzz", "\u202e", "\ud83d",
    ):  # fmt: skip
        answer = owner.get(URL, {"q": typed.encode("utf-8", "replace")})
        assert answer.status_code == 200, typed
        assert "#AB-2077" not in numbers(answer), typed


def test_search_and_tab_work_together(merchant: Merchant, owner: Client) -> None:
    order = at_stage(merchant, Stage.ATTENTION)
    factories.order(merchant)
    answer = owner.get(URL, {"q": "weber", "tab": "attention"})
    assert numbers(answer) == [order.number]
    assert counts(answer) == {
        "All": "2", "To ship": "1", "In transit": "0", "Needs attention": "1", "Delivered": "0", "Cancelled": "0",
    }  # fmt: skip


def more_url(answer: Any) -> str:
    found = re.search(r'href="(\?[^"]*cursor=[^"]+)"', answer.content.decode())
    return found[1].replace("&amp;", "&") if found else ""


def test_fifty_more_at_a_time_reach_every_order_once_newest_first(merchant: Merchant, owner: Client) -> None:
    many_orders(merchant, 120)
    seen: list[str] = []
    url = "?tab=all"
    for _ in range(3):
        answer = owner.get(URL + url)
        seen += numbers(answer)
        url = more_url(answer)
    assert url == ""
    assert len(seen) == len(set(seen)) == 120
    with merchant_scope(merchant):
        assert seen == list(Order.objects.order_by("-placed_at", "-id").values_list("number", flat=True))


def test_orders_that_come_in_meanwhile_do_not_shift_the_next_fifty(merchant: Merchant, owner: Client) -> None:
    many_orders(merchant, 60)
    first = owner.get(URL)
    factories.order(merchant, number="#new")
    second = numbers(owner.get(URL + more_url(first)))
    assert len(second) == 10
    assert not set(second) & {*numbers(first), "#new"}


def test_more_keeps_the_tab_and_the_search(merchant: Merchant, owner: Client) -> None:
    many_orders(merchant, 60)
    url = more_url(owner.get(URL, {"tab": "transit", "q": "weber"}))
    assert "tab=transit" in url
    assert "q=weber" in url
    answer = owner.get(URL + url)
    assert len(numbers(answer)) == 10
    assert "Back to the newest" in answer.content.decode()


def test_a_fragment_request_gets_rows_only(merchant: Merchant, owner: Client) -> None:
    many_orders(merchant, 60)
    url = more_url(owner.get(URL))
    answer = owner.get(URL + url, headers={"HX-Request": "true", "HX-Target": "tr#more"})
    assert len(numbers(answer)) == 10
    assert "<html" not in answer.content.decode()
    assert answer.content.decode().strip().startswith("<tr>")


def test_a_search_while_typing_gets_the_results_only(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    answer = owner.get(URL, {"q": order.number}, headers={"HX-Request": "true", "HX-Target": "div#results"})
    assert numbers(answer) == [order.number]
    assert answer.content.decode().strip().startswith('<div id="results"')


@pytest.mark.parametrize("cursor", ["x", "%00", "MjAyNg==", "MjAyNi0wMS0wMVQwMDowMDowMHw=", "Z" * 4000])
def test_a_cursor_that_we_never_gave_starts_at_the_top(
    cursor: str, merchant: Merchant, owner: Client
) -> None:
    factories.order(merchant)
    answer = owner.get(URL, {"cursor": cursor})
    assert answer.status_code == 200
    assert len(numbers(answer)) == 1


def test_the_number_of_queries_does_not_grow_with_the_rows(merchant: Merchant, owner: Client) -> None:
    def price(**query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(URL, query).status_code == 200
        return len(queries)

    many_orders(merchant, 3)
    price()  # the filters' choices are looked up once in five minutes
    few, few_found = price(), price(q="weber")
    with merchant_scope(merchant):
        Order.objects.all().delete()
    many_orders(merchant, 60)
    assert price() == few <= 8
    assert price(q="weber") == few_found <= 8


def test_counts_stop_at_a_thousand(merchant: Merchant, owner: Client) -> None:
    many_orders(merchant, 1001)
    assert counts(owner.get(URL))["All"] == "999+"
    assert counts(owner.get(URL, {"q": "weber"})) == {}  # too many to say which tab they are in


def test_a_shop_without_orders_learns_how_to_send_them(merchant: Merchant, owner: Client) -> None:
    page = owner.get(URL).content.decode()
    assert "No orders yet" in page
    assert "/hooks/shopify/nordwind" in page
    assert re.search(r"POST https?://[^<]+/api/v1/orders", page)


def test_nothing_found_says_so(merchant: Merchant, owner: Client) -> None:
    factories.order(merchant)
    assert "No order has all of these words" in owner.get(URL, {"q": "zzz"}).content.decode()
    assert "No order is at this stage" in owner.get(URL, {"tab": "cancelled"}).content.decode()


def test_another_shops_orders_are_neither_shown_nor_counted(
    merchant: Merchant, stranger: Merchant, desk: Callable[..., Client]
) -> None:
    factories.order(merchant)
    theirs = factories.order(stranger)
    page = desk(merchant).get(URL, {"q": "weber"})
    assert theirs.number not in page.content.decode()
    assert counts(page)["All"] == "1"


def test_a_country_and_a_carrier_that_hardly_meet_are_found_together(
    merchant: Merchant, owner: Client
) -> None:
    many_orders(merchant, 120)
    sent = factories.order(merchant, shipping_address=AddressIn(city="Bern", postcode="3011", country="CH"))
    factories.shipment(merchant, sent, carrier="DHL")
    plain = factories.order(merchant, shipping_address=AddressIn(city="Basel", postcode="4051", country="CH"))
    factories.shipment(merchant, plain, carrier="UPS")
    assert numbers(owner.get(URL, {"country": "CH", "carrier": "dhl"})) == [sent.number]
    assert numbers(owner.get(URL, {"country": "CH", "carrier": "sandbox"})) == []
    assert numbers(owner.get(URL, {"country": "DE", "carrier": "dhl"})) == []
    # These meet often: the list is walked along, fifty at a time.
    often = owner.get(URL, {"country": "DE", "carrier": "sandbox"})
    assert len(numbers(often)) == 50
    assert "Load 50 more" in often.content.decode()
    with CaptureQueriesContext(connection) as queries:
        owner.get(URL, {"country": "DE", "carrier": "sandbox"})
    assert len(queries) <= 8

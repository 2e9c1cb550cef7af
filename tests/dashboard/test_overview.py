"""The overview: what needs the team, four figures that mean what they say, and the rows behind them."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import charts
from merchants.models import Merchant
from tests import factories
from tests.dashboard import scene
from tests.dashboard.scene import many_orders
from tracking.schemas import WindowIn
from webhooks.commands import EndpointValues, create_endpoint, disable

URL = "/app/nordwind/"
Drain = Callable[[], int]


def delivered(owner: Merchant, *, days_ago: int, on_time: bool, carrier: str = "DHL") -> None:
    """A parcel that was delivered at noon some days ago, a day after it was handed over."""
    at = timezone.now().replace(hour=12, minute=0) - timedelta(days=days_ago)
    window = WindowIn(earliest=at - timedelta(days=9), latest=at + timedelta(days=1 if on_time else -3))
    order = factories.order(owner, placed_at=at - timedelta(days=4))
    parcel = factories.shipment(
        owner, order, carrier=carrier, shipped_at=at - timedelta(days=1, hours=3), delivery=window
    )
    factories.scan(owner, parcel, "delivered", at)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_figures_say_what_happened_and_against_what(
    merchant: Merchant, owner: Client, drain_all: Drain
) -> None:
    for days_ago, on_time in ((1, True), (2, True), (3, True), (4, False), (35, True), (36, False)):
        delivered(merchant, days_ago=days_ago, on_time=on_time)
    drain_all()
    page = words(owner.get(URL).content.decode())
    assert "75.0 % " in page  # three of four
    assert "+25.0 pt" in page  # it was one of two in the thirty days before
    assert "1.1 days" in page  # 27 hours
    assert "4 parcels: 3 on time, 1 late, 0 failed." in page
    assert "Delivered by the last day that the customer was first told." in page


def test_each_figure_links_to_its_rows(merchant: Merchant, owner: Client, drain_all: Drain) -> None:
    delivered(merchant, days_ago=2, on_time=False)
    delivered(merchant, days_ago=2, on_time=True)
    drain_all()
    page = owner.get(URL).content.decode()
    (late,) = re.findall(r'href="([^"]+)">Late parcels<', page)
    rows = owner.get(late.replace("&amp;", "&")).content.decode()
    assert rows.count("<a href=shp_") == 1
    (orders,) = re.findall(r'href="([^"]+)">These orders<', page)
    assert owner.get(orders.replace("&amp;", "&")).content.decode().count("<a href=ord_") == 2


def test_the_queue_names_reasons_and_leads_to_them(shop: scene.Scene, owner: Client) -> None:
    factories.scan(shop.merchant, shop.parcel, "exception", timezone.now(), substatus="exception.address")
    page = owner.get(URL).content.decode()
    assert "1 message could not be sent" in page
    assert "1 fact could not be worked off" in page
    assert "1 webhook of your shop failed" in page
    assert f"Order {shop.order.number}" in page
    assert "The address is wrong or incomplete" in page
    assert re.search(r'href="/app/nordwind/watch/wat_\w+/"', page)


def test_the_queue_names_an_endpoint_that_was_switched_off_to_who_may_mend_it(
    merchant: Merchant, owner: Client, desk: Callable[..., Client]
) -> None:
    factories.order(merchant)
    endpoint, _secret = create_endpoint(merchant, EndpointValues(url="https://erp.example/in"))
    assert "switched off" not in owner.get(URL).content.decode()
    disable(merchant, endpoint.pk, "gone")
    page = owner.get(URL).content.decode()
    assert (
        '<a class="cover" href="/app/nordwind/settings/webhooks/">A webhook endpoint was switched off</a>'
        in page
    )
    assert "https://erp.example/in" in page
    assert "switched off" not in desk(merchant, "support").get(URL).content.decode()


def test_the_queue_has_six_lines_at_most(
    merchant: Merchant, owner: Client, drain_all: Callable[[], int]
) -> None:
    for _ in range(8):
        order = factories.order(merchant)
        factories.scan(merchant, factories.shipment(merchant, order), "returning", timezone.now())
    drain_all()
    page = owner.get(URL).content.decode()
    assert page.count('class="t-age"') == 6
    assert "All 8 of the watch-list" in page


def test_a_new_shop_is_told_how_to_begin(merchant: Merchant, owner: Client) -> None:
    page = owner.get(URL).content.decode()
    assert "No orders yet" in page
    assert "/hooks/shopify/nordwind" in page


def test_nothing_to_do_is_said(merchant: Merchant, owner: Client) -> None:
    factories.order(merchant)
    assert "Nothing needs you now." in owner.get(URL).content.decode()


def test_another_shops_figures_stay_there(
    merchant: Merchant, stranger: Merchant, owner: Client, drain_all: Drain
) -> None:
    factories.order(merchant)
    delivered(stranger, days_ago=1, on_time=True)
    drain_all()
    assert "No parcel has arrived in this time." in owner.get(URL).content.decode()


def test_it_costs_the_same_for_many_orders(merchant: Merchant, owner: Client, drain_all: Drain) -> None:
    def price() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(owner.get(URL).content) < 25_000
        return len(queries)

    delivered(merchant, days_ago=1, on_time=True)
    drain_all()
    few = price()
    many_orders(merchant, 300)
    for carrier in ("UPS", "GLS", "Hermes", "DPD", "FedEx"):
        delivered(merchant, days_ago=3, on_time=False, carrier=carrier)
    drain_all()
    assert price() == few <= 8


@pytest.mark.parametrize("days", ["7", "30", "90"])
def test_the_days_come_as_csv_too(days: str, merchant: Merchant, owner: Client, drain_all: Drain) -> None:
    delivered(merchant, days_ago=2, on_time=True)
    drain_all()
    answer = owner.get(f"{URL}deliveries.csv", {"days": days})
    header, *rows = csv.reader(io.StringIO(answer.content.decode()))
    assert header == ["day", "on_time", "late", "failed", "median_days"]
    assert len(rows) == int(days)
    assert [row[1] for row in rows].count("1") == 1


@pytest.mark.parametrize("days", ["", "0", "-1", "1e9", "٣", "31"])
def test_a_period_that_there_is_not_is_thirty_days(days: str, merchant: Merchant, owner: Client) -> None:
    factories.order(merchant)
    page = owner.get(URL, {"days": days}).content.decode()
    assert 'href="?days=30" aria-current="true"' in page


def test_the_charts_carry_their_words_and_no_markup_of_others() -> None:
    bars = [charts.Bar("1 <b>", "<script>", (3, 0, 1)), charts.Bar("2", "two", (0, 0, 0))]
    svg = charts.stacked_bars(bars, ("a", "b", "c"), "How <it> went")
    assert "<script>" not in svg
    assert "<b>" not in svg
    assert re.findall(r'class="(\w)" d="([^"]+)"', svg) == [
        ("a", "M0 0v3"),
        ("c", "M0 3v1"),
    ]  # nothing for nothing
    assert 'role="img"' in svg
    assert "style=" not in svg


def test_a_line_needs_two_days() -> None:
    assert charts.sparkline([None, 1.0, None], "x") == ""
    assert 'd="M0 44l2 -44"' in charts.sparkline([1.0, None, 3.0], "x")
    assert "nan" not in charts.sparkline([2.0, 2.0], "x")


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 4), (4, 4), (5, 8), (17, 20), (99, 100), (640, 800), (12_345, 16_000)]
)
def test_the_scale_ends_at_a_round_number(highest: int, top: int) -> None:
    svg = charts.stacked_bars([charts.Bar("", "", (highest,))], ("a",), "x")
    assert f">{top}<" in svg


def test_the_chart_is_a_table_for_who_asks(merchant: Merchant, owner: Client) -> None:
    factories.order(merchant)
    assert "<tbody>" not in owner.get(URL).content.decode()
    page = owner.get(URL, {"table": "1", "days": "7"}).content.decode()
    assert page.count("<th scope=row>") == 7
    assert "deliveries.csv?days=7" in page

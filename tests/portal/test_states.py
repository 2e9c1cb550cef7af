"""Every state of an order and a parcel, as a shopper reads it, in both languages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from portal.wording import EVENTS, event_name, spoken, words_for
from tests.portal.scenes import SCENES, parcel_of, scanned, shipped, token_of
from tracking.models import Shipment
from tracking.statuses import SUBSTATUSES, Status

# Scene → its chip, a piece of what is told first, the step that is reached (None: no steps), the main button.
SAID: dict[str, tuple[str, str, str | None, str]] = {
    "ordered": ("Order received", "Estimated delivery", "Ordered", "Change the address"),
    "cancelled_order": ("Cancelled", "This order was cancelled", None, "Write to us"),
    "packed": ("Packed", "Estimated delivery", "Packed", "Change the delivery"),
    "shipped_no_scan": ("Shipped", "waiting for the first scan", "Shipped", "Change the delivery"),
    "label": ("Packed", "The label is printed", "Packed", "Change the delivery"),
    "in_transit": ("In transit", "has reached Frankfurt am Main", "In transit", "Change the delivery"),
    "customs": ("At customs", "Customs is checking", "In transit", "Change the delivery"),
    "delayed": ("Delayed", "New estimated delivery", "In transit", "Track at DHL"),
    "overdue": ("Delayed", "It takes longer than planned", "In transit", "Track at DHL"),
    "out_for_delivery": ("Out for delivery", "Arriving", "Out for delivery", "Track at DHL"),
    "pickup": ("Ready to collect", "Collect it by", "Ready to collect", "Track at DHL"),
    "attempt_failed": ("Delivery attempted", "nobody opened", "Delivery failed", "Track at DHL"),
    "no_access": ("Delivery attempted", "The carrier could not get in", "Delivery failed", "Track at DHL"),
    "delivered": ("Delivered", "Your parcel has been delivered", "", "It’s not here"),
    "delivered_signed": ("Delivered", "handed over to A. Weber", "", "It’s not here"),
    "delivered_neighbour": ("Delivered", "left with Familie Huber", "", "It’s not here"),
    "exception": ("Problem", "reports a problem", "In transit", "Track at DHL"),
    "exception_delay_carrier": ("Delayed", "behind schedule", "In transit", "Track at DHL"),
    "exception_delay_weather": ("Delayed", "The weather", "In transit", "Track at DHL"),
    "exception_delay_customs": ("At customs", "still checking", "In transit", "Track at DHL"),
    "exception_documents": ("At customs", "A paper is missing", "In transit", "Track at DHL"),
    "exception_payment_due": ("Payment needed", "Duties or fees are due", "In transit", "Track at DHL"),
    "exception_address": ("Address needed", "Please check your address", "In transit", "Write to us"),
    "exception_refused": ("Refused", "was not accepted", "In transit", "Write to us"),
    "exception_moved": ("Address needed", "Have you moved?", "In transit", "Write to us"),
    "exception_pickup_missed": ("Not collected", "was not collected", "In transit", "Write to us"),
    "exception_missorted": ("Delayed", "a wrong place", "In transit", "Track at DHL"),
    "exception_damaged": ("Damaged", "Your parcel was damaged", "In transit", "Write to us"),
    "exception_lost": ("Lost", "Your parcel was lost", "In transit", "Write to us"),
    "exception_disposed": ("Lost", "will not arrive", "In transit", "Write to us"),
    "exception_held": ("On hold", "stands still", "In transit", "Track at DHL"),
    "exception_rejected_by_carrier": ("On hold", "did not accept your parcel", "In transit", "Track at DHL"),
    "returning": ("Coming back to us", "is coming back to us", "Coming back", "Write to us"),
    "returned": ("Back with us", "has come back to us", "", "Write to us"),
    "cancelled_parcel": ("Cancelled", "This parcel was cancelled", None, "Write to us"),
    "found_again": ("In transit", "found again and travels on", "In transit", "Change the delivery"),
    "expired": ("No news", "No news from the carrier", "In transit", "It’s not here"),
    "two_parcels": ("Shipped", "waiting for the first scan", "Shipped", "Change the delivery"),
}


def text_of(html: str) -> str:
    """What is read, without the head."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split("<body>")[1]))


def page(client: Client, order: Any, language: str = "en", path: str = "") -> str:
    response = client.get(f"/p/nordwind/t/{token_of(order)}/{path}?lang={language}")
    assert response.status_code == 200
    return response.content.decode()


def test_every_scene_has_its_words() -> None:
    assert SAID.keys() == SCENES.keys()


@pytest.mark.parametrize("scene", SCENES)
def test_a_state_is_told_in_both_languages(
    scene: str, merchant: Merchant, client: Client, django_assert_max_num_queries: Any
) -> None:
    chip, told, step, button = SAID[scene]
    order = SCENES[scene](merchant, "en")
    with django_assert_max_num_queries(4):
        english = page(client, order)
    assert f">{chip}</span>" in english
    assert told in text_of(english)
    current = re.findall(r'<li aria-current="step">([^<]+)', english)
    assert current == ([step] if step else [])
    assert ('class="steps"' in english) == (step is not None)
    primary = re.findall(r'class="btn is-primary"[^>]*>([^<]+)', english)
    assert primary == [button]

    german = page(client, order, "de")
    assert '<html lang="de"' in german
    assert "Nordwind" in german
    # Days are written by Babel, whatever the catalogue holds.
    days = re.compile(r"(?:Mo|Di|Mi|Do|Fr|Sa|So)\., \d")
    assert bool(days.search(text_of(german))) or not re.search(
        r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d", text_of(english)
    )


def test_the_day_is_a_range_as_people_write_it(merchant: Merchant, client: Client) -> None:
    order = shipped(merchant, "en")
    first, last = (timezone.localtime(timezone.now() + timedelta(days=days)) for days in (2, 3))
    heading = re.search(r'<h1 id="eta"><time datetime="([\d-]+)">([^<]+)', page(client, order))
    assert heading
    assert heading[1] == f"{first:%Y-%m-%d}"
    assert heading[2].startswith(f"{first:%a} {first.day}")
    assert heading[2].endswith(f"{last:%a} {last.day} {last:%b}".replace("Sept", "Sep"))


def test_a_later_day_stands_beside_the_one_that_was_told(merchant: Merchant, client: Client) -> None:
    html = page(client, SCENES["delayed"](merchant, "en"))
    old = re.search(r"<s>([^<]+)</s>", html)
    new = re.search(r'<h1 id="eta"><time[^>]*>([^<]+)', html)
    assert old
    assert new
    assert old[1] != new[1]
    assert "We’re sorry" in html


def test_a_day_that_is_over_is_never_promised(merchant: Merchant, client: Client) -> None:
    html = page(client, SCENES["overdue"](merchant, "en"))
    assert "Estimated delivery" not in html
    assert "<s>" in html
    assert "delivery.ics" not in html


def test_hours_are_told_on_the_last_day(merchant: Merchant, client: Client) -> None:
    html = page(client, SCENES["out_for_delivery"](merchant, "en"))
    assert re.search(
        r'<h1 id="eta"><time[^>]*>(?:Today|Tomorrow|\w+ \d+).*\d\d:\d\d–\d\d:\d\d|\d\d:\d\d – \d\d:\d\d', html
    )


def test_a_parcel_to_collect_says_where_and_until_when(merchant: Merchant, client: Client) -> None:
    html = page(client, SCENES["pickup"](merchant, "en"))
    assert "Kiosk am Tor" in html
    for name in ("Where", "Open", "Pick-up point", "Until"):
        assert f"<dt>{name}</dt>" in html
    assert "Your turn" in html


def test_a_carrier_that_says_nothing_is_not_a_parcel_that_moves(merchant: Merchant, client: Client) -> None:
    html = page(client, shipped(merchant, "en"))
    assert "We’re waiting for the first scan of the carrier." in html
    assert "journey-map" not in html


def test_the_newest_three_scans_show_and_the_rest_unfolds(merchant: Merchant, client: Client) -> None:
    html = page(client, scanned(merchant, "en", ""))
    before, _, folded = html.partition("<details>")
    assert before.count("<time datetime") == 1 + 3  # the day it comes, and three scans
    assert folded.split("</details>")[0].count("<li>") == 2
    assert "Show 2 earlier updates" in folded
    assert 'class="journey-map"' in before


def test_several_parcels_are_tabs_and_each_has_its_page(merchant: Merchant, client: Client) -> None:
    order = SCENES["two_parcels"](merchant, "en")
    first, second = page(client, order, path="1/"), page(client, order, path="2/")
    assert "1 of 2" in first
    assert "2 of 2" in first
    assert "Fjord Wool Sweater" in first
    held, rest = first.split('id="rest"')
    assert "Leather Loafer" not in held
    assert "Leather Loafer" in rest  # the second of them is in no parcel yet
    assert "Leather Loafer" in second
    assert first.count('aria-current="page"') == 1


def test_the_order_shows_its_parcels_what_is_to_come_and_the_bill(merchant: Merchant, client: Client) -> None:
    order = SCENES["two_parcels"](merchant, "en")
    html = client.get(f"/p/nordwind/o/{token_of(order)}/").content.decode()
    shown = text_of(html)
    for words in (
        "Parcel 1 of 2",
        "Parcel 2 of 2",
        "Not shipped yet",
        "Being prepared",
        "€347.00",
        "€4.90",
        "€351.90",
    ):
        assert words in shown
    assert "Goes to München" in shown
    assert "80331" not in shown


@pytest.mark.parametrize(("locale", "total"), [("en", "€351.90"), ("de", "351,90 €")])
def test_money_is_written_as_people_write_it(
    merchant: Merchant, client: Client, locale: str, total: str
) -> None:
    order = SCENES["ordered"](merchant, locale)
    html = client.get(f"/p/nordwind/o/{token_of(order)}/").content.decode()
    assert total in html.replace("\xa0", " ")


def test_a_cancelled_label_is_not_a_parcel(merchant: Merchant, client: Client) -> None:
    order = shipped(merchant, "en")
    with merchant_scope(merchant):
        Shipment.objects.filter(pk=parcel_of(merchant, order).pk).update(cancelled_at=timezone.now())
    assert "Order received" in page(client, order)


def test_every_status_and_substatus_has_words() -> None:
    for status in Status:
        assert words_for(status) == spoken(status)
        assert event_name(status) is EVENTS[status]
    for code, row in SUBSTATUSES.items():
        assert words_for(row.status, code).chip
        assert event_name(row.status, code)
        if row.action_required:
            assert words_for(row.status, code).advice, code


def test_a_status_nobody_foresaw_still_gets_a_page() -> None:
    assert words_for("teleported", "teleported.twice") == spoken("exception")
    assert words_for(Status.EXCEPTION, "exception.new_kind") == spoken("exception")

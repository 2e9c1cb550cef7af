"""B4: the watch-list's page: the right items, what can be done with them, and at what price."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import notifications.tasks  # noqa: F401  # declares the due work
from events import due
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.models import Message
from notifications.planning import SEND
from tests import factories
from tests.dashboard.scene import a_watch_item
from tracking.models import WatchItem

URL = "/app/nordwind/watch/"


def shown(answer: Any) -> list[str]:
    """The names on a page, from top to bottom."""
    assert answer.status_code == 200
    return re.findall(r"<td><a href=wat_\w+/>([^<]+)<", answer.content.decode())


def item(owner: Merchant, number: str, **fields: Any) -> WatchItem:
    parcel = factories.shipment(owner, factories.order(owner), tracking_number=number)
    with merchant_scope(owner):
        return a_watch_item(owner, parcel, **fields)


def stored(owner: Merchant, of: WatchItem) -> WatchItem:
    with merchant_scope(owner):
        return WatchItem.objects.get(pk=of.pk)


def key(of: WatchItem) -> str:
    return public_id("wat", of.pk)[4:]


def test_each_tab_shows_its_items_and_only_reasons_with_items_are_tabs(
    merchant: Merchant, owner: Client
) -> None:
    me = owner.session["_auth_user_id"]
    soon = timezone.now() + timedelta(days=1)
    item(merchant, "STALLED-1")
    item(merchant, "LATE-1", reason="late", opened_at=timezone.now() - timedelta(hours=2))
    item(
        merchant,
        "MINE-1",
        reason="address",
        assignee_id=int(me),
        opened_at=timezone.now() - timedelta(hours=3),
    )
    item(merchant, "ASLEEP-1", snoozed_until=soon)
    item(merchant, "DONE-1", state="dismissed", dismissal="solved", dismissed_at=timezone.now())
    item(merchant, "OVER-1", state="closed", closed_at=timezone.now())
    page = owner.get(URL)
    assert shown(page) == ["STALLED-1", "LATE-1", "MINE-1"]
    tabs = re.findall(
        r'href="(?:\?tab=)?([^"]*)"[^>]*>[^<]+(?:<span class="num">(\d+)</span>)?', page.content.decode()
    )
    named = {
        name: count
        for name, count in tabs
        if name in ("late", "stalled", "address", "lost", "snoozed", "mine")
    }
    assert named == {"late": "1", "stalled": "1", "address": "1", "mine": "1", "snoozed": "1"}
    for tab, names in (
        ("late", ["LATE-1"]), ("mine", ["MINE-1"]), ("snoozed", ["ASLEEP-1"]), ("done", ["DONE-1"]), ("lost", []),
    ):  # fmt: skip
        assert shown(owner.get(URL, {"tab": tab})) == names, tab


def test_it_is_searched_and_filtered(merchant: Merchant, owner: Client) -> None:
    item(merchant, "FIND-1")
    item(merchant, "OTHER-1")
    assert shown(owner.get(URL, {"q": "FIND-1"})) == ["FIND-1"]
    assert shown(owner.get(URL, {"carrier": "dhl"})) == []
    assert len(shown(owner.get(URL, {"carrier": "sandbox", "country": "DE"}))) == 2


def test_the_list_costs_the_same_for_any_number_of_items(merchant: Merchant, owner: Client) -> None:
    def price(**query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert owner.get(URL, query).status_code == 200
        return len(captured)

    item(merchant, "ONE-1")
    owner.get(URL)
    few = price()
    for number in range(55):
        item(merchant, f"N-{number}", opened_at=timezone.now() - timedelta(minutes=number))
    assert price() == few <= 8
    assert price(tab="stalled", carrier="sandbox") <= 8
    page = owner.get(URL)
    assert len(shown(page)) == 30
    more = re.search(r'href="(\?cursor=[^"]+)"', page.content.decode())
    assert more
    assert "Load 30 more" in page.content.decode()
    assert len(shown(owner.get(URL + more[1].replace("&amp;", "&")))) == 26


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"action": "assign", "assignee": "owner@nordwind.test"}, {"assignee": "owner@nordwind.test"}),
        ({"action": "dismiss", "dismissal": "refunded"}, {"state": "dismissed", "dismissal": "refunded"}),
    ],
)
def test_many_are_changed_at_once(
    merchant: Merchant, owner: Client, fields: dict[str, str], expected: dict[str, str]
) -> None:
    first, second, third = item(merchant, "A-1"), item(merchant, "B-1"), item(merchant, "C-1")
    answer = owner.post(f"{URL}many/", {**fields, "o": [key(first), key(second)], "query": "tab=stalled"})
    assert answer["Location"] == f"{URL}?tab=stalled"
    for one in (first, second):
        assert {name: getattr(stored(merchant, one), name) for name in expected} == expected
    assert stored(merchant, third).state == "open"
    assert stored(merchant, third).assignee == ""


def test_all_of_a_list_are_put_off_and_brought_back(merchant: Merchant, owner: Client) -> None:
    late, stalled = item(merchant, "A-1", reason="late"), item(merchant, "B-1")
    owner.post(f"{URL}many/", {"action": "snooze", "snooze": "3", "all": "1", "query": "tab=late"})
    until = stored(merchant, late).snoozed_until
    assert until is not None
    assert timedelta(days=2, hours=23) < until - timezone.now() < timedelta(days=3, hours=1)
    assert stored(merchant, stalled).snoozed_until is None
    owner.post(f"{URL}many/", {"action": "wake", "o": key(late)})
    assert stored(merchant, late).snoozed_until is None


def messages(owner: Merchant) -> list[Message]:
    with merchant_scope(owner):
        return list(Message.objects.filter(fact_position=None).order_by("planned_at"))


def test_one_click_sends_the_suggested_message_once(merchant: Merchant, owner: Client) -> None:
    one = item(merchant, "A-1")
    assert b">Send: Parcel without news<" in owner.get(URL).content
    for _ in range(2):
        owner.post(f"{URL}many/", {"send": key(one)})
    (message,) = messages(merchant)
    assert (message.touchpoint, message.state, message.shipment_id) == (
        "shipment_silent",
        "planned",
        one.shipment_id,
    )
    assert message.message_class == "transactional"
    assert stored(merchant, one).answered_at is not None
    assert b"name=send" not in owner.get(URL).content


def test_many_customers_are_written_to_only_after_a_second_look(merchant: Merchant, owner: Client) -> None:
    ones = [item(merchant, "A-1"), item(merchant, "B-1", reason="failed_attempt")]
    given = {"action": "message", "o": [key(one) for one in ones]}
    asked = owner.post(f"{URL}many/", given)
    assert "Inform 2 customers?" in asked.content.decode()
    assert messages(merchant) == []
    keys = re.search(r'name="keys" value="([^"]+)"', asked.content.decode())
    assert keys
    owner.post(f"{URL}many/", {"action": "message", "keys": keys[1], "confirmed": "1"})
    assert {message.touchpoint for message in messages(merchant)} == {"shipment_silent", "shipment_exception"}


def test_the_message_arrives_and_says_what_the_page_said(
    merchant: Merchant, owner: Client, smtp_sink: Any
) -> None:
    one = item(merchant, "A-1")
    page = owner.get(f"{URL}wat_{key(one)}/").content.decode()
    subject = re.search(r"<p><b>(We are looking into your Nordwind order #\d+)</b>", page)
    assert subject
    owner.post(f"{URL}many/", {"send": key(one), "item": f"wat_{key(one)}"})
    due.run(SEND)
    assert [mail.subject for mail in smtp_sink.mails] == [subject[1]]


def test_an_item_is_read_and_noted_and_a_reader_changes_nothing(
    merchant: Merchant, owner: Client, desk: Callable[..., Client]
) -> None:
    one = item(merchant, "A-1", detail="exception.address", reason="address")
    url = f"{URL}wat_{key(one)}/"
    owner.post(f"{url}note/", {"note": "Called Anna"})
    analyst = desk(merchant, "analyst")
    page = analyst.get(url).content.decode()
    assert "Called Anna" in page
    assert "<form" not in page.split("<main")[1]
    for address, fields in ((f"{URL}many/", {"send": key(one)}), (f"{url}note/", {"note": "no"})):
        assert analyst.post(address, fields).status_code == 403
    assert messages(merchant) == []
    assert stored(merchant, one).note == "Called Anna"


def test_what_is_not_there_any_more_is_said(merchant: Merchant, owner: Client) -> None:
    over = item(merchant, "A-1", state="closed", closed_at=timezone.now())
    answer = owner.post(
        f"{URL}many/", {"action": "dismiss", "dismissal": "solved", "o": key(over)}, follow=True
    )
    assert "There was nothing to change." in answer.content.decode()
    answer = owner.post(f"{URL}many/", {"action": "dismiss"}, follow=True)
    assert "Choose at least one parcel" in answer.content.decode()
    assert owner.get(f"{URL}wat_{key(over)}/").status_code == 200


def test_the_overview_names_what_is_on_the_list(merchant: Merchant, owner: Client) -> None:
    one = item(merchant, "A-1", reason="customs", detail="exception.documents")
    page = owner.get("/app/nordwind/").content.decode()
    assert f"/app/nordwind/watch/wat_{key(one)}/" in page
    assert "Papers are missing" in page
    assert "All 1 of the watch-list" in page

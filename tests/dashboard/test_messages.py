"""The message log: which messages, why not, and exactly what people got."""

import re
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.models import Message
from tests import factories
from tests.dashboard import scene
from tests.dashboard.scene import Scene

URL = "/app/nordwind/messages/"


def links(answer: Any) -> list[str]:
    """Addresses of the messages on a page."""
    return re.findall(r'class="cover" href="([^"]+)"', answer.content.decode())


def address(message: Message) -> str:
    return f"{URL}{public_id('msg', message.id)}/"


def test_each_state_has_its_tab(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    with merchant_scope(merchant):
        made = {
            state: address(scene.message(merchant, order, state=state))
            for state in ("planned", "sending", "sent", "skipped", "failed")
        }
    shown = {
        tab: set(links(owner.get(URL, {"tab": tab}))) for tab in ("sent", "planned", "skipped", "failed")
    }
    assert shown == {
        "sent": {made["sent"]},
        "planned": {made["planned"], made["sending"]},
        "skipped": {made["skipped"]},
        "failed": {made["failed"]},
    }
    assert set(links(owner.get(URL))) == set(made.values())


def test_messages_are_found_by_recipient_kind_and_channel(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    with merchant_scope(merchant):
        mail = scene.message(merchant, order, recipient="anna_1@example.test")
        other = scene.message(
            merchant, order, recipient="annax1@example.test", touchpoint="order_confirmation"
        )
        text = scene.message(merchant, order, recipient="+4915112345678", channel="sms")

    def found(**query: str) -> set[str]:
        return set(links(owner.get(URL, query)))

    assert found(q="anna_1@example.test") == {address(mail)}
    assert found(q="anna_") == {address(mail)}  # the sign is itself, not a pattern
    assert found(q=" ANNA") == {address(mail), address(other)}
    assert found(q="+49151") == {address(text)}
    assert found(q="%") == found(q="nna") == set()
    assert found(touchpoint="order_confirmation") == {address(other)}
    assert found(channel="sms") == {address(text)}
    assert found(channel="sms", touchpoint="order_confirmation") == set()
    assert found(channel="pigeon", touchpoint="<b>") == {address(mail), address(other), address(text)}
    assert owner.get(URL, {"q": "anna\x00"}).status_code == 200


def test_a_skipped_message_says_why_in_a_sentence(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    with merchant_scope(merchant):
        scene.message(merchant, order, state="skipped", reason="no_consent")
    assert "The shopper did not agree to text messages." in owner.get(URL).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_rows(merchant: Merchant, owner: Client) -> None:
    def price() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(URL).status_code == 200
        return len(queries)

    with merchant_scope(merchant):
        for _ in range(3):
            scene.message(merchant, factories.order(merchant))
        few = price()
        for _ in range(20):
            order = factories.order(merchant)
            for _ in range(3):
                scene.message(merchant, order)
    assert len(links(owner.get(URL))) == 50
    assert price() == few <= 8


def test_fifty_more_follow_on_without_a_gap(merchant: Merchant, owner: Client) -> None:
    order = factories.order(merchant)
    with merchant_scope(merchant):
        for _ in range(60):
            scene.message(merchant, order, state="sent")
    first = owner.get(URL, {"tab": "sent"})
    more = re.search(r'hx-get="(\?[^"]*cursor=[^"]+)"', first.content.decode())
    assert more is not None
    headers = {"HX-Request": "true", "HX-Target": "tr#more"}
    second = owner.get(URL + more[1].replace("&amp;", "&"), headers=headers)
    assert "<html" not in second.content.decode()
    assert len({*links(first), *links(second)}) == 60


def test_the_page_of_a_message_tells_all_about_it(shop: Scene, owner: Client) -> None:
    page = owner.get(address(shop.failed)).content.decode()
    for words in (
        "Failed", "The provider could not take it", "OSError: no route", shop.order.email, shop.order.number,
        "shipment.shipped", "&lt;one@nordwind.test&gt;", "Try again now",
    ):  # fmt: skip
        assert words in page, words
    page = owner.get(address(shop.sent)).content.decode()
    assert "Your order is on its way" in page
    assert "Hello Anna" in page
    assert "Try again now" not in page


def test_the_preview_is_exactly_what_was_sent(shop: Scene, owner: Client) -> None:
    html = "<!doctype html><style>p{color:red}</style><p>Hällo & \u202fbye</p>"
    with merchant_scope(shop.merchant):
        Message.objects.filter(pk=shop.sent.pk).update(html=html)
    answer = owner.get(f"{address(shop.sent)}preview/")
    assert answer.content.decode() == html
    assert answer["Content-Type"] == "text/html; charset=utf-8"


def test_the_preview_is_shown_by_day_and_by_night(shop: Scene, owner: Client) -> None:
    html = "<style>@media (prefers-color-scheme:dark){p{color:red}}</style><p>Hi</p>"
    with merchant_scope(shop.merchant):
        Message.objects.filter(pk=shop.sent.pk).update(html=html)
    page = owner.get(f"{address(shop.sent)}?scheme=dark").content.decode()
    frame = re.search(r'<iframe [^>]*src="([^"]+)"', page)
    assert frame
    assert "@media all{" in owner.get(frame[1]).content.decode()
    assert "@media not all{" in owner.get(f"{address(shop.sent)}preview/?scheme=light").content.decode()
    assert owner.get(f"{address(shop.sent)}preview/?scheme=x").content.decode() == html


def test_the_preview_is_held_in_by_a_policy_of_its_own(shop: Scene, owner: Client) -> None:
    answer = owner.get(f"{address(shop.sent)}preview/")
    policy = {part.strip() for part in answer["Content-Security-Policy"].split(";")}
    assert {
        "sandbox", "default-src 'none'", "style-src 'unsafe-inline'", "img-src 'self' data:", "form-action 'none'",
        "frame-ancestors 'self'",
    } <= policy  # fmt: skip
    assert "script-src" not in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    page = owner.get(address(shop.sent)).content.decode()
    assert re.search(r'<iframe [^>]*src="[^"]+/preview/" sandbox ', page)


def test_a_text_message_has_no_preview(merchant: Merchant, owner: Client) -> None:
    with merchant_scope(merchant):
        text = scene.message(merchant, factories.order(merchant), channel="sms", text="Your parcel is here.")
    page = owner.get(address(text)).content.decode()
    assert "Your parcel is here." in page
    assert "20 of 160 characters (GSM-7)" in page
    assert "<iframe" not in page
    assert owner.get(f"{address(text)}preview/").status_code == 404


def test_trying_again_makes_a_failed_message_due(shop: Scene, owner: Client) -> None:
    page = owner.post(f"{address(shop.failed)}retry/", follow=True).content.decode()
    assert "will be tried again" in page
    with merchant_scope(shop.merchant):
        message = Message.objects.get(pk=shop.failed.pk)
    assert (message.state, message.reason) == ("planned", "")
    assert message.due_at is not None


def test_a_sent_message_is_not_sent_again(shop: Scene, owner: Client) -> None:
    page = owner.post(f"{address(shop.sent)}retry/", follow=True).content.decode()
    assert "sent already" in page
    with merchant_scope(shop.merchant):
        assert Message.objects.get(pk=shop.sent.pk).state == "sent"

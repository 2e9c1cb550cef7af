"""R32: out of a list with one click, before anything else goes out; nothing happens by looking at a link."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.test import Client

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.consent import links
from notifications.consent.models import ConsentEntry
from notifications.consent.rules import Rules, set_rules
from notifications.models import Message
from orders.models import Order
from tests import factories
from tests.notifications.consent.conftest import Advertise
from tests.smtp_sink import Mail, SmtpSink

Work = Callable[[], Any]
Fate = Callable[[Message], tuple[str, str]]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def way_out(mail: Mail) -> str:
    """The path of the https way of a mail; fails when the headers are not RFC 8058's."""
    assert mail.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    ways = re.findall(r"<([^>]+)>", mail.header("List-Unsubscribe"))
    assert [way.split(":")[0] for way in ways] == ["http", "mailto"]  # https where the installation has it
    return "/" + ways[0].split("/", 3)[3]


def entries(merchant: Merchant) -> list[tuple[str, str, str]]:
    with merchant_scope(merchant):
        rows = ConsentEntry.objects.order_by("recorded_at", "id")
        return [(row.state, row.topic, row.source) for row in rows]


def test_a_post_without_a_cookie_stops_what_is_queued_and_nothing_about_orders(
    merchant: Merchant, anna: Order, advertise: Advertise, fate: Fate, send_all: Work, smtp_sink: SmtpSink
) -> None:
    sent = advertise(anna)
    send_all()
    assert fate(sent) == ("sent", "")
    adverts = [mail for mail in smtp_sink.mails if mail.header("List-Unsubscribe")]
    assert len(adverts) == 1
    assert len(smtp_sink.mails) == 2
    queued = advertise(anna, "2")
    stranger = Client(enforce_csrf_checks=True)
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    answer = stranger.post(way_out(adverts[0]), ONE_CLICK, headers=headers)
    assert (answer.status_code, answer.cookies.output()) == (200, "")
    send_all()
    assert fate(queued) == ("skipped", "unsubscribed")
    factories.shipment(merchant, anna)
    send_all()
    assert [bool(mail.header("List-Unsubscribe")) for mail in smtp_sink.mails[2:]] == [False]
    assert entries(merchant)[1:] == [("withdrawn", "", "one_click")]
    assert stranger.post(way_out(adverts[0]), ONE_CLICK).status_code == 200  # again: nothing new
    assert len(entries(merchant)) == 2


def test_looking_at_any_link_of_any_mail_changes_nothing(
    merchant: Merchant, anna: Order, advertise: Advertise, send_all: Work, smtp_sink: SmtpSink
) -> None:
    advertise(anna)
    factories.shipment(merchant, anna)
    send_all()
    before = entries(merchant)
    seen = 0
    for mail in smtp_sink.mails:
        found = set(re.findall(r"https?://localhost[^\s\"<>]*/p/[^\s\"<>]+", unescape(mail.html) + mail.text))
        found |= set(re.findall(r"<(http[^>]+)>", mail.header("List-Unsubscribe")))
        assert any("/m/" in url for url in found), "every mail leads to the preference centre"
        for url in found:
            for method in (Client().get, Client().head):
                answer = method("/" + url.split("/", 3)[3])
                assert answer.status_code in (200, 302, 303), url
                seen += 1
    assert seen >= 8
    assert entries(merchant) == before


def test_the_page_takes_people_off_this_topic_or_off_everything(
    merchant: Merchant, anna: Order, advertise: Advertise, fate: Fate, send_all: Work, smtp_sink: SmtpSink
) -> None:
    message = advertise(anna)
    url = f"/p/nordwind/{links.path(links.UNSUBSCRIBE, message.pk)}"
    page = Client().get(url).content.decode()
    assert "Only from: News and offers" in page
    assert "a•••@example.test" in page
    assert "anna@example.test" not in page
    assert "You are unsubscribed" in Client().post(url, {"what": "topic"}).content.decode()
    assert entries(merchant)[1:] == [("withdrawn", "offers", "unsubscribe_page")]
    send_all()
    assert fate(message) == ("skipped", "unsubscribed")
    tips = advertise(anna, "tips", kind="service")
    send_all()
    assert fate(tips) == ("sent", "")


@pytest.mark.parametrize("kind", ["u", "m", "c"])
def test_an_unknown_link_another_purposes_and_another_shops_are_the_same_404(
    merchant: Merchant, stranger: Merchant, anna: Order, advertise: Advertise, kind: str
) -> None:
    message = advertise(anna)
    own = {"u": links.UNSUBSCRIBE, "m": links.PREFERENCES, "c": links.CONFIRM}
    wrong = [links.token(purpose, message.pk) for letter, purpose in own.items() if letter != kind]
    right = links.token(own[kind], message.pk)
    tries = [f"/p/nordwind/{kind}/{token}/" for token in (*wrong, "A" * 46, right[:-1], right + "A")]
    tries.append(f"/p/sudwind/{kind}/{right}/")
    for url in tries:
        for answer in (Client().get(url), Client().post(url, ONE_CLICK)):
            assert answer.status_code == 404, url
    assert len(entries(merchant)) == 1
    assert entries(stranger) == []


def test_advertising_comes_from_the_sender_of_its_stream(
    merchant: Merchant, anna: Order, advertise: Advertise, send_all: Work, smtp_sink: SmtpSink
) -> None:
    set_rules(
        merchant, replace(Rules(), streams={"marketing": {"email": "news@nordwind.test", "name": "News"}})
    )
    advertise(anna)
    send_all()
    froms = sorted(mail.header("From") for mail in smtp_sink.mails)
    assert "News <news@nordwind.test>" in froms
    assert len([sender for sender in froms if "news@" in sender]) == 1


def test_a_mail_says_at_every_use_that_one_may_object(
    merchant: Merchant, anna: Order, advertise: Advertise, send_all: Work, smtp_sink: SmtpSink
) -> None:
    advertise(anna)
    send_all()
    [advert] = [mail for mail in smtp_sink.mails if mail.header("List-Unsubscribe")]
    [confirmation] = [mail for mail in smtp_sink.mails if not mail.header("List-Unsubscribe")]
    assert "object to such messages at any time" in advert.text
    assert "object to such messages at any time" in advert.html
    assert "object to such messages" not in confirmation.text

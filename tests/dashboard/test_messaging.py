"""B11: the list of messages, their switches, and the editor of their words."""

from html import unescape
from typing import Any

import pytest
from django.test import Client

from merchants import commands
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications import own_words
from notifications.models import TouchpointVersion, WordsVersion
from notifications.touchpoints import TOUCHPOINTS
from tests.smtp_sink import SmtpSink

URL = "/app/nordwind/settings/messages/"
SHIPPED = URL + "shipment_shipped/"


@pytest.fixture
def desk(merchant: Merchant) -> Client:
    client = Client()
    member = commands.add_member(merchant, email="m@nordwind.test", password="x" * 12, role="manager")
    client.force_login(member.user)
    return client


def fields(touchpoint: str = "shipment_shipped", **changes: str) -> dict[str, str]:
    return {"based_on": "0", **own_words.built_in(touchpoint, "en", ""), **changes}


def test_the_list_says_what_goes_out_and_how(
    desk: Client, merchant: Merchant, django_assert_max_num_queries: Any
) -> None:
    own_words.save(
        merchant, "order_confirmation", "de", "",
        {**own_words.built_in("order_confirmation", "de", ""), "heading": "Moin"}, based_on=0,
    )  # fmt: skip
    desk.post(SHIPPED + "switch/", {"channels": ["email"], "delay": "0"})
    with django_assert_max_num_queries(9):
        page = desk.get(URL).content.decode()
    assert page.count('class="cover"') == len(TOUCHPOINTS)
    assert "(de)" in page
    waiting = [key for key, touchpoint in TOUCHPOINTS.items() if not touchpoint.starts_on]
    assert page.count(">Off<") == 1 + len(waiting)


def test_words_are_saved_shown_and_restored(desk: Client, merchant: Merchant) -> None:
    answer = desk.post(SHIPPED + "?locale=en", fields(heading="It rolls, {{ customer.first_name }}"))
    assert answer.status_code == 302
    page = unescape(desk.get(SHIPPED + "?locale=en").content.decode())
    assert "It rolls, {{ customer.first_name }}" in page
    assert "Changed from our words." in page
    assert "<ins>It rolls," in page
    desk.post(SHIPPED + "restore/?locale=en", {"number": "0"})
    assert own_words.built_in("shipment_shipped", "en", "")["heading"] in unescape(
        desk.get(SHIPPED + "?locale=en").content.decode()
    )
    with merchant_scope(merchant):
        assert WordsVersion.objects.count() == 2


def test_bad_words_come_back_with_what_was_typed(desk: Client, merchant: Merchant) -> None:
    answer = desk.post(SHIPPED + "?locale=en", fields(heading="{% if %}", lead="kept as it was typed"))
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "This cannot be read" in page
    assert "kept as it was typed" in page
    with merchant_scope(merchant):
        assert not WordsVersion.objects.exists()


def test_somebody_elses_words_are_not_overwritten(desk: Client, merchant: Merchant) -> None:
    desk.post(SHIPPED + "?locale=en", fields(heading="Hers"))
    answer = desk.post(SHIPPED + "?locale=en", fields(heading="His"))
    assert answer.status_code == 409
    assert "Somebody else saved these words meanwhile." in answer.content.decode()
    assert "His" in answer.content.decode()


def test_the_preview_shows_what_is_typed_and_saves_nothing(desk: Client, merchant: Merchant) -> None:
    typed = fields(heading="Look at me {{ nobody.knows }}")
    look = unescape(desk.get(SHIPPED + "look/", {"locale": "en", **typed}).content.decode())
    assert "nobody.knows" in look
    framed = desk.get(SHIPPED + "preview/", {"locale": "en", "scheme": "dark", **typed})
    assert "Look at me" in framed.content.decode()
    assert "@media all" in framed.content.decode()
    assert framed["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert (
        "<script>"
        not in desk.get(
            SHIPPED + "preview/", {"locale": "en", **fields(heading="<script>x</script>")}
        ).content.decode()
    )
    with merchant_scope(merchant):
        assert not WordsVersion.objects.exists()


def test_a_test_goes_to_oneself_and_saves_nothing(
    desk: Client, merchant: Merchant, smtp_sink: SmtpSink
) -> None:
    answer = desk.post(SHIPPED + "?locale=en", fields(heading="A try", test="1"))
    assert "Sent to m@nordwind.test." in answer.content.decode()
    [mail] = smtp_sink.mails
    assert (mail.recipients, "A try" in mail.html) == (["m@nordwind.test"], True)
    with merchant_scope(merchant):
        assert not WordsVersion.objects.exists()


def test_switching_off_and_refusals(desk: Client, merchant: Merchant) -> None:
    assert desk.post(SHIPPED + "switch/", {"delay": "60", "channels": ["email", "sms"]}).status_code == 302
    with merchant_scope(merchant):
        row = TouchpointVersion.objects.get()
    assert (row.settings["is_on"], row.settings["delay"]) == (False, "PT3600S")
    refused = desk.post(SHIPPED + "switch/", {"is_on": "on", "delay": "60"})
    assert refused.status_code == 422
    assert "Choose at least one channel" in refused.content.decode()
    assert desk.post(URL + "lookup_link/switch/", {"channels": ["email"], "delay": "0"}).status_code == 422
    assert desk.get(URL + "no_such_message/").status_code == 404


def test_a_kind_of_problem_has_words_of_its_own(desk: Client, merchant: Merchant) -> None:
    url = URL + "shipment_exception/?locale=en&variant=lost"
    assert "Your parcel was lost" in desk.get(url).content.decode()
    given = {"based_on": "0", **own_words.built_in("shipment_exception", "en", "lost"), "heading": "Gone"}
    assert desk.post(url, given).status_code == 302
    with merchant_scope(merchant):
        assert WordsVersion.objects.get().words == {"lost": {"heading": "Gone"}}

"""B11: the list of messages, their switches, and the editor of their words."""

from datetime import time, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from merchants import commands
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications import own_words
from notifications.models import TouchpointVersion, WordsVersion
from notifications.switches import switches
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


def how(**changes: Any) -> dict[str, Any]:
    """The form of how a message goes out, as a browser posts it."""
    given = {
        "based_on": "0", "is_on": "on", "after": "0", "unit": "minutes", "at": "", "reach": "all",
        "remind_days": "0", "channel_0": "email", "channel_1": "sms", **changes,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value != "" or name == "at"}


def test_the_list_says_what_goes_out_and_how(
    desk: Client, merchant: Merchant, django_assert_max_num_queries: Any
) -> None:
    own_words.save(
        merchant, "order_confirmation", "de", "",
        {**own_words.built_in("order_confirmation", "de", ""), "heading": "Moin"}, based_on=0,
    )  # fmt: skip
    desk.post(SHIPPED + "how/", how(is_on=""))
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


def test_the_preview_counts_the_text_message_and_names_what_makes_it_short(desk: Client) -> None:
    def look(words: str) -> str:
        given = {"locale": "en", **fields(sms=words)}
        return unescape(desk.get(SHIPPED + "look/", given).content.decode())

    assert "162 of 306 characters (GSM-7)" in look("€" * 81)
    assert "2 text messages" in look("€" * 81)
    assert "only 70 instead of 160" not in look("€" * 81)
    party = look("Hurra 🎉")
    assert "1 text message ·" in party
    assert "8 of 70 characters (UCS-2)" in party
    assert "<code>🎉</code>" in party


def test_a_test_goes_to_oneself_and_saves_nothing(
    desk: Client, merchant: Merchant, smtp_sink: SmtpSink
) -> None:
    answer = desk.post(SHIPPED + "?locale=en", fields(heading="A try", test="1"))
    assert "Sent to m@nordwind.test." in answer.content.decode()
    [mail] = smtp_sink.mails
    assert (mail.recipients, "A try" in mail.html) == (["m@nordwind.test"], True)
    with merchant_scope(merchant):
        assert not WordsVersion.objects.exists()


def test_how_a_message_goes_out_is_set_read_as_sentences_and_kept_as_versions(
    desk: Client, merchant: Merchant, django_assert_max_num_queries: Any
) -> None:
    page = SHIPPED + "how/"
    answer = desk.post(
        page,
        how(
            after="3", unit="days", at="10:00", channel_0="sms", channel_1="email", reach="first",
            remind_days="5", trigger=["shipment.delivered"],
            **{"only-field": ["country", "parcel_state", ""], "only-op": ["is", "is_not", "is"],
               "only-values": ["de, at", "In transit", ""]},
        ),
    )  # fmt: skip
    assert answer.status_code == 302
    with merchant_scope(merchant):
        saved = switches(["shipment_shipped"])["shipment_shipped"]
    assert (saved.delay, saved.at, saved.channels, saved.reach) == (
        timedelta(days=3), time(10), ("sms", "email"), "first",
    )  # fmt: skip
    assert [(each.field, each.values) for each in saved.conditions] == [
        ("country", ("DE", "AT")), ("parcel_state", ("in_transit",)),
    ]  # fmt: skip
    with django_assert_max_num_queries(14):
        shown = unescape(desk.get(page).content.decode())
    for sentence in (
        "3 days later, at 10:00 of the shopper’s day", "Country of delivery: Germany or Austria",
        "Parcel: not In transit", "SMS, else E-mail", "Parcel delivered", "Once more after 5 days",
    ):  # fmt: skip
        assert sentence in shown
    assert "Country of delivery: Germany or Austria" in unescape(desk.get(SHIPPED).content.decode())
    desk.post(page, how(based_on="1"))
    assert desk.post(page, how(based_on="1", after="9")).status_code == 409
    with merchant_scope(merchant):
        assert TouchpointVersion.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"channel_0": "", "channel_1": ""}, "Choose at least one channel"),
        ({"channel_1": "email"}, "This channel stands above already."),
        ({"after": "400", "unit": "days"}, "At most a year."), ({"after": "-1"}, "greater than or equal to 0"),
        ({"only-field": "order_value", "only-op": "at_least", "only-values": "much"}, "Write one number."),
        ({"only-field": "country", "only-op": "below", "only-values": "DE"}, "This cannot be compared so."),
        ({"only-field": "parcel_state", "only-op": "is", "only-values": "lost"}, "There is no such value."),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_come_back_as_typed(
    desk: Client, merchant: Merchant, changes: dict[str, str], sentence: str
) -> None:
    answer = desk.post(SHIPPED + "how/", how(**changes))
    assert answer.status_code == 422
    assert sentence in unescape(answer.content.decode())
    with merchant_scope(merchant):
        assert not TouchpointVersion.objects.exists()


def test_what_shoppers_ask_for_stays_on_and_strangers_are_nowhere(desk: Client) -> None:
    assert desk.post(URL + "lookup_link/how/", how(is_on="", channel_1="")).status_code == 422
    assert desk.get(URL + "no_such_message/").status_code == 404
    assert desk.get(URL + "no_such_message/how/").status_code == 404

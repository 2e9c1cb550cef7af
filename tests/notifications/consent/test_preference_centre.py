"""A16: what somebody chooses behind the link in a mail, and the shop's own rules for all messages."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants import commands as merchants
from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from notifications.consent import links
from notifications.consent.models import ConsentEntry, MessageRules, Preference
from notifications.consent.queries import may_send
from notifications.consent.rules import rules
from notifications.consent.standing import Grant
from notifications.models import Message
from orders.models import Order
from tests.notifications.consent.conftest import Advertise
from tests.notifications.twilio_sink import TwilioSink
from tests.smtp_sink import SmtpSink

Work = Callable[[], Any]
RULES = "/app/nordwind/settings/message_rules/"
TOPICS = ("tips", "reviews", "reminders", "offers", "points")


def gets(merchant: Merchant) -> set[str]:
    with merchant_scope(merchant):
        return {
            topic for topic in TOPICS
            if isinstance(
                may_send("marketing", topic, "email", "anna@example.test", "DE", timezone.now()), Grant
            )
        }  # fmt: skip


@pytest.fixture
def centre(merchant: Merchant, anna: Order, advertise: Advertise) -> str:
    """The path of Anna's preference centre."""
    return f"/p/nordwind/{links.path(links.PREFERENCES, advertise(anna).pk)}"


def test_topics_language_and_quiet_times_are_kept_and_only_changes_are_noted(
    merchant: Merchant, centre: str
) -> None:
    assert gets(merchant) == set(TOPICS)
    page = Client().get(centre).content.decode()
    assert page.count(" checked") == len(TOPICS) + 1
    typed = {
        "email_tips": "on",
        "email_offers": "on",
        "language": "de",
        "quiet_from": "21:00",
        "quiet_to": "08:00",
    }
    answer = Client().post(centre, typed)
    assert (answer.status_code, answer["Location"].split("#")[0]) == (303, centre)
    assert gets(merchant) == {"tips", "offers"}
    german = Client().get(centre).content.decode()
    assert "Was wir Ihnen schreiben dürfen" in german
    assert 'value="21:00"' in german
    Client().post(centre, {**typed, "email_points": "on"})
    assert gets(merchant) == {"tips", "offers", "points"}
    with merchant_scope(merchant):
        said = ConsentEntry.objects.filter(source="preference_centre").order_by("recorded_at", "id")
        assert [(row.state, row.topic) for row in said] == [
            ("withdrawn", "reviews"), ("withdrawn", "reminders"), ("withdrawn", "points"), ("given", "points"),
        ]  # fmt: skip
        assert all(row.proof["message_id"].startswith("msg_") and row.ip_digest for row in said)
        row = Preference.objects.get()
    assert (row.language, f"{row.quiet_from:%H:%M}", f"{row.quiet_to:%H:%M}") == ("de", "21:00", "08:00")


def test_nothing_of_it_is_one_button(merchant: Merchant, centre: str) -> None:
    Client().post(centre, {"email_tips": "on", "none": "1"})
    assert gets(merchant) == set()


@pytest.mark.parametrize("times", [("21:00", ""), ("25:00", "8"), ("08:00", "08:00"), ("<b>", "08:00")])
def test_times_that_are_none_are_told_and_nothing_is_stored(
    merchant: Merchant, centre: str, times: tuple[str, str]
) -> None:
    answer = Client().post(centre, {"quiet_from": times[0], "quiet_to": times[1]})
    assert answer.status_code == 422
    assert 'id="quiet-error"' in answer.content.decode()
    assert gets(merchant) == set(TOPICS)
    with merchant_scope(merchant):
        assert not Preference.objects.exists()


def test_text_messages_can_be_chosen_where_they_are_sent(
    merchant: Merchant, anna: Order, centre: str, twilio_sink: TwilioSink
) -> None:
    with merchant_scope(merchant):
        Order.objects.filter(pk=anna.pk).update(phone="+491511234567")
    assert "+49•••67" in Client().get(centre).content.decode()
    Client().post(centre, {"sms_offers": "on"})
    with merchant_scope(merchant):
        [entry] = ConsentEntry.objects.filter(channel="sms")
    assert (entry.state, entry.basis, entry.address) == ("given", "consent", "+491511234567")


# --- the desk ----------------------------------------------------------------------------------------


@pytest.fixture
def desk(merchant: Merchant) -> Client:
    client = Client()
    client.force_login(
        merchants.add_member(merchant, email="m@nordwind.test", password="x" * 12, role="manager").user
    )
    return client


def rules_form(**fields: str) -> dict[str, Any]:
    return {"topics": ["tips", "offers"], "cap_marketing": "2", "days_marketing": "7", **fields}


def test_the_team_sets_the_rules_and_each_notice_is_a_version(desk: Client, merchant: Merchant) -> None:
    assert 'value="20:00"' in desk.get(RULES).content.decode()  # text messages at night, as built
    typed = rules_form(
        quiet_email_from="22:00", quiet_email_to="07:00", notice="We write about similar goods.",
        email_marketing="News@nordwind.test", name_marketing="News",
    )  # fmt: skip
    assert desk.post(RULES, typed).status_code == 302
    assert (
        desk.post(RULES, {**typed, "notice": "We write about similar goods. Object any time."}).status_code
        == 302
    )
    with merchant_scope(merchant):
        now = rules()
        actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert (now.notice_version, now.topics, now.caps) == (2, ("tips", "offers"), {"marketing": (2, 7)})
    assert now.streams == {"marketing": {"email": "news@nordwind.test", "name": "News"}}
    assert f"{now.quiet['email'][0]:%H:%M}" == "22:00"
    assert "push" in now.quiet  # what the page does not show stays
    assert actions.count("message_rules.changed") == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"quiet_email_from": "22:00"}, {"quiet_email_from": "8:00", "quiet_email_to": "8:00"},
        {"cap_service": "3"}, {"cap_service": "0", "days_service": "1"}, {"email_marketing": "a@b, c@d"},
        {"email_marketing": "a@b.test\nBcc: c@d.test"}, {"topics": []},
    ],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused(
    desk: Client, merchant: Merchant, fields: dict[str, Any]
) -> None:
    assert desk.post(RULES, rules_form() | fields).status_code == 422
    with merchant_scope(merchant):
        assert not MessageRules.objects.exists()


def test_the_desk_shows_on_which_basis_a_message_went_and_what_the_customer_said(
    desk: Client, merchant: Merchant, anna: Order, advertise: Advertise, send_all: Work, smtp_sink: SmtpSink
) -> None:
    message = advertise(anna)
    send_all()
    page = desk.get(f"/app/nordwind/messages/{public_id('msg', message.pk)}/").content.decode()
    assert "Consent, confirmed by e-mail" in page
    assert "News and offers" in page
    with merchant_scope(merchant):
        confirmation = Message.objects.get(touchpoint="order_confirmation")
    other = desk.get(f"/app/nordwind/messages/{public_id('msg', confirmation.pk)}/").content.decode()
    assert "Not needed: it belongs to the order" in other
    assert anna.customer_id
    person = desk.get(f"/app/nordwind/customers/{public_id('cus', anna.customer_id)}/").content.decode()
    assert "at the checkout" in person
    assert "Agreed" in person

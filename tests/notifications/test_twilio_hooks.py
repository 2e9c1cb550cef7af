"""What Twilio tells, and what people answer to text messages."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from twilio.request_validator import RequestValidator

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.feedback import reference
from notifications.models import Message, StoppedNumber, Suppression
from notifications.twilio_hooks import wish
from orders.schemas import CustomerIn
from tests import factories
from tests.notifications.twilio_sink import TOKEN, TwilioSink

Work = Callable[[], Any]
Log = Callable[..., list[Message]]

PUBLIC = "https://news.nordwind.test"
PHONE = "+4915112345678"


@pytest.fixture(autouse=True)
def _public(settings: Any) -> None:
    settings.PUBLIC_URL, settings.SECURE = PUBLIC, True
    settings.SECURE_SSL_REDIRECT = False
    settings.TWILIO_AUTH_TOKEN = TOKEN


@pytest.fixture
def sent(merchant: Merchant, send_all: Work, log_of: Log, twilio_sink: TwilioSink) -> Message:
    """A confirmation by text message."""
    factories.order(merchant, customer=CustomerIn(phone=PHONE, sms_consent=True, locale="en"))
    send_all()
    [message] = log_of(channel="sms", state="sent")
    return message


def post(path: str, fields: dict[str, str], *, signed_as: dict[str, str] | None = None) -> Any:
    signed = fields if signed_as is None else signed_as
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + path, signed)
    return Client().post(
        path, urlencode(fields), content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )  # fmt: skip


def status_of(message: Message, **fields: str) -> Any:
    return post(f"/hooks/twilio/status?m={reference(message)}", {"MessageSid": "SM1", **fields})


def test_a_message_asks_to_be_told_of(sent: Message, twilio_sink: TwilioSink) -> None:
    [request] = twilio_sink.messages
    assert request["StatusCallback"] == f"{PUBLIC}/hooks/twilio/status?m={reference(sent)}"


def test_an_installation_that_twilio_cannot_reach_names_no_address(
    merchant: Merchant, send_all: Work, twilio_sink: TwilioSink, settings: Any
) -> None:
    settings.SECURE = False
    factories.order(merchant, customer=CustomerIn(phone=PHONE, sms_consent=True, locale="en"))
    send_all()
    assert "StatusCallback" not in twilio_sink.messages[0]


@pytest.mark.parametrize(
    ("status", "error", "outcome", "suppressed"),
    [
        ("queued", "", "", False), ("delivered", "", "delivered", False), ("read", "", "delivered", False),
        ("undelivered", "30003", "undelivered", False), ("undelivered", "30005", "undelivered", True),
        ("undelivered", "30006", "undelivered", True), ("failed", "30008", "undelivered", False),
    ],
)  # fmt: skip
def test_what_became_of_it_is_noted(
    sent: Message, status: str, error: str, outcome: str, suppressed: bool
) -> None:
    for _ in range(2):
        assert status_of(sent, MessageStatus=status, ErrorCode=error).status_code == 204
    with merchant_scope(sent.merchant):
        assert Message.objects.get(pk=sent.pk).outcome == outcome
        assert Suppression.objects.count() == int(suppressed)


def test_a_request_that_twilio_did_not_sign_changes_nothing(sent: Message) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005"}
    path = f"/hooks/twilio/status?m={reference(sent)}"
    assert post(path, fields, signed_as={**fields, "ErrorCode": "30003"}).status_code == 401
    assert Client().post(path, fields).status_code == 401
    assert post("/hooks/twilio/incoming", {"From": PHONE, "Body": "STOP"}, signed_as={}).status_code == 401
    with merchant_scope(sent.merchant):
        assert Message.objects.get(pk=sent.pk).outcome == ""
        assert not Suppression.objects.exists()
    assert not StoppedNumber.objects.exists()


def test_without_a_token_nobody_is_let_in(db: None, settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    signature = RequestValidator("").compute_signature(PUBLIC + "/hooks/twilio/incoming", {})
    response = Client().post("/hooks/twilio/incoming", headers={"X-Twilio-Signature": signature})
    assert response.status_code == 401


def test_stop_holds_for_every_merchant_until_start(
    sent: Message, stranger: Merchant, send_all: Work, twilio_sink: TwilioSink
) -> None:
    shopper = CustomerIn(phone="0049 151 12345678", sms_consent=True, locale="en")
    answer = post("/hooks/twilio/incoming", {"From": PHONE, "To": "+49", "Body": "Stopp"})
    assert answer.status_code == 200
    assert b"<Message>" not in answer.content  # Twilio says goodbye itself, and nothing may follow it
    factories.order(sent.merchant, customer=shopper)
    other = factories.order(stranger, customer=shopper)
    send_all()
    assert len(twilio_sink.messages) == 1
    with merchant_scope(stranger):
        assert Message.objects.get(order=other, channel="sms").reason == "stopped"
    post("/hooks/twilio/incoming", {"From": PHONE, "Body": "start"})
    factories.order(stranger, customer=shopper)
    send_all()
    assert len(twilio_sink.messages) == 2


@pytest.mark.parametrize(("text", "words"), [("HELP", "Reply STOP"), ("Hilfe!", "STOP")])
def test_help_is_answered_in_the_language_of_the_word(db: None, text: str, words: str) -> None:
    answer = post("/hooks/twilio/incoming", {"From": PHONE, "Body": text})
    assert answer["Content-Type"].startswith("text/xml")
    body = answer.content.decode()
    assert words in body
    assert ("Bestellungen" in body) == (text == "Hilfe!")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STOP", "stop"), ("stop.", "stop"), ("Stop all", "stop"), ("STOPP bitte", "stop"), ("Abmelden", "stop"),
        ("END", "stop"), ("Unsubscribe me", "stop"), ("please no more texts", "stop"), ("bitte stopp", "stop"),
        ("Keine SMS mehr bitte", "stop"), ("remove me from this list", "stop"), ("opt-out", "stop"),
        ("cancel my order", ""), ("Where is my parcel?", ""), ("Wann kommt es?", ""), ("", ""), ("👍", ""),
        ("The bus does not stop here any more, could you deliver it to my neighbour instead?", ""),
        ("START", "start"), ("Hilfe", ("help", "de")), ("help", ("help", "en")), ("help me", ""),
    ],
)  # fmt: skip
def test_what_people_mean(text: str, expected: Any) -> None:
    assert wish(text) == expected

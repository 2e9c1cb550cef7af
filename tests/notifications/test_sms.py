"""Text messages: to whom, and what is done with each of Twilio's answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.channels.base import Refused
from notifications.channels.senders import sender_for
from notifications.channels.sms import SmsConnection
from notifications.models import Message
from notifications.reasons import sentence
from notifications.rendering.sms import count
from notifications.sending import send_due
from orders.models import Order
from orders.schemas import CustomerIn
from tests import factories
from tests.notifications.twilio_sink import NUMBER, TwilioSink

Log = Callable[..., list[Message]]
Work = Callable[[], Any]

PHONE = "+4915112345678"


def shopper(**fields: Any) -> CustomerIn:
    return CustomerIn(**{"phone": PHONE, "sms_consent": True, "locale": "en", **fields})


def test_a_shopper_who_agreed_gets_each_moment_as_text(
    merchant: Merchant, send_all: Work, log_of: Log, twilio_sink: TwilioSink
) -> None:
    order = factories.order(merchant, customer=shopper(locale="de"), number="#77")
    send_all()
    parcel = factories.shipment(merchant, order)
    send_all()
    for minute, status in enumerate(["out_for_delivery", "attempt_failed", "delivered"]):
        factories.scan(merchant, parcel, status, timezone.now() + timedelta(minutes=minute))
        send_all()
    assert [message.touchpoint for message in log_of(channel="sms", state="sent")] == [
        "order_confirmation", "shipment_shipped", "shipment_out_for_delivery", "shipment_exception",
        "shipment_delivered",
    ]  # fmt: skip
    for sent in twilio_sink.messages:
        assert (sent["To"], sent["From"]) == (PHONE, NUMBER)
        assert "Nordwind" in sent["Body"]
        assert "/p/nordwind/t/" in sent["Body"]
    assert "bestätigt" in twilio_sink.messages[0]["Body"].lower()
    [first, *_] = log_of(channel="sms")
    assert first.text == twilio_sink.messages[0]["Body"]
    assert (first.provider, first.provider_reference) == ("twilio", "SM" + "1".zfill(32))


@pytest.mark.parametrize(
    "customer",
    [shopper(sms_consent=False), shopper(phone=""), shopper(phone="0151 1234", sms_consent=False)],
    ids=["without consent", "without a number", "with neither consent nor a country"],
)
def test_a_shopper_gets_no_text(
    merchant: Merchant, send_all: Work, log_of: Log, twilio_sink: TwilioSink, customer: CustomerIn
) -> None:
    factories.order(merchant, customer=customer)
    send_all()
    assert log_of(channel="sms") == []
    assert twilio_sink.messages == []


def test_a_number_without_a_country_gets_no_text_and_the_log_says_why(
    merchant: Merchant, send_all: Work, log_of: Log, twilio_sink: TwilioSink
) -> None:
    factories.order(merchant, customer=shopper(phone="0151 1234", email="anna@kunde.test"))
    send_all()
    [message] = log_of(channel="sms")
    assert (message.state, message.reason, message.recipient) == ("skipped", "no_country", "")
    assert "+49" in sentence(message.reason)
    assert twilio_sink.messages == []
    assert [mail.state for mail in log_of(channel="email")] == ["sent"]


def test_each_country_has_its_sender(
    merchant: Merchant, send_all: Work, twilio_sink: TwilioSink, settings: Any
) -> None:
    service = "MG" + "a" * 32
    settings.TWILIO_SENDERS = ["AT=Nordwind", "US=+12025550100", "+1416=+14165550100", f"GB={service}"]
    senders = {
        PHONE: ("From", NUMBER),
        "+436641234567": ("From", "Nordwind"),
        "+12125550123": ("From", "+12025550100"),
        "+14165550123": ("From", "+14165550100"),
        "+447700900123": ("MessagingServiceSid", service),
    }
    for phone in senders:
        factories.order(merchant, customer=shopper(phone=phone))
    send_all()
    found = {sent["To"]: sent for sent in twilio_sink.messages}
    assert found.keys() == senders.keys()
    assert all(found[phone][field] == sender for phone, (field, sender) in senders.items())


@pytest.mark.parametrize(
    "entry", ["Germany=+4915112345678", "DE", "DE=ThisNameIsTooLong", "XX=+4915112345678", "DE=<b>"]
)
def test_a_sender_that_cannot_be_one_is_named(entry: str, settings: Any) -> None:
    settings.TWILIO_SENDERS = [entry]
    with pytest.raises(ImproperlyConfigured, match="TWILIO_SENDERS"):
        sender_for(PHONE)


def test_two_senders_for_one_beginning_are_a_mistake(settings: Any) -> None:
    settings.TWILIO_SENDERS = ["US=+12025550100", "CA=+14165550100"]
    with pytest.raises(ImproperlyConfigured, match="share"):
        sender_for(PHONE)


def test_what_twilio_would_refuse_for_its_length_is_not_handed_over(
    merchant: Merchant, twilio_sink: TwilioSink
) -> None:
    with pytest.raises(Refused, match="1601"):
        SmsConnection().send(merchant, Message(recipient=PHONE, text="x" * 1601, channel="sms"))
    assert twilio_sink.messages == []


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts", "room"),
    [
        ("", "GSM-7", 0, 1, 160),
        ("a" * 160, "GSM-7", 160, 1, 160),
        ("a" * 161, "GSM-7", 161, 2, 306),
        ("a" * 306, "GSM-7", 306, 2, 306),
        ("Ä€[]", "GSM-7", 7, 1, 160),  # The extension table takes two places each.
        ("€" * 80, "GSM-7", 160, 1, 160),
        ("€" * 152, "GSM-7", 304, 2, 306),
        ("€" * 153, "GSM-7", 306, 3, 459),  # 153 is odd: no pair is torn apart, 76 fit into a part.
        ("ç" * 70, "UCS-2", 70, 1, 70),
        ("ç" * 71, "UCS-2", 71, 2, 134),
        ("🎉" * 35, "UCS-2", 70, 1, 70),
        ("🎉" * 66, "UCS-2", 132, 2, 134),
        ("🎉" * 67, "UCS-2", 134, 3, 201),
    ],
)
def test_a_text_is_counted_as_carriers_count_it(
    text: str, encoding: str, units: int, parts: int, room: int
) -> None:
    found = count(text)
    assert (found.encoding, found.units, found.parts, found.room) == (encoding, units, parts, room)


def test_what_makes_a_text_short_is_named_once_each() -> None:
    assert count("Żółw 🎉🎉 Ż").culprits == ("Ż", "ó", "ł", "🎉")
    assert count("Grüße aus Köln: 5 €").culprits == ()


def test_an_installation_without_twilio_plans_no_texts(
    merchant: Merchant, drain_all: Work, log_of: Log, settings: Any
) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    factories.order(merchant, customer=shopper())
    drain_all()
    assert log_of(channel="sms") == []


def test_consent_that_was_taken_back_is_heeded(
    merchant: Merchant, drain_all: Work, log_of: Log, twilio_sink: TwilioSink
) -> None:
    order = factories.order(merchant, customer=shopper())
    drain_all()
    with merchant_scope(merchant):
        Order.objects.filter(pk=order.pk).update(sms_consent=False)
    send_due()
    [message] = log_of(channel="sms")
    assert (message.state, message.reason) == ("skipped", "no_consent")
    assert twilio_sink.messages == []


@pytest.mark.parametrize(
    ("status", "code", "state", "reason"),
    [
        (400, 21211, "failed", "invalid_address"),
        (400, 21610, "failed", "recipient_refused"),
        (400, 30034, "failed", "refused"),
        (429, 20429, "planned", ""),
        (503, 0, "planned", ""),
        (401, 20003, "planned", ""),
        # It may have been taken before the fault: a second text would be worse than none.
        (500, 20500, "failed", "in_doubt"),
    ],
)
def test_each_answer_has_its_consequence(
    merchant: Merchant, drain_all: Work, log_of: Log, twilio_sink: TwilioSink,
    status: int, code: int, state: str, reason: str,
) -> None:  # fmt: skip
    factories.order(merchant, customer=shopper())
    drain_all()
    twilio_sink.refuse(status, code)
    send_due()
    [message] = log_of(channel="sms")
    assert (message.state, message.reason) == (state, reason)


def test_a_lost_answer_leaves_it_in_doubt_and_it_is_not_repeated(
    merchant: Merchant, drain_all: Work, log_of: Log, twilio_sink: TwilioSink, later: Any
) -> None:
    factories.order(merchant, customer=shopper())
    drain_all()
    twilio_sink.hang_up = True
    send_due()
    later(timedelta(hours=1))
    send_due()
    [message] = log_of(channel="sms")
    assert (message.state, message.reason) == ("failed", "in_doubt")
    assert len(twilio_sink.messages) == 1


def test_nobody_there_is_no_doubt(
    merchant: Merchant, drain_all: Work, log_of: Log, twilio_sink: TwilioSink, later: Any, settings: Any
) -> None:
    factories.order(merchant, customer=shopper())
    drain_all()
    here, settings.TWILIO_API_URL = settings.TWILIO_API_URL, "http://127.0.0.1:9"
    send_due()
    assert [message.state for message in log_of(channel="sms")] == ["planned"]
    settings.TWILIO_API_URL = here
    later(timedelta(minutes=1))
    send_due()
    assert [message.state for message in log_of(channel="sms")] == ["sent"]
    assert len(twilio_sink.messages) == 1

"""R26: whatever somebody writes where an address belongs: a clear error at the door, or a clear reason in the log."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.consent import commands
from notifications.consent.choices import Basis
from notifications.consent.commands import Said
from notifications.consent.models import ConsentEntry
from notifications.models import Channel, Message
from notifications.suppressions import normal_address
from orders.models import Order
from tests import factories
from tests.api_client import ApiClient
from tests.notifications.consent.conftest import Advertise
from tests.notifications.twilio_sink import TwilioSink
from tests.smtp_sink import SmtpSink

Work = Callable[[], Any]
NASTY = (
    "anna@example.test\nBcc: evil@example.test", "anna@example.test\r\n", "anna@example.test, evil@example.test",
    "anna@example.test;evil@example.test", "anna@example.test evil@example.test", "Anna <anna@example.test>",
    "anna\u2028@example.test", "anna@exam\u0085ple.test", "\"a b\"@example.test", "anna@", "@example.test", "a@@b.test",
    "anna",
    "a@b", f"{'x' * 250}@example.test", "anna@example.test\x00", "+49 151", "0151 1234567",
)  # fmt: skip


@pytest.mark.parametrize("address", NASTY)
@pytest.mark.parametrize("path", ["consents", "suppressions"])
def test_what_is_not_exactly_one_address_is_told_at_the_door(
    api: ApiClient, merchant: Merchant, address: str, path: str
) -> None:
    body: dict[str, str] = {"channel": "email", "address": address}
    if path == "consents":
        body |= {"state": "given", "basis": "consent"}
    answer = api.post(path, body)
    if address.strip().lower() == "anna@example.test":  # what surrounds it is no part of it
        assert (answer.status_code, answer.json()["address"]) == (201, "anna@example.test")
    else:
        assert answer.status_code in (400, 422)
        assert answer.json()["param"] == "address"
        assert api.get(path).json()["data"] == []


_more = st.sampled_from([", x@evil.test", "\nBcc: x@evil.test", "\u2028x"])


@given(text=st.text(max_size=60) | st.builds(str.__add__, st.emails(), _more))
def test_a_normal_address_is_one_line_and_one_address(text: str) -> None:
    for channel in Channel.values:
        normal = normal_address(channel, text)
        assert normal_address(channel, normal) == normal
        assert not set(normal) & set(" ,;<>\r\n\t\u2028\u2029\u0085\x00")
        assert normal.count("@") <= 1


def test_a_domain_of_emoji_gets_a_clear_reason_and_holds_up_nobody(
    merchant: Merchant, anna: Order, advertise: Advertise, send_all: Work, smtp_sink: SmtpSink
) -> None:
    with merchant_scope(merchant):
        Order.objects.filter(pk=anna.pk).update(email="anna@💩💩.test")
    healthy = factories.order(merchant)
    send_all()
    with merchant_scope(merchant):
        row = Message.objects.get(touchpoint="order_confirmation", order=anna)
        assert Message.objects.get(touchpoint="order_confirmation", order=healthy).state == "sent"
    assert (row.state, row.attempts) in (("failed", 1), ("sent", 1))
    assert row.state == "sent" or row.reason in ("refused", "invalid_address", "recipient_refused")


def test_a_telephone_without_a_country_has_a_reason_in_the_log(
    merchant: Merchant,
    anna: Order,
    advertise: Advertise,
    send_all: Work,
    smtp_sink: SmtpSink,
    twilio_sink: TwilioSink,
) -> None:
    with merchant_scope(merchant):
        Order.objects.filter(pk=anna.pk).update(phone="0151 1234567", sms_consent=True)
        order = Order.objects.get(pk=anna.pk)
    message = advertise(order, channel=Channel.SMS)
    send_all()
    with merchant_scope(merchant):
        row = Message.objects.get(pk=message.pk)
    assert (row.state, row.reason) == ("skipped", "no_country")
    assert twilio_sink.messages == []


def test_one_spelling_is_as_good_as_another(merchant: Merchant) -> None:
    commands.give(merchant, "email", " ANNA@Example.TEST ", "offers", Said("x"), basis=Basis.CONSENT)
    with merchant_scope(merchant):
        assert ConsentEntry.objects.get().address == "anna@example.test"

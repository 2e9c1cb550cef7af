"""Whatever stands in names, subjects and addresses: a mail reaches the intended person and carries our headers only."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.channels.base import Refused
from notifications.channels.email import EmailConnection
from notifications.models import Message, MessageClass
from orders.models import Order
from tests import factories
from tests.api_client import ApiClient
from tests.smtp_sink import SmtpSink

OURS = {
    "content-type", "mime-version", "subject", "from", "to", "reply-to", "date", "message-id", "auto-submitted",
}  # fmt: skip
NASTY = [
    "Anna\r\nBcc: evil@example.test",
    "Anna\nX-Injected: yes",
    "Anna\u2028Bcc: evil@example.test",
    "Anna\u2029\u0085\x0b\x0cBcc: evil@example.test",
    "a@b.test, evil@example.test",
    '"Anna" <evil@example.test>',
    "=?utf-8?q?=0D=0ABcc:_evil=40example.test?=",
    "Anna\r\n\r\nA body of my own",
    "\u202eanna",
    "x" * 5000,
    "",
]


@pytest.fixture(scope="module")
def sink() -> Iterator[SmtpSink]:
    running = SmtpSink()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def connection(sink: SmtpSink, settings: Any) -> Iterator[EmailConnection]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    opened = EmailConnection()
    yield opened
    opened.close()


texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=80))


@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=texts, subject=texts, recipient=st.one_of(texts, st.emails()))
@example(name="Nordwind", subject="Confirmed", recipient="anna@example.test")
@example(name="Nordwind", subject="Confirmed", recipient="anna@example.test, evil@example.test")
@example(name="Nordwind", subject="Confirmed", recipient="a@b, x@evil")
@example(name="Nordwind", subject="Confirmed", recipient="anna@example.test\r\nBcc: evil@example.test")
@example(name="Nordwind", subject="Confirmed", recipient='"a@b.test, x"@example.test')
def test_nobody_else_gets_it_and_no_header_is_slipped_in(
    sink: SmtpSink, connection: EmailConnection, name: str, subject: str, recipient: str
) -> None:
    sink.mails.clear()
    merchant = Merchant(slug="n", name=name, support_email="hallo@nordwind.test")
    message = Message(
        merchant=merchant,
        message_class=MessageClass.TRANSACTIONAL,
        subject=subject,
        recipient=recipient,
        text="Text",
        html="<p>HTML</p>",
        message_id="<abc@shop.test>",
    )
    connection.open()
    try:
        connection.send(merchant, message)
    except Refused:
        assert sink.mails == []
        return
    [mail] = sink.mails
    [arrived] = mail.recipients
    assert arrived.lower() == recipient.lower()
    assert {key.lower() for key in mail.parsed.keys()} == OURS  # noqa: SIM118
    assert mail.sender == "orders@shop.test"
    assert len(mail.parsed["From"].addresses) == 1
    assert mail.message_id == "<abc@shop.test>"
    assert mail.text.strip() == "Text"


@pytest.mark.parametrize("name", [name for name in NASTY if 0 < len(name) < 100])
def test_a_shoppers_nasty_name_stays_inside_the_mail(
    api: ApiClient, send_all: Callable[[], None], smtp_sink: SmtpSink, name: str
) -> None:
    body = factories.order_body()
    body["customer"]["first_name"] = name
    body["number"] = name[:60]
    assert api.post("orders", body).status_code == 201
    send_all()
    [mail] = smtp_sink.mails
    assert mail.recipients == [body["customer"]["email"]]
    assert {key.lower() for key in mail.parsed.keys()} == OURS  # noqa: SIM118
    assert not set(mail.subject) & set("\r\n\u2028\u2029\u0085\x0b\x0c\u202e")


@pytest.mark.parametrize(
    "address", ["a@b.test, evil@example.test", "Anna <anna@b.test>", "anna@b.test\nBcc: x@y.test"]
)
def test_an_address_that_is_not_one_is_refused_when_it_comes_in(api: ApiClient, address: str) -> None:
    body = factories.order_body()
    body["customer"]["email"] = address
    answer = api.post("orders", body)
    assert (answer.status_code, answer.json()["param"]) == (400, "customer.email")


def test_an_address_that_got_past_the_door_is_poison_and_fails_at_once(
    merchant: Merchant,
    send_all: Callable[[], None],
    log_of: Callable[..., list[Message]],
    smtp_sink: SmtpSink,
) -> None:
    order, healthy = factories.order(merchant), factories.order(merchant)
    with merchant_scope(merchant):
        Order.objects.filter(pk=order.pk).update(email="a@b, x@evil")
    send_all()
    states = {message.order_id: (message.state, message.reason, message.attempts) for message in log_of()}
    assert states[order.pk] == ("failed", "invalid_address", 1)
    assert states[healthy.pk] == ("sent", "", 1)
    assert [mail.recipients for mail in smtp_sink.mails] == [[healthy.email]]

"""A merchant's own wording: checked and compiled when it is saved, used from the next message on."""

from collections.abc import Callable
from typing import Any

import pytest

from events.models import Fact
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_scope
from notifications import commands
from notifications.models import Message, MessageTemplate
from orders.schemas import CustomerIn
from tests import factories
from tests.notifications.twilio_sink import TwilioSink
from tests.smtp_sink import SmtpSink

Log = Callable[..., list[Message]]
Work = Callable[[], Any]

MJML = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Ahoy {{ customer.first_name }},"
    ' <a href="{{ links.portal | link }}">{{ order_name }}</a></mj-text></mj-column></mj-section></mj-body></mjml>'
)


def save(merchant: Merchant, **changes: Any) -> MessageTemplate:
    values = {
        "touchpoint": "order_confirmation", "locale": "en", "channel": "email", "subject": "Ahoy {{ order_name }}",
        "source": MJML, **changes,
    }  # fmt: skip
    return commands.save_template(merchant, **values)


def test_it_is_used_for_its_moment_and_language_and_no_other(
    merchant: Merchant, stranger: Merchant, send_all: Work, smtp_sink: SmtpSink, drain_all: Work
) -> None:
    save(merchant)
    order = factories.order(merchant, number="#7")
    for other in (factories.order(merchant, locale="de"), factories.order(stranger)):
        assert other
    factories.shipment(merchant, order)
    send_all()
    own = [mail for mail in smtp_sink.mails if mail.subject == "Ahoy #7"]
    assert len(own) == 1
    assert "Ahoy Anna" in own[0].html
    assert "/p/nordwind/t/" in own[0].html
    assert "#7" in own[0].text  # the built-in text, since none was given
    assert len(smtp_sink.mails) == 4


def test_a_second_saving_replaces_the_first_at_once(
    merchant: Merchant, send_all: Work, smtp_sink: SmtpSink
) -> None:
    save(merchant)
    factories.order(merchant)
    send_all()
    save(merchant, subject="Second", text="Second text for {{ customer.first_name }}")
    factories.order(merchant)
    send_all()
    assert smtp_sink.mails[0].subject.startswith("Ahoy")
    assert smtp_sink.mails[1].subject == "Second"
    assert smtp_sink.mails[1].text.strip() == "Second text for Anna"
    with merchant_scope(merchant):
        assert MessageTemplate.objects.count() == 1


def test_a_text_message_is_worded_by_liquid_alone(
    merchant: Merchant, send_all: Work, smtp_sink: SmtpSink, twilio_sink: TwilioSink
) -> None:
    save(merchant, channel="sms", subject="", source="{{ shop.name }} says ahoy: {{ links.portal }}")
    factories.order(merchant, customer=CustomerIn(phone="+4915112345678", sms_consent=True, locale="en"))
    send_all()
    assert twilio_sink.messages[0]["Body"].startswith("Nordwind says ahoy: http")


def test_one_that_fails_on_an_order_does_not_cost_the_shopper_the_message(
    merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink
) -> None:
    save(merchant)
    with merchant_scope(merchant):
        MessageTemplate.objects.update(
            subject="{{ order_name | times: order_name | append: nothing | split }}"
        )
    factories.order(merchant)
    send_all()
    [message], [mail] = log_of(), smtp_sink.mails
    assert message.state == "sent"
    assert "own template failed" in message.error
    assert "Confirmed" in mail.subject


@pytest.mark.parametrize(
    ("changes", "param", "says"),
    [
        ({"touchpoint": "order_lost"}, "touchpoint", "order_lost"),
        ({"channel": "pigeon"}, "channel", "pigeon"),
        ({"touchpoint": "order_cancelled", "channel": "sms"}, "channel", "sms"),
        ({"locale": "xx"}, "locale", "en, de"),
        ({"subject": " "}, "subject", "subject"),
        ({"subject": "{{ order_name"}, "source", "never closed"),
        ({"source": "<mjml><mj-body><mj-nope/></mj-body></mjml>"}, "source", "mj-nope"),
        ({"source": MJML.replace("{{ order_name }}", "{% include 'x' %}")}, "source", "include"),
        ({"source": MJML.replace("Ahoy ", "x" * 120_000)}, "source", "cut it off"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(
    merchant: Merchant, changes: dict[str, Any], param: str, says: str
) -> None:
    with pytest.raises(Unprocessable) as refused:
        save(merchant, **changes)
    assert refused.value.param == param
    assert says in refused.value.detail
    with merchant_scope(merchant):
        assert not MessageTemplate.objects.exists()


def test_saving_is_a_fact(merchant: Merchant, drain_all: Work) -> None:
    save(merchant)
    drain_all()
    with merchant_scope(merchant):
        fact = Fact.objects.get(type="template.saved")
    assert fact.data == {"touchpoint": "order_confirmation", "locale": "en", "channel": "email"}


class TestALinkThatWasAskedFor:
    def test_it_goes_to_the_orders_address_each_time(
        self, merchant: Merchant, send_all: Work, smtp_sink: SmtpSink
    ) -> None:
        order = factories.order(merchant, notify=False, email="anna@example.test")
        for _ in range(2):
            commands.send_lookup_link(merchant, order)
        send_all()
        assert [mail.recipients for mail in smtp_sink.mails] == [["anna@example.test"]] * 2
        assert len({mail.message_id for mail in smtp_sink.mails}) == 2
        assert "/p/nordwind/t/" in smtp_sink.mails[0].text

    def test_a_cancelled_order_can_be_looked_at_too(
        self, merchant: Merchant, send_all: Work, smtp_sink: SmtpSink
    ) -> None:
        from orders.commands import cancel_order

        order = factories.order(merchant, notify=False)
        cancel_order(merchant, order.id, notify=False)
        commands.send_lookup_link(merchant, order, locale="de")
        send_all()
        [mail] = smtp_sink.mails
        assert 'lang="de"' in mail.html

    def test_a_link_that_expired_is_renewed_first(
        self, merchant: Merchant, send_all: Work, smtp_sink: SmtpSink, later: Any
    ) -> None:
        from datetime import timedelta

        from orders.links import link_token

        order = factories.order(merchant, notify=False)
        later(timedelta(days=401))
        commands.send_lookup_link(merchant, order)
        send_all()
        [mail] = smtp_sink.mails
        assert link_token(order.id, 1) not in mail.text
        assert link_token(order.id, 2) in mail.text

    def test_without_an_address_nothing_is_planned(self, merchant: Merchant, log_of: Log) -> None:
        order = factories.order(merchant, notify=False, customer=CustomerIn(first_name="Anna"))
        assert commands.send_lookup_link(merchant, order) is None
        assert log_of() == []


def test_only_what_failed_or_was_skipped_can_be_tried_again(
    merchant: Merchant, stranger: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink
) -> None:
    factories.order(merchant)
    send_all()
    [message] = log_of()
    with pytest.raises(Conflict):
        commands.retry_message(merchant, message.id)
    with pytest.raises(NotFound):
        commands.retry_message(stranger, message.id)
    assert [m.state for m in log_of()] == ["sent"]

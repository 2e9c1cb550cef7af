"""What mail providers tell: who may, what is kept of it, what follows. Bodies in the form of their documentation."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.consent.models import ConsentEntry
from notifications.consent.queries import may_send
from notifications.consent.standing import Grant
from notifications.feedback import reference
from notifications.models import Message, MessageEvent, Suppression
from tests import factories
from tests.smtp_sink import SmtpSink

Work = Callable[[], Any]
Log = Callable[..., list[Message]]

# Anymail still reads SendGrid's webhooks, and says that it does not test against SendGrid any more.
pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")

SECRET, NEXT_SECRET = "afterward:first-secret", "afterward:next-secret"
SIGNING_KEY = "mailgun-signing-key"
AT = "2026-11-28T10:00:00Z"


@pytest.fixture(autouse=True)
def _secrets(settings: Any) -> None:
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": [SECRET, NEXT_SECRET],
        "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY,
    }


@pytest.fixture
def sent(merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink) -> Message:
    """A confirmation that went out to anna@example.com."""
    factories.order(merchant)
    send_all()
    [message] = log_of(state="sent")
    return message


def post(provider: str, body: Any, secret: str | None = SECRET) -> int:
    headers = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()} if secret else {}
    response = Client().post(
        f"/hooks/mail/{provider}", json.dumps(body), content_type="application/json", headers=headers
    )
    return response.status_code


def postmark(message: Message, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "RecordType": kind, "ID": 42, "MessageID": "883953f4", "Recipient": message.recipient, "DeliveredAt": AT,
        "Metadata": {"afterward": reference(message)}, **more,
    }  # fmt: skip


def bounce(message: Message, kind: str = "HardBounce") -> dict[str, Any]:
    return postmark(
        message, "Bounce", Type=kind, Email=message.recipient, BouncedAt=AT, Details="no such user"
    )


def sendgrid(message: Message, event: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "email": message.recipient, "timestamp": 1795860000, "event": event, "sg_event_id": f"sg-{event}",
            "afterward": reference(message), **more,
        }
    ]  # fmt: skip


def mailgun(message: Message, event: str, **more: Any) -> dict[str, Any]:
    token, at = "t" * 50, "1795860000"
    sign = hmac.new(SIGNING_KEY.encode(), f"{at}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": at, "token": token, "signature": sign},
        "event-data": {
            "event": event, "id": f"mg-{event}", "timestamp": 1795860000.5, "recipient": message.recipient,
            "user-variables": {"afterward": reference(message)}, **more,
        },
    }  # fmt: skip


def resend(message: Message, event: str, **more: Any) -> dict[str, Any]:
    data = {
        "email_id": "re_1", "created_at": AT, "to": [message.recipient],
        "headers": [{"name": "X-Metadata", "value": json.dumps({"afterward": reference(message)})}], **more,
    }  # fmt: skip
    return {"type": f"email.{event}", "created_at": AT, "data": data}


def resend_bounce(kind: str, type_: str) -> dict[str, str]:
    return {"message": f"The recipient's email provider sent a {kind} bounce message.", "type": type_}


def brevo(message: Message, event: str, **more: Any) -> dict[str, Any]:
    return {
        "event": event, "email": message.recipient, "id": 26224, "ts_epoch": 1795860000000, "message-id": "<x@y>",
        "X-Mailin-custom": json.dumps({"afterward": reference(message)}), **more,
    }  # fmt: skip


def outcome_of(message: Message) -> str:
    with merchant_scope(message.merchant):
        return Message.objects.get(pk=message.pk).outcome


def suppressed_of(merchant: Merchant) -> list[tuple[str, str]]:
    with merchant_scope(merchant):
        return list(Suppression.objects.values_list("address", "reason"))


DELIVERED: dict[str, Callable[[Message], Any]] = {
    "postmark": lambda m: postmark(m, "Delivery"),
    "sendgrid": lambda m: sendgrid(m, "delivered"),
    "mailgun": lambda m: mailgun(m, "delivered"),
    "resend": lambda m: resend(m, "delivered"),
    "brevo": lambda m: brevo(m, "delivered"),
}
BOUNCED: dict[str, Callable[[Message], Any]] = {
    "postmark": bounce,
    "sendgrid": lambda m: sendgrid(m, "bounce", type="bounce", reason="550 5.1.1 no such user"),
    "mailgun": lambda m: mailgun(m, "failed", severity="permanent", reason="bounce"),
    "resend": lambda m: resend(m, "bounced", bounce=resend_bounce("hard", "Permanent")),
    "brevo": lambda m: brevo(m, "hard_bounce", reason="550 no such user"),
}


@pytest.mark.parametrize("provider", DELIVERED)
def test_a_delivery_is_noted_once_however_often_it_is_told(
    provider: str, sent: Message, drain_all: Work
) -> None:
    for _ in range(3):
        assert post(provider, DELIVERED[provider](sent)) == 200
    assert outcome_of(sent) == "delivered"
    drain_all()
    with merchant_scope(sent.merchant):
        [event] = MessageEvent.objects.all()
        assert (event.kind, event.provider) == ("delivered", provider)
        assert Fact.objects.filter(type="message.delivered").count() == 1
    assert suppressed_of(sent.merchant) == []


@pytest.mark.parametrize("provider", BOUNCED)
def test_an_address_that_nobody_has_is_not_written_to_again(
    provider: str, sent: Message, send_all: Work, log_of: Log, smtp_sink: SmtpSink
) -> None:
    assert post(provider, BOUNCED[provider](sent)) == 200
    assert outcome_of(sent) == "undelivered"
    assert suppressed_of(sent.merchant) == [(sent.recipient, "bounced")]
    order = factories.order(sent.merchant, email=sent.recipient)
    send_all()
    [second] = log_of(order=order)
    assert (second.state, second.reason) == ("skipped", "suppressed")
    assert len(smtp_sink.mails) == 1


SOFT: dict[str, Callable[[Message], Any]] = {
    "postmark": lambda m: bounce(m, "SoftBounce"),
    "sendgrid": lambda m: sendgrid(m, "bounce", type="blocked", reason="421 try later"),
    "mailgun": lambda m: mailgun(m, "failed", severity="temporary", reason="generic"),
    "resend": lambda m: resend(m, "bounced", bounce=resend_bounce("general", "Transient")),
    "brevo": lambda m: brevo(m, "soft_bounce", reason="mailbox full"),
}


@pytest.mark.parametrize("provider", SOFT)
def test_a_full_mailbox_is_written_to_again(provider: str, sent: Message) -> None:
    assert post(provider, SOFT[provider](sent)) == 200
    assert suppressed_of(sent.merchant) == []
    with merchant_scope(sent.merchant):
        assert MessageEvent.objects.count() == 1


def test_who_reports_spam_gets_no_more(sent: Message, send_all: Work, log_of: Log) -> None:
    assert (
        post("postmark", postmark(sent, "SpamComplaint", Type="SpamComplaint", Email=sent.recipient)) == 200
    )
    assert outcome_of(sent) == "complained"
    assert suppressed_of(sent.merchant) == [(sent.recipient, "complained")]
    factories.order(sent.merchant, email=sent.recipient)
    send_all()
    assert [m.reason for m in log_of(state="skipped")] == ["suppressed"]


def test_the_graver_word_stays_whatever_order_it_comes_in(sent: Message) -> None:
    for body in (bounce(sent), postmark(sent, "Delivery"), postmark(sent, "Open", ReceivedAt=AT)):
        assert post("postmark", body) == 200
    assert outcome_of(sent) == "undelivered"
    with merchant_scope(sent.merchant):
        assert sorted(MessageEvent.objects.values_list("kind", flat=True)) == [
            "bounced",
            "delivered",
            "opened",
        ]


@pytest.mark.parametrize("secret", [None, "afterward:wrong", "afterward:", ":first-secret"])
def test_a_webhook_without_a_secret_of_ours_changes_nothing(secret: str | None, sent: Message) -> None:
    assert post("postmark", bounce(sent), secret) == 401
    assert outcome_of(sent) == ""
    assert suppressed_of(sent.merchant) == []


def test_two_secrets_live_while_one_replaces_the_other(sent: Message) -> None:
    assert post("postmark", postmark(sent, "Delivery"), NEXT_SECRET) == 200


def test_no_secret_set_means_a_closed_door(sent: Message, settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": []}
    assert post("postmark", bounce(sent), None) == 401
    assert post("postmark", bounce(sent)) == 401
    assert suppressed_of(sent.merchant) == []


def test_a_provider_that_we_do_not_know_is_not_let_in(sent: Message) -> None:
    assert post("mandrill", bounce(sent)) == 401


def test_mailguns_own_signature_counts_as_well(sent: Message) -> None:
    body = mailgun(sent, "failed", severity="permanent", reason="bounce")
    body["signature"]["signature"] = "0" * 64
    assert post("mailgun", body) == 401
    assert suppressed_of(sent.merchant) == []


@pytest.mark.parametrize("body", [[], "text", {"RecordType": "Bounce", "BouncedAt": "yesterday"}, None, 7])
def test_what_cannot_be_read_is_refused_and_changes_nothing(body: Any, sent: Message) -> None:
    assert post("postmark", body) in (200, 400)
    assert outcome_of(sent) == ""


@pytest.mark.parametrize(
    "metadata", [{}, {"afterward": "x"}, {"afterward": "mer_1.msg_2"}, {"other": "program"}]
)
def test_messages_of_other_programs_are_passed_over(metadata: Any, sent: Message) -> None:
    assert post("postmark", {**bounce(sent), "Metadata": metadata}) == 200
    assert outcome_of(sent) == ""
    assert suppressed_of(sent.merchant) == []


def test_a_reference_that_names_another_merchant_reaches_nothing(sent: Message, stranger: Merchant) -> None:
    own = reference(sent)
    crossed = reference(Message(merchant=stranger, id=sent.id))
    body = json.loads(json.dumps(bounce(sent)).replace(own, crossed))
    assert post("postmark", body) == 200
    assert outcome_of(sent) == ""
    assert suppressed_of(stranger) == suppressed_of(sent.merchant) == []


def test_a_batch_costs_a_fixed_number_of_queries(
    merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        factories.order(merchant, number=f"#{number}")
    send_all()
    batch = [entry for message in log_of(state="sent") for entry in sendgrid(message, "open")]
    for number, entry in enumerate(batch):
        entry["sg_event_id"] = f"open-{number}"
    with django_assert_max_num_queries(8):
        assert post("sendgrid", [entry | {"event": "deferred"} for entry in batch]) == 200
    with merchant_scope(merchant):
        assert MessageEvent.objects.count() == 12


def test_who_unsubscribes_at_the_provider_objects_to_all_but_news_about_orders(
    sent: Message, merchant: Merchant, send_all: Work, log_of: Log
) -> None:
    for _ in range(2):
        assert post("postmark", postmark(sent, "SubscriptionChange", SuppressSending=True, ChangedAt=AT,
                                         SuppressionReason="ManualSuppression", Origin="Recipient")) == 200  # fmt: skip
        assert post("sendgrid", sendgrid(sent, "unsubscribe")) == 200
    with merchant_scope(merchant):
        assert not Suppression.objects.exists()
        entry = ConsentEntry.objects.get()
        may = {kind: may_send(kind, "offers", "email", sent.recipient, "DE", timezone.now())
               for kind in ("transactional", "marketing")}  # fmt: skip
    assert (entry.state, entry.topic, entry.source) == ("objected", "", "mail_provider")
    assert may["marketing"] == "unsubscribed"
    assert isinstance(may["transactional"], Grant)
    factories.order(merchant, email=sent.recipient)
    send_all()
    assert [message.state for message in log_of()] == ["sent", "sent"]

"""Amazon SES through Amazon's library, against a stand-in of its API on loopback."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.channels import circuits
from notifications.feedback import METADATA, reference
from notifications.models import Message, MessageEvent, Suppression
from notifications.sending import send_due
from tests import factories
from tests.processes import run_python
from tests.smtp_sink import SmtpSink

Log = Callable[..., list[Message]]
Work = Callable[[], Any]

SECRET = "afterward:some-secret"


class SesSink:
    """SendEmail of SES v2, as far as sending uses it."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.status, self.answer = 200, {"MessageId": "0100018c-ses"}
        self.hang_up = False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def _handler(sink) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sink.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if sink.hang_up:
                    self.close_connection = True
                    return
                content = json.dumps(sink.answer).encode()
                self.send_response(sink.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                if sink.status >= 400:
                    self.send_header("x-amzn-ErrorType", str(sink.answer.get("__type", "")))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@pytest.fixture
def ses(settings: Any, smtp_sink: SmtpSink) -> Iterator[SesSink]:
    """SES first, then the SMTP sink."""
    sink = SesSink()
    settings.MAIL_PROVIDERS = ["ses", "smtp"]
    settings.ANYMAIL = {
        **settings.ANYMAIL,
        "AMAZON_SES_SESSION_PARAMS": {
            "aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "eu-central-1",
        },
        "AMAZON_SES_CLIENT_PARAMS": {
            **settings.ANYMAIL["AMAZON_SES_CLIENT_PARAMS"],
            "endpoint_url": f"http://127.0.0.1:{sink.server.server_port}",
        },
    }  # fmt: skip
    circuits.forget()
    yield sink
    circuits.forget()
    sink.server.shutdown()
    sink.server.server_close()


def test_takes_a_mail_and_its_id_is_kept(
    merchant: Merchant, send_all: Work, log_of: Log, ses: SesSink, smtp_sink: SmtpSink
) -> None:
    factories.order(merchant)
    send_all()
    [message] = log_of()
    assert (message.state, message.provider, message.provider_reference) == ("sent", "ses", "0100018c-ses")
    [asked] = ses.requests
    assert asked["Destination"]["ToAddresses"] == [message.recipient]
    assert smtp_sink.mails == []


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (429, "TooManyRequestsException", ("sent", "", "smtp")),
        (400, "LimitExceededException", ("sent", "", "smtp")),
        (503, "ServiceUnavailable", ("sent", "", "smtp")),
        (403, "InvalidClientTokenId", ("sent", "", "smtp")),
        (400, "MessageRejected", ("failed", "refused", "")),
        # It may have been taken before the fault.
        (500, "InternalFailure", ("planned", "", "ses")),
    ],
)
def test_each_answer_has_its_consequence(
    merchant: Merchant, drain_all: Work, log_of: Log, ses: SesSink, smtp_sink: SmtpSink,
    status: int, kind: str, told: tuple[str, str, str],
) -> None:  # fmt: skip
    ses.status, ses.answer = status, {"__type": kind, "message": "as the test wants it"}
    factories.order(merchant)
    drain_all()
    send_due()
    [message] = log_of()
    assert (message.state, message.reason, message.provider) == told
    assert len(ses.requests) == 1
    assert len(smtp_sink.mails) == (1 if told[2] == "smtp" else 0)


def test_a_lost_answer_is_repeated_neither_by_its_library_nor_elsewhere(
    merchant: Merchant, drain_all: Work, log_of: Log, ses: SesSink, smtp_sink: SmtpSink
) -> None:
    ses.hang_up = True
    factories.order(merchant)
    drain_all()
    send_due()
    [message] = log_of()
    assert (message.state, message.provider) == ("planned", "ses")
    assert len(ses.requests) == 1
    assert smtp_sink.mails == []


def told_by_amazon(message: Message, kind: str, about: dict[str, Any]) -> dict[str, Any]:
    """A notification of Amazon's SNS about a mail that went out with its headers."""
    told = {
        "eventType": kind,
        kind.lower(): about,
        "mail": {
            "messageId": "0100018c-ses", "destination": [message.recipient],
            "headers": [{"name": "X-Metadata", "value": json.dumps({METADATA: reference(message)})}],
        },
    }  # fmt: skip
    return {
        "Type": "Notification", "MessageId": "sns-1", "TopicArn": "arn:aws:sns:eu-central-1:123456789012:ses",
        "Timestamp": "2026-11-28T10:00:00.000Z", "Message": json.dumps(told),
    }  # fmt: skip


def post(body: dict[str, Any], secret: str | None = SECRET) -> Any:
    headers = {"x-amz-sns-message-type": body["Type"], "x-amz-sns-message-id": body["MessageId"]}
    if secret:
        headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
    return Client().post("/hooks/mail/ses", json.dumps(body), content_type="text/plain", headers=headers)


@pytest.mark.parametrize(
    ("kind", "given_up"), [("Permanent", True), ("Transient", False), ("Undetermined", False)]
)
def test_a_bounce_that_amazon_tells_of_is_kept_and_only_one_for_good_gives_the_address_up(
    merchant: Merchant, send_all: Work, log_of: Log, ses: SesSink, settings: Any, kind: str, given_up: bool
) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": [SECRET]}
    factories.order(merchant)
    send_all()
    [message] = log_of()
    about = {
        "bounceType": kind, "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": message.recipient}],
    }  # fmt: skip
    body = told_by_amazon(message, "Bounce", about)
    asked = post(body, secret=None)
    assert (asked.status_code, asked["WWW-Authenticate"][:5]) == (401, "Basic")
    assert post(body, secret="afterward:wrong").status_code == 401
    with merchant_scope(merchant):
        assert not MessageEvent.objects.exists()
    assert post(body).status_code == 200
    assert post(body).status_code == 200  # told twice
    with merchant_scope(merchant):
        [event] = MessageEvent.objects.all()
        assert (event.message_id, event.kind, event.provider) == (message.id, "bounced", "ses")
        assert Suppression.objects.exists() == given_up


@pytest.mark.django_db
def test_its_library_is_loaded_only_where_it_is_used() -> None:
    done = run_python(
        "import sys; from notifications.channels import email, fall_over\nassert 'boto3' not in sys.modules"
    )
    assert done.returncode == 0, done.stderr

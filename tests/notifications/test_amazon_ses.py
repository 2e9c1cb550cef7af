"""Amazon SES through Amazon's library, against a stand-in of its API on loopback."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from merchants.models import Merchant
from notifications.channels import circuits
from notifications.models import Message
from notifications.sending import send_due
from tests import factories
from tests.processes import run_python
from tests.smtp_sink import SmtpSink

Log = Callable[..., list[Message]]
Work = Callable[[], Any]


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


@pytest.mark.django_db
def test_its_library_is_loaded_only_where_it_is_used() -> None:
    done = run_python(
        "import sys; from notifications.channels import email, fall_over\nassert 'boto3' not in sys.modules"
    )
    assert done.returncode == 0, done.stderr

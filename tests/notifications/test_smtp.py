"""Handing over in two round trips, to a server that offers it: the same answers as from smtplib, and nothing twice."""

import smtplib
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from notifications.channels.doubt import may_be_taken_by_smtp
from notifications.channels.smtp import hand_over

MAIL = b"Subject: x\r\n\r\n.a point\r\n..two\r\nend\r\n"


class _Server(socketserver.ThreadingTCPServer):
    """Says what a test told it to, at the verb that the test named; "" hangs up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.answers: dict[str, str] = {}
        self.extensions = ["PIPELINING", "SIZE 1000000"]
        self.heard: list[str] = []
        self.mails: list[bytes] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


class _Talk(socketserver.StreamRequestHandler):
    server: _Server
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline():
            verb = line[:4].decode().upper()
            self.server.heard.append(line.decode().strip())
            if verb == "EHLO":
                lines = ["here", *self.server.extensions]
                self._say("\r\n".join([*(f"250-{each}" for each in lines[:-1]), f"250 {lines[-1]}"]))
                continue
            usual = {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 fine")
            answer = self.server.answers.get(verb, usual)
            if not answer:
                return
            self._say(answer)
            if verb == "DATA" and answer.startswith("354"):
                self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                if (answer := self.server.answers.get("END", "250 taken")) == "":
                    return
                self._say(answer)

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as made:
        yield made
        made.shutdown()


def told(server: _Server, *mails: bytes) -> Any:
    """Hand these mails over on one connection. Returns the last one's error, None without one."""
    error: Exception | None = None
    with smtplib.SMTP(*server.server_address[:2], timeout=10) as smtp:
        for mail in mails or (MAIL,):
            try:
                hand_over(smtp, "orders@shop.test", "anna@example.test", mail)
                error = None
            except (smtplib.SMTPException, ValueError) as found:
                error = found
    return error


def test_a_mail_arrives_whole_with_its_envelope_in_one_go(server: _Server) -> None:
    assert told(server, MAIL, b"." + MAIL) is None
    assert server.mails == [MAIL.replace(b"\r\n.", b"\r\n.."), b".." + MAIL.replace(b"\r\n.", b"\r\n..")]
    assert server.heard[1:4] == [
        f"MAIL FROM:<orders@shop.test> SIZE={len(MAIL)}", "RCPT TO:<anna@example.test>", "DATA"
    ]  # fmt: skip


@pytest.mark.parametrize("extensions", [["PIPELINING"], ["8BITMIME"]], ids=["pipelined", "one by one"])
@pytest.mark.parametrize(
    ("answers", "kind", "doubt"),
    [
        ({"MAIL": "451 not now", "RCPT": "503 no", "DATA": "503 no"}, smtplib.SMTPSenderRefused, False),
        ({"RCPT": "550 nobody", "DATA": "554 to whom"}, smtplib.SMTPRecipientsRefused, False),
        ({"DATA": "451 not now"}, smtplib.SMTPDataError, False),
        ({"END": "554 spam"}, smtplib.SMTPDataError, False),
        ({"END": ""}, smtplib.SMTPServerDisconnected, True),
        ({"RCPT": ""}, smtplib.SMTPServerDisconnected, False),
        ({"DATA": ""}, smtplib.SMTPServerDisconnected, None),
    ],
)
def test_every_answer_means_what_it_means_to_smtplib(
    server: _Server, extensions: list[str], answers: dict[str, str], kind: type[Exception], doubt: bool | None
) -> None:
    server.extensions, server.answers = extensions, answers
    error = told(server)
    assert type(error) is kind
    if doubt is not None:
        assert may_be_taken_by_smtp(error) == doubt
    elif extensions == ["PIPELINING"]:  # The content never left; one by one that cannot be told.
        assert not may_be_taken_by_smtp(error)


def test_a_server_that_waits_for_content_without_a_recipient_gets_none(server: _Server) -> None:
    """RFC 2920, 3.1: it may say 354 although it refused the only recipient."""
    server.answers = {"RCPT": "550 nobody"}
    assert isinstance(told(server), smtplib.SMTPRecipientsRefused)
    assert server.mails == [b""]
    server.answers = {"RCPT": "550 nobody", "END": ""}  # and hangs up on the empty one
    assert isinstance(told(server), smtplib.SMTPRecipientsRefused)
    server.answers = {}
    assert told(server) is None


def test_the_connection_is_fit_for_the_next_mail_after_a_refusal(server: _Server) -> None:
    server.answers = {"END": "554 spam"}
    assert isinstance(told(server, MAIL, MAIL), smtplib.SMTPDataError)
    assert [line for line in server.heard if line == "rset"] == ["rset", "rset"]
    assert len(server.mails) == 2


@pytest.mark.parametrize("address", ["a@b.test>\r\nRCPT TO:<evil@b.test", "jürgen@example.test"])
def test_what_is_no_address_is_poison(server: _Server, address: str) -> None:
    with smtplib.SMTP(*server.server_address[:2], timeout=10) as smtp, pytest.raises(ValueError):
        hand_over(smtp, "orders@shop.test", address, MAIL)
    assert not server.mails

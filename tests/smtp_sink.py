"""A real SMTP server on loopback that keeps what it is given, and fails in the ways that real ones do.

def test_…(smtp_sink: SmtpSink) -> None:      # the settings point at it
    smtp_sink.refuse(451, at="RCPT", times=2)
    …
    [mail] = smtp_sink.mails
"""

import asyncio
import email
import email.policy
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP


@dataclass
class Mail:
    """A mail as it arrived: envelope and parsed content."""

    sender: str
    recipients: list[str]
    raw: bytes
    at: float  # time.monotonic()
    parsed: EmailMessage = field(init=False)

    def __post_init__(self) -> None:
        self.parsed = email.message_from_bytes(self.raw, policy=email.policy.default)

    def header(self, name: str) -> str:
        """A header, decoded; "" when there is none."""
        return str(self.parsed.get(name, "")).strip()

    @property
    def subject(self) -> str:
        return self.header("Subject")

    @property
    def message_id(self) -> str:
        return self.header("Message-ID")

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.parsed.get_body((kind,))
        assert part is not None, f"the mail has no {kind} part"
        return str(part.get_content())


@dataclass
class _Fault:
    at: str
    answer: str
    seconds: float
    times: int


class SmtpSink:
    """The server. One thread with its own event loop; safe to ask from the test's thread."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.connections = 0
        self._faults: list[_Fault] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._runs = threading.Event()

    def start(self) -> None:
        """Returns when it takes connections, so that a test which is over at once can stop it."""
        self._thread.start()
        assert self._runs.wait(30), "the SMTP sink did not start"

    def stop(self) -> None:
        """Close the port: whoever connects from now on is refused."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    # --- faults ---

    def refuse(self, code: int, *, at: str = "RCPT", times: int = 1_000_000) -> None:
        """Answer with a code at CONNECT, MAIL, RCPT or DATA (after the whole message was read)."""
        self._faults.append(_Fault(at, f"{code} as the test wants it", 0, times))

    def stall(self, seconds: float, *, at: str = "DATA", times: int = 1_000_000) -> None:
        """Say nothing for so long, then go on."""
        self._faults.append(_Fault(at, "", seconds, times))

    def hang_up(self, *, at: str = "DATA", times: int = 1_000_000) -> None:
        """Close the connection instead of answering. At DATA the message has been taken."""
        self._faults.append(_Fault(at, "hang up", 0, times))

    def behave(self) -> None:
        """No faults from now on."""
        self._faults.clear()

    def wait_for(self, count: int, seconds: float = 10) -> list[Mail]:
        """The mails once there are so many; fails when there are fewer by then."""
        until = time.monotonic() + seconds
        while len(self.mails) < count and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.mails) >= count, f"{len(self.mails)} of {count} mails after {seconds} s"
        return self.mails

    # --- aiosmtpd's handler ---

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if answer := await self._fault("MAIL", server):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if answer := await self._fault("RCPT", server):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await self._fault("DATA", server)
        if answer and answer != "hang up":
            return answer
        self.mails.append(
            Mail(envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content, time.monotonic())
        )
        return "250 2.0.0 taken"

    async def _fault(self, at: str, server: Any) -> str:
        for fault in self._faults:
            if fault.at == at and fault.times > 0:
                fault.times -= 1
                await asyncio.sleep(fault.seconds)
                if fault.answer == "hang up":
                    server.transport.abort()
                return fault.answer
        return ""

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(self._loop.create_server(self._protocol, sock=self._socket))
        self._loop.call_soon(self._runs.set)
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _protocol(self) -> SMTP:
        self.connections += 1
        return SMTP(self, hostname="sink", enable_SMTPUTF8=True, loop=self._loop)


@pytest.fixture
def smtp_sink(settings: Any) -> Iterator[SmtpSink]:
    """A running sink, with the settings pointing at it."""
    sink = SmtpSink()
    sink.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    settings.EMAIL_TIMEOUT = 2
    yield sink
    sink.stop()

"""One try: the request as it goes out, and what came of it. No database here: it runs in a thread of its own."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone

from merchants.http import OutboundError, OutboundSession, Refused, Response, TimedOut, Timeout
from webhooks.bodies import message_id
from webhooks.models import Delivery
from webhooks.schedule import Answer
from webhooks.signing import live_secrets, signed_headers

TIMEOUT: Final = Timeout(connect=5.0, read=10.0, total=10.0)
# So much of an answer is read and kept, for people to see what went wrong.
ANSWER_BYTES: Final = 2048
# A delivery that ends its worker must not do so for ever.
_MOST_LOST: Final = 20
_USER_AGENT: Final = "Afterward-Webhooks/1"


@dataclass(frozen=True)
class Outcome:
    """What came of a call, as it is written down."""

    call: "Call"
    answer: Answer
    milliseconds: int
    body: str = ""
    error: str = ""


@dataclass(frozen=True)
class Call:
    """A claimed delivery as a request. `attempts` and `due_at` are the claim."""

    merchant_id: UUID
    endpoint_id: UUID
    delivery_id: UUID
    attempts: int
    due_at: datetime
    tries: int
    is_test: bool
    lane: UUID | None
    position: int
    url: str
    body: bytes | None
    headers: dict[str, str]
    shown_headers: dict[str, str]
    started_at: datetime

    def send(self, session: OutboundSession) -> Outcome:
        """Make the call. Never raises: whatever happens is an outcome."""
        if problem := self._problem():
            return Outcome(self, Answer(error="refused"), 0, error=problem)
        started = time.monotonic()
        try:
            response = session.request(
                "POST", self.url, headers=self.headers, data=self.body, timeout=TIMEOUT,
                max_bytes=ANSWER_BYTES, cut=True,
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001  # Also a fault of ours must not end the thread with the row claimed.
            return Outcome(self, Answer(error=_code(error)), _since(started), error=_sentence(error))
        return Outcome(self, _answer(response), _since(started), body=_readable(response))

    def _problem(self) -> str:
        if self.body is None:
            return "The event is not in the log any more."
        if not self.headers["webhook-signature"]:
            return "The secret cannot be read any more: rotate it."
        if self.attempts - self.tries > _MOST_LOST:
            return "The worker ended at every try."
        return ""


def prepare(delivery: Delivery, body: bytes | None) -> Call:
    """The request of a claimed delivery, signed now with every live secret of its endpoint."""
    endpoint, now = delivery.endpoint, timezone.now()
    own: dict[str, str] = json.loads(endpoint.headers or "{}")
    signed = signed_headers(message_id(delivery), int(now.timestamp()), body or b"", live_secrets(endpoint))
    ours = {"Content-Type": "application/json", "User-Agent": _USER_AGENT, **signed}
    assert delivery.due_at is not None
    return Call(
        merchant_id=delivery.merchant_id, endpoint_id=endpoint.id, delivery_id=delivery.id,
        attempts=delivery.attempts, due_at=delivery.due_at, tries=delivery.tries, is_test=delivery.is_test,
        lane=delivery.lane, position=delivery.position, url=endpoint.url, body=body, headers={**own, **ours},
        shown_headers={**dict.fromkeys(own, "••••"), **ours}, started_at=now,
    )  # fmt: skip


def _answer(response: Response) -> Answer:
    return Answer(status=response.status, retry_after=response.headers.get("Retry-After", "")[:100])


def _readable(response: Response) -> str:
    return response.text.replace("\0", "�")


def _code(error: Exception) -> str:
    if isinstance(error, Refused):
        return "refused"
    if isinstance(error, TimedOut):
        return "timeout"
    return "no_connection" if isinstance(error, OutboundError) else "internal_error"


def _sentence(error: Exception) -> str:
    text = str(error) if isinstance(error, OutboundError) else repr(error)
    return text.replace("\0", "")[:500]


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)

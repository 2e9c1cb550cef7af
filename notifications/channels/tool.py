"""What handing a message over to a marketing tool of the shop's has in common, whichever tool it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.conf import settings
from django.utils import timezone

from merchants import http
from merchants.models import Merchant
from notifications.channels import circuits
from notifications.channels.base import PossiblyTaken, Receipt, Refused, TryLater, Unreachable
from notifications.channels.doubt import never_left
from notifications.marketing_tools import commands
from notifications.marketing_tools.handed import Handed, handed
from notifications.marketing_tools.models import MarketingTool
from notifications.marketing_tools.queries import tool_of
from notifications.models import Channel, Message
from notifications.reasons import Reason
from webhooks.schedule import Answer, wished_pause

log = structlog.get_logger(__name__)

TIMEOUT: Final = http.Timeout(connect=3.05, read=8, total=10)
# So much of an answer is read.
ANSWER_BYTES: Final = 20_000


@dataclass(frozen=True)
class Told:
    """What a tool answered. status: None when it did not, and then `detail` says why. Neither holds a secret.

    is_refused: it can never be called. has_left: whether any of the request may have reached it.
    """

    status: int | None
    detail: str
    retry_after: str = ""
    is_refused: bool = False
    has_left: bool = True

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def answer(self) -> Answer:
        """As webhooks judge it."""
        error = "refused" if self.is_refused else "no_connection"
        return Answer(self.status, "" if self.status else error, self.retry_after)


class ToolConnection:
    """Hands messages over to the tools of one channel: to each merchant's own."""

    channel: Channel
    # A repeat carries the same id.
    repeats_when_in_doubt = True
    # Answers by which a tool says that it would take nothing now, whatever it is handed.
    closed: frozenset[int] = frozenset()
    # Whether the tool promises to drop what it had before, so that nothing can come of a repeat.
    drops_repeats = False

    def open(self) -> None:
        """Nothing to do: each message is a request of its own."""

    def chosen(self, message: Message) -> str:
        """The channel itself. Raises Unreachable while the merchant's tool is left alone."""
        if circuits.is_open(_name(self.channel, message)):
            raise Unreachable("It did not answer the last times, and is left alone for a while.")
        return str(self.channel)

    def send(self, merchant: Merchant, message: Message) -> Receipt:
        """Hand a rendered message over. Raises TryLater, PossiblyTaken or Refused."""
        tool = tool_of(self.channel)
        if tool is None or not tool.secret:
            raise Refused(Reason.CHANNEL_OFF, "It is not set up, or its secret cannot be read any more.")
        told = self.hand(tool, handed(merchant, message))
        if told.is_taken:
            circuits.worked(_name(self.channel, message))
            _noted(commands.note_success, merchant, tool)
            return Receipt(str(self.channel), str(told.status))
        # Whom it was about stays with the message, which is erased with its customer.
        _noted(commands.note_failure, merchant, tool, told.detail.replace(message.recipient, "•••"))
        failure = self._failure(told)
        note = circuits.failed if isinstance(failure, TryLater) else circuits.worked
        note(_name(self.channel, message))
        raise failure

    def hand(self, tool: MarketingTool, message: Handed) -> Told:
        """Make the request. Never raises an OutboundError."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""

    def _failure(self, told: Told) -> TryLater | Refused:
        if told.is_refused:
            return Refused(Reason.REFUSED, told.detail)
        if told.status is None:
            if not told.has_left:
                return Unreachable(told.detail)
            return TryLater(told.detail) if self.drops_repeats else PossiblyTaken(told.detail)
        if told.status in self.closed:
            return Unreachable(told.detail)
        if told.answer.can_be_retried:
            return TryLater(told.detail, wished_pause(told.answer, timezone.now()))
        return Refused(Reason.REFUSED, told.detail)


def post(
    url: str, headers: dict[str, str], body: bytes, *, allow: tuple[str, ...] = ()
) -> http.Response | Told:
    """One POST to a public https address (`merchants.http`); what went wrong when there was no answer."""
    try:
        return http.request(
            "POST", url, headers=headers, data=body, timeout=TIMEOUT, max_bytes=ANSWER_BYTES, cut=True,
            allow=[*settings.OUTBOUND_ALLOW, *allow],
        )  # fmt: skip
    except http.OutboundError as error:
        refused = isinstance(error, http.Refused)
        # What stands behind the host may be a password, as with the hooks of automation services.
        behind = url.partition("://")[2].partition("/")[2]
        said = str(error).replace(behind, "…") if behind else str(error)
        return Told(None, said[:500], is_refused=refused, has_left=not refused and not never_left(error))


def _noted(note: Callable[..., None], *given: Any) -> None:
    """What is shown of a tool never decides about a message: one that was taken must not be sent again for it."""
    try:
        note(*given)
    except Exception as error:  # noqa: BLE001
        log.warning("tool_answer_not_noted", error=repr(error))


def _name(channel: Channel, message: Message) -> str:
    return f"{channel}:{message.merchant_id}"

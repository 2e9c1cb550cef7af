"""What workers remember, in Redis, of messages that were taken and are not noted in the database yet.

A group is noted when it is through. If its worker dies before, these marks tell which of its messages are not in doubt.
A hint as every use of Redis here: a mark that is there is true, and without it a message is in doubt as it would be.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import structlog

from merchants.redis_line import RedisLine
from notifications.channels.base import Receipt
from notifications.models import Message

log = structlog.get_logger(__name__)

# Much longer than until another worker looks: the lease and a tick.
_REMEMBER_MILLISECONDS: Final = 600_000
_TIMEOUT_SECONDS: Final = 0.25
# After a failure Redis is left alone for so long: it must not cost each message a time-out.
_SILENCE_SECONDS: Final = 1.0

_line = RedisLine(lambda: _TIMEOUT_SECONDS)
_silent_until = 0.0


class Mark(msgspec.Struct, frozen=True):
    """Who took a message, what they call it, and when."""

    provider: str
    reference: str
    at: datetime


def remember(message: Message, receipt: Receipt, at: datetime) -> None:
    """A provider took this message. Never raises."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    mark = msgspec.json.encode(Mark(receipt.provider, receipt.reference, at))
    try:
        _line.call("SET", _name(message), mark, "PX", _REMEMBER_MILLISECONDS)
    except Exception as error:  # noqa: BLE001  # Whatever is wrong with Redis: the database decides.
        _silent_until = time.monotonic() + _SILENCE_SECONDS
        log.warning("taken_message_not_marked", message_id=str(message.id), error=repr(error))


def remembered(messages: Sequence[Message]) -> dict[UUID, Mark]:
    """The marks that there are of these messages. Never raises."""
    if not messages:
        return {}
    try:
        found = _line.call("MGET", *(_name(message) for message in messages))
    except Exception as error:  # noqa: BLE001
        log.warning("taken_messages_not_looked_up", error=repr(error))
        return {}
    return {
        message.pk: msgspec.json.decode(mark, type=Mark)
        for message, mark in zip(messages, found, strict=True)
        if mark
    }


def _name(message: Message) -> str:
    return f"message-taken:{message.pk}"

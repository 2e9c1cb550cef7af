"""The moves of claimed messages from state to state: each changes nothing once the claim is lost.

The ways between the states are drawn in `sending`. What was sent is never planned again, whatever happens here.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog
from django.db import connection
from django.db.models import F
from django.utils import timezone

from events import due
from events import log as event_log
from events.outage import is_outage
from merchants.models import Merchant
from merchants.prepared import execute_each
from merchants.scope import merchant_transaction
from notifications.channels.base import Receipt
from notifications.facts import MessageFact, MessageFailed, MessageSent, about
from notifications.follow import after
from notifications.models import Message, MessageState
from notifications.planning import store
from notifications.reasons import Reason

log = structlog.get_logger(__name__)

# How long a worker may be gone before another one takes a row over: longer than a group's time (`sending`), a try (the
# channels' time-outs) and NOTE_SECONDS together, and short enough that all is sent a minute after a worker died (R5).
LEASE = timedelta(seconds=45)
# With the database away, for so long it is tried to write down that messages were sent.
NOTE_SECONDS = 10.0
NOTE_PAUSE = 0.5
# With doubling from 15 s, and 6 hours at most: a provider may be away for about a day.
MOST_ATTEMPTS = 14
FIRST_RETRY = timedelta(seconds=15)

_BEGIN: Final = """
UPDATE notifications_message
SET state = 'sending', due_at = %s, recipient = %s, subject = %s, html = %s, text = %s, error = %s, plan = %s::jsonb,
    locale = %s, holdout_percent = %s, provider = %s
WHERE merchant_id = %s AND id = %s
"""
_NOTE: Final = """
UPDATE notifications_message SET state = 'sent', due_at = NULL, sent_at = %s, provider = %s, provider_reference = %s
WHERE merchant_id = %s AND id = %s
"""


@dataclass(frozen=True)
class Taken:
    """A message that its provider has, and since when."""

    message: Message
    receipt: Receipt
    at: datetime


def begin(merchant: Merchant, messages: Sequence[Message]) -> list[Message]:
    """Commit that these messages of one merchant are being sent, with all that they say. Returns those still ours."""
    until = timezone.now() + LEASE
    with merchant_transaction(merchant):
        begun = due.still_held(messages)
        rows = [
            (until, m.recipient, m.subject, m.html, m.text, m.error, msgspec.json.encode(m.plan).decode(), m.locale,
             m.holdout_percent, m.provider, m.merchant_id, m.pk)
            for m in begun
        ]  # fmt: skip
        execute_each(_BEGIN, rows)
    for message in begun:
        message.state, message.due_at = MessageState.SENDING, until
    _tell_of_lost(messages, begun)
    return begun


def note_sent(merchant: Merchant, taken: Sequence[Taken]) -> None:
    """Write down that providers took these. Never raises: what cannot be noted stays `sending`, which is in doubt.

    They must not be planned again, as after other faults: the providers have them.
    """
    give_up_at = time.monotonic() + NOTE_SECONDS
    while taken:
        try:
            _note(merchant, taken)
            return
        except Exception as error:
            if not is_outage(error) or time.monotonic() > give_up_at:
                ids = [str(one.message.id) for one in taken]
                log.exception("messages_sent_but_not_noted", message_ids=ids)
                return
            connection.close()
            time.sleep(NOTE_PAUSE)


def _note(merchant: Merchant, taken: Sequence[Taken]) -> None:
    by_id = {one.message.pk: one for one in taken}
    messages = [one.message for one in taken]
    with merchant_transaction(merchant):
        held = [by_id[message.pk] for message in due.still_held(messages)]
        rows = [
            (one.at, one.receipt.provider, one.receipt.reference, one.message.merchant_id, one.message.pk)
            for one in held
        ]
        execute_each(_NOTE, rows)
        event_log.record_many(
            (about(MessageSent, one.message, provider=one.receipt.provider), one.message.order_id)
            for one in held
        )
        now = timezone.now()
        store([follows for one in held for follows in after(one.message, MessageState.SENT, "", now)])
    _tell_of_lost(messages, [one.message for one in held])


def announce(message: Message, provider: str) -> bool:
    """Write down, with a new lease, who is asked next to take a message that nobody took yet. False: claim lost."""
    until = timezone.now() + LEASE
    announced = bool(due.held(message).update(provider=provider, due_at=until))
    if announced:
        message.provider, message.due_at = provider, until
    return announced


def finish(message: Message, state: MessageState, fact: MessageFact, **columns: object) -> None:
    """Bring a message to a state that it stays in, record the fact, and plan what comes after it."""
    with merchant_transaction(message.merchant):
        if due.held(message).update(state=state, due_at=None, **columns):
            event_log.record(fact, order_id=message.order_id)
            store(after(message, state, str(columns.get("reason", "")), timezone.now()))
        else:
            _tell_of_lost([message], [])


def fail(message: Message, reason: Reason, error: str) -> None:
    """It is not sent, and not tried again."""
    log.warning("message_not_sent", message_id=str(message.id), reason=reason.value, error=error)
    fact = about(MessageFailed, message, reason=reason.value)
    may_have_it = message.provider if reason == Reason.IN_DOUBT else ""
    finish(message, MessageState.FAILED, fact, reason=reason, error=_kept(error), provider=may_have_it)


def postpone(
    message: Message, reason: Reason, error: str, *, may_have_it: str, wait: timedelta = timedelta()
) -> None:
    """Try again later, after `wait` at the earliest: with the provider that may have taken it, "" for any."""
    if message.attempts >= MOST_ATTEMPTS:
        fail(message, Reason.IN_DOUBT if may_have_it else reason, error)
        return
    again = max(due.backoff(message.attempts, first=FIRST_RETRY / 2), timezone.now() + wait)
    due.held(message).update(
        state=MessageState.PLANNED, due_at=again, error=_kept(error), provider=may_have_it
    )
    log.info("message_postponed", message_id=str(message.id), attempts=message.attempts, error=error)


def defer(message: Message, until: datetime) -> None:
    """Let it wait for the end of the quiet hours. Nothing was tried, so the claim does not count as a try."""
    due.held(message).update(state=MessageState.PLANNED, due_at=until, attempts=F("attempts") - 1)
    log.info("message_deferred", message_id=str(message.id), until=until.isoformat())


def give_back(messages: Iterable[Message]) -> None:
    """Let go of claimed messages that were not begun: due at once, and the claim does not count as a try."""
    for message in messages:
        due.held(message).update(due_at=timezone.now(), attempts=F("attempts") - 1)


def take_back(message: Message, *, may_have_it: str, in_doubt: bool) -> None:
    """Give back a message that was begun and handed to nobody: as it was when it was claimed."""
    due.held(message).update(
        state=MessageState.SENDING if in_doubt else MessageState.PLANNED, provider=may_have_it,
        due_at=timezone.now(), attempts=F("attempts") - 1,
    )  # fmt: skip


def _kept(error: str) -> str:
    """What is kept of an error. A provider's answer may hold a NUL, which no column of PostgreSQL does."""
    return error.replace("\0", "")[:2000]


def _tell_of_lost(messages: Sequence[Message], kept: Sequence[Message]) -> None:
    for message in messages if len(kept) < len(messages) else ():
        if message not in kept:
            log.warning("message_claim_lost", message_id=str(message.id))

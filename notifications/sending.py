"""Sending what is due: exactly once, as far as the world allows.

    planned ──▶ sending ──▶ sent
       ▲  │        │  └───▶ failed (with a reason)
       │  └────────┼──────▶ skipped (with a reason)
       └───────────┘  a try that can be repeated, with back-off

A row is committed as `sending` before its provider is called. If the process dies after the provider's answer and
before ours is committed, the lease runs out and the row is found as `sending`: in doubt. A transactional e-mail is then
sent again with the same Message-ID and the same text; a text message, and anything of marketing, is held. If only the
database goes away in between, we wait for it a little: we know that the message was taken.
"""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

import structlog
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from accounts.mailers import mailers
from events import due
from events import log as event_log
from events.outage import is_outage
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from notifications import context, wording
from notifications.channels.base import (
    ChannelConnection,
    InDoubt,
    PossiblyTaken,
    Receipt,
    Refused,
    TryLater,
    Unreachable,
)
from notifications.facts import MessageFact, MessageFailed, MessageSent, MessageSkipped, about
from notifications.follow import after
from notifications.holdout import is_held_out, percent_of
from notifications.models import Channel, Message, MessageClass, MessageState
from notifications.planning import recipient, store
from notifications.reasons import Reason
from notifications.recheck import why_not
from notifications.rendering import TemplateError
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Customer, Order

log = structlog.get_logger(__name__)

BATCH = 20
# How long a worker may be gone before another one takes a row over: longer than a try (the channels' time-outs) and
# NOTE_SECONDS together, and short enough that all is sent a minute after a worker died (RELIABILITY, R5).
LEASE = timedelta(seconds=45)
# With the database away, for so long it is tried to write down that a message was sent.
NOTE_SECONDS = 10.0
NOTE_PAUSE = 0.5
# A batch that takes longer gives back what it has not begun, so that no lease runs out meanwhile.
BATCH_SECONDS = 15.0
# What was loaded for a batch is decided on for so long, then loaded again.
FRESH_SECONDS = 2.0
# With doubling from 15 s, and 6 hours at most: a provider may be away for about a day.
MOST_ATTEMPTS = 14
FIRST_RETRY = timedelta(seconds=15)

# Merchants that this process served since it last found nobody else waiting.
_served: set[UUID] = set()


def send_due() -> int:
    """Send one batch of due messages. Returns how many were claimed."""
    rows = _claim()
    stop_at = time.monotonic() + BATCH_SECONDS
    channels = Channels()
    try:
        # Within a merchant the earliest first; sorting keeps their order.
        for merchant_id, own in groupby(
            sorted(rows, key=lambda m: m.merchant_id.bytes), lambda m: m.merchant_id
        ):
            messages = list(own)
            log.debug("sending", merchant_id=str(merchant_id), messages=len(messages))
            with merchant_scope(messages[0].merchant):
                _send_all(messages[0].merchant, messages, channels, stop_at)
    finally:
        channels.close()
    return len(rows)


def _claim() -> list[Message]:
    """A batch of merchants in turn: one with thousands of messages, or a slow one, lets the others go between."""
    others = ~Q(merchant_id__in=_served) if _served else None
    rows = due.claim(Message, limit=BATCH, lease=LEASE, where=others)
    if not rows and _served:
        _served.clear()
        rows = due.claim(Message, limit=BATCH, lease=LEASE)
    if len(rows) < BATCH:
        _served.clear()  # Nobody is left waiting behind these.
    else:
        _served.update(row.merchant_id for row in rows)
    return rows


class Channels:
    """The connections of one batch: each opened once, and given up once it cannot be reached."""

    def __init__(self) -> None:
        self._open: dict[str, ChannelConnection] = {}
        self._down: dict[str, str] = {}

    def get(self, channel: str) -> ChannelConnection:
        """A channel with its connection open. Raises Unreachable."""
        if channel in self._down:
            raise Unreachable(self._down[channel])
        try:
            if channel not in self._open:
                self._open[channel] = _connection(channel)
            self._open[channel].open()
        except Unreachable as error:
            self._down[channel] = str(error)
            raise
        return self._open[channel]

    def close(self) -> None:
        """Hang up everywhere."""
        for channel in self._open.values():
            channel.close()


def _connection(channel: str) -> ChannelConnection:
    # Imported here: an installation without text messages never loads Twilio's library (20 MB), nor the one for push.
    if channel == Channel.SMS:
        from notifications.channels.sms import SmsConnection

        return SmsConnection()
    if channel == Channel.PUSH:
        from notifications.channels.push import PushConnection

        return PushConnection()
    from notifications.channels.email import EmailConnection
    from notifications.channels.fall_over import FallOver

    providers = mailers()
    return FallOver(providers, _announce) if len(providers) > 1 else EmailConnection(providers[0])


def _send_all(merchant: Merchant, messages: Sequence[Message], channels: Channels, stop_at: float) -> None:
    waiting = deque(messages)
    while waiting and time.monotonic() < stop_at:
        loaded, fresh_until = context.load(merchant, waiting), time.monotonic() + FRESH_SECONDS
        _send_one(waiting.popleft(), loaded, channels)
        while waiting and time.monotonic() < min(fresh_until, stop_at):
            _send_one(waiting.popleft(), loaded, channels)
    _give_back(waiting)


def _send_one(message: Message, loaded: context.Loaded, channels: Channels) -> None:
    """Bring one claimed message to its next state, whatever happens on the way."""
    may_have_it = message.provider
    try:
        if message.attempts > MOST_ATTEMPTS:
            # It never came to an answer: a message that ends its worker must not do so for ever.
            _fail(message, Reason.IN_DOUBT if _is_in_doubt(message) else Reason.INTERNAL_ERROR, message.error)
        elif _begin(message, loaded, channels):
            _note_sent(message, _hand_over(message, loaded.merchant, channels))
    except Refused as refused:
        _fail(message, refused.reason, str(refused))
    except InDoubt as doubt:
        _fail(message, Reason.IN_DOUBT, str(doubt))
    except PossiblyTaken as error:
        if message.message_class == MessageClass.MARKETING:
            _fail(message, Reason.IN_DOUBT, str(error))
        else:
            _postpone(message, Reason.PROVIDER_ERROR, str(error), may_have_it=message.provider)
    except TemplateError as error:
        _fail(message, Reason.TEMPLATE_ERROR, str(error))
    except TryLater as error:
        _postpone(message, Reason.PROVIDER_ERROR, str(error), may_have_it=may_have_it, wait=error.wait)
    except Exception as error:  # One message's fault must not cost the others of the batch.
        log.exception("message_failed", message_id=str(message.id))
        _postpone(message, Reason.INTERNAL_ERROR, repr(error), may_have_it=may_have_it)


def _begin(message: Message, loaded: context.Loaded, channels: Channels) -> bool:
    """Decide again, render, connect, and commit that the message is being sent. False when it is not to be sent."""
    in_doubt = _is_in_doubt(message)
    reason = why_not(message, loaded)
    if reason is None and not in_doubt and (until := loaded.lawful.quiet_until(message)):
        _defer(message, until)
        return False
    reason = reason or _held_out(message, loaded)
    if in_doubt:
        log.warning("message_in_doubt", message_id=str(message.id), attempts=message.attempts)
        if reason or message.message_class == MessageClass.MARKETING or message.channel == Channel.SMS:
            raise InDoubt(message.error or "The worker ended while it was being sent.")
    elif reason:
        _finish(
            message, MessageState.SKIPPED, about(MessageSkipped, message, reason=reason.value), reason=reason,
            holdout_percent=message.holdout_percent,
        )  # fmt: skip
        return False
    else:
        _render(message, loaded)
    if loaded.merchant.is_sandbox:
        _note_simulated(message)
        return False
    message.provider = channels.get(message.channel).chosen(message)
    loaded.lawful.note(message)
    return _commit_sending(message)


def _held_out(message: Message, loaded: context.Loaded) -> Reason | None:
    """The last question, when nothing else speaks against it: both groups of a holdout went through the same."""
    about = loaded.about(message)
    if _is_in_doubt(message) or about is None:
        return None
    chosen = loaded.switches[message.touchpoint].holdout
    message.holdout_percent = percent_of(message.message_class, chosen)
    held_out = is_held_out(message.touchpoint, about, message.holdout_percent)
    return Reason.HOLDOUT if held_out else None


def _is_in_doubt(message: Message) -> bool:
    return message.state == MessageState.SENDING


def _render(message: Message, loaded: context.Loaded) -> None:
    """Put the exact rendering on the message (unsaved). One in doubt keeps the rendering that may have gone out."""
    loaded.lawful.settle(message)
    rendered, message.error = wording.fill(message, loaded.templates, context.context_of(message, loaded))
    # An address that the shop corrected since holds.
    about = loaded.about(message)
    if about is not None and not TOUCHPOINTS[message.touchpoint].to_address:
        message.recipient = _recipient(message, about, loaded)
    message.subject, message.html, message.text = rendered.subject, rendered.html, rendered.text


def _recipient(message: Message, about: Order | Customer, loaded: context.Loaded) -> str:
    if message.channel == Channel.PUSH and message.order_id:
        return ", ".join(dict.fromkeys(loaded.devices.get(message.order_id, ())))[:254]
    return recipient(about, message.channel)


def _note_simulated(message: Message) -> None:
    """What a message of a sandbox would have said, and to whom, is kept; it is handed to nobody."""
    _finish(
        message, MessageState.SKIPPED, about(MessageSkipped, message, reason=Reason.SANDBOX.value),
        reason=Reason.SANDBOX, recipient=message.recipient, subject=message.subject, html=message.html,
        text=message.text, error=message.error,
    )  # fmt: skip


def _hand_over(message: Message, merchant: Merchant, channels: Channels) -> Receipt:
    return channels.get(message.channel).send(merchant, message)


def _note_sent(message: Message, receipt: Receipt) -> None:
    """Write down that the provider took it. Never raises: what cannot be noted stays `sending`, which is in doubt.

    It must not be planned again, as after other faults: the provider has it.
    """
    sent_at = timezone.now()
    give_up_at = time.monotonic() + NOTE_SECONDS
    while True:
        try:
            _finish(
                message, MessageState.SENT, about(MessageSent, message, provider=receipt.provider),
                sent_at=sent_at, provider=receipt.provider, provider_reference=receipt.reference,
            )  # fmt: skip
            return
        except Exception as error:
            if not is_outage(error) or time.monotonic() > give_up_at:
                log.exception("message_sent_but_not_noted", message_id=str(message.id))
                return
            connection.close()
            time.sleep(NOTE_PAUSE)


# --- states: each move is one guarded update, which changes nothing once the claim is lost -----------


def _commit_sending(message: Message) -> bool:
    until = timezone.now() + LEASE
    with merchant_transaction(message.merchant):
        begun = due.held(message).update(
            state=MessageState.SENDING, due_at=until, recipient=message.recipient, subject=message.subject,
            html=message.html, text=message.text, error=message.error, plan=message.plan, locale=message.locale,
            holdout_percent=message.holdout_percent, provider=message.provider,
        )  # fmt: skip
    message.state, message.due_at = MessageState.SENDING, until
    if not begun:
        log.warning("message_claim_lost", message_id=str(message.id))
    return bool(begun)


def _announce(message: Message, provider: str) -> bool:
    """Write down, with a new lease, who is asked next to take a message that nobody took yet. False: claim lost."""
    until = timezone.now() + LEASE
    announced = bool(due.held(message).update(provider=provider, due_at=until))
    if announced:
        message.provider, message.due_at = provider, until
    return announced


def _finish(message: Message, state: MessageState, fact: MessageFact, **columns: object) -> None:
    with merchant_transaction(message.merchant):
        if due.held(message).update(state=state, due_at=None, **columns):
            event_log.record(fact, order_id=message.order_id)
            store(after(message, state, str(columns.get("reason", "")), timezone.now()))
        else:
            log.warning("message_claim_lost", message_id=str(message.id), state=state)


def _fail(message: Message, reason: Reason, error: str) -> None:
    log.warning("message_not_sent", message_id=str(message.id), reason=reason.value, error=error)
    fact = about(MessageFailed, message, reason=reason.value)
    may_have_it = message.provider if reason == Reason.IN_DOUBT else ""
    _finish(
        message, MessageState.FAILED, fact, reason=reason, error=error[:2000], provider=may_have_it
    )  # fmt: skip


def _postpone(
    message: Message, reason: Reason, error: str, *, may_have_it: str, wait: timedelta = timedelta()
) -> None:
    """Try again later, after `wait` at the earliest: with the provider that may have taken it, "" for any."""
    if message.attempts >= MOST_ATTEMPTS:
        _fail(message, Reason.IN_DOUBT if may_have_it else reason, error)
        return
    again = max(due.backoff(message.attempts, first=FIRST_RETRY / 2), timezone.now() + wait)
    due.held(message).update(
        state=MessageState.PLANNED, due_at=again, error=error[:2000], provider=may_have_it
    )
    log.info("message_postponed", message_id=str(message.id), attempts=message.attempts, error=error)


def _defer(message: Message, until: datetime) -> None:
    """Let it wait for the end of the quiet hours. Nothing was tried, so the claim does not count as a try."""
    due.held(message).update(state=MessageState.PLANNED, due_at=until, attempts=F("attempts") - 1)
    log.info("message_deferred", message_id=str(message.id), until=until.isoformat())


def _give_back(messages: Iterable[Message]) -> None:
    """Let go of claimed messages that were not begun: due at once, and the claim does not count as a try."""
    for message in messages:
        due.held(message).update(due_at=timezone.now(), attempts=F("attempts") - 1)

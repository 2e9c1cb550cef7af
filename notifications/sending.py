"""Sending what is due: exactly once, as far as the world allows.

    planned ──▶ sending ──▶ sent
       ▲  │        │  └───▶ failed (with a reason)
       │  └────────┼──────▶ skipped (with a reason)
       └───────────┘  a try that can be repeated, with back-off

Rows are committed as `sending` before their provider is called: e-mails whose repeat does no harm in groups, which are
sent one after another and noted as sent in one commit; everything else by itself (docs/decisions/0022). If the process
dies in between, the leases run out and the rows are found as `sending`. Those that are known to have been taken
(`marks`) are noted then; the others are in doubt. What may be repeated is sent again with the same Message-ID and the
same text; a text message, and anything of marketing, is held. If only the database goes away, we wait for it a little.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import structlog
from django.db.models import Q
from django.utils import timezone

from events import doorbell, due
from events.outage import is_outage
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications import context, deciding, moves
from notifications.channels.base import InDoubt, PossiblyTaken, Receipt, Refused, TryLater
from notifications.channels.opened import Channels
from notifications.choices import TOOLS
from notifications.marks import remember, remembered
from notifications.models import Message, MessageClass
from notifications.moves import LEASE, MOST_ATTEMPTS, Taken
from notifications.planning import SEND
from notifications.reasons import Reason
from notifications.rendering import TemplateError

log = structlog.get_logger(__name__)

BATCH = 60
# So many are begun together: as many may be in doubt when a worker dies.
GROUP = 20
# What of a group was not handed over within this time is decided on again. Part of the lease's time (`moves.LEASE`).
GROUP_SECONDS = 2.0
# A batch that takes longer gives back what it has not begun, so that no lease runs out meanwhile.
BATCH_SECONDS = 15.0
# Of it, what a shop's own tool may take before the next shop's has its turn; a try under way is not cut off.
TOOL_SECONDS = 4.0
# What was loaded for a batch is decided on for so long, then loaded again.
FRESH_SECONDS = 2.0

# Merchants that this process served since it last found nobody else waiting.
_served: set[UUID] = set()


@dataclass(frozen=True)
class _Try:
    """A claimed message that is about to be sent. `may_have_it`: the provider that may have it from before, or ""."""

    message: Message
    may_have_it: str
    in_doubt: bool


def send_due() -> int:
    """Send one batch of due messages. Returns how many were claimed."""
    rows = _claim()
    if len(rows) == BATCH:
        doorbell.ring(doorbell.DUE, SEND)  # There may be more: whoever is free helps.
    stop_at = time.monotonic() + BATCH_SECONDS
    channels = Channels(moves.announce)
    try:
        # Within a merchant the earliest first; sorting keeps their order.
        for (goes_to_tool, merchant_id), own in groupby(sorted(rows, key=_turn), _turn):
            messages = list(own)
            log.debug("sending", merchant_id=str(merchant_id), messages=len(messages))
            until = min(stop_at, time.monotonic() + TOOL_SECONDS) if goes_to_tool else stop_at
            with merchant_scope(messages[0].merchant):
                _send_all(messages[0].merchant, messages, channels, until)
    finally:
        channels.close()
    return len(rows)


def _turn(message: Message) -> tuple[bool, UUID]:
    """When it has its turn in a batch: behind everybody's other messages if a shop's own tool may keep us waiting."""
    return message.channel in TOOLS, message.merchant_id


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


def _send_all(merchant: Merchant, messages: Sequence[Message], channels: Channels, stop_at: float) -> None:
    waiting = deque(_not_taken(merchant, messages))
    while waiting and time.monotonic() < stop_at:
        loaded, fresh_until = context.load(merchant, waiting), time.monotonic() + FRESH_SECONDS
        _send_group(merchant, _next_group(waiting, loaded, channels), channels, stop_at)
        while waiting and time.monotonic() < min(fresh_until, stop_at):
            _send_group(merchant, _next_group(waiting, loaded, channels), channels, stop_at)
    moves.give_back(waiting)


def _not_taken(merchant: Merchant, messages: Sequence[Message]) -> Sequence[Message]:
    """Those that have to be sent: of what a dead worker left, those that it is known to have sent are noted instead."""
    marks = remembered([message for message in messages if deciding.is_in_doubt(message)])
    if not marks:
        return messages
    moves.note_sent(
        merchant,
        [
            Taken(message, Receipt(mark.provider, mark.reference), mark.at)
            for message in messages
            if (mark := marks.get(message.pk))
        ],
    )
    return [message for message in messages if message.pk not in marks]


def _next_group(waiting: deque[Message], loaded: context.Loaded, channels: Channels) -> list[_Try]:
    """Decide on the next messages until there are enough to be begun together: one that stands alone is alone."""
    group: list[_Try] = []
    while waiting and len(group) < GROUP:
        goes_along = deciding.goes_along(waiting[0])
        if group and not goes_along:
            break
        message = waiting.popleft()
        this = _Try(message, message.provider, deciding.is_in_doubt(message))
        if _guarded(this, lambda this=this: _is_ready(this, loaded, channels)):  # type: ignore[misc]
            group.append(this)
            if not goes_along:
                break
    return group


def _is_ready(this: _Try, loaded: context.Loaded, channels: Channels) -> bool:
    message = this.message
    if message.attempts > MOST_ATTEMPTS:
        # It never came to an answer: a message that ends its worker must not do so for ever.
        moves.fail(message, Reason.IN_DOUBT if this.in_doubt else Reason.INTERNAL_ERROR, message.error)
        return False
    return deciding.is_ready(message, loaded, channels)


def _send_group(merchant: Merchant, group: Sequence[_Try], channels: Channels, stop_at: float) -> None:
    """Begin these messages, hand over one after another, and note those that were taken."""
    taken: list[Taken] = []
    stop_at = min(stop_at, time.monotonic() + GROUP_SECONDS)
    for place, this in enumerate(_begun(merchant, group)):
        if place and time.monotonic() > stop_at:
            moves.take_back(this.message, may_have_it=this.may_have_it, in_doubt=this.in_doubt)
            continue
        _guarded(this, lambda this=this: taken.append(_hand_over(merchant, this, channels)))  # type: ignore[misc]
    moves.note_sent(merchant, taken)


def _begun(merchant: Merchant, group: Sequence[_Try]) -> list[_Try]:
    """Those of the group that are committed as being sent now. One that cannot be written does not cost the others."""
    if not group:
        return []
    try:
        begun = moves.begin(merchant, [this.message for this in group])
    except Exception as error:
        if is_outage(error):
            raise
        if len(group) == 1:
            _settle(group[0], error)
            return []
        return [this for one in group for this in _begun(merchant, [one])]
    ours = {message.pk for message in begun}
    return [this for this in group if this.message.pk in ours]


def _hand_over(merchant: Merchant, this: _Try, channels: Channels) -> Taken:
    receipt = channels.get(this.message.channel).send(merchant, this.message)
    taken = Taken(this.message, receipt, timezone.now())
    remember(taken.message, receipt, taken.at)
    return taken


def _guarded(this: _Try, step: Callable[[], bool | None]) -> bool | None:
    """Take a step with a message. Whatever happens on the way costs the others nothing."""
    try:
        return step()
    except Exception as error:  # noqa: BLE001  # Each kind has its answer there.
        _settle(this, error)
        return False


def _settle(this: _Try, error: Exception) -> None:
    """Bring a message that cannot be sent now to the state that its error asks for."""
    message = this.message
    match error:
        case Refused():
            moves.fail(message, error.reason, str(error))
        case InDoubt():
            moves.fail(message, Reason.IN_DOUBT, str(error))
        case PossiblyTaken() if message.message_class == MessageClass.MARKETING:
            moves.fail(message, Reason.IN_DOUBT, str(error))
        case PossiblyTaken():
            moves.postpone(message, Reason.PROVIDER_ERROR, str(error), may_have_it=message.provider)
        case TemplateError():
            moves.fail(message, Reason.TEMPLATE_ERROR, str(error))
        case TryLater():
            moves.postpone(
                message, Reason.PROVIDER_ERROR, str(error), may_have_it=this.may_have_it, wait=error.wait
            )
        case _:
            log.error("message_failed", message_id=str(message.id), exc_info=error)
            moves.postpone(message, Reason.INTERNAL_ERROR, repr(error), may_have_it=this.may_have_it)

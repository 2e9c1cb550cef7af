"""What providers tell about messages after they took them: stored once, and what follows from it.

A provider repeats its webhooks, sends them out of order, and tells of messages long after. So an event is stored
under a hash of what makes it this one, and the outcome of a message is the gravest word that was ever said about it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from events import log as event_log
from merchants.ids import parse_public_id, public_id
from merchants.models import Merchant
from merchants.scope import merchant_transaction
from notifications import suppressions, unsubscribe
from notifications.consent.choices import EVERYTHING
from notifications.consent.commands import Said
from notifications.facts import MessageComplained, MessageDelivered, MessageFact, MessageUndelivered, about
from notifications.models import EventKind, Message, MessageEvent, Outcome, SuppressionReason

# The name under which a message's reference travels with it through a provider.
METADATA = "afterward"
_OUTCOMES: dict[str, Outcome] = {
    EventKind.DELIVERED: Outcome.DELIVERED,
    EventKind.OPENED: Outcome.DELIVERED,
    EventKind.CLICKED: Outcome.DELIVERED,
    EventKind.BOUNCED: Outcome.UNDELIVERED,
    EventKind.REJECTED: Outcome.UNDELIVERED,
    EventKind.FAILED: Outcome.UNDELIVERED,
    EventKind.COMPLAINED: Outcome.COMPLAINED,
}
# The graver word stays: a mail that was taken and came back an hour later was not delivered.
_GRAVITY = [Outcome.UNKNOWN, Outcome.DELIVERED, Outcome.UNDELIVERED, Outcome.COMPLAINED]


@dataclass(frozen=True)
class Told:
    """One thing that a provider told. `is_final`: a bounce for good, so that the address is given up.

    key: what makes it this event: the provider's id of it, else what it tells.
    """

    message_id: UUID
    kind: EventKind
    occurred_at: datetime
    provider: str
    key: str
    detail: str = ""
    is_final: bool = False


def reference(message: Message) -> str:
    """What goes out with a message, so that its provider's events lead back to it: whose it is, and which one."""
    return f"{public_id('mer', message.merchant_id)}.{public_id('msg', message.id)}"


def read_reference(text: str) -> tuple[UUID, UUID] | None:
    """(merchant's id, message's id) out of a `reference`; None for anything else."""
    merchant, _, message = text.partition(".")
    parsed = parse_public_id("mer", merchant), parse_public_id("msg", message)
    return None if None in parsed else parsed  # type: ignore[return-value]


def take(told: Iterable[tuple[UUID, Told]]) -> int:
    """Store events as (merchant's id, event). Returns how many were new. Those of unknown messages are dropped."""
    by_merchant: dict[UUID, list[Told]] = {}
    for merchant_id, event in told:
        by_merchant.setdefault(merchant_id, []).append(event)
    merchants = Merchant.objects.defer("logo").in_bulk(by_merchant)
    return sum(_take(merchants[pk], events) for pk, events in by_merchant.items() if pk in merchants)


def _take(merchant: Merchant, events: Sequence[Told]) -> int:
    """A merchant's events, in one transaction: five queries, and some more for each message with a new outcome."""
    with merchant_transaction(merchant):
        # Locked in the order of their keys, so that two webhooks about the same messages wait for one another.
        locked = Message.objects.select_for_update(of=("self",)).defer("html", "text", "error").order_by("pk")
        messages = {row.pk: row for row in locked.filter(pk__in={event.message_id for event in events})}
        stored = MessageEvent.objects.filter(message__in=messages).values_list("message_id", "key")
        known = {(message_id, bytes(key)) for message_id, key in stored}
        new: dict[tuple[UUID, bytes], Told] = {}
        for event in events:
            place = event.message_id, _key(event)
            if event.message_id in messages and place not in known:
                new.setdefault(place, event)
        now = timezone.now()
        MessageEvent.objects.bulk_create(
            MessageEvent(
                merchant=merchant, message_id=message_id, kind=event.kind, key=key, detail=event.detail[:500],
                provider=event.provider, occurred_at=event.occurred_at, received_at=now,
            )
            for (message_id, key), event in new.items()
        )  # fmt: skip
        for event in sorted(new.values(), key=lambda event: event.occurred_at):
            _apply(merchant, messages[event.message_id], event)
    return len(new)


def _apply(merchant: Merchant, message: Message, event: Told) -> None:
    outcome = _OUTCOMES.get(event.kind, Outcome.UNKNOWN)
    if _GRAVITY.index(outcome) > _GRAVITY.index(Outcome(message.outcome)):
        message.outcome = outcome
        message.save(update_fields=["outcome"])
        event_log.record(_fact(message, outcome, event.detail), order_id=message.order_id)
    if event.kind == EventKind.UNSUBSCRIBED and message.recipient:
        # The provider's own way out is as good as ours: an objection. Messages about orders go on.
        at = min(event.occurred_at, timezone.now())
        unsubscribe.leave(merchant, message, EVERYTHING, Said(source="mail_provider", at=at))
    reason = _gives_up(event)
    if reason is not None:
        suppressions.suppress(merchant, message.channel, message.recipient, reason, event.detail)


def _gives_up(event: Told) -> SuppressionReason | None:
    """Why the address is not written to any more after this, if so."""
    if event.kind == EventKind.COMPLAINED:
        return SuppressionReason.COMPLAINED
    return SuppressionReason.BOUNCED if event.is_final else None


def _fact(message: Message, outcome: Outcome, detail: str) -> MessageFact:
    if outcome == Outcome.UNDELIVERED:
        return about(MessageUndelivered, message, detail=detail[:500])
    return about(MessageComplained if outcome == Outcome.COMPLAINED else MessageDelivered, message)


def _key(event: Told) -> bytes:
    return hashlib.blake2b(f"{event.provider}\n{event.key}".encode(), digest_size=16).digest()

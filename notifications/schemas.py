"""What a message looks like on its way out of the API."""

from datetime import datetime
from typing import Any

import msgspec

from merchants.ids import public_id
from notifications.models import Message
from notifications.queries import events_of
from notifications.reasons import sentence


class MessageOut(msgspec.Struct, kw_only=True):
    """A message: planned → sending → sent, failed or skipped.

    `reason` is a stable code, `reason_text` says it in words. `outcome` is what became of a sent one, as far as its
    provider told: delivered, undelivered, complained, or empty.
    """

    id: str
    order_id: str | None
    customer_id: str | None
    shipment_id: str | None
    touchpoint: str
    message_class: str
    channel: str
    recipient: str
    locale: str
    state: str
    reason: str
    reason_text: str
    outcome: str
    subject: str
    message_id: str
    provider: str
    provider_reference: str
    attempts: int
    error: str
    planned_at: datetime
    next_try_at: datetime | None
    sent_at: datetime | None


class MessageEventOut(msgspec.Struct, kw_only=True):
    """One thing that the provider told about a message, by its own clock and in its own words."""

    kind: str
    occurred_at: datetime
    provider: str
    detail: str


class FullMessageOut(MessageOut, kw_only=True):
    """A message with exactly what went out, and what its provider told of it since, oldest first."""

    html: str
    text: str
    events: list[MessageEventOut]


def show_message(message: Message) -> MessageOut:
    """A message as the API lists it."""
    return MessageOut(**_common(message))


def show_full_message(message: Message) -> FullMessageOut:
    """A message as the API shows it alone."""
    events = [
        MessageEventOut(
            kind=event.kind, occurred_at=event.occurred_at, provider=event.provider, detail=event.detail
        )
        for event in events_of(message)
    ]
    return FullMessageOut(**_common(message), html=message.html, text=message.text, events=events)


def _common(message: Message) -> dict[str, Any]:
    return {
        "id": public_id("msg", message.id),
        "order_id": public_id("ord", message.order_id) if message.order_id else None,
        "customer_id": public_id("cus", message.customer_id) if message.customer_id else None,
        "shipment_id": public_id("shp", message.shipment_id) if message.shipment_id else None,
        "touchpoint": message.touchpoint,
        "message_class": message.message_class,
        "channel": message.channel,
        "recipient": message.recipient,
        "locale": message.locale,
        "state": message.state,
        "reason": message.reason,
        "reason_text": sentence(message.reason),
        "outcome": message.outcome,
        "subject": message.subject,
        "message_id": message.message_id,
        "provider": message.provider,
        "provider_reference": message.provider_reference,
        "attempts": message.attempts,
        "error": message.error,
        "planned_at": message.planned_at,
        "next_try_at": message.due_at,
        "sent_at": message.sent_at,
    }

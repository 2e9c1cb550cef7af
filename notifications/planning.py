"""Planned messages: one row a moment, channel and recipient, whatever bounces."""

import base64
import hashlib
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from events import due
from events import log as event_log
from merchants.models import Merchant
from notifications.facts import MessageSkipped, about
from notifications.models import Channel, Message, MessageState
from notifications.reasons import Reason
from notifications.sender import sender_domain
from notifications.touchpoints import Touchpoint
from orders.models import Order
from orders.text import normal_phone

SEND = "notifications.send"


def recipient(order: Order, channel: str) -> str:
    """Where messages about an order go, "" for nowhere. The numbers are in E.164."""
    return order.email if channel == Channel.EMAIL else normal_phone(order.phone)


def locale_of(merchant: Merchant, order: Order) -> str:
    """The shopper's language and region if we speak it, else the shop's: as on the portal."""
    language = order.locale.replace("_", "-").split("-")[0].lower()
    offered = merchant.languages or dict(settings.LANGUAGES)
    return order.locale if language in offered and language in dict(settings.LANGUAGES) else merchant.locale


def has_sms() -> bool:
    """Whether text messages can be sent from here."""
    return bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and settings.TWILIO_FROM)


def plan(
    merchant: Merchant,
    order: Order,
    touchpoint: Touchpoint,
    channel: Channel,
    *,
    moment: str,
    shipment_id: UUID | None = None,
    skip: Reason | None = None,
) -> Message:
    """An unsaved message, due now, or skipped from the start."""
    now = timezone.now()
    address = recipient(order, channel)
    key = once_key(order.id, shipment_id, touchpoint.key, moment, channel, address)
    return Message(
        merchant=merchant,
        order=order,
        shipment_id=shipment_id,
        touchpoint=touchpoint.key,
        message_class=touchpoint.message_class,
        channel=channel,
        recipient=address,
        locale=locale_of(merchant, order),
        state=MessageState.SKIPPED if skip else MessageState.PLANNED,
        reason=skip or "",
        once_key=key,
        message_id=message_id(merchant, key) if channel == Channel.EMAIL else "",
        planned_at=now,
        due_at=None if skip else now,
    )


def store(messages: Sequence[Message]) -> None:
    """Save planned messages, dropping those of a moment that was told before; wake a sender after commit.

    Needs an open transaction: two queries, however many messages; two more when some are skipped.
    """
    if not messages:
        return
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    skipped = [message for message in messages if message.state == MessageState.SKIPPED]
    if skipped:
        new = set(
            Message.objects.filter(pk__in=[message.pk for message in skipped]).values_list("pk", flat=True)
        )
        event_log.record_many(
            (about(MessageSkipped, m, reason=m.reason), m.order_id) for m in skipped if m.pk in new
        )
    if len(skipped) < len(messages):
        due.ring_when_committed(SEND)


def once_key(
    order_id: UUID, shipment_id: UUID | None, touchpoint: str, moment: str, channel: str, address: str
) -> bytes:
    """What makes it the same message. Unique a merchant: the database drops the second one."""
    parts = (str(order_id), str(shipment_id or ""), touchpoint, moment, channel, address)
    return hashlib.sha256("\n".join(parts).encode()).digest()


def message_id(merchant: Merchant, key: bytes) -> str:
    """The Message-ID of a message: the same at every try, at the sender's domain."""
    digest = hashlib.sha256(merchant.id.bytes + key).digest()
    return f"<{base64.b32encode(digest[:20]).decode().lower()}@{sender_domain(merchant)}>"

"""Planned messages: one row a moment, channel and recipient, whatever bounces."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from events import due
from events import log as event_log
from merchants.models import Merchant
from notifications.choices import TOOLS
from notifications.facts import MessageSkipped, about
from notifications.models import Channel, Message, MessageState
from notifications.reasons import Reason
from notifications.sender import sender_domain
from notifications.touchpoints import Touchpoint
from orders.models import Customer, Order
from orders.text import normal_phone

SEND = "notifications.send"


def recipient(about: Order | Customer, channel: str) -> str:
    """Where messages about an order, or to a customer, go; "" for nowhere. The numbers are in E.164.

    Devices are no address: `notifications.push.queries` knows them. Marketing tools know people by their e-mail.
    """
    if channel == Channel.PUSH:
        return ""
    return about.email if channel in (Channel.EMAIL, *TOOLS) else normal_phone(about.phone)


def nowhere(about: Order | Customer, channel: str) -> Reason | None:
    """Why there is nowhere to write to, None when there is. Of push only the devices tell."""
    if channel == Channel.PUSH or recipient(about, channel):
        return None
    return Reason.NO_COUNTRY if channel == Channel.SMS and about.phone.strip() else Reason.NO_ADDRESS


def locale_of(merchant: Merchant, about: Order | Customer) -> str:
    """The shopper's language and region if we speak it, else the shop's: as on the portal."""
    language = about.locale.replace("_", "-").split("-")[0].lower()
    offered = merchant.languages or dict(settings.LANGUAGES)
    return about.locale if language in offered and language in dict(settings.LANGUAGES) else merchant.locale


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
    data: Mapping[str, Any] | None = None,
    skip: Reason | None = None,
) -> Message:
    """An unsaved message about an order, due now, or skipped from the start. `data` as in `plan_for_customer`."""
    key = once_key(order.id, shipment_id, touchpoint.key, moment, channel, recipient(order, channel))
    message = _planned(merchant, order, touchpoint, channel, key, data, skip)
    message.order, message.customer_id, message.shipment_id = order, order.customer_id, shipment_id
    return message


def plan_for_customer(
    merchant: Merchant,
    customer: Customer,
    touchpoint: Touchpoint,
    channel: Channel,
    *,
    moment: str,
    data: Mapping[str, Any] | None = None,
    skip: Reason | None = None,
) -> Message:
    """An unsaved message to a customer that is about no order, due now, or skipped from the start.

    data: small and plain (JSON): what its words speak of, e.g. the products offered; templates see it as `data`.
    Once a customer, touchpoint, moment and channel, whatever becomes of their address meanwhile.
    """
    key = once_key(customer.id, None, touchpoint.key, moment, channel, "")
    message = _planned(merchant, customer, touchpoint, channel, key, data, skip)
    message.customer = customer
    return message


def plan_for_address(
    merchant: Merchant,
    address: str,
    locale: str,
    touchpoint: Touchpoint,
    *,
    moment: str,
    data: Mapping[str, Any],
    order_id: UUID | None = None,
    skip: Reason | None = None,
) -> Message:
    """An unsaved e-mail to an address that somebody gave for this, due now, or skipped from the start.

    locale: of the words; "" for the shop's. order_id: where it stands in the log, no more.
    """
    someone = Customer(merchant=merchant, email=address[:254], locale=locale)
    key = once_key(merchant.id, None, touchpoint.key, moment, Channel.EMAIL, "")
    message = _planned(merchant, someone, touchpoint, Channel.EMAIL, key, data, skip)
    message.order_id = order_id
    return message


def _planned(
    merchant: Merchant,
    about: Order | Customer,
    touchpoint: Touchpoint,
    channel: Channel,
    key: bytes,
    data: Mapping[str, Any] | None,
    skip: Reason | None,
) -> Message:
    now = timezone.now()
    return Message(
        merchant=merchant,
        touchpoint=touchpoint.key,
        message_class=touchpoint.message_class,
        channel=channel,
        recipient=recipient(about, channel),
        locale=locale_of(merchant, about),
        state=MessageState.SKIPPED if skip else MessageState.PLANNED,
        reason=skip or "",
        data=dict(data or {}),
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
    about_id: UUID, shipment_id: UUID | None, touchpoint: str, moment: str, channel: str, address: str
) -> bytes:
    """What makes it the same message. Unique a merchant: the database drops the second one.

    about_id: the order's, or the customer's of a message without an order.
    """
    parts = (str(about_id), str(shipment_id or ""), touchpoint, moment, channel, address)
    return hashlib.sha256("\n".join(parts).encode()).digest()


def message_id(merchant: Merchant, key: bytes) -> str:
    """The Message-ID of a message: the same at every try, at the sender's domain."""
    digest = hashlib.sha256(merchant.id.bytes + key).digest()
    return f"<{base64.b32encode(digest[:20]).decode().lower()}@{sender_domain(merchant)}>"

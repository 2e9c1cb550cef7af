"""Facts about messages: part of the public API (`GET /api/v1/events`, webhooks)."""

from typing import TypeVar
from uuid import UUID

from events.facts import FactData, fact
from notifications.models import Message


class MessageFact(FactData):
    """What every fact about a message tells. The recipient's address stays in the message."""

    message_id: UUID
    touchpoint: str
    channel: str
    shipment_id: UUID | None = None
    # Of a message that is about no order.
    customer_id: UUID | None = None


class DecidedFact(MessageFact):
    """What became of a message. `holdout_percent`: how many of a hundred shoppers do not get this kind of message.

    Set where chance decided whether this shopper gets it; 0 where it did not come to that.
    """

    holdout_percent: int = 0


F = TypeVar("F", bound=MessageFact)


def about(kind: type[F], message: Message, **more: str) -> F:
    """A fact of this kind about a message."""
    if issubclass(kind, DecidedFact) and message.holdout_percent:
        more |= {"holdout_percent": message.holdout_percent}  # type: ignore[dict-item]
    return kind(
        message_id=message.id, touchpoint=message.touchpoint, channel=message.channel,
        shipment_id=message.shipment_id, customer_id=None if message.order_id else message.customer_id, **more,
    )  # fmt: skip


@fact("message.sent")
class MessageSent(DecidedFact):
    """A provider took it."""

    provider: str = ""


@fact("message.skipped")
class MessageSkipped(DecidedFact):
    """It was decided not to send it."""

    reason: str = ""


@fact("message.failed")
class MessageFailed(DecidedFact):
    """It should have gone out and did not."""

    reason: str = ""


@fact("message.delivered")
class MessageDelivered(MessageFact):
    """The recipient's mail server or telephone took it, its provider says."""


@fact("message.undelivered")
class MessageUndelivered(MessageFact):
    """It was sent, and came back or was refused later. `detail` is in the provider's words."""

    detail: str = ""


@fact("message.complained")
class MessageComplained(MessageFact):
    """The recipient reported it as spam."""


@fact("suppression.added")
class SuppressionAdded(FactData):
    """An address is not written to any more. The address itself stays in the list (`GET /suppressions`)."""

    suppression_id: UUID
    channel: str
    reason: str


@fact("suppression.lifted")
class SuppressionLifted(SuppressionAdded):
    """An address may be written to again."""


@fact("message.retried")
class MessageRetried(MessageFact):
    """A person let it be tried again."""


@fact("template.saved")
class TemplateSaved(FactData):
    """A merchant's own wording of a message was saved."""

    touchpoint: str
    locale: str
    channel: str

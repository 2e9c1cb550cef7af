"""Facts about messages: part of the public API (`GET /api/v1/events`, webhooks)."""

from uuid import UUID

from events.facts import FactData, fact


class MessageFact(FactData):
    """What every fact about a message tells. The recipient's address stays in the message."""

    message_id: UUID
    touchpoint: str
    channel: str
    shipment_id: UUID | None = None


@fact("message.sent")
class MessageSent(MessageFact):
    """A provider took it."""

    provider: str = ""


@fact("message.skipped")
class MessageSkipped(MessageFact):
    """It was decided not to send it."""

    reason: str = ""


@fact("message.failed")
class MessageFailed(MessageFact):
    """It should have gone out and did not."""

    reason: str = ""


@fact("message.retried")
class MessageRetried(MessageFact):
    """A person let it be tried again."""


@fact("template.saved")
class TemplateSaved(FactData):
    """A merchant's own wording of a message was saved."""

    touchpoint: str
    locale: str
    channel: str

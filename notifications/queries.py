"""Reading the message log."""

from uuid import UUID

from django.db.models import QuerySet

from merchants.rest.errors import NotFound
from notifications.models import Message, MessageEvent


def messages_without_bodies() -> QuerySet[Message]:
    """Messages of the open scope without their texts, which are large."""
    return Message.objects.defer("html", "text", "once_key")


def get_message(message_id: UUID | None) -> Message:
    """A message of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    message = Message.objects.filter(pk=message_id).first() if message_id else None
    if message is None:
        raise NotFound("There is no such message.", param="message_id")
    return message


def events_of(message: Message) -> list[MessageEvent]:
    """What its provider told about a message of the open scope, oldest first: one query."""
    return list(MessageEvent.objects.filter(message_id=message.pk).order_by("occurred_at", "id"))

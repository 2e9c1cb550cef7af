"""How many messages of a class a person has had: the same count for every module that sends any."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from notifications.models import Message, MessageState

Person = tuple[str, str]


@dataclass
class Counted:
    """When people got messages that are capped. `note` counts what goes out while a batch is worked on."""

    caps: Mapping[str, tuple[int, int]]
    had: dict[tuple[Person, str], dict[UUID, datetime]] = field(default_factory=dict)

    def is_reached(self, message: Message, now: datetime) -> bool:
        """Whether a person has had as many messages of this class as the merchant allows."""
        cap = self.caps.get(message.message_class)
        if cap is None:
            return False
        most, days = cap
        had = self.had.get((person(message), message.message_class), {})
        since = now - timedelta(days=days)
        return sum(at > since for pk, at in had.items() if pk != message.pk) >= most

    def note(self, message: Message, now: datetime) -> None:
        """One goes out now."""
        self.had.setdefault((person(message), message.message_class), {})[message.pk] = now


def person(message: Message) -> Person:
    """Who gets it: the customer, over whichever channel; else the address."""
    return ("customer", str(message.customer_id)) if message.customer_id else ("address", message.recipient)


def counted(messages: Sequence[Message], caps: Mapping[str, tuple[int, int]], now: datetime) -> Counted:
    """What these messages' people have had: one query, by the indexes of customers and recipients."""
    capped = [message for message in messages if message.message_class in caps]
    if not capped:
        return Counted(caps)
    since = now - timedelta(days=max(days for _, days in caps.values()))
    sent = Q(state=MessageState.SENT, sent_at__gt=since) | Q(state=MessageState.SENDING)
    found = Counted(caps)
    rows = Message.objects.filter(_of(capped), sent, message_class__in=caps).only(
        "id", "merchant_id", "customer_id", "recipient", "message_class", "sent_at"
    )
    for row in rows:
        found.note(row, row.sent_at or now)
    return found


def _of(messages: Iterable[Message]) -> Q:
    customers = {message.customer_id for message in messages if message.customer_id}
    addresses = {message.recipient for message in messages if not message.customer_id}
    wanted = Q(customer_id__in=customers) if customers else Q()
    return wanted | Q(customer_id=None, recipient__in=addresses) if addresses else wanted

"""What the team writes on an order: tags and notes. Shoppers see neither."""

from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from events import log as event_log
from merchants import audit
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction
from orders.commands import lock_order
from orders.facts import OrderNoted, OrderTagged
from orders.models import Order, OrderNote

MOST_TAGS = 20
LONGEST_TAG = 40
LONGEST_NOTE = 4000


def normal_tag(text: str) -> str:
    """A tag as it is stored: one line of at most 40 letters, no comma (it stands between tags). It may be empty."""
    return " ".join(text.replace(",", " ").replace("\0", " ").split())[:LONGEST_TAG].strip()


def change_tags(
    merchant: Merchant, order_id: UUID, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> Order:
    """Add and remove tags of an order. What is there already, or not there, changes nothing.

    Raises NotFound for an order that the merchant does not have, Unprocessable for more than 20 tags.
    """
    wanted = [tag for text in add if (tag := normal_tag(text))]
    unwanted = {normal_tag(text) for text in remove}
    with merchant_transaction(merchant):
        order = lock_order(order_id)
        added = [tag for tag in dict.fromkeys(wanted) if tag not in order.tags and tag not in unwanted]
        removed = [tag for tag in order.tags if tag in unwanted]
        if not added and not removed:
            return order
        tags = [tag for tag in order.tags if tag not in unwanted] + added
        if len(tags) > MOST_TAGS:
            raise Unprocessable(f"An order has {MOST_TAGS} tags at most.", param="tags", code="too_many_tags")
        order.tags, order.updated_at = tags, timezone.now()
        order.save(update_fields=["tags", "updated_at"])
        tagged = OrderTagged(
            order_id=order.id, external_id=order.external_id, added=added, removed=removed, tags=tags
        )
        event_log.record(tagged, order_id=order.id)
        changes = {"tags": [removed, added]}
        audit.record_by_hand("order.tagged", public_id("ord", order.id), order.number, changes)
    return order


def add_note(merchant: Merchant, order_id: UUID, text: str) -> OrderNote:
    """Write a note on an order, in the name of whoever acts now.

    Raises NotFound, and Unprocessable for one without a word or with more than 4,000 letters.
    """
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not text or len(text) > LONGEST_NOTE:
        raise Unprocessable(f"A note has 1 to {LONGEST_NOTE} letters.", param="text", code="invalid_note")
    with merchant_transaction(merchant):
        order = lock_order(order_id)
        author = audit.current_actor().name[:254]
        note = OrderNote.objects.create(
            merchant=merchant, order=order, text=text, author=author, created_at=timezone.now()
        )
        noted = OrderNoted(order_id=order.id, external_id=order.external_id, note_id=note.id)
        event_log.record(noted, order_id=order.id)
        audit.record_by_hand("order.noted", public_id("ord", order.id), order.number)
    return note

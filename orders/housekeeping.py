"""Forgetting shops' webhooks, word for word: what we took from them stays as orders, parcels and facts."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from events.due import due_work
from events.forgetting import forget
from orders.models import InboxItem

# What could not be worked off is kept for longer: somebody may still mend it and have it tried again.
FAILED_KEPT: Final = 3


@due_work("orders.housekeeping")
def forget_old() -> int:
    """Delete a batch of inbox items, AFTERWARD_RAW_DAYS old, a failed one three times that. Returns how many.

    An item that still waits is left alone.
    """
    now, kept = timezone.now(), timedelta(days=settings.RAW_DAYS)
    return forget(InboxItem, "received_at", now - kept, only="state = 'done'") + forget(
        InboxItem, "received_at", now - kept * FAILED_KEPT, only="state = 'failed'"
    )

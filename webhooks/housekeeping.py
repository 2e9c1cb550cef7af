"""Forgetting deliveries: their history is kept for a month, the log itself for ever."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from events.forgetting import forget
from webhooks.models import Delivery

KEPT: Final = timedelta(days=30)


def forget_old() -> int:
    """Delete a batch of deliveries, with their tries, that were planned more than 30 days ago. Returns how many."""
    return forget(Delivery, "planned_at", timezone.now() - KEPT)

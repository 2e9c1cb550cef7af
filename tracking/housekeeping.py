"""Forgetting what carriers told, word for word: what we took from it stays as scans, windows and details."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from events.due import due_work
from events.forgetting import forget
from tracking.models import UnreadAnswer
from tracking.pushes.models import CarrierPush

# What could not be worked off is kept for longer: somebody may want to see why.
FAILED_KEPT: Final = 3


@due_work("tracking.housekeeping")
def forget_old() -> int:
    """Delete a batch of pushes and of answers that nobody could read, AFTERWARD_RAW_DAYS old. Returns how many.

    A push that still waits is left alone; one that failed is kept three times as long.
    """
    now, kept = timezone.now(), timedelta(days=settings.RAW_DAYS)
    return (
        forget(CarrierPush, "received_at", now - kept, only="state = 'done'")
        + forget(CarrierPush, "received_at", now - kept * FAILED_KEPT, only="state = 'failed'")
        + forget(UnreadAnswer, "received_at", now - kept)
    )

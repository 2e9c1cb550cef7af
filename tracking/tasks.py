"""Celery's entry points of tracking."""

from events.due import due_work
from tracking.asking import POLL
from tracking.poll import poll_due


@due_work(POLL)
def poll_due_parcels() -> int:
    """Ask carriers about parcels whose time has come."""
    return poll_due()

"""Celery's entry points of tracking."""

from django.utils import timezone

from events.due import due_work
from tracking.asking import POLL
from tracking.poll import poll_due
from tracking.rates import budget


@due_work(POLL)
def poll_due_parcels() -> int:
    """Ask carriers about parcels whose time has come."""
    return poll_due()


@due_work("tracking.scan_rates")
def learn_when_scans_come() -> int:
    """Count the scans of one merchant whose day has come."""
    return budget.learn_due(timezone.now())

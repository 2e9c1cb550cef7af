"""Celery's entry points of tracking."""

from django.utils import timezone

from events.due import due_work
from tracking import housekeeping  # noqa: F401  # declares its due work
from tracking.asking import POLL
from tracking.eta.learning import ETA, fit_due
from tracking.legs.following import follow_due
from tracking.legs.wanting import LEGS
from tracking.poll import poll_due
from tracking.pushes.hooks import INBOX
from tracking.pushes.inbox import work_off_pushes
from tracking.pushes.subscribing import SUBSCRIBE, subscribe_due
from tracking.rates import budget
from tracking.watch.clock import WATCH, look_at_due
from tracking.watch.pace import LEARN, learn_due


@due_work(POLL)
def poll_due_parcels() -> int:
    """Ask carriers about parcels whose time has come."""
    return poll_due()


@due_work(INBOX)
def work_off_carrier_pushes() -> int:
    """Work off what carriers told by themselves."""
    return work_off_pushes()


@due_work(SUBSCRIBE)
def ask_carriers_to_push() -> int:
    """Ask carriers to tell about parcels by themselves."""
    return subscribe_due()


@due_work(LEGS)
def follow_hand_overs() -> int:
    """Ask next carriers about parcels that were handed over."""
    return follow_due()


@due_work("tracking.scan_rates")
def learn_when_scans_come() -> int:
    """Count the scans of one merchant whose day has come."""
    return budget.learn_due(timezone.now())


@due_work(WATCH)
def look_at_due_parcels() -> int:
    """See whether parcels and orders whose time has come need somebody."""
    return look_at_due()


@due_work(LEARN)
def learn_due_paces() -> int:
    """Learn how long carriers are usually silent."""
    return learn_due()


@due_work(ETA)
def fit_due_models() -> int:
    """Fit the delivery-date model of one merchant whose week is over, in a process of its own."""
    return fit_due()

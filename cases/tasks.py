"""Celery's entry points of cases."""

from datetime import timedelta

from cases.commands import open_waiting
from cases.models import Case
from events import due
from events.due import due_work

OPEN = "cases.open"
_LEASE = timedelta(seconds=30)


@due_work(OPEN)
def open_waiting_cases() -> int:
    """Open the cases of parcels that were given one more day and are still missed."""
    rows = due.claim(Case, limit=50, lease=_LEASE)
    for case in rows:
        open_waiting(case.merchant, case.id)
    return len(rows)

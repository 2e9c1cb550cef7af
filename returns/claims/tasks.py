"""Celery's entry points of claims."""

from datetime import timedelta

from events import due
from events.due import due_work
from returns.claims.commands import wake
from returns.claims.models import Claim

WAKE = "claims.wake"
_LEASE = timedelta(seconds=30)


@due_work(WAKE)
def wake_claims() -> int:
    """Open what was made too early, close what nobody went on with."""
    rows = due.claim(Claim, limit=50, lease=_LEASE)
    for row in rows:
        wake(row.merchant, row.pk)
    return len(rows)

"""Celery's entry points of withdrawals."""

from datetime import timedelta

from events import due
from events.due import due_work
from returns.withdrawal.commands import remind
from returns.withdrawal.models import Withdrawal

REMIND = "withdrawal.remind"
_LEASE = timedelta(seconds=30)


@due_work(REMIND)
def remind_of_refunds() -> int:
    """Tell of the refunds that are due in three days."""
    rows = due.claim(Withdrawal, limit=50, lease=_LEASE)
    for row in rows:
        remind(row.merchant, row.pk)
    return len(rows)

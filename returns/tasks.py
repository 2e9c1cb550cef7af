"""Celery's entry points of returns."""

from datetime import timedelta

from events import due
from events.due import due_work
from returns.commands import expire
from returns.models import Return

EXPIRE = "returns.expire"
_LEASE = timedelta(seconds=30)


@due_work(EXPIRE)
def expire_returns() -> int:
    """Expire returns that were not sent in time."""
    rows = due.claim(Return, limit=50, lease=_LEASE)
    for ret in rows:
        expire(ret.merchant, ret.id)
    return len(rows)

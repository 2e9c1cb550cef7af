"""Celery's entry points of the ledger."""

from datetime import timedelta

from events import due
from events.due import due_work
from ledger.commands import void
from ledger.errors import NotPending
from ledger.models import Transfer
from merchants.scope import merchant_transaction

TIME_OUT = "ledger.time_out"
_LEASE = timedelta(seconds=30)


@due_work(TIME_OUT)
def void_what_timed_out() -> int:
    """Void pending transfers whose time is up: what was set aside is free again."""
    rows = due.claim(Transfer, limit=100, lease=_LEASE)
    for row in rows:
        with merchant_transaction(row.merchant):
            try:
                void(row.pk)
            except NotPending:  # posted at the last moment, before the claim
                continue
    return len(rows)

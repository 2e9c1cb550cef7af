"""Celery's entry points of refunds and store credit."""

from datetime import timedelta

from events import due
from events.due import due_work
from returns.money.commands import ask_again, expire_credit
from returns.money.models import CreditEntry, Refund

ASK = "money.ask"
EXPIRE = "money.expire"
_LEASE = timedelta(seconds=60)


@due_work(ASK)
def ask_shops_again() -> int:
    """Tell shops once more of refunds that they have not answered for."""
    rows = due.claim(Refund, limit=50, lease=_LEASE)
    for refund in rows:
        ask_again(refund.merchant, refund.pk)
    return len(rows)


@due_work(EXPIRE)
def expire_credits() -> int:
    """Void what is left of store credit whose time is up."""
    rows = due.claim(CreditEntry, limit=50, lease=_LEASE)
    for entry in rows:
        expire_credit(entry.merchant, entry.pk)
    return len(rows)

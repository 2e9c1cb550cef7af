"""Celery's entry points of returns."""

from datetime import timedelta

from events import due
from events.due import due_work
from returns.commands import expire
from returns.exchange_commands import exchange_is_due
from returns.models import Exchange, Return

EXPIRE = "returns.expire"
EXCHANGES = "returns.exchanges"
_LEASE = timedelta(seconds=30)


@due_work(EXPIRE)
def expire_returns() -> int:
    """Expire returns that were not sent in time."""
    rows = due.claim(Return, limit=50, lease=_LEASE)
    for ret in rows:
        expire(ret.merchant, ret.id)
    return len(rows)


@due_work(EXCHANGES)
def end_waiting_exchanges() -> int:
    """Exchanges that were not paid, or whose goods did not come back, in time."""
    rows = due.claim(Exchange, limit=50, lease=_LEASE)
    for exchange in rows:
        exchange_is_due(exchange.merchant, exchange.ret_id)
    return len(rows)

"""Celery's entry points of returns."""

from datetime import timedelta

from events import due
from events.due import due_work
from returns.commands import expire
from returns.exchange_commands import exchange_is_due
from returns.logistics import labelling
from returns.models import Exchange, Return, ReturnLabel

EXPIRE = "returns.expire"
EXCHANGES = "returns.exchanges"
LABELS = labelling.DUE
_LEASE = timedelta(seconds=30)
_LONG_LEASE = timedelta(seconds=60)


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


@due_work(LABELS)
def ask_for_labels() -> int:
    """Ask the maker of a label: one a claim, for it may take several calls of seconds."""
    rows = due.claim(ReturnLabel, limit=1, lease=_LONG_LEASE)
    for label in rows:
        labelling.ask_maker(label)
    return len(rows)

"""Due work: what customers are to hear now, and the daily look through them."""

from datetime import timedelta
from itertools import groupby

from django.utils import timezone

from events import due
from events.due import due_work
from merchants.scope import merchant_transaction
from notifications import planning
from notifications.followups.composing import compose
from notifications.followups.models import FollowUp, Kind, SweepClock
from notifications.followups.offers import learn_pairs
from notifications.followups.sweep import sweep
from notifications.switches import switches

_BATCH = 100
_LEASE = timedelta(seconds=45)
_EVERY = timedelta(days=1)


@due_work("followups.tell")
def tell() -> int:
    """Plan the messages of a batch of due follow-ups: each row and its message in one transaction, so once."""
    rows = due.claim(FollowUp, limit=_BATCH, lease=_LEASE)
    for _, group in groupby(sorted(rows, key=lambda r: r.merchant_id.bytes), lambda r: r.merchant_id):
        own = list(group)
        merchant = own[0].merchant
        with merchant_transaction(merchant):
            # A row that another worker took over meanwhile is that one's.
            kept = [row for row in own if due.held(row).update(due_at=None) == 1]
            planning.store(compose(merchant, kept))
    return len(rows)


@due_work("followups.sweep")
def look_through() -> int:
    """The daily look of one merchant."""
    clocks = due.claim(SweepClock, limit=1, lease=_LEASE)
    for clock in clocks:
        with merchant_transaction(clock.merchant):
            if not due.held(clock).update(due_at=timezone.now() + _EVERY, attempts=0):
                continue
            how = switches(Kind.values)
            sweep(
                clock.merchant,
                birthdays=how[Kind.BIRTHDAY].has_own_moment,
                overdue=how[Kind.WIN_BACK].has_own_moment,
            )
            if how[Kind.COMPLEMENT].is_on:
                learn_pairs(clock.merchant)
    return len(clocks)

"""Looking at parcels and orders whose time has come: rows are claimed, nothing is searched through."""

from itertools import groupby

import structlog

from events import due
from events.outage import is_outage
from merchants.scope import merchant_scope
from tracking.watch.keeping import look
from tracking.watch.models import WatchClock

log = structlog.get_logger(__name__)

WATCH = "tracking.watch"  # the kind of due work
_BATCH = 200


def look_at_due() -> int:
    """Look at one batch of parcels and orders. Returns how many were claimed."""
    clocks = due.claim(WatchClock, limit=_BATCH, lease=due.LONGEST_LEASE)
    for _, own in groupby(sorted(clocks, key=lambda c: c.merchant_id), key=lambda c: c.merchant_id):
        rows = list(own)
        try:
            look(rows[0].merchant, [row.order_id for row in rows])
        except Exception as error:  # One order that cannot be read must not keep the others waiting.
            if is_outage(error):
                raise
            log.exception("watch_look_failed", merchant=rows[0].merchant.slug, orders=len(rows))
            _one_by_one(rows)
    return len(clocks)


def _one_by_one(rows: list[WatchClock]) -> None:
    for row in rows:
        try:
            look(row.merchant, [row.order_id])
        except Exception as error:
            if is_outage(error):
                raise
            log.exception("watch_look_failed", merchant=row.merchant.slug, order=str(row.order_id))
            with merchant_scope(row.merchant):
                due.held(row).update(due_at=due.backoff(row.attempts))

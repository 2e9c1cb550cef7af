"""What keeps the database in shape: forgetting what has had its day, and telling of transactions that stay open."""

from datetime import timedelta

import structlog
from django.db import connection

from events.due import due_work
from merchants import throttle
from merchants.rest import idempotency

log = structlog.get_logger(__name__)

HOUSEKEEPING = "events.housekeeping"
# A snapshot that is held keeps dead rows alive, and claims become ten times slower (R13). Our own sessions
# are ended by the server before that (`idle_in_transaction_session_timeout`): this finds everybody else's.
TOO_LONG = timedelta(seconds=60)

_OLD_SNAPSHOTS = """
SELECT pid, coalesce(application_name, ''), state, extract(epoch FROM now() - xact_start)::integer
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
  AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND xact_start < now() - make_interval(secs => %s)
"""


@due_work(HOUSEKEEPING)
def forget_old() -> int:
    """Forget answers kept for repeated requests, and counted tries. Returns how many rows this batch deleted."""
    return idempotency.forget_old() + throttle.forget_old()


def warn_of_long_transactions(limit: timedelta = TOO_LONG) -> int:
    """Log an error for each transaction that is open for longer than `limit`. Returns how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(_OLD_SNAPSHOTS, [limit.total_seconds()])
        found = cursor.fetchall()
    for pid, application, state, seconds in found:
        log.error("long_transaction", pid=pid, application=application, state=state, seconds=seconds)
    return len(found)

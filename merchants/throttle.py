"""How often something may be tried: counters in PostgreSQL, which hold over all processes and with Redis down."""

import hashlib
import hmac

from django.conf import settings
from django.db import connection

# One statement, so that two tries at the same moment are counted as two. A window that is over begins anew.
_HIT = """
INSERT INTO merchants_attempt AS attempt (key, window_ends_at, count)
VALUES (%(key)s, statement_timestamp() + make_interval(secs => %(window)s), 1)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN attempt.window_ends_at <= statement_timestamp() THEN 1
                 ELSE least(attempt.count, 1000000) + 1 END,
    window_ends_at = CASE WHEN attempt.window_ends_at <= statement_timestamp() THEN excluded.window_ends_at
                          ELSE attempt.window_ends_at END
RETURNING count, ceil(extract(epoch FROM window_ends_at - statement_timestamp()))::int
"""


def hit(*parts: object, limit: int, window: int) -> int:
    """Count a try at what `parts` name. Returns 0 while at most `limit` were made in `window` seconds, else the
    seconds to wait (for `Retry-After`).

    >>> wait = hit("sign-in", address, limit=10, window=60)
    """
    with connection.cursor() as cursor:
        cursor.execute(_HIT, {"key": _key(parts), "window": window})
        count, left = cursor.fetchone()
    return 0 if count <= limit else max(1, left)


def forgive(*parts: object) -> None:
    """Forget the tries at something, after one that succeeded."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM merchants_attempt WHERE key = %s", [_key(parts)])


def forget_old() -> int:
    """Delete the counters whose window is over: housekeeping. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM merchants_attempt WHERE window_ends_at < statement_timestamp()")
        return cursor.rowcount


def _key(parts: tuple[object, ...]) -> str:
    """A keyed hash: neither an address nor an order number can be read, or guessed, from the table."""
    text = "\x1f".join(map(str, parts))
    return hmac.new(settings.SECRET_KEY.encode(), b"attempt:" + text.encode(), hashlib.sha256).hexdigest()

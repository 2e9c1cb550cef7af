"""API keys that this process has just looked up, so that a busy sender's next call need not ask PostgreSQL again.

The look-up was a fifth of the CPU of `POST /orders` and one of its two round trips
(docs/decisions/0009-keys-are-remembered-for-a-second.md). What is remembered is the row, never an object: each request
gets an object of its own. A key that exists nowhere is not remembered: nobody fills our memory by guessing.
"""

import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings

Row = Sequence[Any]

# Live keys that one process serves within a second; more are simply looked up.
_MOST = 4096

_known: dict[bytes, tuple[float, Row]] = {}


def remembered(digest: bytes) -> Row | None:
    """The row of a key that was looked up less than `API_KEY_SECONDS` ago in this process, by the key's digest."""
    found = _known.get(digest)
    if found is None or found[0] <= now():
        return None
    return found[1]


def now() -> float:
    """The clock of what is remembered, in seconds."""
    return time.monotonic()


def remember(digest: bytes, row: Row, asked_at: float) -> None:
    """Keep a row that was asked for at `asked_at` (by `now`): its age counts from there, not from the answer."""
    if not settings.API_KEY_SECONDS:
        return
    if len(_known) >= _MOST:
        _known.clear()
    _known[digest] = (asked_at + settings.API_KEY_SECONDS, row)


def forget(digest: bytes) -> None:
    """Look the key up again at its next call in this process. The other processes do so within `API_KEY_SECONDS`."""
    _known.pop(digest, None)

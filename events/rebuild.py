"""Rebuilding a reader: forget what it derived, read the log from the beginning, end equal to what stood there."""

import time
from collections.abc import Callable

from django.db import connection, transaction

from events import log as event_log
from events.drain import drain_subscriber, lagging
from events.models import Cursor, ParkedFact
from events.subscribers import Subscriber
from merchants.models import SHARDS
from merchants.scope import platform_scope

# While a worker holds the reader's cursor, we look again after this long.
_LOOK_AGAIN_SECONDS = 0.05
# A turn ends after this long, so that progress is told.
_TURN_SECONDS = 1.0


class CannotRebuild(Exception):
    """This reader's effects are not only rows of its own. The text is for people."""


def rebuild(subscriber: Subscriber, progress: Callable[[int, int], None] = lambda shard, handed: None) -> int:
    """Forget the reader's derived tables and parked facts, and replay the log. Returns how many facts it was handed.

    Calls `progress(shard, handed so far)` after every second of work and every shard. Workers may go on beside
    it: whoever holds a cursor reads, and each fact is handled once. Raises CannotRebuild.
    """
    if subscriber.forget is None:
        raise CannotRebuild(
            f"Replaying the log through {subscriber.name} would repeat something in the world."
        )
    _forget(subscriber)
    handed = 0
    for shard in range(SHARDS):
        event_log.sequence(shard)
        while lagging([subscriber], [shard]):
            count = drain_subscriber(subscriber, shard, seconds=_TURN_SECONDS)
            handed += count
            progress(shard, handed)
            if not count:
                time.sleep(_LOOK_AGAIN_SECONDS)
        progress(shard, handed)
    return handed


def _forget(subscriber: Subscriber) -> None:
    """Back to the beginning, in one transaction: no worker ever reads on over half-forgotten tables."""
    assert subscriber.forget is not None
    with platform_scope(f"rebuilding {subscriber.name} for every merchant"), transaction.atomic():
        with connection.cursor() as cursor:
            # The tables may be large, and a worker may be in the middle of a batch.
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL lock_timeout = 0")
        cursors = Cursor.objects.filter(subscriber=subscriber.name)
        # Taken first: whoever reads has ended by then, and nobody begins before all is forgotten.
        list(cursors.order_by("shard").select_for_update())
        subscriber.forget()
        ParkedFact.objects.filter(subscriber=subscriber.name).delete()
        cursors.update(position=0)

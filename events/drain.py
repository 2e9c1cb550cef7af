"""Draining the log: every subscriber reads on from its cursor, batch by batch.

1. A subscriber's turn is one transaction: lock the cursor, read on, handle, move the cursor, commit.
2. Subscribers take turns, one batch each, so that one with a long way to go does not keep the others waiting.
3. A cursor that another worker holds is passed over, never waited for. Nothing is missed by that: whoever holds
   it looks again whether there is more to read after it has let go.
4. A batch that fails is done again fact by fact, and a fact that fails alone is parked (`events.parked`).
"""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog
from django.db import connection, transaction

from events import doorbell, parked
from events import log as event_log
from events.facts import RecordedFact
from events.outage import is_outage
from events.subscribers import Subscriber, all_subscribers, by_merchant
from merchants.models import SHARDS, Merchant
from merchants.scope import merchant_scope

log = structlog.get_logger(__name__)

# A worker does something else after this long; the rest of the line rings again.
_DRAIN_SECONDS = 20.0


class _Failed(Exception):
    """A subscriber failed on these facts, which it read after the position `after`."""

    def __init__(self, facts: Sequence[RecordedFact], after: int) -> None:
        super().__init__()
        self.facts = facts
        self.after = after


def drain(shard: int, *, seconds: float = _DRAIN_SECONDS) -> int:
    """Sequence the shard and let every subscriber read to its end. Returns how many facts were handed out.

    Leaves when the time is up, ringing for the rest. Raises OperationalError when the database went away:
    nothing is parked then, and the next drain begins where this one ended.
    """
    event_log.sequence(shard)
    return _read_on(all_subscribers(), shard, seconds)


def drain_subscriber(subscriber: Subscriber, shard: int, *, seconds: float = _DRAIN_SECONDS) -> int:
    """Let one subscriber read the shard to its end. As `drain`, without sequencing."""
    return _read_on([subscriber], shard, seconds)


def lagging(subscribers: Iterable[Subscriber], shards: Iterable[int]) -> list[tuple[str, int]]:
    """Name and shard of each subscriber that has not read to the end of a shard: one look into an index a shard."""
    with connection.cursor() as cursor:
        cursor.execute(_LAGGING, [list(shards), [subscriber.name for subscriber in subscribers]])
        found = cursor.fetchall()
        # Made in a transaction of its own, or whoever comes next would wait for the first reader's first batch.
        new = [(name, shard) for name, shard, has_cursor in found if not has_cursor]
        if new:
            cursor.executemany(_MAKE, new)
    return [(name, shard) for name, shard, _ in found]


def lagging_shards() -> list[int]:
    """Shards where some subscriber has not read to the end."""
    return sorted({shard for _, shard in lagging(all_subscribers(), range(SHARDS))})


def lock_cursor(subscriber: Subscriber, shard: int) -> int | None:
    """Lock the cursor until the transaction ends. Returns its position, or None when another worker holds it."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [subscriber.name, shard])
        row = cursor.fetchone()
    return row[0] if row else None


def move_cursor(subscriber: Subscriber, shard: int, position: int) -> None:
    """Put a locked cursor to a position."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [position, subscriber.name, shard])


_LAGGING = """
WITH line AS (
    SELECT shard, (SELECT position FROM events_fact WHERE events_fact.shard = wanted.shard
                   ORDER BY position DESC LIMIT 1) AS last
    FROM unnest(%s::smallint[]) AS wanted(shard)
)
SELECT reader.name, line.shard, events_cursor.position IS NOT NULL
FROM line CROSS JOIN unnest(%s::text[]) WITH ORDINALITY AS reader(name, place)
LEFT JOIN events_cursor ON subscriber = reader.name AND events_cursor.shard = line.shard
WHERE line.last > coalesce(events_cursor.position, 0) ORDER BY line.shard, reader.place
"""
_LOCK = """
SELECT position FROM events_cursor WHERE subscriber = %s AND shard = %s FOR NO KEY UPDATE SKIP LOCKED
"""
_MAKE = "INSERT INTO events_cursor (subscriber, shard, position) VALUES (%s, %s, 0) ON CONFLICT DO NOTHING"
_MOVE = "UPDATE events_cursor SET position = %s WHERE subscriber = %s AND shard = %s"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Times come as numbers: read as text they would take half of the time that a fact takes.
_READ = """
SELECT position, type, merchant_id, order_id, CASE WHEN type = ANY(%s) THEN data::text END,
       (extract(epoch FROM recorded_at) * 1000000)::bigint
FROM events_fact WHERE shard = %s AND position > %s ORDER BY position LIMIT %s
"""


def _read_on(subscribers: Sequence[Subscriber], shard: int, seconds: float) -> int:
    stop_at = time.monotonic() + seconds
    named = {subscriber.name: subscriber for subscriber in subscribers}
    handed = 0
    while behind := lagging(named.values(), [shard]):
        for name, _ in behind:
            count = _take_turn(named[name], shard)
            if count is None:
                del named[name]  # Whoever holds its cursor reads on after us.
            else:
                handed += count
        if time.monotonic() > stop_at:
            doorbell.ring(doorbell.DRAIN, shard)
            break
    return handed


def _take_turn(subscriber: Subscriber, shard: int) -> int | None:
    """One batch. Returns how many facts were handed out, or None when another worker holds the cursor."""
    try:
        return _advance(subscriber, shard, subscriber.batch)
    except _Failed as failed:
        log.warning("batch_failed", subscriber=subscriber.name, shard=shard, error=repr(failed.__cause__))
        count_read = len(failed.facts)
    handed = 0
    for _ in range(count_read):
        try:
            count = _advance(subscriber, shard, 1)
        except _Failed as failed:
            _park(subscriber, shard, failed)
            count = 1
        if count is None:
            return None
        handed += count
    return handed


def _advance(subscriber: Subscriber, shard: int, most: int) -> int | None:
    """Handle the next `most` facts of the line in one transaction: effects and cursor commit together.

    Returns how many of them the subscriber wanted. Raises _Failed when it, or the commit of its effects, failed.
    """
    facts: list[RecordedFact] = []
    after = None
    try:
        with transaction.atomic():
            after = lock_cursor(subscriber, shard)
            if after is None:
                return None
            facts = _read(subscriber, shard, after, most)
            if not facts:
                return 0
            wanted = [fact for fact in facts if fact.type in subscriber.types]
            _handle(subscriber, wanted)
            move_cursor(subscriber, shard, facts[-1].position)
            return len(wanted)
    except Exception as error:
        if not facts or after is None or is_outage(error):
            raise
        raise _Failed(facts, after) from error


def _read(subscriber: Subscriber, shard: int, after: int, most: int) -> list[RecordedFact]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(subscriber.types), shard, after, most])
        return [_recorded(row) for row in cursor.fetchall()]


def _recorded(row: tuple[Any, ...]) -> RecordedFact:
    position, type_, merchant_id, order_id, data, microseconds = row
    return RecordedFact(
        position=position,
        type=type_,
        merchant_id=merchant_id,
        order_id=order_id,
        data=msgspec.json.decode(data) if data else {},
        recorded_at=_EPOCH + timedelta(microseconds=microseconds),
    )


def _handle(subscriber: Subscriber, facts: Sequence[RecordedFact]) -> None:
    merchants = _merchants(facts)
    for merchant_id, own in by_merchant(facts):
        with merchant_scope(merchants[merchant_id]):
            subscriber.handle(merchants[merchant_id], own)


def _merchants(facts: Sequence[RecordedFact]) -> dict[UUID, Merchant]:
    # Without their logos, which no reader looks at.
    return Merchant.objects.defer("logo").in_bulk({fact.merchant_id for fact in facts}) if facts else {}


def _park(subscriber: Subscriber, shard: int, failed: _Failed) -> None:
    """Put the one fact that failed aside and pass over it, unless another worker was there before us."""
    (fact,) = failed.facts
    assert failed.__cause__ is not None
    with transaction.atomic():
        if lock_cursor(subscriber, shard) == failed.after:
            parked.park(subscriber, fact, failed.__cause__)
            move_cursor(subscriber, shard, fact.position)

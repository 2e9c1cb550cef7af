"""Draining the log: every subscriber reads on from its cursor, batch by batch."""

import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog
from django.db import connection, transaction
from django.utils import timezone

from events import log as event_log
from events.due import backoff
from events.facts import RecordedFact
from events.models import Cursor, Fact, ParkedFact
from events.subscribers import Subscriber, all_subscribers, by_merchant, get_subscriber
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope

log = structlog.get_logger(__name__)

_FIRST_RETRY = timedelta(seconds=10)

_READ = """
SELECT position, type, merchant_id, order_id, CASE WHEN type = ANY(%s) THEN data::text END, recorded_at
FROM events_fact WHERE shard = %s AND position > %s ORDER BY position LIMIT %s
"""


def drain(shard: int) -> int:
    """Sequence the shard and let every subscriber read to its end. Returns how many facts were handed out."""
    event_log.sequence(shard)
    return sum(drain_subscriber(subscriber, shard) for subscriber in all_subscribers())


def drain_subscriber(subscriber: Subscriber, shard: int) -> int:
    """Let one subscriber read the shard to its end. Returns how many facts it was handed."""
    handed = 0
    while True:
        read, wanted = _read_batch(subscriber, shard)
        handed += wanted
        if read < subscriber.batch:
            return handed


def _read_batch(subscriber: Subscriber, shard: int) -> tuple[int, int]:
    """One batch in one transaction: effects and cursor together. Returns (facts read, facts wanted).

    A batch that fails is done again fact by fact, and the failing ones are parked.
    """
    try:
        with transaction.atomic():
            return _advance(subscriber, shard, _handle)
    except Exception as error:  # noqa: BLE001  # Any failure of a subscriber must not stop the line.
        log.warning("batch_failed", subscriber=subscriber.name, shard=shard, error=repr(error))
    with transaction.atomic():
        return _advance(subscriber, shard, _handle_one_by_one)


def _advance(
    subscriber: Subscriber, shard: int, handle: Callable[[Subscriber, Sequence[RecordedFact]], None]
) -> tuple[int, int]:
    # 1. Whoever holds the cursor reads. A second drain of this shard waits for it (one batch, no more)
    #    instead of leaving: it may have come for a fact that the first one did not see.
    cursor_row = _lock_cursor(subscriber, shard)
    # 2. Read on. Facts of other types are passed over by the cursor as well.
    facts = _read(subscriber, shard, cursor_row.position)
    if not facts:
        return 0, 0
    wanted = [fact for fact in facts if fact.type in subscriber.types]
    # 3. Effects and cursor commit together.
    handle(subscriber, wanted)
    Cursor.objects.filter(pk=cursor_row.pk).update(position=facts[-1].position)
    return len(facts), len(wanted)


def _lock_cursor(subscriber: Subscriber, shard: int) -> Cursor:
    mine = Cursor.objects.filter(subscriber=subscriber.name, shard=shard).select_for_update()
    row = mine.first()
    if row is None:
        Cursor.objects.bulk_create([Cursor(subscriber=subscriber.name, shard=shard)], ignore_conflicts=True)
        row = mine.get()
    return row


def _read(subscriber: Subscriber, shard: int, after: int) -> list[RecordedFact]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(subscriber.types), shard, after, subscriber.batch])
        return [_recorded(row) for row in cursor.fetchall()]


def _recorded(row: tuple[Any, ...]) -> RecordedFact:
    position, type_, merchant_id, order_id, data, recorded_at = row
    return RecordedFact(
        position=position,
        type=type_,
        merchant_id=merchant_id,
        order_id=order_id,
        data=msgspec.json.decode(data or "{}"),
        recorded_at=recorded_at,
    )


def _handle(subscriber: Subscriber, facts: Sequence[RecordedFact]) -> None:
    merchants = _merchants(facts)
    for merchant_id, own in by_merchant(facts):
        with merchant_scope(merchants[merchant_id]):
            subscriber.handle(merchants[merchant_id], own)


def _handle_one_by_one(subscriber: Subscriber, facts: Sequence[RecordedFact]) -> None:
    merchants = _merchants(facts)
    for fact in facts:
        merchant = merchants[fact.merchant_id]
        with merchant_scope(merchant):
            try:
                with transaction.atomic():
                    subscriber.handle(merchant, [fact])
            except Exception as error:  # noqa: BLE001
                _park(subscriber, merchant, fact, error)


def _merchants(facts: Sequence[RecordedFact]) -> dict[UUID, Merchant]:
    return Merchant.objects.in_bulk({fact.merchant_id for fact in facts}) if facts else {}


def _park(subscriber: Subscriber, merchant: Merchant, fact: RecordedFact, error: Exception) -> None:
    log.error("fact_parked", subscriber=subscriber.name, position=fact.position, error=repr(error))
    ParkedFact.objects.update_or_create(
        merchant=merchant,
        subscriber=subscriber.name,
        position=fact.position,
        defaults={
            "type": fact.type,
            "order_id": fact.order_id,
            "error": _describe(error),
            "parked_at": timezone.now(),
            "due_at": timezone.now() + _FIRST_RETRY,
        },
    )


def retry_parked(parked: ParkedFact) -> bool:
    """Hand a claimed parked fact to its subscriber again. Returns whether it went through.

    Success deletes the row in the transaction of the effects; failure sets the next try.
    """
    with merchant_scope(parked.merchant):
        try:
            with transaction.atomic():
                # The row lock makes a second retry of the same fact wait, and then find nothing to do.
                locked = ParkedFact.objects.select_for_update().filter(pk=parked.pk).first()
                if locked is None:
                    return True
                fact = Fact.objects.get(position=locked.position)
                get_subscriber(locked.subscriber).handle(
                    parked.merchant,
                    [
                        RecordedFact(
                            position=fact.position,
                            type=fact.type,
                            merchant_id=parked.merchant_id,
                            order_id=fact.order_id,
                            data=fact.data,
                            recorded_at=fact.recorded_at,
                        )
                    ],
                )
                locked.delete()
        except Exception as error:  # noqa: BLE001
            due_at = backoff(parked.attempts, first=_FIRST_RETRY)
            ParkedFact.objects.filter(pk=parked.pk).update(error=_describe(error), due_at=due_at)
            return False
    return True


def lagging_shards() -> list[int]:
    """Shards where some subscriber has not read to the end."""
    shards: set[int] = set()
    with platform_scope("looking for readers that lag behind"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT shard, last FROM generate_series(0, 15) AS shard, LATERAL ("
            "  SELECT position AS last FROM events_fact WHERE events_fact.shard = shard.shard"
            "  ORDER BY position DESC LIMIT 1) AS end_of_line"
        )
        ends = dict(cursor.fetchall())
    cursors = {(c.subscriber, c.shard): c.position for c in Cursor.objects.filter(shard__in=ends)}
    for shard, last in ends.items():
        if any(cursors.get((s.name, shard), 0) < last for s in all_subscribers()):
            shards.add(shard)
    return sorted(shards)


def _describe(error: Exception) -> str:
    return "".join(traceback.format_exception(error))[-4000:]

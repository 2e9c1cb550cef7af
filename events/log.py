"""Recording facts, and giving them their place in line.

`record` writes into `events_incoming` in the command's own transaction. `sequence` moves committed rows
into `events_fact` and numbers them, one shard at a time under a lock. Since a row gets its number only
after its commit, numbers become visible in order: a reader that keeps a cursor skips nothing, however
long a transaction takes.
"""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from events import doorbell
from events.facts import FactData
from merchants.copying import NULL, copy_line, copy_lines
from merchants.models import Merchant
from merchants.prepared import prepared_cursor
from merchants.scope import current_merchant

# Advisory locks of the log: (this class, shard).
_LOCK_CLASS = 0x41465457
_SEQUENCE_BATCH = 5000

INCOMING_COLUMNS = "merchant_id, shard, type, order_id, data, recorded_at"

# Rows get their ids in the order of the arrays.
_RECORD = f"""
INSERT INTO events_incoming ({INCOMING_COLUMNS})
SELECT %s::uuid, %s::smallint, type, order_id, data::jsonb, %s::timestamptz
FROM unnest(%s::text[], %s::uuid[], %s::text[]) AS fact(type, order_id, data)
"""  # noqa: S608  # Our own names.

_SEQUENCE = f"""
WITH next AS (
    SELECT id FROM events_incoming WHERE shard = %(shard)s ORDER BY id LIMIT %(limit)s
), moved AS (
    DELETE FROM events_incoming WHERE id IN (SELECT id FROM next) RETURNING id, {INCOMING_COLUMNS}
), placed AS (
    INSERT INTO events_fact (position, {INCOMING_COLUMNS})
    SELECT nextval('events_position'), {INCOMING_COLUMNS} FROM (
        -- What a merchant left behind who is deleted by now has no place in any line.
        SELECT * FROM moved WHERE EXISTS (SELECT FROM merchants_merchant WHERE id = moved.merchant_id) ORDER BY id
    ) AS in_order
)
SELECT count(*) FROM moved
"""  # noqa: S608  # Our own names.


def record(data: FactData, *, order_id: UUID | None = None) -> None:
    """Record a fact of the open scope's merchant, in the caller's transaction.

    Raises MissingMerchant without a scope, and RuntimeError outside a transaction: a fact without its
    state, or a state without its fact, must not be possible.
    """
    record_many([(data, order_id)])


def record_many(facts: Iterable[tuple[FactData, UUID | None]]) -> None:
    """Record several facts, in order. As `record`."""
    if not connection.in_atomic_block:
        raise RuntimeError("a fact is recorded in the transaction of the state that it tells about")
    merchant = current_merchant()
    rows = [(data.fact_type, order_id, encode(data)) for data, order_id in facts]
    if not rows:
        return
    types, order_ids, payloads = zip(*rows, strict=True)
    with prepared_cursor() as cursor:
        cursor.execute(
            _RECORD,
            [merchant.id, merchant.shard, timezone.now(), list(types), list(order_ids), list(payloads)],
        )
    ring_after_commit(merchant)


def record_in_bulk(facts: Iterable[tuple[FactData, UUID | None]]) -> None:
    """Record thousands of facts, in order, by COPY. As `record`."""
    if not connection.in_atomic_block:
        raise RuntimeError("a fact is recorded in the transaction of the state that it tells about")
    merchant = current_merchant()
    same = f"{merchant.id}\t{merchant.shard}\t{timezone.now().isoformat()}"
    copy_lines(
        "events_incoming",
        ("type", "data", "order_id", "merchant_id", "shard", "recorded_at"),
        [
            f"{copy_line((data.fact_type, encode(data)))}\t{order_id or NULL}\t{same}"
            for data, order_id in facts
        ],
    )
    ring_after_commit(merchant)


def encode(data: FactData) -> str:
    """The payload as the JSON that is stored."""
    return msgspec.json.encode(data).decode()


def ring_after_commit(merchant: Merchant) -> None:
    """Wake a worker for the merchant's shard once the open transaction is committed."""
    doorbell.ring_after_commit(doorbell.DRAIN, merchant.shard)


def sequence(shard: int) -> int:
    """Give the shard's committed facts their places. Returns how many were waiting.

    Only one process sequences a shard at a time; a second one waits for the first to commit.
    """
    placed = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            # The lock is a statement of its own: the next one then sees whatever its last holder committed.
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, shard])
            cursor.execute(_SEQUENCE, {"shard": shard, "limit": _SEQUENCE_BATCH})
            (count,) = cursor.fetchone()
        placed += count
        if count < _SEQUENCE_BATCH:
            return placed


def waiting_shards() -> list[int]:
    """Shards that hold facts without a place in line."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT shard FROM events_incoming ORDER BY shard")
        return [shard for (shard,) in cursor.fetchall()]

"""The merchant's own log, a batch at a time: short transactions that cannot write, and memory for one batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from events.facts import RecordedFact
from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope

BATCH = 1000


@contextmanager
def reading(merchant: Merchant) -> Iterator[None]:
    """A transaction in the merchant's scope that the database lets write nothing.

    Inside another transaction (a test's) it is only the scope.
    """
    outermost = not connection.in_atomic_block
    with merchant_scope(merchant), transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
        yield


def first_position(rows: QuerySet[Fact], since: datetime) -> int:
    """The place in line of the first of these facts that was recorded at `since` or later. A few small look-ups.

    Facts stand in the order in which they were committed, which is that of their times to a few seconds.
    """
    low = rows.order_by("position").values_list("position", flat=True).first() or 0
    high = (rows.order_by("-position").values_list("position", flat=True).first() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        at = (
            rows.filter(position__gte=middle)
            .order_by("position")
            .values_list("position", "recorded_at")
            .first()
        )
        if at is None or at[1] >= since:
            high = middle
        else:
            low = at[0] + 1
    return low


def batches(merchant: Merchant, types: Sequence[str], since: datetime) -> Iterator[list[RecordedFact]]:
    """The merchant's facts of these types since then, in order. Each batch is read in a transaction of its own."""
    with reading(merchant):
        starts = {kind: first_position(Fact.objects.filter(type=kind), since) for kind in types}
    position = min(starts.values(), default=0)
    while True:
        with reading(merchant):
            rows = list(
                Fact.objects.filter(type__in=types, position__gte=position).order_by("position")[:BATCH]
            )
        if not rows:
            return
        position = rows[-1].position + 1
        yield [
            RecordedFact(
                position=row.position, type=row.type, merchant_id=row.merchant_id, order_id=row.order_id,
                data=row.data, recorded_at=row.recorded_at,
            )
            for row in rows
            if row.order_id is not None and row.recorded_at >= since
        ]  # fmt: skip


def count(merchant: Merchant, types: Sequence[str], since: datetime) -> int:
    """How many facts a walk will meet."""
    with reading(merchant):
        return Fact.objects.filter(type__in=types, recorded_at__gte=since, order_id__isnull=False).count()

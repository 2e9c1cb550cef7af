"""The statements that move the roll-ups: one for each kind, however many rows change."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection

from analytics.outcomes import Ended
from merchants.ids import uuid7
from merchants.models import Merchant

_ADD_DELIVERIES = """
INSERT INTO analytics_deliveryday AS known (id, merchant_id, day, carrier, outcome, transit, parcels)
SELECT id, %s, day, carrier, outcome, transit, parcels
FROM unnest(%s::uuid[], %s::date[], %s::text[], %s::text[], %s::smallint[], %s::integer[])
    AS new(id, day, carrier, outcome, transit, parcels)
ON CONFLICT (merchant_id, day, carrier, outcome, transit) DO UPDATE SET parcels = known.parcels + excluded.parcels
"""
_ADD_COUNTS = """
INSERT INTO analytics_daycount AS known (id, merchant_id, day, figure, number)
SELECT id, %s, day, figure, number FROM unnest(%s::uuid[], %s::date[], %s::text[], %s::integer[])
    AS new(id, day, figure, number)
ON CONFLICT (merchant_id, day, figure) DO UPDATE SET number = known.number + excluded.number
"""
_ADD_MESSAGE_DAYS = """
INSERT INTO analytics_messageday AS known (id, merchant_id, day, touchpoint, channel, result, number)
SELECT id, %s, day, touchpoint, channel, result, number
FROM unnest(%s::uuid[], %s::date[], %s::text[], %s::text[], %s::text[], %s::integer[])
    AS new(id, day, touchpoint, channel, result, number)
ON CONFLICT (merchant_id, day, touchpoint, channel, result) DO UPDATE SET number = known.number + excluded.number
"""
_TAKE_OFF = """
UPDATE analytics_deliveryday AS known SET parcels = known.parcels - taken.parcels
FROM unnest(%s::date[], %s::text[], %s::text[], %s::smallint[], %s::integer[])
    AS taken(day, carrier, outcome, transit, parcels)
WHERE known.merchant_id = %s AND known.day = taken.day AND known.carrier = taken.carrier
  AND known.outcome = taken.outcome AND known.transit = taken.transit
"""
_DROP_EMPTY = (
    "DELETE FROM analytics_deliveryday WHERE merchant_id = %s AND parcels = 0 AND day = ANY(%s::date[])"
)


def add_deliveries(merchant: Merchant, change: Mapping[Ended, int]) -> None:
    """Add to the delivery days (negative: take off). A row that comes to nothing goes.

    Only one worker at a time moves a merchant's roll-ups: the one that holds the reader's cursor.
    """
    added = [(ended, number) for ended, number in sorted(change.items()) if number > 0]
    taken = [(ended, -number) for ended, number in sorted(change.items()) if number < 0]
    with connection.cursor() as cursor:
        if added:
            cursor.execute(_ADD_DELIVERIES, [merchant.id, [uuid7() for _ in added], *_columns(added)])
        if taken:
            cursor.execute(_TAKE_OFF, [*_columns(taken), merchant.id])
            cursor.execute(_DROP_EMPTY, [merchant.id, [ended.day for ended, _ in taken]])


def _columns(rows: Sequence[tuple[Ended, int]]) -> list[list[Any]]:
    """Day, carrier, outcome, transit and number, each as one array."""
    return [list(column) for column in zip(*((*ended, number) for ended, number in rows), strict=True)]


def add_counts(merchant: Merchant, change: Mapping[tuple[date, str], int]) -> None:
    """Add to the counts of days."""
    rows = sorted(change.items())
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD_COUNTS,
            [
                merchant.id, [uuid7() for _ in rows], [day for (day, _), _ in rows],
                [figure for (_, figure), _ in rows], [number for _, number in rows],
            ],
        )  # fmt: skip


def add_message_days(merchant: Merchant, change: Mapping[tuple[date, str, str, str], int]) -> None:
    """Add to the message days: (day, touchpoint, channel, result) → how many."""
    rows = sorted(change.items())
    if not rows:
        return
    columns = [list(column) for column in zip(*((*key, number) for key, number in rows), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_ADD_MESSAGE_DAYS, [merchant.id, [uuid7() for _ in rows], *columns])

"""When a shopper's window has passed: what they did goes into their group's sums, once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection

from analytics.lift.models import LiftOutcome, LiftShopper
from analytics.lift.sums import Sums
from analytics.lift.windows import window_days
from events import due
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.scope import merchant_transaction

KIND = "analytics.lift"
BATCH = 500
LEASE = timedelta(seconds=45)

Key = tuple[str, int, bool, str]  # touchpoint, percent, held out, outcome

# Prior spend is what was ordered in the year before chance decided, whatever became of it: nothing of it is an effect.
# What is counted after that is orders that stand; money given back and problems count for any order of theirs.
_DID = """
SELECT s.id, before.spent, after.orders, after.spent,
  EXISTS (SELECT FROM orders_order o JOIN orders_refund r ON r.merchant_id = o.merchant_id AND r.order_id = o.id
          WHERE o.merchant_id = s.merchant_id AND o.customer_id = s.customer_id
            AND r.refunded_at > s.began_at AND r.refunded_at <= s.ends_at),
  EXISTS (SELECT FROM orders_order o JOIN cases_case c ON c.merchant_id = o.merchant_id AND c.order_id = o.id
          WHERE o.merchant_id = s.merchant_id AND o.customer_id = s.customer_id
            AND c.created_at > s.began_at AND c.created_at <= s.ends_at)
FROM (SELECT id, merchant_id, customer_id, began_at, began_at + make_interval(days => d.days) AS ends_at
      FROM analytics_liftshopper
      JOIN unnest(%s::text[], %s::int[]) AS d(touchpoint, days) USING (touchpoint)
      WHERE merchant_id = %s AND id = ANY(%s)) s
CROSS JOIN LATERAL (
  SELECT coalesce(sum(total), 0)::float8 AS spent FROM orders_order o
  WHERE o.merchant_id = s.merchant_id AND o.customer_id = s.customer_id AND o.currency = %s
    AND o.placed_at <= s.began_at AND o.placed_at > s.began_at - interval '365 days') before
CROSS JOIN LATERAL (
  SELECT count(*) AS orders, coalesce(sum(total) FILTER (WHERE o.currency = %s), 0)::float8 AS spent FROM orders_order o
  WHERE o.merchant_id = s.merchant_id AND o.customer_id = s.customer_id AND o.status <> 'cancelled'
    AND o.placed_at > s.began_at AND o.placed_at <= s.ends_at) after
"""
_ADD = """
INSERT INTO analytics_lifttally AS known
  (id, merchant_id, touchpoint, percent, is_held_out, outcome, n, hits, x, xx, y, yy, xy)
SELECT new.id, %s, touchpoint, percent, is_held_out, outcome, n, hits, x, xx, y, yy, xy
FROM unnest(%s::uuid[], %s::text[], %s::smallint[], %s::bool[], %s::text[], %s::int[], %s::int[], %s::float8[],
            %s::float8[], %s::float8[], %s::float8[], %s::float8[])
  AS new(id, touchpoint, percent, is_held_out, outcome, n, hits, x, xx, y, yy, xy)
ON CONFLICT (merchant_id, touchpoint, percent, is_held_out, outcome) DO UPDATE SET
  n = known.n + excluded.n, hits = known.hits + excluded.hits, x = known.x + excluded.x, xx = known.xx + excluded.xx,
  y = known.y + excluded.y, yy = known.yy + excluded.yy, xy = known.xy + excluded.xy
"""


@due.due_work(KIND)
def mature_due() -> int:
    """Count one batch of shoppers whose windows have passed. Returns how many were claimed."""
    rows = due.claim(LiftShopper, limit=BATCH, lease=LEASE)
    for _, own in groupby(sorted(rows, key=lambda row: row.merchant_id.bytes), lambda row: row.merchant_id):
        shoppers = list(own)
        _count(shoppers[0].merchant, shoppers)
    return len(rows)


def _count(merchant: Merchant, claimed: Sequence[LiftShopper]) -> None:
    """In one transaction: what they did is added, and their rows are done. Whoever lost the claim is left out."""
    with merchant_transaction(merchant):
        shoppers = list(
            LiftShopper.objects.filter(pk__in=[row.pk for row in claimed], due_at=claimed[0].due_at)
            .order_by("pk")
            .select_for_update()
        )
        if not shoppers:
            return
        did = _what_they_did(merchant, shoppers)
        _add(merchant, _sums(shoppers, did))
        LiftShopper.objects.filter(pk__in=[row.pk for row in shoppers]).update(due_at=None)


def _what_they_did(
    merchant: Merchant, shoppers: Sequence[LiftShopper]
) -> Mapping[UUID, tuple[float, dict[str, float]]]:
    """For each shopper's row: prior spend, and a number for each outcome. Two statements."""
    days = window_days(row.touchpoint for row in shoppers)
    with connection.cursor() as cursor:
        cursor.execute(
            _DID,
            [
                list(days), list(days.values()), merchant.id, [row.pk for row in shoppers], merchant.currency,
                merchant.currency,
            ],
        )  # fmt: skip
        return {
            row_id: (
                before,
                {
                    LiftOutcome.REPEAT: float(orders > 0),
                    LiftOutcome.REVENUE: spent,
                    LiftOutcome.RETURNS: float(returned),
                    LiftOutcome.QUESTIONS: float(asked),
                },
            )
            for row_id, before, orders, spent, returned, asked in cursor.fetchall()
        }


def _sums(
    shoppers: Iterable[LiftShopper], did: Mapping[UUID, tuple[float, dict[str, float]]]
) -> dict[Key, Sums]:
    groups: dict[Key, list[tuple[float, float]]] = {}
    for row in shoppers:
        before, outcomes = did[row.pk]
        for outcome, y in outcomes.items():
            key = (row.touchpoint, row.percent, row.is_held_out, outcome)
            groups.setdefault(key, []).append((before, y))
    return {key: Sums.of(pairs) for key, pairs in groups.items()}


def _add(merchant: Merchant, sums: Mapping[Key, Sums]) -> None:
    rows: list[tuple[Any, ...]] = [
        (uuid7(), *key, s.n, s.hits, s.x, s.xx, s.y, s.yy, s.xy) for key, s in sorted(sums.items())
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [merchant.id, *(list(column) for column in zip(*rows, strict=True))])

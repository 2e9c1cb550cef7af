"""Parcels that a run holds: taken, marked as asked about, given back. A fixed number of statements for many rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from merchants.models import Merchant
from merchants.prepared import loaded, prepared_cursor
from merchants.scope import platform_scope
from orders.models import Order
from tracking.models import Shipment

LEASE: Final = timedelta(seconds=60)

# What is needed to ask about a parcel and to plan its next look; the rest stays in the database.
_PARCEL: Final = (
    "id", "merchant_id", "order_id", "carrier", "carrier_source", "tracking_number", "service", "status", "substatus",
    "status_at", "shipped_at", "last_scan_at", "eta_from", "eta_to", "push_until", "polled_at", "cancelled_at",
    "created_at", "due_at", "attempts",
)  # fmt: skip
_ORDER: Final = ("id", "merchant_id", "city", "postcode", "country")

# As `events.due.claim` does it, in one statement: parcels are claimed more often than anything else.
_CLAIM = f"""
WITH free AS MATERIALIZED (
    SELECT merchant_id, id FROM tracking_shipment
    WHERE due_at <= %(now)s::timestamptz
      AND (claimed_until IS NULL OR claimed_until <= %(now)s::timestamptz OR claimed_for <> due_at)
    ORDER BY due_at LIMIT %(limit)s::int FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE tracking_shipment AS p
    SET claimed_until = %(until)s::timestamptz, claimed_for = p.due_at, attempts = p.attempts + 1
    FROM free WHERE p.merchant_id = free.merchant_id AND p.id = free.id
    RETURNING {", ".join(f"p.{name}" for name in _PARCEL)}
)
SELECT {", ".join(f"p.{name}" for name in _PARCEL)}, {", ".join(f"o.{name}" for name in _ORDER)}
FROM taken p JOIN orders_order o ON o.merchant_id = p.merchant_id AND o.id = p.order_id ORDER BY p.due_at
"""  # noqa: S608  # names of our own columns

# Rows that somebody else claimed since are theirs.
_MARK_ASKED = """
UPDATE tracking_shipment AS shipment SET polled_at = %(now)s::timestamptz
FROM unnest(%(merchants)s::uuid[], %(ids)s::uuid[], %(dues)s::timestamptz[], %(attempts)s::int[])
     AS claim(merchant, id, due, attempts)
WHERE shipment.merchant_id = claim.merchant AND shipment.id = claim.id AND shipment.due_at = claim.due
  AND shipment.attempts = claim.attempts
RETURNING shipment.id
"""

# Rows that somebody else holds are left alone: they come due again when their lease ends.
_GIVE_BACK = """
WITH mine AS (
    SELECT shipment.merchant_id, shipment.id, claim.at FROM tracking_shipment AS shipment
    JOIN unnest(%(merchants)s::uuid[], %(ids)s::uuid[], %(dues)s::timestamptz[], %(attempts)s::int[],
                %(times)s::timestamptz[]) AS claim(merchant, id, due, attempts, at)
      ON shipment.merchant_id = claim.merchant AND shipment.id = claim.id AND shipment.due_at = claim.due
         AND shipment.attempts = claim.attempts
    FOR NO KEY UPDATE OF shipment SKIP LOCKED)
UPDATE tracking_shipment AS shipment SET attempts = greatest(attempts - 1, 0), due_at = mine.at
FROM mine WHERE shipment.merchant_id = mine.merchant_id AND shipment.id = mine.id
"""


def claim(limit: int) -> list[Shipment]:
    """Take up to so many due parcels, earliest first, for a minute; with their orders and merchants: two statements."""
    now = timezone.now()
    values = {"now": now, "until": now + LEASE, "limit": limit}
    with platform_scope("claiming due parcels"):
        with prepared_cursor(binary=True) as cursor:
            cursor.execute(_CLAIM, values)
            rows = cursor.fetchall()
        # Without their logos, which may be large.
        wanted = {row[_PARCEL.index("merchant_id")] for row in rows}
        merchants = Merchant.objects.defer("logo").in_bulk(wanted) if wanted else {}
    return [_loaded(row, merchants) for row in rows]


def _loaded(row: Sequence[Any], merchants: Mapping[UUID, Merchant]) -> Shipment:
    parcel = loaded(Shipment, _PARCEL, row[: len(_PARCEL)])
    parcel.order = loaded(Order, _ORDER, row[len(_PARCEL) :])
    parcel.merchant = parcel.order.merchant = merchants[parcel.merchant_id]
    return parcel


def mark_asked(rows: Sequence[Shipment]) -> set[UUID]:
    """Note that these claimed parcels are asked about now (for the cool-down). Returns those that are still ours."""
    if not rows:
        return set()
    with platform_scope("marking claimed parcels"), connection.cursor() as cursor:
        cursor.execute(_MARK_ASKED, {**_named(rows), "now": timezone.now()})
        return {shipment_id for (shipment_id,) in cursor.fetchall()}


def give_back(rows: Sequence[Shipment], at: datetime, spacing: timedelta = timedelta(0)) -> None:
    """Let claimed parcels that were not asked about come due again: the first at `at`, the others `spacing` apart.

    They are spread over two seconds, or a tenth of the wait, at least, so that they do not come back all at once.
    """
    if not rows:
        return
    begin = max(at, now := timezone.now())
    apart = max(spacing, max(timedelta(seconds=2), (begin - now) / 10) / len(rows))
    times = [begin + place * apart for place in range(len(rows))]
    with platform_scope("giving back claimed parcels"), connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, {**_named(rows), "times": times})


def _named(rows: Iterable[Shipment]) -> dict[str, Any]:
    rows = list(rows)
    return {
        "merchants": [row.merchant_id for row in rows], "ids": [row.id for row in rows],
        "dues": [row.due_at for row in rows], "attempts": [row.attempts for row in rows],
    }  # fmt: skip

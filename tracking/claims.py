"""Parcels that a run holds: taken, marked as asked about, given back. A fixed number of statements for many rows."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from events import due
from merchants.scope import platform_scope
from tracking.models import Shipment

LEASE: Final = timedelta(seconds=60)

# What is needed to ask about a parcel and to plan its next look; the rest stays in the database.
_NEEDED: Final = (
    "id", "merchant_id", "order_id", "carrier", "carrier_source", "tracking_number", "service", "status", "substatus",
    "status_at",
    "shipped_at", "last_scan_at", "eta_from", "eta_to", "polled_at", "cancelled_at", "created_at", "due_at",
    "attempts", "order__id", "order__merchant_id", "order__city", "order__postcode", "order__country",
)  # fmt: skip

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
    """Take up to so many due parcels, earliest first, for a minute."""
    return due.claim(Shipment, limit=limit, lease=LEASE, related=("order",), only=_NEEDED)


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

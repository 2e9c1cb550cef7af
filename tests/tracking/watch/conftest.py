"""A shop's watch-list, and the ways in which time and news reach it."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

import tracking.tasks  # noqa: F401  # declares the due work
from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tracking.models import Shipment, WatchClock, WatchItem
from tracking.schemas import WindowIn
from tracking.watch.clock import WATCH

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def moving(owner: Merchant, silent_for: timedelta = HOUR, **fields: Any) -> Shipment:
    """A parcel that was last scanned on its way so long ago, promised for next week."""
    now = timezone.now()
    at = now - silent_for
    order = factories.order(owner, placed_at=at - 2 * HOUR)
    window = WindowIn(earliest=now + 5 * DAY, latest=now + 7 * DAY)
    parcel = factories.shipment(owner, order, shipped_at=at - HOUR, **{"delivery": window, **fields})
    factories.scan(owner, parcel, "in_transit", at)
    return parcel


def items(owner: Merchant, **fields: Any) -> list[WatchItem]:
    """The items that are not over, oldest first."""
    with merchant_scope(owner):
        rows = WatchItem.objects.filter(**fields).order_by("opened_at", "reason")
        return list(rows if "state" in fields else rows.exclude(state="closed"))


def reasons(owner: Merchant, **fields: Any) -> list[str]:
    return [item.reason for item in items(owner, **fields)]


def let_the_clock_come(owner: Merchant) -> int:
    """Let the time pass until everything is looked at again, and look. Returns how many were looked at."""
    with merchant_scope(owner):
        WatchClock.objects.exclude(due_at=None).update(due_at=timezone.now() - timedelta(seconds=1))
    return due.run(WATCH)


def told(kind: str = "watch.") -> list[tuple[str, str]]:
    """(type, reason) of the facts about the list, in order, read by somebody or not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT type, data->>'reason' FROM (SELECT 0 AS waits, position AS place, type, data FROM events_fact"
            " UNION ALL SELECT 1, id, type, data FROM events_incoming) AS f WHERE type LIKE %s ORDER BY waits, place",
            [kind + "%"],
        )
        return cursor.fetchall()

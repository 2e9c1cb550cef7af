"""When a worker last did its tick: one row, so that `/readyz` can say that nobody works although the web does."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from events.models import Heartbeat

TICK = "tick"

_BEAT = """
INSERT INTO events_heartbeat (name, seen_at) VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET seen_at = greatest(events_heartbeat.seen_at, excluded.seen_at)
"""


def beat(at: datetime | None = None) -> None:
    """Note that a worker does its tick (now, in UTC, unless told otherwise)."""
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [TICK, at or timezone.now()])


def silence() -> timedelta | None:
    """How long ago the last tick was; None when there never was one."""
    seen_at = Heartbeat.objects.filter(name=TICK).values_list("seen_at", flat=True).first()
    return None if seen_at is None else timezone.now() - seen_at

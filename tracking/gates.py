"""Not faster than a carrier allows: one gate for each access to its API, kept in PostgreSQL.

However many workers there are, a call is made only after its place in the access' pace was written down,
and none while the gate is closed: by the carrier's own word (too many calls, wrong credentials), or
because the carrier is down. What two accesses found down is closed for everyone, the rest for the one access.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django.db import connection, transaction

from tracking.models import CarrierGate

_FIRST_CLOSURE: Final = timedelta(seconds=30)
_LONGEST_CLOSURE: Final = timedelta(minutes=30)

# Takes the next place, unless a gate is closed, the day's calls are used up or the place is too far off.
_ENTER = """
INSERT INTO tracking_carriergate AS gate (key, reason, failures, next_call_at, day, calls)
SELECT %(key)s, '', 0, %(now)s::timestamptz + %(spacing)s::interval, %(day)s::date, 1
WHERE %(per_day)s > 0 AND NOT EXISTS (
    SELECT 1 FROM tracking_carriergate WHERE key IN (%(key)s, %(carrier)s) AND opens_at > %(now)s::timestamptz)
ON CONFLICT (key) DO UPDATE SET
    next_call_at = greatest(gate.next_call_at, %(now)s::timestamptz) + %(spacing)s::interval,
    calls = CASE WHEN gate.day = %(day)s::date THEN gate.calls + 1 ELSE 1 END,
    day = %(day)s::date
WHERE gate.next_call_at <= %(now)s::timestamptz + %(patience)s::interval
  AND (gate.day <> %(day)s::date OR gate.calls < %(per_day)s)
RETURNING next_call_at - %(spacing)s::interval
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """What an access allows: so many calls a second and a day (UTC)."""

    calls_per_second: float
    calls_per_day: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a call may be made now; `at`: when it may be made, or when to try again."""

    granted: bool
    at: datetime


def enter(carrier: str, key: str, pace: Pace, *, now: datetime, patience: timedelta) -> Turn:
    """Take a place for one call through the access `key`, if there is one within `patience`."""
    values: dict[str, Any] = {
        "key": key, "carrier": carrier, "now": now, "day": now.astimezone(UTC).date(), "patience": patience,
        "spacing": timedelta(seconds=1 / pace.calls_per_second), "per_day": pace.calls_per_day,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, values)
        row = cursor.fetchone()
    if row is not None:
        return Turn(True, max(row[0], now))
    return Turn(False, _opens_at(carrier, key, pace, now))


def _opens_at(carrier: str, key: str, pace: Pace, now: datetime) -> datetime:
    gates = list(CarrierGate.objects.filter(key__in=[carrier, key]))
    times = [gate.opens_at for gate in gates if gate.opens_at is not None]
    today = now.astimezone(UTC).date()
    for gate in gates:
        if gate.key == key:
            times.append(gate.next_call_at)
            if gate.day == today and gate.calls >= pace.calls_per_day:
                times.append(datetime.combine(today + timedelta(days=1), time(0), UTC))
    return max(times, default=now)


def close(key: str, until: datetime, reason: str) -> None:
    """Let no call through before `until`."""
    with transaction.atomic():
        gate = _locked(key, until)
        gate.opens_at = max(gate.opens_at or until, until)
        gate.reason, gate.failures = reason, min(gate.failures + 1, 1000)
        gate.save(update_fields=["opens_at", "reason", "failures"])


def close_after_failure(carrier: str, key: str, now: datetime, reason: str) -> datetime:
    """The circuit breaker: an access that fails is left alone, twice as long each time. Returns until when.

    The carrier as a whole is closed when a second access fails while another one is closed for the same reason: one
    merchant's numbers that a carrier answers with an error are no outage, and must not hold up everybody else.
    """
    with transaction.atomic():
        until = _close_longer(key, now, reason)
        others = CarrierGate.objects.filter(key__startswith=f"{carrier}:", reason=reason, opens_at__gt=now)
        if others.exclude(key=key).exists():
            until = _close_longer(carrier, now, reason)
    return until


def _close_longer(key: str, now: datetime, reason: str) -> datetime:
    gate = _locked(key, now)
    wait = min(_FIRST_CLOSURE * 2 ** min(gate.failures, 10), _LONGEST_CLOSURE)
    gate.opens_at, gate.reason, gate.failures = now + wait, reason, min(gate.failures + 1, 1000)
    gate.save(update_fields=["opens_at", "reason", "failures"])
    return now + wait


def answered(*keys: str) -> None:
    """Forget earlier failures: the carrier answered."""
    CarrierGate.objects.filter(key__in=keys, failures__gt=0).update(failures=0, reason="", opens_at=None)


def _locked(key: str, now: datetime) -> CarrierGate:
    CarrierGate.objects.bulk_create(
        [CarrierGate(key=key, next_call_at=now, day=now.astimezone(UTC).date())], ignore_conflicts=True
    )
    return CarrierGate.objects.select_for_update().get(pk=key)

"""Not faster than a carrier allows: one gate for each access to its API, kept in PostgreSQL.

However many workers there are, a call is made only after its place in the access' pace was written down,
and none while the gate is closed: by the carrier's own word (too many calls, wrong credentials), or
because the carrier is down. What two accesses found down is closed for everyone, the rest for the one access.

An access that the installation lends to its merchants has one pace for all of them, and a **circuit** for each: numbers
of one merchant that a carrier answers with an error close it for that merchant. Whoever has credentials of their own
has one key for both.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from tracking.models import CarrierGate

_FIRST_CLOSURE: Final = timedelta(seconds=30)
_LONGEST_CLOSURE: Final = timedelta(minutes=30)

# Longer than any call takes: by then the one that tries whether the carrier is back has said so.
_TRIAL: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Pace:
    """What an access allows: so many calls a second and a day (UTC)."""

    calls_per_second: float
    calls_per_day: int


@dataclass(frozen=True, slots=True)
class Turn:
    """How many calls may be made. `at`: when the first may be, or (none granted) when to try again; one each `spacing`.

    `trial`: the one call that tries whether the carrier is back.
    """

    granted: int
    at: datetime
    spacing: timedelta
    trial: bool = False


def enter(
    carrier: str,
    key: str,
    pace: Pace,
    *,
    now: datetime,
    patience: timedelta,
    calls: int = 1,
    circuit: str = "",
) -> Turn:
    """Take places for up to so many calls through the access `key`: those that begin within `patience`.

    circuit: the key that failures are counted under, where it is another.

    After failures the gate is half open: one call is let through to see whether the carrier is back, and nobody
    else before that call has ended (`answered` opens the gate, another failure closes it for longer).
    """
    spacing = timedelta(seconds=1 / pace.calls_per_second)
    with transaction.atomic():
        gates = _to_pass(carrier, key, circuit, now)
        own = gates[key]
        closed = [gate.opens_at for gate in gates.values() if gate.opens_at and gate.opens_at > now]
        today = now.astimezone(UTC).date()
        used = own.calls if own.day == today else 0
        if used >= pace.calls_per_day:
            closed.append(datetime.combine(today + timedelta(days=1), time(0), UTC))
        begin = max(own.next_call_at, now)
        if closed or begin > now + patience:
            return Turn(0, max(closed, default=begin), spacing)
        in_time = 1 + int((now + patience - begin) / spacing)
        granted = min(calls, in_time, pace.calls_per_day - used)
        in_doubt = [gate for gate in gates.values() if gate.failures]
        if in_doubt:
            granted = 1
            CarrierGate.objects.filter(key__in=[gate.key for gate in in_doubt]).update(opens_at=now + _TRIAL)
        CarrierGate.objects.filter(pk=key).update(
            day=today, calls=used + granted, next_call_at=begin + granted * spacing
        )
    return Turn(granted, begin, spacing, trial=bool(in_doubt))


def _to_pass(carrier: str, key: str, circuit: str, now: datetime) -> dict[str, CarrierGate]:
    """The access' gate, locked, and the circuit's and the carrier's while they are in trouble: else they do not meet.

    The longest key first and the carrier last, as whoever closes them does.
    """
    wanted = Q(key=key) | Q(key__in=[carrier, circuit], failures__gt=0)
    locked = CarrierGate.objects.select_for_update().filter(wanted).order_by("-key")
    gates = {gate.key: gate for gate in locked}
    if key not in gates:
        _make(key, now)
        return _to_pass(carrier, key, circuit, now)
    return gates


def close(key: str, until: datetime, reason: str) -> None:
    """Let no call through before `until`."""
    with transaction.atomic():
        gate = _locked(key, until)
        gate.opens_at = max(gate.opens_at or until, until)
        gate.reason, gate.failures = reason, min(gate.failures + 1, 1000)
        gate.save(update_fields=["opens_at", "reason", "failures"])


def close_after_failure(
    carrier: str, key: str, now: datetime, reason: str, *, trial: bool = False
) -> datetime:
    """The circuit breaker: an access (its circuit) that fails is left alone, twice as long each time. Until when?

    Calls that were under way when it closed and fail as well change nothing; the `trial` after the pause does.
    The carrier as a whole is closed when a second one fails while another one is closed for the same reason: one
    merchant's numbers that a carrier answers with an error are no outage, and must not hold up everybody else.
    """
    with transaction.atomic():
        until = _close_longer(key, now, reason, trial=trial)
        others = CarrierGate.objects.filter(key__startswith=f"{carrier}:", reason=reason, opens_at__gt=now)
        tried = trial and CarrierGate.objects.filter(key=carrier, failures__gt=0).exists()
        if tried or others.exclude(key=key).exists():
            until = max(until, _close_longer(carrier, now, reason, trial=trial))
    return until


def _close_longer(key: str, now: datetime, reason: str, *, trial: bool) -> datetime:
    gate = _locked(key, now)
    if gate.opens_at and gate.opens_at > now and not trial:
        return gate.opens_at
    wait = min(_FIRST_CLOSURE * 2 ** min(gate.failures, 10), _LONGEST_CLOSURE)
    gate.opens_at, gate.reason, gate.failures = now + wait, reason, min(gate.failures + 1, 1000)
    gate.save(update_fields=["opens_at", "reason", "failures"])
    return now + wait


def answered(*keys: str) -> None:
    """Forget earlier failures: the carrier answered."""
    CarrierGate.objects.filter(key__in=keys, failures__gt=0).update(failures=0, reason="", opens_at=None)


def _locked(key: str, now: datetime) -> CarrierGate:
    _make(key, now)
    return CarrierGate.objects.select_for_update().get(pk=key)


def _make(key: str, now: datetime) -> None:
    CarrierGate.objects.bulk_create(
        [CarrierGate(key=key, next_call_at=now, day=now.astimezone(UTC).date())], ignore_conflicts=True
    )

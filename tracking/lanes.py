"""Lanes: claimed parcels that are asked about through one access (its circuit), and how many calls may be under way.

A carrier that answers is asked more at once, one that fails is asked one by one again: as TCP finds out what a line
carries (slow start). Of the places of a process no carrier takes more than half of what the others leave free, so that
one that lets every caller wait costs the others nothing.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tracking.accounts import Access, accesses
from tracking.carriers.base import Carrier
from tracking.carriers.registry import adapter
from tracking.gates import Pace, Turn
from tracking.models import Shipment

# Calls under way at once in one process.
PLACES: Final = 128
# What was learned about an access that has not been asked for so long is forgotten.
_FORGOTTEN_AFTER: Final = 60.0


@dataclass
class Lane:
    """The parcels that wait for one access, and when its gate lets the next one through."""

    carrier: Carrier
    access: Access
    waiting: deque[Shipment] = field(default_factory=deque)
    opens_at: datetime | None = None
    spacing: timedelta = timedelta(0)

    @property
    def pace(self) -> Pace:
        return self.access.pace(self.carrier.poll)

    @property
    def numbers_per_call(self) -> int:
        return max(self.carrier.poll.numbers_per_call, 1)

    def take(self) -> list[Shipment]:
        """The parcels of the next call."""
        return [self.waiting.popleft() for _ in range(min(self.numbers_per_call, len(self.waiting)))]

    def calls_wanted(self) -> int:
        """How many calls the waiting parcels need."""
        return -(-len(self.waiting) // self.numbers_per_call)

    def turn(self, turn: Turn) -> None:
        """Remember what the gate said: when it opens, and how fast it lets parcels through."""
        self.opens_at = None if turn.granted else turn.at
        self.spacing = turn.spacing / self.numbers_per_call


def into_lanes(rows: Iterable[Shipment], lanes: dict[str, Lane]) -> list[Shipment]:
    """Put claimed parcels into the lanes of their accesses. Returns those for which there are no credentials."""
    rows = list(rows)
    found = accesses((row.merchant_id, row.carrier) for row in rows)
    without = []
    for row in rows:
        access = found.get((row.merchant_id, row.carrier))
        carrier = adapter(access.carrier) if access is not None else None
        if access is None or carrier is None:
            without.append(row)
            continue
        lanes.setdefault(access.circuit, Lane(carrier, access)).waiting.append(row)
    return without


@dataclass
class _Window:
    size: int = 1
    used_at: float = 0.0


class Traffic:
    """The calls of this process that are under way, and what was learned about each access. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_circuit: Counter[str] = Counter()
        self._by_carrier: Counter[str] = Counter()
        self._windows: dict[str, _Window] = {}

    def room(self, access: Access) -> int:
        """How many more calls of this access may begin."""
        with self._lock:
            busy = self._by_carrier[access.carrier]
            others = self._by_carrier.total() - busy
            share = max((PLACES - others) // 2, 1) - busy
            window = self._windows.get(access.circuit)
            if window is None or time.monotonic() - window.used_at > _FORGOTTEN_AFTER:
                window = self._windows[access.circuit] = _Window()
            return max(min(share, window.size - self._by_circuit[access.circuit]), 0)

    def begin(self, access: Access) -> None:
        """A call begins."""
        with self._lock:
            self._by_circuit[access.circuit] += 1
            self._by_carrier[access.carrier] += 1
            self._windows.setdefault(access.circuit, _Window()).used_at = time.monotonic()

    def end(self, access: Access, *, well: bool) -> None:
        """A call has ended; well: the carrier answered it."""
        with self._lock:
            self._by_circuit[access.circuit] -= 1
            self._by_carrier[access.carrier] -= 1
            window = self._windows.setdefault(access.circuit, _Window())
            window.size = min(window.size + 1, PLACES) if well else 1
            window.used_at = time.monotonic()

    def under_way(self) -> int:
        """How many calls are under way."""
        with self._lock:
            return self._by_carrier.total()

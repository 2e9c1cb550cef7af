"""How soon after a scan we know of it, replayed: looks where news is likely against a look every two hours.

Both make the same number of calls. What is learned comes from the earlier parcels only, what is measured from the later
ones. Histories: Olist's orders (approved → handed over → delivered) where they are at hand, else the sandbox carrier's.
"""

import os
import random
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.harness import Result
from tools.installation import Installation

# Published data may not be shipped with the code (CC BY-NC-SA): it is read where it lies.
DATA = Path(os.environ.get("AFTERWARD_DATA", Path(__file__).parents[2] / "shared" / "data"))
OLIST = DATA / "olist" / "orders_train.parquet"
EVERY = 2.0  # hours
SLOWEST, FASTEST = 24.0, 0.25
PARCELS = int(os.environ.get("FRESHNESS_PARCELS", "1000"))
_COLUMNS = (
    "order_approved_at", "order_delivered_carrier_date", "order_delivered_customer_date",
    "order_estimated_delivery_date",
)  # fmt: skip


@dataclass(frozen=True)
class Wait:
    """A wait for one scan: in which context, since when, until when, and the end of the delivery window."""

    context: str
    begin: datetime
    end: datetime
    eta: datetime | None

    @property
    def hours(self) -> float:
        return (self.end - self.begin).total_seconds() / 3600


def poll_freshness(installation: Installation) -> Result:
    """Median minutes from a scan to the look that finds it; `raw`: of a look every two hours."""
    _django(installation)
    for name, parcels in (("sandbox", sandbox_parcels()), ("olist", olist_parcels())):
        if not parcels:
            print(f"  {name}: data not here")
            continue
        ours, fixed, calls = replay(parcels)
        print(
            f"  {name}: median {_median(ours):.0f} min, P90 {_p90(ours):.0f} min; every {EVERY:.0f} h:"
            f" {_median(fixed):.0f} and {_p90(fixed):.0f} min; {calls} calls each"
        )
    return Result(
        "poll_freshness", _median(ours), "min", raw=_median(fixed), ratio=_median(ours) / _median(fixed),
        p90=_p90(ours), raw_p90=_p90(fixed), calls=calls,
    )  # fmt: skip


def replay(parcels: Sequence[Sequence[Wait]]) -> tuple[list[float], list[float], int]:
    """Delays in minutes of our looks and of looks every two hours, and the number of calls of either (within 1 %)."""
    first_test = len(parcels) * 6 // 10
    split = parcels[first_test][0].begin
    rates = _learn([wait for waits in parcels for wait in waits if wait.end < split])
    later = random.Random(4).sample(list(parcels[first_test:]), min(PARCELS, len(parcels) - first_test))
    waits = [wait for parcel in later for wait in parcel]
    fixed, budget = _every_two_hours(waits)
    price = _price(waits[: len(waits) // 4], rates, budget * (len(waits) // 4) / len(waits))
    for _ in range(3):
        ours, calls = _our_looks(waits, rates, price)
        if abs(calls - budget) <= budget / 100:
            break
        price *= calls / budget
    return sorted(ours), sorted(fixed), calls


def _learn(waits: Iterable[Wait]) -> dict[str, Any]:
    from tracking.rates.counting import Counts, fitted
    from tracking.rates.priors import prior

    counts: dict[str, Counts] = {}
    for wait in waits:
        counts.setdefault(wait.context, Counts()).wait(wait.begin, wait.end, wait.eta, UTC, scanned=True)
    return {context: fitted(seen, prior(context)) for context, seen in counts.items()}


def _our_looks(waits: Sequence[Wait], rates: dict[str, Any], price: float) -> tuple[list[float], int]:
    from tracking.rates.curves import hours_to_look
    from tracking.rates.priors import prior

    delays, calls = [], 0
    for wait in waits:
        rate = rates.get(wait.context) or prior(wait.context)
        begun = wait.begin.weekday() * 24 + wait.begin.hour + wait.begin.minute / 60
        left = None if wait.eta is None else (wait.eta - wait.begin).total_seconds() / 3600
        at = 0.0
        while at < wait.hours:
            at += hours_to_look(
                rate, week_hour=begun + at, quiet=at, window=None if left is None else left - at,
                price=price, fastest=FASTEST, slowest=SLOWEST,
            )  # fmt: skip
            calls += 1
        delays.append((at - wait.hours) * 60)
    return delays, calls


def _every_two_hours(waits: Sequence[Wait]) -> tuple[list[float], int]:
    chance, delays, calls = random.Random(2), [], 0
    for wait in waits:
        at = chance.uniform(0, EVERY)
        looks = max(0, -int(-(wait.hours - at) // EVERY)) + 1
        calls += looks
        delays.append((at + (looks - 1) * EVERY - wait.hours) * 60)
    return delays, calls


def _price(waits: Sequence[Wait], rates: dict[str, Any], budget: float) -> float:
    low, high = 0.02, 20.0
    for _ in range(8):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if _our_looks(waits, rates, middle)[1] > budget else (low, middle)
    return (low * high) ** 0.5


def olist_parcels() -> list[list[Wait]]:
    """Olist's delivered orders in the order of their approval, or nothing where the data is not at hand."""
    if not OLIST.exists():
        return []
    import pyarrow.parquet as parquet

    rows = parquet.read_table(OLIST, columns=list(_COLUMNS)).to_pylist()
    times = [[row[name] and row[name].replace(tzinfo=UTC) for name in _COLUMNS] for row in rows]
    found = []
    for approved, handed_over, delivered, promised in times:
        if not (approved and handed_over and delivered and approved < handed_over < delivered):
            continue
        if delivered - approved < timedelta(days=60):
            before = Wait("announced", approved, handed_over, promised)
            found.append([before, Wait("in_transit", handed_over, delivered, promised)])
    return sorted(found, key=lambda waits: waits[0].begin)


def sandbox_parcels(count: int = 1500) -> list[list[Wait]]:
    """Journeys of the sandbox carrier, labelled on working days between 8 and 18 o'clock."""
    from tracking.carriers.sandbox import HUBS, NOWHERE, itinerary
    from tracking.rates.priors import context_of

    chance, found = random.Random(1), []
    for number in range(count):
        shipped = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(
            weeks=number * 12 // count, days=chance.randrange(5), minutes=chance.randrange(480, 1080)
        )
        scans = itinerary(f"SBX-{number}", shipped_at=shipped, origin=NOWHERE, destination=HUBS[number % 6])
        eta = shipped + timedelta(hours=60)
        waits = [
            Wait(context_of(one.status), one.occurred_at, after.occurred_at, eta)
            for one, after in pairwise(scans)
            if context_of(one.status) and after.occurred_at > one.occurred_at
        ]
        found.append(waits)
    return sorted(found, key=lambda waits: waits[0].begin)


def _django(installation: Installation) -> None:
    os.environ.update(installation.environment)
    import django

    django.setup()


def _median(delays: Sequence[float]) -> float:
    return statistics.median(delays)


def _p90(delays: Sequence[float]) -> float:
    return harness.percentile(sorted(delays), 90)

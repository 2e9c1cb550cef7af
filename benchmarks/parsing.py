"""How many answers a second each carrier's adapter reads: one thread, no network, no database."""

import itertools
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.harness import Result
from tools.installation import Installation

FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "tracking" / "fixtures"
CARRIERS = ("dhl", "ups", "fedex", "usps", "royal_mail", "canada_post")
_SECONDS = 1.0
_ROUNDS = 3


def parse(carrier: str, installation: Installation | None = None) -> Result:
    """Answers a second of one adapter over its fixtures that hold parcels; the best of three rounds."""
    return Result(f"parse_{carrier}", max(_round(carrier) for _ in range(_ROUNDS)), "answers/s")


def _round(carrier: str) -> float:
    from tracking.carriers.base import TrackingResult
    from tracking.carriers.registry import ADAPTERS

    read = ADAPTERS[carrier].read
    bodies = [path.read_bytes() for path in sorted((FIXTURES / carrier).iterdir())]
    bodies = [body for body in bodies if isinstance(read(None, body)[0], TrackingResult)]
    began, count = time.perf_counter(), 0
    for body in itertools.cycle(bodies):
        read(None, body)
        count += 1
        if count % 50 == 0 and time.perf_counter() - began > _SECONDS:
            break
    return count / (time.perf_counter() - began)


BENCHMARKS: dict[str, Callable[[Installation], Result]] = {
    f"parse_{carrier}": partial(parse, carrier) for carrier in CARRIERS
}

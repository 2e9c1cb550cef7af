"""How many answers a second each adapter reads: from the bytes of one parcel's whole way to our normal form."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.harness import Result
from tools.installation import Installation
from tracking.carriers.base import TrackingResult
from tracking.carriers.registry import ADAPTERS

_FIXTURES = Path(__file__).parents[1] / "tests" / "tracking" / "fixtures"
_SECONDS = 1.0
# The answer that is read: one parcel with its whole way, in the form that the carrier documents.
ANSWERS = {
    "dhl": "delivered.json",
    "ups": "delivered.json",
    "fedex": "held.json",
    "usps": "delivered.json",
    "royal_mail": "delivered.json",
    "canada_post": "delivered.xml",
    "dhl_parcel_de": "way.xml",
    "dpd": "way.xml",
    "gls": "way.json",
    "easypost": "way.json",
    "aftership": "way.json",
    "shippo": "way.json",
    "17track": "way.json",
}


def parse(carrier: str, installation: Installation) -> Result:
    """Answers a second of one process. Needs no server; each has to be read as a result."""
    body = (_FIXTURES / carrier / ANSWERS[carrier]).read_bytes()
    adapter, read = ADAPTERS[carrier], 0
    began, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < _SECONDS:
        if not isinstance(adapter.read(None, body)[0], TrackingResult):
            raise RuntimeError(f"{carrier} did not read its own answer")
        read += 1
    spent = time.process_time() - cpu
    return Result(
        f"parse_{carrier}",
        read / (time.perf_counter() - began),
        "answers/s",
        cpu_ms=spent * 1000 / read,
        bytes=len(body),
    )


PARSING: dict[str, Callable[[Installation], Result]] = {
    f"parse_{carrier}": partial(parse, carrier) for carrier in ANSWERS
}

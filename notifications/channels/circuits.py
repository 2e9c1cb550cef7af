"""Which providers are left alone for a while, because the last tries with them failed.

Kept in the process: each worker finds out by itself after three failures, and no mail waits for a row to be written.
"""

import threading
import time
from dataclasses import dataclass
from typing import Final

# So many failures one after another open a circuit …
FAILURES: Final = 3
# … for so long (seconds). Then one try is let through; when that fails too, it stays open twice as long.
FIRST_PAUSE: Final = 60.0
LONGEST_PAUSE: Final = 900.0


@dataclass
class _Circuit:
    failures: int = 0
    opened_until: float = 0.0  # time.monotonic()


_circuits: dict[str, _Circuit] = {}
_lock = threading.Lock()


def is_open(name: str) -> bool:
    """Whether this provider is left alone now. The first to ask after the pause may try; others wait for its answer."""
    with _lock:
        circuit = _circuits.get(name)
        if circuit is None or circuit.failures < FAILURES:
            return False
        now = time.monotonic()
        if now < circuit.opened_until:
            return True
        circuit.opened_until = now + FIRST_PAUSE
        return False


def failed(name: str) -> bool:
    """A try failed in a way that says something about the next one. Returns whether the circuit is open now."""
    with _lock:
        circuit = _circuits.setdefault(name, _Circuit())
        circuit.failures = min(circuit.failures + 1, 100)
        if circuit.failures >= FAILURES:
            pause = min(FIRST_PAUSE * 2 ** (circuit.failures - FAILURES), LONGEST_PAUSE)
            circuit.opened_until = time.monotonic() + pause
        return circuit.failures >= FAILURES


def worked(name: str) -> None:
    """This provider took a message: earlier failures are forgotten."""
    with _lock:
        _circuits.pop(name, None)


def forget() -> None:
    """Forget all failures."""
    with _lock:
        _circuits.clear()

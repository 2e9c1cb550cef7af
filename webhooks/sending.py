"""Sending what is due: many calls under way at once, and no transaction meanwhile.

The thread that answers the bell claims and writes down; threads of a pool only speak HTTP and touch no database. A call
that takes long does not hold the bell's thread: it is left under way, and written down by its own thread when it ends.
A process that dies before it has written down leaves its rows to the lease: they are sent again, with the same id.
"""

import os
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final
from uuid import UUID

import structlog
from django.db import connection

from merchants.addresses import Policy
from merchants.http import OutboundSession
from merchants.scope import platform_scope
from webhooks import bodies, picking
from webhooks.calls import Call, Outcome, prepare
from webhooks.checks import policy
from webhooks.models import Delivery
from webhooks.results import write_down

log = structlog.get_logger(__name__)

# Calls under way at once in one process.
PLACES: Final = 64
# The bell's thread leaves after so long, or when nothing has ended for a while.
_RUN_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 0.25
# What ends within so short a time is written down together.
_GATHER_SECONDS: Final = 0.005


class _Sender:
    """The calls of this process."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(PLACES, thread_name_prefix="webhooks")
        self._done: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self._busy: Counter[UUID] = Counter()
        self._collected = False

    def run(self) -> int:
        """Claim, send and write down until nothing is due, or the calls take long. Returns how many were claimed."""
        begun, ends = 0, time.monotonic() + _RUN_SECONDS
        self._collected = True
        try:
            while True:
                begun += self._begin()
                if not self._wait() or time.monotonic() > ends:
                    return begun
                self._write_down()
        finally:
            self._collected = False
            self._write_down()  # What ended before its thread could see that nobody collects any more.

    def _begin(self) -> int:
        busy = self._under_way()
        free = PLACES - sum(busy.values())
        claimed = picking.claim(free, busy) if free else []
        for call in _calls(claimed):
            with self._lock:
                self._busy[call.endpoint_id] += 1
            self._pool.submit(self._send, call)
        return len(claimed)

    def _send(self, call: Call) -> None:
        outcome = call.send(_session(policy()))
        self._done.put(
            outcome
        )  # Before its place is free: whoever sees no call under way finds every outcome.
        with self._lock:
            self._busy[call.endpoint_id] -= 1
        self._ended.set()
        if not self._collected:
            self._write_late()

    def _write_late(self) -> None:
        try:
            self._write_down()
        except Exception:  # The lease ends, and it is sent again.
            log.exception("webhook_result_lost")
        finally:
            connection.close()

    def _wait(self) -> bool:
        """Wait until something has ended. False when nothing is under way, or all of it takes long."""
        if not self._under_way() and self._done.empty():
            return False
        if not self._ended.wait(_PATIENCE_SECONDS):
            return False
        self._ended.clear()
        time.sleep(_GATHER_SECONDS)
        return True

    def _under_way(self) -> dict[UUID, int]:
        with self._lock:
            return dict(+self._busy)

    def _write_down(self) -> None:
        with self._writing:
            outcomes = []
            while not self._done.empty():
                outcomes.append(self._done.get())
            if outcomes:
                write_down(outcomes)


def send_due() -> int:
    """Send what is due of every merchant. Returns how many deliveries were claimed."""
    return _sender().run()


def _calls(claimed: Iterable[Delivery]) -> list[Call]:
    deliveries = list(claimed)
    if not deliveries:
        return []
    with platform_scope("webhooks of whichever merchant comes next"):
        facts = bodies.facts_of(deliveries)
    return [prepare(delivery, bodies.body_of(delivery, facts)) for delivery in deliveries]


@lru_cache(maxsize=1)
def _sender() -> _Sender:
    return _Sender()


@lru_cache(maxsize=4)
def _session(allowed: Policy) -> OutboundSession:
    return OutboundSession(allowed, connections=PLACES)


def _begin_anew() -> None:
    """A forked process has none of its parent's threads, and must not speak on its sockets."""
    _sender.cache_clear()
    _session.cache_clear()


os.register_at_fork(after_in_child=_begin_anew)

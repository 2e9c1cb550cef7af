"""The doorbell: tells a worker that there is something to do, through Redis and Celery.

A bell is a hint. It may get lost or ring twice; the rows in PostgreSQL decide what is done, and the tick
finds whatever no bell was rung for. This is the only module that hands anything to Celery.
"""

import atexit
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import redis
import structlog
from celery import current_app
from django.conf import settings
from django.db import connection, transaction

from merchants.redis_line import RedisLine

log = structlog.get_logger(__name__)

DRAIN = "drain"  # argument: the shard
DUE = "due"  # argument: the kind of due work

# Rung bells are remembered for this long, so that a burst of commits wakes one worker and not one each.
_REMEMBER_MILLISECONDS = 1000
# What is rung for within so short a time rings once. The first of a burst waits for nothing.
_GATHER_SECONDS = 0.01
# After a failure nobody tries again for this long: with Redis down a request must not wait for it each time.
_SILENCE_SECONDS = 1.0
_TIMEOUT_SECONDS = 0.25
# With so many bells unanswered no worker is there, or all are busy: one more would only fill Redis' memory.
_MOST_UNANSWERED = 1000

_silent_until = 0.0
_line = RedisLine(lambda: _TIMEOUT_SECONDS)


@dataclass(frozen=True)
class _Ring:
    """A bell to ring once the transaction is committed. Two of the same bell are equal."""

    bell: str
    argument: int | str

    def __call__(self) -> None:
        _ringer.ring(self.bell, self.argument)


def ring_after_commit(bell: str, argument: int | str) -> None:
    """Ring once the open transaction is committed: once for all that it did, and without waiting for Redis."""
    if not connection.in_atomic_block:  # One statement that is a transaction by itself, and over.
        _ringer.ring(bell, argument)
        return
    wanted = _Ring(bell, argument)
    if not any(wanted in registered for registered in connection.run_on_commit):
        transaction.on_commit(wanted, robust=True)


def ring(bell: str, argument: int | str) -> bool:
    """Wake a worker. Never raises and never waits for longer than a quarter of a second.

    Returns whether the bell is ringing (rung now, or rung just before and not yet answered).
    """
    global _silent_until
    if time.monotonic() < _silent_until:
        return False
    try:
        rung_now = _line.call("SET", _name(bell, argument), 1, "NX", "PX", _REMEMBER_MILLISECONDS)
        if rung_now and _line.call("LLEN", current_app.conf.task_default_queue) < _MOST_UNANSWERED:
            current_app.send_task("events.tasks.answer", (bell, argument), retry=False, expires=300)
    except Exception as error:  # noqa: BLE001  # Whatever is wrong with Redis, the tick will find the work.
        _silent_until = time.monotonic() + _SILENCE_SECONDS
        log.warning("doorbell_failed", bell=bell, error=repr(error))
        return False
    return True


def answered(bell: str, argument: int | str) -> None:
    """Forget that the bell was rung: whoever rings from now on wakes a worker again.

    Called before the work is looked at, so that nothing committed later is missed.
    """
    with suppress(redis.RedisError):  # It is forgotten by itself within a second.
        _redis().delete(_name(bell, argument))


def warm_up() -> None:
    """Load what the first ring of a process would have to load. Connects to nothing."""
    current_app.connection_for_write().transport  # noqa: B018  # Loads the module that speaks to Redis.
    current_app.amqp.queues, current_app.backend  # noqa: B018


class _Ringer:
    """Rings in a thread of its own, so that nobody who has committed waits for Redis, however it fares.

    What is rung for while it is at it rings once. A process that dies before it has rung leaves its facts to the
    tick, like one that dies between its commit and the bell.
    """

    def __init__(self) -> None:
        self._wanted: set[tuple[str, int | str]] = set()
        self._wake = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self, bell: str, argument: int | str) -> None:
        """Have the bell rung, at once or within milliseconds."""
        self._wanted.add((bell, argument))
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
                    self._thread.start()
        self._wake.set()

    def ring_the_rest(self) -> None:
        """Ring for what is still wanted, before the process ends."""
        with suppress(KeyError):  # Empty: also when the thread has just taken the last one.
            while True:
                ring(*self._wanted.pop())

    def _run(self) -> None:
        while self._wake.wait():
            self._wake.clear()
            self.ring_the_rest()
            time.sleep(_GATHER_SECONDS)


def _begin_anew() -> None:
    """A forked process has none of its parent's threads."""
    global _ringer
    _ringer = _Ringer()


_ringer = _Ringer()
os.register_at_fork(after_in_child=_begin_anew)
atexit.register(lambda: _ringer.ring_the_rest())


@lru_cache(maxsize=1)
def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        retry=None,
        protocol=2,
    )


def _name(bell: str, argument: int | str) -> str:
    return f"bell:{bell}:{argument}"

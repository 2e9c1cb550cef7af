"""The doorbell: tells a worker that there is something to do, through Redis and Celery.

A bell is a hint. It may get lost or ring twice; the rows in PostgreSQL decide what is done, and the tick
finds whatever no bell was rung for. This is the only module that hands anything to Celery.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import redis
import structlog
from celery import current_app
from django.conf import settings
from django.db import connection, transaction

log = structlog.get_logger(__name__)

DRAIN = "drain"  # argument: the shard
DUE = "due"  # argument: the kind of due work

# Rung bells are remembered for this long, so that a burst of commits wakes one worker and not one each.
_REMEMBER_MILLISECONDS = 1000
# After a failure nobody tries again for this long: with Redis down a request must not wait for it each time.
_SILENCE_SECONDS = 1.0
_TIMEOUT_SECONDS = 0.25
# With so many bells unanswered no worker is there, or all are busy: one more would only fill Redis' memory.
_MOST_UNANSWERED = 1000

_silent_until = 0.0


@dataclass(frozen=True)
class _Ring:
    """A bell to ring once the transaction is committed. Two of the same bell are equal."""

    bell: str
    argument: int | str

    def __call__(self) -> None:
        ring(self.bell, self.argument)


def ring_after_commit(bell: str, argument: int | str) -> None:
    """Ring once the open transaction is committed: once for all that it did."""
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
        client = _redis()
        rung_before = not client.set(_name(bell, argument), 1, nx=True, px=_REMEMBER_MILLISECONDS)
        if not rung_before and client.llen(current_app.conf.task_default_queue) < _MOST_UNANSWERED:
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

"""Recording facts and doing things at the same time."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections, transaction

from events import log
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from orders.facts import OrderUpdated

WAIT = 20.0  # seconds that a test waits for another thread before it fails


def record(merchant: Merchant, *words: str) -> None:
    """Commit one fact for each word (its `external_id`), all in one transaction."""
    with merchant_scope(merchant), transaction.atomic():
        note(*words)


def note(*words: str) -> None:
    """Record one fact for each word in the open transaction and scope."""
    log.record_many((OrderUpdated(order_id=uuid7(), external_id=word, changed=[]), None) for word in words)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Do all of them at the same time, each with a database connection of its own. Returns what they returned."""
    ready = threading.Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        ready.wait(WAIT)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        futures = [in_thread(begin, work, pool=pool) for work in works]
        return [future.result(WAIT * 3) for future in futures]


def in_thread(work: Callable[..., Any], *arguments: Any, pool: ThreadPoolExecutor) -> Future[Any]:
    """Begin a work in a thread with a connection of its own."""

    def run() -> Any:
        try:
            return work(*arguments)
        finally:
            connections.close_all()

    return pool.submit(run)


@contextmanager
def held_open(merchant: Merchant, work: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Another session that does `work` in a transaction which stays open until the given function is called."""
    done, go = threading.Event(), threading.Event()

    def session() -> None:
        with merchant_scope(merchant), transaction.atomic():
            work()
            done.set()
            assert go.wait(WAIT)

    with ThreadPoolExecutor(1) as pool:
        future = in_thread(session, pool=pool)
        assert done.wait(WAIT) or future.result(0)

        def commit() -> None:
            go.set()
            future.result(WAIT)

        try:
            yield commit
        finally:
            go.set()


def line(merchant: Merchant) -> list[str]:
    """The words of all facts that have a place, in order."""
    from events.models import Fact

    with platform_scope("a test looks at the log"):
        facts = Fact.objects.filter(merchant=merchant).order_by("position")
        return [fact.data["external_id"] for fact in facts]


def backend_pid() -> int:
    """The server's process for this thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def terminate(pid: int) -> None:
    """End a session of the server, as an administrator or a restart would."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])

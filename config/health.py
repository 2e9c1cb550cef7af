"""`/healthz` (the process lives) and `/readyz` (what it needs is there, part by part)."""

import time
from collections.abc import Callable

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events import heartbeat

log = structlog.get_logger(__name__)

_REDIS_TIMEOUT = 0.5
# So many ticks may be missed before the worker counts as gone: it may be busy with one long task.
_TICKS_MISSED = 15

_migrated = False


class Down(Exception):
    """A part that does not work; the text says why, without anything that only we should know."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers. Asks nobody: a restart of this process would not mend a database."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Which parts are up. 503 when requests cannot be served (`down`).

    200 with `degraded` when they can, but the rest has to wait: nothing is lost without Redis or without a worker.
    """
    parts = {name: _look(name, check) for name, check in _PARTS.items()}
    wrong = {name for name, part in parts.items() if not part["ok"]}
    status = "down" if wrong & _NEEDED else "degraded" if wrong else "ready"
    return JsonResponse({"status": status, "parts": parts}, status=503 if status == "down" else 200)


def _look(name: str, check: Callable[[], None]) -> dict[str, object]:
    began = time.monotonic()
    part: dict[str, object] = {"ok": True}
    try:
        check()
    except Down as error:
        part = {"ok": False, "error": str(error)}
        log.warning("part_down", part=name, error=str(error))
    return {**part, "ms": round((time.monotonic() - began) * 1000, 1)}


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        connection.close()
        raise Down("PostgreSQL does not answer") from error


def _migrations() -> None:
    try:
        missing = _missing_migrations()
    except DatabaseError as error:
        raise Down("PostgreSQL does not answer") from error
    if missing:
        raise Down(f"{len(missing)} migrations were not applied, from {missing[0]}")


def _missing_migrations() -> list[str]:
    """Names of migrations that were not applied. None stays none: the code of this process does not change."""
    global _migrated
    if _migrated:
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    _migrated = not plan
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _redis() -> None:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=_REDIS_TIMEOUT,
            socket_connect_timeout=_REDIS_TIMEOUT,
            retry=None,
        ) as client:
            client.ping()
    except redis.RedisError as error:
        raise Down("Redis does not answer: work is found by the tick only") from error


def _worker() -> None:
    try:
        silence = heartbeat.silence()
    except DatabaseError as error:
        raise Down("unknown: PostgreSQL does not answer") from error
    if silence is None:
        raise Down("no worker was ever seen at work")
    if silence.total_seconds() > settings.TICK_SECONDS * _TICKS_MISSED:
        raise Down(f"no worker was seen at work for {silence.total_seconds():.0f} s")


_PARTS: dict[str, Callable[[], None]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "worker": _worker,
}
_NEEDED = {"database", "migrations"}

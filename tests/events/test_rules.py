"""Rules that the whole code base holds to, checked in the code and in the database itself."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from redis.connection import URL_QUERY_ARGUMENT_PARSERS

from events import doorbell, due, parked
from notifications import sending
from orders import inbox
from tracking import claims
from webhooks import picking

_REPO = Path(__file__).resolve().parents[2]
_APPS = (
    "config",
    "dashboard",
    "demo",
    "events",
    "merchants",
    "notifications",
    "orders",
    "portal",
    "tracking",
    "webhooks",
)
_FILES = sorted(path for app in _APPS for path in (_REPO / app).rglob("*.py"))


def _calls() -> Iterator[tuple[Path, ast.Call, str]]:
    """Every call in our code: where, the call, and the name that is called (`x.delay()` is `delay`)."""
    for path in _FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
                yield path.relative_to(_REPO), node, name


def test_only_the_doorbell_hands_anything_to_celery() -> None:
    """R3: whatever else hands a task over may do so before its commit, or be lost between the two."""
    handing = {"delay", "apply_async", "send_task", "apply", "s", "si", "signature"}
    found = {str(path) for path, _, name in _calls() if name in handing and "migrations" not in path.parts}
    assert found == {"events/doorbell.py"}


def test_only_the_channels_talk_to_people() -> None:
    """R3: a message is sent by whoever holds its claimed row, and by nobody else."""
    talking = {
        "send_mail",
        "send_mass_mail",
        "mail_admins",
        "mail_managers",
        "get_connection",
        "EmailMultiAlternatives",
    }
    found = {path.parent.as_posix() for path, _, name in _calls() if name in talking}
    assert found <= {"notifications/channels"}


def test_nothing_is_scheduled_in_the_broker() -> None:
    """R7: a countdown lives in Redis, is lost with it, and is repeated after the visibility timeout."""
    asking = {"countdown", "retry_backoff", "autoretry_for", "default_retry_delay"}
    celery = {"apply_async", "send_task", "signature", "shared_task", "task"}
    for path, node, name in _calls():
        keywords = {keyword.arg for keyword in node.keywords}
        assert not asking & keywords, f"{path}:{node.lineno}"
        assert not (name in celery and {"eta", "max_retries"} & keywords), f"{path}:{node.lineno}"
        assert not (name == "retry" and _on_self(node)), f"{path}:{node.lineno}"


def _on_self(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "self"


def test_our_code_never_notifies(db: None) -> None:
    """R14: NOTIFY in a transaction that takes orders halves how many commit: PostgreSQL lines them up for it."""
    for path in _FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert "pg_notify" not in node.value.lower(), path
                assert not node.value.lstrip().upper().startswith(("NOTIFY ", "LISTEN ")), path


def test_no_trigger_or_function_of_the_database_notifies(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = 'public' AND p.prokind IN ('f', 'p')"
            " AND p.prosrc ~* '(pg_notify|\\mnotify\\M)'"
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND p.prosrc ~* '(pg_notify|\\mnotify\\M)'"
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT rulename FROM pg_rules WHERE definition ~* '\\mnotify\\M'")
        assert cursor.fetchall() == []


# --- Celery, as it is really configured (R8) ---


@pytest.fixture
def conf() -> Any:
    return current_app.conf


def test_a_task_ends_before_redis_would_give_it_to_somebody_else(conf: Any) -> None:
    visible_after = conf.broker_transport_options["visibility_timeout"]
    assert conf.task_soft_time_limit < conf.task_time_limit < visible_after


def test_a_long_answer_ends_well_before_its_time_limit(conf: Any) -> None:
    """A drain or a kind of due work leaves after this long; one batch of it may still be under way."""
    from events import drain

    for seconds in (drain._DRAIN_SECONDS, due._RUN_SECONDS):
        assert conf.task_soft_time_limit > seconds + 30


def test_a_task_of_a_dead_worker_comes_back_soon(conf: Any) -> None:
    options = conf.broker_transport_options
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert options["visibility_timeout"] <= 300
    # kombu looks every interval × throttle seconds for what was taken and never acknowledged; by default every 100.
    assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] <= 30


def test_a_worker_takes_no_more_than_it_works_on(conf: Any) -> None:
    assert conf.worker_prefetch_multiplier == 1


def test_nothing_is_stored_in_redis(conf: Any) -> None:
    """R9: Redis is disposable. No result, no session, no cache that anything relies on."""
    assert conf.task_ignore_result
    assert conf.result_backend is None
    assert settings.SESSION_ENGINE == "django.contrib.sessions.backends.db"
    assert settings.CACHES["default"]["BACKEND"] == "django.core.cache.backends.locmem.LocMemCache"


def test_only_json_is_taken_from_redis(conf: Any) -> None:
    assert conf.accept_content == ["json"]
    assert conf.task_serializer == "json"


def test_a_worker_that_is_asked_to_stop_may_finish_and_one_that_lost_redis_tries_for_ever(conf: Any) -> None:
    assert conf.worker_soft_shutdown_timeout > 0
    assert conf.broker_connection_retry_on_startup
    assert conf.broker_connection_max_retries is None
    with current_app.connection_for_read() as waiting:
        # Celery's own connection waits for up to 30 seconds between two looks.
        assert type(waiting).__module__ == "config.celery"


def test_a_dead_redis_is_noticed(conf: Any) -> None:
    options = conf.broker_transport_options
    assert 0 < options["socket_connect_timeout"] <= options["socket_timeout"] <= 10
    client = doorbell._redis()
    arguments = client.connection_pool.connection_kwargs
    assert "socket_timeout" in URL_QUERY_ARGUMENT_PARSERS  # still its name
    assert 0 < arguments["socket_timeout"] <= 0.25
    assert 0 < arguments["socket_connect_timeout"] <= 0.25


# --- leases (R11) and sessions (R13) ---


@pytest.mark.parametrize("lease", [inbox._LEASE, sending.LEASE, claims.LEASE, parked._LEASE, picking.LEASE])
def test_a_dead_workers_rows_come_due_again_within_a_minute(lease: Any) -> None:
    """With the tick that finds them: the next try begins within 75 s."""
    assert lease <= due.LONGEST_LEASE
    assert lease.total_seconds() + 5 * settings.TICK_SECONDS <= 75


@pytest.mark.parametrize(
    ("name", "most"),
    [("statement_timeout", 30), ("lock_timeout", 10), ("idle_in_transaction_session_timeout", 60)],
)
def test_the_server_ends_what_holds_others_up(db: None, name: str, most: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int, unit FROM pg_settings WHERE name = %s", [name])
        value, unit = cursor.fetchone()
    assert unit == "ms"
    assert 0 < value <= most * 1000

"""`/healthz` and `/readyz`, with servers that are really stopped."""

import json
import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config import embedded_redis
from events import heartbeat
from events.tasks import tick

_REPO = Path(__file__).resolve().parents[2]


def _ready(client: Client) -> tuple[int, dict[str, Any]]:
    response = client.get("/readyz")
    assert response["Cache-Control"].startswith("max-age=0")
    return response.status_code, response.json()


def test_a_living_process_answers_without_asking_the_database(client: Client) -> None:
    response = client.get("/healthz")  # No database is allowed in this test.
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_everything_is_ready_once_a_worker_has_done_its_tick(client: Client, db: None) -> None:
    tick()
    status, body = _ready(client)
    assert status == 200
    assert body["status"] == "ready", body
    assert set(body["parts"]) == {"database", "migrations", "redis", "worker"}


def test_without_a_worker_it_is_degraded_and_says_so(client: Client, db: None) -> None:
    status, body = _ready(client)
    assert (status, body["status"]) == (200, "degraded")
    assert body["parts"]["worker"]["error"] == "no worker was ever seen at work"


def test_a_worker_that_went_silent_is_reported_with_how_long_ago(client: Client, db: None) -> None:
    heartbeat.beat(timezone.now() - timedelta(minutes=5))
    status, body = _ready(client)
    assert (status, body["status"]) == (200, "degraded")
    assert body["parts"]["worker"]["error"] == "no worker was seen at work for 300 s"


def test_an_old_tick_that_comes_late_does_not_hide_a_newer_one(db: None) -> None:
    heartbeat.beat()
    heartbeat.beat(timezone.now() - timedelta(hours=1))
    silence = heartbeat.silence()
    assert silence is not None
    assert silence < timedelta(seconds=30)


def test_with_redis_stopped_it_is_degraded_until_redis_is_back(
    client: Client, db: None, settings: Any
) -> None:
    tick()
    with tempfile.TemporaryDirectory(prefix="aw-health-") as name:
        socket = Path(name) / "redis.sock"
        settings.REDIS_URL = f"unix://{socket}?db=0"
        embedded_redis.start(socket, Path(name))
        assert _ready(client)[1]["status"] == "ready"

        embedded_redis.stop(socket)
        status, body = _ready(client)
        assert (status, body["status"]) == (200, "degraded")
        assert body["parts"]["redis"]["ok"] is False
        assert body["parts"]["worker"]["ok"] is True

        embedded_redis.start(socket, Path(name))
        assert _ready(client)[1]["status"] == "ready"
        embedded_redis.stop(socket)


# An installation of its own that was never migrated, and whose PostgreSQL is stopped while it runs.
_STOPPED = """
import json
from pathlib import Path
import django
django.setup()
from django.test import Client
from config import embedded, embedded_postgres
client = Client()
for _ in range(2):
    response = client.get("/readyz")
    print(json.dumps([response.status_code, response.json()]), flush=True)
    embedded_postgres.stop(embedded.home() / "postgres")
print(client.get("/healthz").status_code)
"""


def test_without_migrations_or_without_postgresql_it_is_down() -> None:
    with tempfile.TemporaryDirectory(prefix="aw-health-") as home:
        environment = {**os.environ, "AFTERWARD_HOME": home, "DJANGO_SETTINGS_MODULE": "config.settings"}
        done = subprocess.run(
            [sys.executable, "-c", _STOPPED], cwd=_REPO, env=environment, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    fresh, stopped, alive = done.stdout.splitlines()

    status, body = json.loads(fresh)
    assert (status, body["status"]) == (503, "down")
    assert body["parts"]["database"]["ok"] is True
    assert "migrations were not applied" in body["parts"]["migrations"]["error"]

    status, body = json.loads(stopped)
    assert (status, body["status"]) == (503, "down")
    assert {name for name, part in body["parts"].items() if not part["ok"]} == {
        "database", "migrations", "worker",
    }  # fmt: skip
    assert "postgres" not in json.dumps(body).replace("PostgreSQL", "")  # No address, no account, no path.
    assert alive == "200"

"""The files for production, held to what can be checked without a container engine."""

import ast
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

_REPO = Path(__file__).resolve().parents[2]
_BIN = Path(sys.executable).parent
# Read by the images of PostgreSQL, not by us.
_OF_OTHERS = {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"}
_READERS = {"text", "flag", "integer", "words"}


def _compose() -> dict[str, Any]:
    return yaml.safe_load((_REPO / "docker-compose.yml").read_text())


def _variables_in_dotenv() -> dict[str, str]:
    lines = (_REPO / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _variables_read_by_settings() -> set[str]:
    tree = ast.parse((_REPO / "config" / "settings.py").read_text())
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    return {c.args[0].value for c in calls if c.func.id in _READERS and isinstance(c.args[0], ast.Constant)}


def _celery_command(service: str) -> list[str]:
    return _compose()["services"][service]["command"]


def _web_command() -> list[str]:
    match = re.search(r"^CMD (\[.*\])$", (_REPO / "Dockerfile").read_text(), re.MULTILINE)
    assert match
    return ast.literal_eval(match[1])


def test_the_compose_file_has_the_five_parts_and_waits_for_what_they_need() -> None:
    services = _compose()["services"]
    assert {"web", "worker", "beat", "postgres", "redis", "migrate"} == set(services)
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["postgres"]["image"] == "postgres:18"
    assert int(services["redis"]["image"].removeprefix("redis:")) >= 7


def test_every_variable_that_the_files_set_is_read() -> None:
    known = _variables_read_by_settings() | _OF_OTHERS
    compose = {v for s in _compose()["services"].values() for v in s.get("environment", {})}
    assert {"DATABASE_URL", "REDIS_URL"} <= compose
    assert not (compose | set(_variables_in_dotenv())) - known


def test_the_image_installs_the_locked_dependencies_and_runs_as_nobody_special() -> None:
    dockerfile = (_REPO / "Dockerfile").read_text()
    assert "--require-hashes" in dockerfile
    assert (_REPO / "requirements" / "base.txt").exists()
    assert dockerfile.index("USER afterward") < dockerfile.index('CMD ["granian"')


def _production(**more: str) -> dict[str, str]:
    """The environment of the compose file, with our servers in place of its own."""
    filled = {"AFTERWARD_SECRET_KEY": "not-a-real-secret-" + "0123456789abcdef" * 3, "AFTERWARD_PUBLIC_URL": "https://orders.example.com"}
    given = {k: v for k, v in _variables_in_dotenv().items() if v and k not in _OF_OTHERS}
    ours = {"DATABASE_URL": settings.DATABASE_URL, "REDIS_URL": settings.REDIS_URL}
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "AFTERWARD_HOME")}
    static = {"AFTERWARD_STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    return {**kept, **given, **filled, **ours, **static, **more}


def test_django_finds_nothing_to_complain_about_in_the_production_settings() -> None:
    check = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=_REPO, env=_production(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert check.returncode == 0, check.stderr
    assert "no issues" in check.stdout


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_the_command_of_each_service_exists_and_keeps_running(service: str, tmp_path: Path) -> None:
    command = _web_command() if service == "web" else _celery_command(service)
    command = [str(tmp_path / "schedule") if part == "/tmp/beat-schedule" else part for part in command]
    command = [
        "0" if before == "--port" else part for before, part in zip(["", *command], command, strict=False)
    ]
    said = tmp_path / "log"
    with said.open("w") as log:
        process = subprocess.Popen(
            [str(_BIN / command[0]), *command[1:]], cwd=_REPO, env=_production(), stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 6
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.2)
        assert process.poll() is None, said.read_text()
    finally:
        process.terminate()
        process.wait(30)

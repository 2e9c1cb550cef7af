"""What production runs: the compose file and the image's recipe, held to what can be tried without a container engine.

The commands of every service are started as they stand there, with the environment that stands there, against a real
PostgreSQL and Redis.
"""

import ast
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import embedded_postgres, embedded_redis, environment

_REPO = Path(__file__).resolve().parents[2]
_READERS = {"text", "flag", "integer", "words"}
_OF_THE_IMAGES = {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"}
_OURS = ("migrate", "web", "worker", "beat")
_VARIABLE = re.compile(r"\$\{(\w+):\?[^}]*\}")
# What an operator would write into .env.
_FILLED_IN = {
    "AFTERWARD_PUBLIC_URL": "https://afterward.example.com",
    "AFTERWARD_SECRET_KEY": "k3Vx-9Qp2_ZtLr7WmBn4Hs8Yc1Jd6Fg0Ua5EoXiNvRqTlPwKzM",
    "AFTERWARD_FROM_EMAIL": "Orders <orders@example.com>",
    "POSTGRES_PASSWORD": "s3cret",
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """docker-compose.yml as Compose reads it, without its variables filled in."""
    return yaml.safe_load((_REPO / "docker-compose.yml").read_text())  # type: ignore[no-any-return]


def _environment(service: dict[str, Any]) -> dict[str, str]:
    """The service's environment as Compose would make it of .env.example with the operator's values filled in."""

    def fill(match: re.Match[str]) -> str:
        return _FILLED_IN[match[1]]  # Whatever else is required has to be in the example, and here.

    assert service["env_file"] == ".env"
    own = {name: _VARIABLE.sub(fill, value) for name, value in service["environment"].items()}
    return {**_example(), **_FILLED_IN, **own}


def _example() -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)", (_REPO / ".env.example").read_text(), re.MULTILINE))


def _command(compose: dict[str, Any], name: str) -> list[str]:
    """What the service runs: its own command, or the image's."""
    if "command" in compose["services"][name]:
        return list(compose["services"][name]["command"])
    recipe = (_REPO / "Dockerfile").read_text().replace("\\\n", " ")
    return list(json.loads(re.findall(r"^CMD (\[.*\])", recipe, re.MULTILINE)[-1]))


# --- what can be read ---


def test_the_services_are_those_of_production(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {*_OURS, "postgres", "redis"}
    assert services["postgres"]["image"].startswith("postgres:18")
    assert int(services["redis"]["image"].split(":")[1].split("-")[0]) >= 7
    assert services["web"]["ports"] == ["127.0.0.1:8000:8000"]  # Only the reverse proxy reaches it.
    assert "ports" not in services["postgres"]
    assert "ports" not in services["redis"]
    assert "healthcheck" in services["postgres"]
    assert "healthcheck" in services["redis"]
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_every_variable_that_is_set_is_read(compose: dict[str, Any]) -> None:
    read = set()
    for path in (_REPO / "config").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _READERS:
                read |= {a.value for a in node.args[:1] if isinstance(a, ast.Constant)}
    for name in _OURS:
        assert set(compose["services"][name]["environment"]) <= read
    assert set(compose["services"]["postgres"]["environment"]) <= _OF_THE_IMAGES
    assert set(_example()) - _OF_THE_IMAGES <= read


def test_what_an_operator_has_to_set_is_in_the_example(compose: dict[str, Any]) -> None:
    required = set(_VARIABLE.findall((_REPO / "docker-compose.yml").read_text()))
    assert required == set(_FILLED_IN)
    assert required <= set(_example())


def test_a_variable_that_was_left_out_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERWARD_ALLOWED_HOSTS", "")
    monkeypatch.setenv("AFTERWARD_SMTP_PORT", "")
    assert environment.words("AFTERWARD_ALLOWED_HOSTS", "shop.example") == ["shop.example"]
    assert environment.integer("AFTERWARD_SMTP_PORT", 25) == 25


def test_the_image_installs_by_hash_collects_and_drops_its_rights() -> None:
    lines = (_REPO / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    assert steps[0] == ["FROM", "python:3.11-slim-bookworm"]
    text = "\n".join(lines)
    assert "--require-hashes" in text
    assert "requirements/base.txt" in text
    assert "collectstatic" in text
    order = [step for step, _ in steps]
    assert order.index("USER") < order.index("CMD")
    assert [argument for step, argument in steps if step == "USER"] == ["afterward"]
    assert "/healthz" in next(argument for step, argument in steps if step == "HEALTHCHECK")


def test_secrets_and_data_stay_out_of_the_image() -> None:
    ignored = (_REPO / ".dockerignore").read_text().split()
    assert {".git", ".env", ".afterward", ".demo.json", ".venv"} <= set(ignored)


# --- what can be tried ---


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, str]]:
    """A PostgreSQL and a Redis with nothing in them, in place of the two images."""
    folder = Path(tempfile.mkdtemp(prefix="aw-deploy-"))
    folder.chmod(0o711)
    data, redis = folder / "postgres", folder / "redis.sock"
    embedded_postgres.start(data, data)
    embedded_redis.start(redis, folder)
    yield {"DATABASE_URL": embedded_postgres.url(data, "afterward"), "REDIS_URL": f"unix://{redis}?db=0"}
    embedded_redis.stop(redis)
    embedded_postgres.stop(data)
    shutil.rmtree(folder)


def _run_environment(compose: dict[str, Any], name: str, servers: dict[str, str]) -> dict[str, str]:
    # Nothing but what stands in the file, and where programs are found.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**_environment(compose["services"][name]), **servers, "PATH": path}


def test_the_check_for_deployment_is_clean(compose: dict[str, Any], servers: dict[str, str]) -> None:
    done = subprocess.run(
        ["python", "manage.py", "check", "--deploy", "--fail-level", "INFO"], cwd=_REPO, capture_output=True,
        env=_run_environment(compose, "web", servers), text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_every_service_starts_and_they_work_together(
    compose: dict[str, Any], servers: dict[str, str]
) -> None:
    migrate = subprocess.run(
        _command(compose, "migrate"), cwd=_REPO, env=_run_environment(compose, "migrate", servers),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert migrate.returncode == 0, migrate.stderr

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running: dict[str, subprocess.Popen[bytes]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            for service in ("web", "worker", "beat"):
                command = [word.replace("8000", str(port)) for word in _command(compose, service)]
                command = [word.replace("/tmp/beat", str(folder / "beat")) for word in command]
                with (folder / f"{service}.log").open("wb") as log:
                    running[service] = subprocess.Popen(
                        command,
                        cwd=_REPO,
                        env=_run_environment(compose, service, servers),
                        stdout=log,
                        stderr=log,
                    )
            _wait_until_ready(port, running, folder)
            _check_web(port)
            codes = _end(running)
        finally:
            for process in running.values():
                process.kill()  # Does nothing to one that has ended.
                process.wait()
    assert codes == {"web": 0, "worker": 0, "beat": 0}


def _end(running: dict[str, subprocess.Popen[bytes]]) -> dict[str, int]:
    """End every service as Compose does. Returns their exit codes."""
    for process in running.values():
        process.send_signal(signal.SIGTERM)
    return {service: process.wait(timeout=60) for service, process in running.items()}


def _wait_until_ready(port: int, running: dict[str, subprocess.Popen[bytes]], folder: Path) -> None:
    deadline = time.monotonic() + 60
    status = ""
    while status != "ready":
        for service, process in running.items():
            assert process.poll() is None, shlex.join(process.args) + (folder / f"{service}.log").read_text()  # type: ignore[arg-type]
        assert time.monotonic() < deadline, f"{status}: {[path.read_text() for path in folder.glob('*.log')]}"
        time.sleep(0.2)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                status = json.load(answer)["status"]
        except OSError:
            status = "no answer"


def _check_web(port: int) -> None:
    """As the health check asks, and as the reverse proxy does."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        assert answer.read() == b"ok\n"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/orders")
    request.add_header("Host", "afterward.example.com")
    request.add_header("X-Forwarded-Proto", "https")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    assert refused.value.code == 401
    refused.value.close()

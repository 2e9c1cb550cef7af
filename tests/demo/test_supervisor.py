"""`manage.py demo`, as people run it: real processes from the first step to the last one's end."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from demo.prepare import NoPort, free_port
from demo.state import write_secret

_REPO = Path(__file__).resolve().parents[2]
_KEYS = {
    "dashboard_url", "user", "password", "portal_urls", "api_url", "api_key", "merchant", "shopify_secret",
    "messages_url",
}  # fmt: skip
_SHOPIFY_ORDER = json.dumps(
    {
        "id": 4711, "name": "#4711", "email": "frieda@mail.example", "currency": "EUR", "customer_locale": "de",
        "created_at": "2026-01-05T10:00:00+01:00", "total_price": "16.00", "subtotal_price": "16.00",
        "total_tax": "2.55", "total_discounts": "0.00",
        "line_items": [{"id": 1, "title": "Hafenbecher", "quantity": 1, "price": "16.00", "sku": "HA"}],
        "shipping_address": {"first_name": "Frieda", "last_name": "Koch", "city": "Kiel", "zip": "24103",
                             "country_code": "DE"},
    }
).encode()  # fmt: skip


class Demo:
    """A demo in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.description = home, home / "demo.json"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        self.output = self.home.parent / f"{self.home.name}.txt"
        command = [
            sys.executable,
            "manage.py",
            "demo",
            "--orders",
            "30",
            "--description",
            str(self.description),
        ]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [*command, *options], cwd=_REPO, env=self.environment(), stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    def environment(self) -> dict[str, str]:
        not_ours = ("AFTERWARD_", "DJANGO_", "DATABASE_URL", "REDIS_URL")
        ours = {name: value for name, value in os.environ.items() if not name.startswith(not_ours)}
        return {**ours, "AFTERWARD_HOME": str(self.home)}

    def ready(self) -> dict[str, Any]:
        assert self.process
        _wait(lambda: self.description.exists() or self.process.poll() is not None, 120, self.said)
        assert self.process.poll() is None, self.said()
        return json.loads(self.description.read_text())  # type: ignore[no-any-return]

    def said(self) -> str:
        return self.output.read_text()

    def processes(self) -> list[psutil.Process]:
        """Everybody who works in this demo's folder, however they came there."""
        found = []
        for process in psutil.process_iter():
            try:
                words = " ".join(process.cmdline())
                if str(self.home) in words or process.environ().get("AFTERWARD_HOME") == str(self.home):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def child(self, word: str) -> psutil.Process:
        assert self.process
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if word in " ".join(child.cmdline()))

    def end(self, number: int = signal.SIGINT) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(timeout=40)


@pytest.fixture
def demo() -> Iterator[Demo]:
    folder = Path(tempfile.mkdtemp(prefix="aw-demo-"))
    folder.chmod(0o711)
    demo = Demo(folder / "home")
    yield demo
    for process in demo.processes():
        process.kill()
    if demo.process:
        demo.process.wait(timeout=30)
    shutil.rmtree(folder)


def _wait(condition: Callable[[], bool], seconds: float, explain: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.1)


def _get(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(
        url, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, answer.read().decode()


def _orders(demo: dict[str, Any], query: str = "limit=100") -> list[dict[str, Any]]:
    """What the API lists, with the key that the demo gave out."""
    _, body = _get(f"{demo['api_url']}orders?{query}", Authorization=f"Bearer {demo['api_key']}")
    return json.loads(body)["data"]  # type: ignore[no-any-return]


def _post_shopify_order(demo: dict[str, Any], body: bytes) -> int:
    host = demo["api_url"].removesuffix("/api/v1/")
    mac = hmac.digest(demo["shopify_secret"].encode(), body, hashlib.sha256)
    request = urllib.request.Request(f"{host}/hooks/shopify/{demo['merchant']}", data=body)
    request.add_header("X-Shopify-Hmac-Sha256", base64.b64encode(mac).decode())
    request.add_header("X-Shopify-Topic", "orders/create")
    request.add_header("X-Shopify-Webhook-Id", "w-1")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status)


def test_the_demo_from_its_first_step_to_its_last_process(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo.start("--port", str(port), "--speed", "5")
        ready = demo.ready()

    # What scripts are told.
    assert set(ready) == _KEYS
    assert ready["merchant"] == "nordwind"
    assert stat.S_IMODE(demo.description.stat().st_mode) == 0o600
    assert f":{port}/" not in ready["api_url"]
    assert f"Port {port} is taken" in demo.said()
    assert all(text in demo.said() for text in (ready["password"], ready["api_key"], ready["portal_urls"][0]))

    # Every page answers.
    for url in (*ready["portal_urls"], ready["dashboard_url"], ready["messages_url"]):
        assert _get(url)[0] == 200, url
    assert len(_orders(ready)) >= 30

    # Something goes on: orders come in by themselves, and their messages go out.
    _wait(lambda: "new order" in demo.said() and "→" in demo.said(), 30, demo.said)

    # A real shop's webhook is taken.
    assert _post_shopify_order(ready, _SHOPIFY_ORDER) == 200
    _wait(lambda: _orders(ready, "external_id=4711") != [], 20, demo.said)

    # One demo a folder.
    second = subprocess.run(
        [sys.executable, "manage.py", "demo"], cwd=_REPO, env=demo.environment(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode != 0
    assert "A demo is running already: http://127.0.0.1:" in second.stderr

    # Whoever dies is started again.
    worker = demo.child("--quiet worker")
    worker.kill()
    _wait(lambda: "worker has ended; it is started again" in demo.said(), 20, demo.said)
    _wait(lambda: any("--quiet worker" in " ".join(p.cmdline()) for p in demo.processes()), 20, demo.said)

    # Ctrl-C ends everybody.
    assert len(demo.processes()) >= 8
    began = time.monotonic()
    assert demo.end() == 0
    assert time.monotonic() - began < 30
    _wait(lambda: not demo.processes(), 10, lambda: str(demo.processes()))

    # The second start finds everything as it was: password, key and links.
    demo.start("--no-simulate")
    again = demo.ready()
    assert {again[name] for name in ("password", "api_key", "shopify_secret")} == {
        ready[name] for name in ("password", "api_key", "shopify_secret")
    }
    assert [url.split("/p/")[1] for url in again["portal_urls"]] == [
        url.split("/p/")[1] for url in ready["portal_urls"]
    ]

    # Killed the hard way, it leaves nobody who would go on for ever; the servers wait for the next start.
    assert demo.process
    demo.process.kill()
    demo.process.wait()
    _wait(
        lambda: not [p for p in demo.processes() if p.name() not in ("postgres", "redis-server")], 30,
        lambda: str([p.cmdline() for p in demo.processes()]),
    )  # fmt: skip


def test_ctrl_c_in_the_middle_of_preparing_ends_it_at_once(demo: Demo) -> None:
    demo.start()
    _wait(lambda: "up to date" in demo.said(), 60, demo.said)
    assert demo.end(signal.SIGTERM) == 130
    assert not demo.description.exists()
    _wait(lambda: not demo.processes(), 15, lambda: str(demo.processes()))


def test_ports_that_are_taken_are_stepped_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port
        with pytest.raises(NoPort):
            free_port(70_000 - 35_000, host="203.0.113.1")  # Nobody's address: nothing can be bound there.


def test_a_secret_file_is_the_owners_only_and_never_half_written(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    write_secret(path, {"password": "one"})
    write_secret(path, {"password": "two"})
    assert json.loads(path.read_text()) == {"password": "two"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret.json"]

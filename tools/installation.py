"""A throw-away installation in a folder: PostgreSQL, Redis, web, worker and beat, each of which can be killed.

    with Installation(folder) as installation:
        installation.start()
        …
        installation.worker.kill()
        installation.worker.start()

Nothing is shared with the installation that the checkout runs: other servers, other ports, another database.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import psycopg
import redis

from config import embedded_postgres, embedded_redis

REPO = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0

# Migrates an empty database and makes a merchant; its last line is the merchant's API key.
_PREPARE = """
import django
django.setup()
from django.core.management import call_command
from merchants.commands import create_merchant
from merchants.rest.auth import create_api_key
call_command("migrate", verbosity=0)
merchant = create_merchant(
    slug="nordwind", name="Nordwind", legal_name="Nordwind GmbH", postal_address="Hafenstr. 1, 20457 Hamburg",
    support_email="hallo@nordwind.test", imprint_url="https://nordwind.test/imprint",
    privacy_url="https://nordwind.test/privacy",
)
print(create_api_key(merchant, name="installation")[1])
"""


class Program:
    """A program with all its children: one process group."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.arguments = arguments
        self.environment = environment
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def running(self) -> bool:
        """Whether its first process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, unless it runs."""
        if not self.running():
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603  # Our own programs.
                    self.arguments, cwd=REPO, env=dict(self.environment), start_new_session=True,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip

    def kill(self) -> None:
        """End it and its children at once (SIGKILL)."""
        self._end(signal.SIGKILL)

    def stop(self, seconds: float = 30) -> None:
        """Ask it to end, and kill it if it has not within `seconds`."""
        self._end(signal.SIGTERM, seconds)

    def children(self) -> list[psutil.Process]:
        """Its processes below the first one."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.pid).children(recursive=True)
        return []

    def log(self) -> str:
        """All that it wrote."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _end(self, how: int, seconds: float = 30) -> None:
        process = self._process
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how) if how == signal.SIGKILL else process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        with suppress(ProcessLookupError):  # Children that outlived it.
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


class Installation:
    """The parts and how to reach them. `environment` is added to every program's."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: str = "config.settings",
        web_workers: int = 2,
        slots: int = 2,
        **environment: str,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.slots = slots
        self.data = folder / "postgres"
        self.redis_socket = folder / "redis.sock"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = embedded_postgres.url(self.data, "afterward")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "AFTERWARD_HOME": str(folder),
            "AFTERWARD_SECRET_KEY": "for-a-throw-away-installation-" + "x" * 30,
            "AFTERWARD_STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
            "AFTERWARD_LOG_LEVEL": "WARNING",
            "AFTERWARD_FROM_EMAIL": "Afterward <orders@shop.test>",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"unix://{self.redis_socket}?db=0",
            "DJANGO_SETTINGS_MODULE": settings,
            # Limits are kept and asked, but one key makes all the load.
            "AFTERWARD_API_RATE": "100000",
            "AFTERWARD_API_BURST": "1000000",
            **environment,
        }
        python = sys.executable
        granian = str(Path(python).parent / "granian")
        celery = [python, "-m", "celery", "-A", "config"]
        self.web = self.program("web", [
            granian, "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--no-ws",
            "--workers", str(web_workers), "--blocking-threads", "4", "--respawn-failed-workers",
            "--log-level", "warning", "config.wsgi:application",
        ])  # fmt: skip
        self.worker = self.program(
            "worker", [*celery, "worker", "--concurrency", str(slots), "-l", "WARNING"]
        )
        self.beat = self.program(
            "beat", [*celery, "beat", "-l", "WARNING", "--schedule", str(folder / "beat"), "--pidfile="]
        )
        self.api_key = ""

    def program(self, name: str, arguments: list[str]) -> Program:
        """Another program of this installation, not started yet."""
        return Program(name, arguments, self.environment, self.folder)

    def start_servers(self) -> None:
        """PostgreSQL and Redis."""
        self.start_postgres()
        self.start_redis()

    def prepare(self) -> None:
        """Migrate the empty database; make a merchant and its `api_key`."""
        self.api_key = self.python(_PREPARE).split()[-1]

    def start(self) -> None:
        """Everything, and wait until it answers."""
        self.start_servers()
        self.prepare()
        for program in (self.web, self.worker, self.beat):
            program.start()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the web answers and a worker was seen at work."""
        wait_for(lambda: self._ready_status() == "ready", START_SECONDS, "the installation is not ready")

    def wait_for_web(self) -> None:
        """Wait until the web answers."""
        wait_for(lambda: self._ready_status() is not None, START_SECONDS, "the web does not answer")

    def supervise_web(self) -> None:
        """Wait until the web answers, starting it again whenever it has given up, as systemd or Docker do."""

        def answers() -> bool:
            self.web.start()
            return self._ready_status() is not None

        wait_for(answers, START_SECONDS, "the web does not answer")

    def wait_for_port(self) -> None:
        """Wait until the web takes connections; nothing was asked of it then."""

        def listens() -> bool:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
            return False

        wait_for(listens, START_SECONDS, "the web does not listen")

    def python(self, script: str, *, timeout: float = 120) -> str:
        """Run a Python script in this installation's environment. Returns what it printed; raises when it fails."""
        done = subprocess.run(
            [sys.executable, "-"], cwd=REPO, env=self.environment, input=script, capture_output=True, text=True,
            timeout=timeout, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def manage(self, *arguments: str) -> None:
        """Run `manage.py` with these arguments to its end. Raises when it fails."""
        subprocess.run(  # noqa: S603
            [sys.executable, "manage.py", *arguments], cwd=REPO, env=self.environment, check=True
        )

    def connect(self) -> "psycopg.Connection[tuple]":
        """A session of one's own with the database, in autocommit."""
        return psycopg.connect(self.database_url, autocommit=True)

    # --- the servers ---

    def start_postgres(self) -> None:
        embedded_postgres.start(self.data, self.data)

    def crash_postgres(self) -> None:
        """As a power cut would: it reads its journal again when it is started."""
        embedded_postgres.stop(self.data, mode="immediate")

    def start_redis(self) -> None:
        """Start it, unless it runs: a second one would take the socket away from the first, which nobody ends then."""
        if not embedded_redis.answers(self.redis_socket):
            embedded_redis.start(self.redis_socket, self.folder)

    def kill_redis(self) -> None:
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            os.kill(int((self.folder / "redis.pid").read_text()), signal.SIGKILL)
        wait_for(lambda: not embedded_redis.answers(self.redis_socket), 10, "Redis goes on")

    def redis(self) -> "redis.Redis":
        """A client of this installation's Redis."""
        return redis.Redis(unix_socket_path=str(self.redis_socket))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every part."""
        for program in (self.beat, self.worker, self.web):
            program.stop(5)
        self.kill_redis()
        embedded_postgres.stop(self.data, mode="immediate")

    def _ready_status(self) -> str | None:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as response:  # noqa: S310
                status: str = json.load(response)["status"]
                return status
        except (OSError, urllib.error.URLError, ValueError):
            return None


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def wait_for(is_so: Callable[[], object], seconds: float, otherwise: str) -> float:
    """Look until it is so. Returns after how many seconds; raises TimeoutError saying `otherwise`."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{otherwise} after {seconds} s")
        time.sleep(0.005)
    return time.monotonic() - began

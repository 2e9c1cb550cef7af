"""`make demo`: everything that a shop's installation consists of, in one terminal."""

import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.urls import Resolver404, resolve, reverse

from demo import prepare, state
from demo.children import Child, Family
from demo.console import Console
from demo.seed import Access
from demo.ticker import Ticker
from merchants.models import Merchant

HOST = "127.0.0.1"
_READY_WITHIN = 90.0  # Seconds.


class NotStarted(RuntimeError):
    """A process did not come up; the text says which, and how its log ends."""


@dataclass(frozen=True)
class Options:
    """What the command line says. speed: seconds a simulated day. description: where `.demo.json` is written."""

    port: int = 8000
    speed: float = 10.0
    simulate: bool = True
    fresh: bool = False
    orders: int = 3000
    description: Path = Path(".demo.json")


class Supervisor:
    """One run of the demo, from the first step to the last process's end."""

    def __init__(self, options: Options, console: Console) -> None:
        self._options, self._console = options, console
        self._signals: list[int] = []
        self._preparing = True
        self._logs = settings.HOME / "logs"

    def run(self) -> None:
        """Start everything, and run until Ctrl-C or SIGTERM. Raises AlreadyRunning, NoPort or NotStarted."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._receive)
        began = time.monotonic()
        with state.lock_home() as lock:
            self._options.description.unlink(missing_ok=True)
            url = self._choose_address()
            state.note_address(lock, url)
            family = Family(self._environment(url), self._warn)
            try:
                merchant, access = self._prepare()
                self._preparing = False
                if not self._signals:
                    self._start(family, url)
                if not self._signals:
                    self._welcome(url, merchant, access, time.monotonic() - began)
                    self._watch(family, merchant)
            finally:
                self._end(family)

    def _receive(self, number: int, _frame: object) -> None:
        self._signals.append(number)
        if self._preparing:  # Nothing has to be ended yet, and a step may take long.
            raise KeyboardInterrupt

    # --- before the processes ---

    def _choose_address(self) -> str:
        port = prepare.free_port(self._options.port, HOST)
        if port != self._options.port:
            self._console.say(f"  Port {self._options.port} is taken: using {port}")
        settings.PUBLIC_URL = f"http://{HOST}:{port}"
        # The shop's first messages are sent by this process, by the same way as the worker's.
        settings.EMAIL_BACKEND = self._environment(settings.PUBLIC_URL)["AFTERWARD_EMAIL_BACKEND"]
        return str(settings.PUBLIC_URL)

    def _prepare(self) -> tuple[Merchant, Access]:
        with self._console.step("Bringing the database's tables up to date"):
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")
            call_command("migrate", interactive=False, verbosity=0)
        with self._console.step("Collecting static files"):
            prepare.collect_static()
        return prepare.prepare_shop(self._console, fresh=self._options.fresh, orders=self._options.orders)

    def _environment(self, url: str) -> dict[str, str]:
        return {
            # What the one who starts it has chosen holds: a real mail server, say.
            "AFTERWARD_EMAIL_BACKEND": "demo.mailbox.EmailBackend",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **os.environ,
            "AFTERWARD_PUBLIC_URL": url,
            "AFTERWARD_SANDBOX_POLL": "0",
            "AFTERWARD_HOME": str(settings.HOME),
            "PYTHONUNBUFFERED": "1",
        }

    # --- the processes ---

    def _start(self, family: Family, url: str) -> None:
        self._logs.mkdir(exist_ok=True)
        with self._console.step("Starting web, worker and beat"):
            for name, arguments in self._commands(url).items():
                log = self._logs / f"{name}.log"
                log.unlink(missing_ok=True)
                family.add(Child(name, [sys.executable, *arguments], log))
            self._wait_until_ready(family, url)
        if self._options.simulate and not self._signals:
            simulate = ["manage.py", "simulate", "--speed", str(self._options.speed)]
            log = self._logs / "simulator.log"
            log.unlink(missing_ok=True)
            family.add(Child("simulator", [sys.executable, *simulate], log))

    def _commands(self, url: str) -> dict[str, list[str]]:
        celery = [
            "-W",
            "ignore",
            "-m",
            "celery",
            "--app",
            "config",
            "--quiet",
        ]  # Root is warned of being root.
        return {
            "web": [
                "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", url.rpartition(":")[2],
                "--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws",
                "config.wsgi:application",
            ],
            "worker": [
                *celery, "worker", "--concurrency", "2", "--loglevel", "warning",
                "--without-mingle", "--without-gossip",
            ],
            "beat": [
                *celery, "beat", "--loglevel", "warning", "--pidfile", "",
                "--schedule", str(settings.HOME / "beat-schedule"),
            ],
        }  # fmt: skip

    def _wait_until_ready(self, family: Family, url: str) -> None:
        deadline = time.monotonic() + _READY_WITHIN
        while not self._signals and _readiness(url) != "ready":
            for child in family.children:
                if not child.runs():
                    raise NotStarted(f"{child.name} has ended:\n{child.last_words()}")
            if time.monotonic() > deadline:
                raise NotStarted(f"not ready after {_READY_WITHIN:.0f} s: see {self._logs}")
            time.sleep(0.2)

    def _watch(self, family: Family, merchant: Merchant) -> None:
        ticker = Ticker(merchant, self._console)
        while not self._signals:
            family.look_after()
            try:
                ticker.tick()
            except OperationalError as error:
                self._warn(f"the database does not answer: {error}")
                connection.close()
                time.sleep(2)
            time.sleep(0.5)

    def _end(self, family: Family) -> None:
        self._preparing = False
        # Whoever presses Ctrl-C twice does not want to wait.
        already = len(self._signals)
        self._console.say()
        with self._console.step("Ending every process"):
            family.end(hurry=lambda: len(self._signals) > max(already, 1))
        connection.close()

    # --- words ---

    def _welcome(self, url: str, merchant: Merchant, access: Access, seconds: float) -> None:
        pages = prepare.portal_urls(merchant)
        description = self._description(url, merchant, access, pages)
        state.write_secret(self._options.description, description)
        say, paint = self._console.say, self._console.paint
        say(f"\n  {paint('Afterward is ready', 'bold')} after {seconds:.1f} s.\n")
        say(f"  Dashboard            {paint(description['dashboard_url'], 'cyan')}")
        say(f"  {' ':<20} sign in as {paint(access.user, 'bold')} with {paint(access.password, 'bold')}")
        say(f"  Messages             {paint(description['messages_url'], 'cyan')}")
        for name, page in pages.items():
            say(f"  {_title(name):<20} {paint(page, 'cyan')}")
        say(f"  API                  {paint(description['api_url'], 'cyan')}")
        say(f"  {' ':<20} key {access.api_key}")
        if reference := _first_there("/developers/api/", "/developers/", "/api/v1/schema"):
            say(f"  API reference        {paint(url + reference, 'cyan')}")
        say(f"  Logs                 {self._logs}")
        if self._options.simulate:
            say(f"\n  A simulated day takes {self._options.speed:g} s: watch orders and messages come by.")
        say(f"  {paint('Ctrl-C ends everything.', 'dim')}\n")

    def _description(
        self, url: str, merchant: Merchant, access: Access, pages: Mapping[str, str]
    ) -> dict[str, Any]:
        return {
            "dashboard_url": url + reverse("dashboard:home"),
            "user": access.user,
            "password": access.password,
            "portal_urls": list(pages.values()),
            "api_url": f"{url}/api/v1/",
            "api_key": access.api_key,
            "merchant": merchant.slug,
            "shopify_secret": access.shopify_secret,
            "messages_url": url + reverse("dashboard:messages", args=[merchant.slug]),
        }

    def _warn(self, text: str) -> None:
        self._console.say(f"  {self._console.paint('!', 'red')} {text}")


def _title(name: str) -> str:
    """`delayed_de` → `Delayed (de)`."""
    german = name.endswith("_de")
    title = name.removesuffix("_de").replace("_", " ").capitalize()
    return f"{title} (de)" if german else title


def _first_there(*paths: str) -> str:
    """The first of these paths that this installation has, "" for none."""
    for path in paths:
        with suppress(Resolver404):
            resolve(path)
            return path
    return ""


def _readiness(url: str) -> str:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310  # Our own address.
            return str(json.load(answer)["status"])
    except (OSError, ValueError, KeyError):
        return ""

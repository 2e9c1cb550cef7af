"""One run: an installation of its own under load, kills, quiet, and the count."""

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from tests.chaos.killer import Killer
from tests.chaos.load import Load
from tests.chaos.outcome import SETTLE_SECONDS, Outcome, count, unsettled
from tests.chaos.sink import CountingSink
from tools.installation import Installation

# Between two kills the installation has so long at least.
GAP_SECONDS = 1.0

# Every order sets off a marketing message, too, to which every shopper agreed.
_OFFERS = """
import django
django.setup()
from merchants.models import Merchant
from notifications.consent import commands as consent
from notifications.switches import Switch, set_switch
merchant = Merchant.objects.get()
set_switch(merchant, "welcome", Switch(channels=("email",), trigger=("order.placed",), holdout=0))
said = consent.Said(source="checkout")
for number in range({orders}):
    consent.give(merchant, "email", f"{prefix}-{{number}}@example.test", "", said)
"""


@dataclass(frozen=True)
class Plan:
    """How much of it. per_second: orders, at most: fewer when the mails do not keep up (`load.MOST_WAITING`).

    kills: ways of `killer.WAYS`, in order. seed: decides what else is random.
    """

    orders: int
    per_second: float
    kills: tuple[str, ...]
    seed: int


def run(plan: Plan, tell: Callable[[str], None]) -> Outcome:
    """Run it; everything that it starts ends with it. `tell` is given a line at each kill."""
    # Not pytest's folder: PostgreSQL's account under root may not pass there, and pytest would keep the data.
    folder = Path(tempfile.mkdtemp(prefix="aw-chaos-"))
    try:
        outcome = _run_in(folder, plan, tell)
        assert (left := _processes_of(folder)) == [], f"still running: {left}"
        return outcome
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _processes_of(folder: Path) -> list[str]:
    """Command lines of all that runs for the installation in this folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            line = " ".join(process.cmdline())
            if str(folder) in line or process.environ().get("AFTERWARD_HOME") == str(folder):
                found.append(line)
    return found


def _run_in(folder: Path, plan: Plan, tell: Callable[[str], None]) -> Outcome:
    with (
        CountingSink() as sink,
        Installation(
            folder, settings="tests.live.settings", AFTERWARD_SMTP_HOST="127.0.0.1",
            AFTERWARD_SMTP_PORT=str(sink.port),
            AFTERWARD_EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        ) as installation,
    ):  # fmt: skip
        schedules = {str(folder / "beat"): str(folder / "beat-2")}
        second_beat = installation.program(
            "beat-2", [schedules.get(argument, argument) for argument in installation.beat.arguments]
        )
        installation.start_servers()
        with installation.connect() as connection:
            connection.execute("CREATE TABLE test_effect (word text, at timestamptz)")
        try:
            installation.start()
            installation.python(_OFFERS.format(prefix=f"chaos{plan.seed}", orders=plan.orders))
            second_beat.start()
            killer = Killer(installation, [installation.beat, second_beat], plan.seed)
            outcome = _under_load(plan, installation, killer, sink, tell)
            if outcome.problems:
                for program in (installation.web, installation.worker, installation.beat):
                    tell(f"--- the end of what {program.name} wrote ---\n{program.log()[-6000:]}")
            return outcome
        finally:
            second_beat.kill()


def _under_load(
    plan: Plan, installation: Installation, killer: Killer, sink: CountingSink, tell: Callable[[str], None]
) -> Outcome:
    load = Load(installation, f"chaos{plan.seed}", plan.orders, plan.per_second, lambda: len(sink.taken))
    began = time.monotonic()
    load.start()
    try:
        last = began
        for number, way in enumerate(plan.kills, start=1):
            # The kills follow the orders' progress: a slow machine has as many orders between them as a fast one.
            while load.running() and len(load.placed) < plan.orders * number / len(plan.kills):
                killer.revive()
                time.sleep(0.05)
            time.sleep(max(0.0, last + GAP_SECONDS - time.monotonic()))
            last = time.monotonic()
            killer.kill(way)
            tell(f"{last - began:6.1f} s  {len(load.placed):5} orders  {len(sink.taken):5} mails  kill {way}")
        load_seconds = last - began
        settled = _settle(installation, killer, len(load.placed), last)
    finally:
        load.stop()
    return count(installation, load, sink, killer, load_seconds, settled)


def _settle(installation: Installation, killer: Killer, placed: int, last_kill: float) -> float | None:
    """Wait until nothing is left to do. Returns how long after the last kill that was; None when it took too long."""
    while (seconds := time.monotonic() - last_kill) < SETTLE_SECONDS:
        killer.revive()
        try:
            if unsettled(installation, placed) == 0:
                return round(seconds, 1)
        except psycopg.OperationalError:  # It is still reading its journal.
            pass
        time.sleep(0.5)
    return None

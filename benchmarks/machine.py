"""What a process weighs, and how long an empty database takes to become ours."""

import shutil
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks import harness
from benchmarks.harness import Result
from benchmarks.orders import order_requests
from tools.installation import Installation, Program


def web_memory(installation: Installation) -> Result:
    """The heavier of the two web workers after 2,000 orders, in MB (PSS)."""
    installation.web.stop()
    installation.web.start()
    installation.wait_for_web()
    harness.drive(installation, order_requests(installation, 2000))
    return Result("web_memory", _heaviest(installation.web), "MB")


def worker_memory(installation: Installation) -> Result:
    """The heavier of the worker's two slots after it worked off 2,000 orders, in MB (PSS)."""
    for program in (installation.web, installation.worker, installation.beat):
        program.start()
    installation.wait_until_ready()
    harness.drive(installation, order_requests(installation, 2000))
    harness.wait_until_quiet(installation)
    time.sleep(2)
    return Result("worker_memory", _heaviest(installation.worker), "MB")


def _heaviest(program: Program) -> float:
    """Of a program's processes, without the one that only looks after the others."""
    return max(harness.memory_mb(process) for process in program.children() if _is_python(process))


def _is_python(process: psutil.Process) -> bool:
    # multiprocessing's resource tracker is a child as well, and weighs next to nothing.
    return "resource_tracker" not in " ".join(process.cmdline())


def migrate_empty(installation: Installation) -> Result:
    """Seconds that `manage.py migrate` takes on an empty database, with the start of its process."""
    folder = Path(tempfile.mkdtemp(prefix="aw-bench-"))
    try:
        with Installation(folder) as empty:
            empty.start_servers()
            began = time.perf_counter()
            empty.manage("migrate", "--verbosity", "0")
            return Result("migrate_empty", time.perf_counter() - began, "s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)

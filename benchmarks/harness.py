"""What every benchmark needs: an installation of its own, rounds beside the raw limit, CPU and percentiles."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from benchmarks import load
from tools.installation import Installation, Program, wait_for

CONNECTIONS = 16  # keep-alive connections of the load
ROUNDS = 3  # what we do and the raw limit take turns, so that a busy minute meets both


@dataclass
class Result:
    """One line of results.json. `raw` is the limit measured in the same run; `ratio` is value / raw."""

    name: str
    value: float
    unit: str
    raw: float | None = None
    ratio: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    queries: int | None = None
    cpu_ms: float | None = None
    first_ms: float | None = None
    peak_mb: float | None = None
    bytes: int | None = None
    p90: float | None = None
    raw_p90: float | None = None
    calls: int | None = None
    raw_rendering: float | None = None
    ratio_rendering: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Its fields without the empty ones, rounded to what can be believed."""
        rounded = {
            key: float(f"{value:.4g}") if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }
        return {key: value for key, value in rounded.items() if value is not None}


@dataclass
class Round:
    """One round of load: requests a second, how long each took (ms, sorted), and the web's CPU for each (ms)."""

    per_second: float
    waits_ms: list[float]
    cpu_ms: float


def drive(installation: Installation, requests: Sequence[bytes], *, connections: int = CONNECTIONS) -> Round:
    """Send the requests over keep-alive connections from a process of its own. Raises unless each was answered 2xx."""
    before = cpu_seconds(installation.web)
    answered = load.run(installation.port, requests, connections)
    spent = cpu_seconds(installation.web) - before
    bad = [status for status in answered.statuses if not 200 <= status < 300]
    if bad:
        raise RuntimeError(
            f"{len(bad)} of {len(requests)} requests were not answered 2xx: {sorted(set(bad))}"
        )
    waits = sorted(seconds * 1000 for seconds in answered.waits)
    return Round(len(requests) / answered.seconds, waits, spent * 1000 / len(requests))


def beside(raw: Callable[[int], float], own: Callable[[int], Round]) -> tuple[float, list[Round]]:
    """Let the raw limit and ours take turns. Returns the raw limit's median (a second) and our rounds."""
    limits, rounds = [], []
    for number in range(ROUNDS):
        limits.append(raw(number))
        rounds.append(own(number))
    return statistics.median(limits), rounds


def result(
    name: str,
    unit: str,
    rounds: Sequence[Round],
    raw: float | None,
    *,
    each: int = 1,
    queries: int | None = None,
) -> Result:
    """Rounds as a result. `each`: how many things one request carries."""
    value = statistics.median(r.per_second for r in rounds) * each
    waits = sorted(wait for r in rounds for wait in r.waits_ms)
    return Result(
        name, value, unit, raw=raw, ratio=value / raw if raw else None, p50_ms=percentile(waits, 50),
        p99_ms=percentile(waits, 99), queries=queries, cpu_ms=statistics.median(r.cpu_ms for r in rounds),
    )  # fmt: skip


def percentile(in_order: Sequence[float], percent: float) -> float:
    """The value below which `percent` of them are."""
    return in_order[min(len(in_order) - 1, int(len(in_order) * percent / 100))]


def cpu_seconds(program: Program) -> float:
    """CPU time that a program and its children have spent."""
    return sum(sum(process.cpu_times()[:2]) for process in (psutil.Process(program.pid), *program.children()))


def memory_mb(process: psutil.Process) -> float:
    """The process' own share of memory (PSS: shared pages count by how many share them), in MB."""
    return float(process.memory_full_info().pss) / 1e6


def watched(installation: Installation, name: str, arguments: list[str]) -> tuple[float, float, str]:
    """Run a Python program to its end: seconds from its start, its peak of memory in MB, and what it printed."""
    program: Program = installation.program(name, [installation.worker.arguments[0], *arguments])
    began = time.monotonic()
    program.start()
    process, peak = psutil.Process(program.pid), 0.0
    while program.running():
        try:
            peak = max(peak, process.memory_info().rss / 1e6)
        except psutil.Error:
            break
        time.sleep(0.1)
    return time.monotonic() - began, peak, program.log()


def post(installation: Installation, path: str, body: bytes, *, key: str | None = None) -> bytes:
    """A POST request to the API as bytes."""
    return (
        f"POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key or installation.api_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def get(path: str) -> bytes:
    """A GET request as bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def count_queries(installation: Installation, requests: Iterable[bytes]) -> int:
    """Statements (BEGIN and COMMIT too) of the last of these requests, answered in a process of its own.

    The ones before it warm the process up.
    """
    script = _COUNT.replace("REQUESTS", repr(list(requests)))
    return int(installation.python(script).split()[-1])


_COUNT = """
import io
from config.wsgi import application
from django.db import connection

def ask(request):
    head, _, body = request.partition(b"\\r\\n\\r\\n")
    first, *headers = head.decode().split("\\r\\n")
    method, address, _ = first.split(" ")
    path, _, query = address.partition("?")
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }
    for header in headers:
        name, _, value = header.partition(": ")
        name = name.upper().replace("-", "_")
        environ[name if name.startswith("CONTENT_") else "HTTP_" + name] = value
    statuses = []
    response = application(environ, lambda status, headers, *rest: statuses.append(status))
    b"".join(response)
    if hasattr(response, "close"):
        response.close()
    assert statuses[0].startswith("2"), statuses

*warm_up, counted = REQUESTS
for request in warm_up:
    ask(request)
connection.force_debug_cursor = True
from django.core.signals import request_started
from django.db import reset_queries
request_started.disconnect(reset_queries)
connection.queries_log.clear()
ask(counted)
print(len(connection.queries_log))
"""


def wait_until_quiet(installation: Installation) -> None:
    """Wait until the workers have worked off what a benchmark left behind."""
    with installation.connect() as connection:
        wait_for(
            lambda: connection.execute("SELECT count(*) FROM events_incoming").fetchone() == (0,),
            120,
            "facts wait",
        )


def settle(installation: Installation) -> None:
    """Let PostgreSQL write out what came before, so that no benchmark pays for another."""
    with installation.connect() as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    time.sleep(0.5)

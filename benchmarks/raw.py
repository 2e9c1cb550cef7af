"""The raw limit: bare psycopg, one connection a process, all beginning at the same moment."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

CONNECTIONS = 4


def per_second(
    work: str, database_url: str, count: int, *, shares: Sequence[Any] | None = None, **more: Any
) -> float:
    """Run `work` (a function of this package: `module:function`) on 4 connections. Returns how much was done a second.

    The function gets (connection url, how many, start, **more), its share as `rows` when there are `shares`, and
    calls `start()` when it is ready.
    """
    each = count // CONNECTIONS
    arguments = {"url": database_url, "count": each, **more}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.raw", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(CONNECTIONS)
    ]  # fmt: skip
    for number, process in enumerate(processes):
        own = {"rows": shares[number]} if shares is not None else {}
        assert process.stdin is not None
        process.stdin.write(json.dumps({**arguments, **own}).encode() + b"\n")
        process.stdin.flush()
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    spans = [json.loads(process.communicate()[0]) for process in processes]
    return each * CONNECTIONS / (max(end for _, end in spans) - min(start for start, _ in spans))


def _main() -> None:
    import importlib
    import time

    module, _, name = sys.argv[1].partition(":")
    arguments = json.loads(sys.stdin.readline())
    began = 0.0

    def start() -> None:
        nonlocal began
        print("ready", flush=True)
        sys.stdin.readline()
        began = time.time()

    getattr(importlib.import_module(module), name)(
        arguments.pop("url"), arguments.pop("count"), start, **arguments
    )
    print(json.dumps([began, time.time()]))


if __name__ == "__main__":
    _main()

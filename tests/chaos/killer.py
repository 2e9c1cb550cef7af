"""Kills parts of an installation without warning, in an order that a seed decides, and starts them again."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import psutil

from tools.installation import Installation, Program

# For so long a killed part stays away, at least and at most.
AWAY_SECONDS = (0.1, 1.5)

WAYS = ("worker", "worker_child", "web", "web_child", "beat", "postgres", "redis", "redis_flushall")


def shuffled(kills: int, seed: int) -> tuple[str, ...]:
    """Each way as often as any other, in random order; the last one takes what the workers hold just then."""
    chance = random.Random(seed)
    order: list[str] = []
    while len(order) < kills - 1:
        order += chance.sample(WAYS, len(WAYS))
    return (*order[: kills - 1], "worker")


class Killer:
    """`done` names the kills so far, in order; `revived` counts how often a program was found ended and started."""

    def __init__(self, installation: Installation, beats: Sequence[Program], seed: int) -> None:
        self.seed = seed
        self.done: list[str] = []
        self.revived: Counter[str] = Counter()
        self._installation = installation
        self._beats = list(beats)
        self._chance = random.Random(seed)
        self._ways: dict[str, Callable[[], None]] = {
            "worker": lambda: self._kill(installation.worker),
            "worker_child": lambda: self._kill_a_child(installation.worker),
            "web": lambda: self._kill(installation.web),
            "web_child": lambda: self._kill_a_child(installation.web),
            "beat": lambda: self._kill(self._chance.choice(self._beats)),
            "postgres": self._crash_postgres,
            "redis": self._kill_redis,
            "redis_flushall": self._empty_redis,
        }

    def kill(self, way: str) -> None:
        """Kill a part, let it be away for a moment, start it again. `way`: one of WAYS."""
        self._ways[way]()
        self.done.append(way)
        self.revive()

    def revive(self) -> None:
        """Start whatever has ended, as systemd or a container's restart policy would.

        Granian, for one, gives up when its workers die twice within seconds.
        """
        for program in (self._installation.web, self._installation.worker, *self._beats):
            if not program.running():
                program.start()
                self.revived[program.name] += 1

    def _be_away(self) -> None:
        time.sleep(self._chance.uniform(*AWAY_SECONDS))

    def _kill(self, program: Program) -> None:
        """The first process at once; its children, which may go on without it for a moment, before it comes again."""
        with suppress(ProcessLookupError):
            os.kill(program.pid, signal.SIGKILL)
        self._be_away()
        program.kill()

    def _kill_a_child(self, program: Program) -> None:
        children = [child for child in program.children() if _is_worker(child)]
        if children:
            with suppress(psutil.NoSuchProcess):
                self._chance.choice(sorted(children, key=lambda child: child.pid)).kill()

    def _crash_postgres(self) -> None:
        self._installation.crash_postgres()
        self._be_away()
        self._installation.start_postgres()

    def _kill_redis(self) -> None:
        """It keeps nothing on disk: it comes again empty."""
        self._installation.kill_redis()
        self._be_away()
        self._installation.start_redis()

    def _empty_redis(self) -> None:
        with self._installation.redis() as client:
            client.flushall()


def _is_worker(process: psutil.Process) -> bool:
    """Whether it does work; Python's resource tracker is a child, too."""
    with suppress(psutil.Error):
        return "resource_tracker" not in " ".join(process.cmdline())
    return False

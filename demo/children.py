"""The demo's processes: started apart from the terminal, started again when they die, and ended to the last one."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_STEADY_AFTER = 60.0  # Seconds after which a process counts as healthy, and its next fall as its first.
_PATIENCE = 15.0  # Seconds that a process has for ending by itself.
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)  # Loaded before any fork.


@dataclass
class Child:
    """One process with all of its descendants: they share a process group of their own."""

    name: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    falls: int = 0
    again_at: float = 0.0

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it. Its output goes to its log; Ctrl-C in the terminal does not reach it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  # Our own programs.
                self.command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_end_with_parent,
            )  # fmt: skip
        self.started_at = time.monotonic()

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to the process and its descendants, if any is left."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def is_gone(self) -> bool:
        """Whether neither the process nor a descendant is left."""
        if self.process is None:
            return True
        self.process.poll()  # Or it would stay as a zombie, which is still somebody.
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    def last_words(self, lines: int = 15) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def _end_with_parent() -> None:
    # Killed with SIGKILL, the parent cannot end its children: then the kernel does, where it can.
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Family:
    """All processes of the demo."""

    environment: Mapping[str, str]
    said: Callable[[str], None]
    children: list[Child] = field(default_factory=list)

    def add(self, child: Child) -> None:
        """Start a process and look after it from now on."""
        self.children.append(child)
        child.start(self.environment)

    def look_after(self) -> None:
        """Start again whoever has died: at once the first time, later after a growing pause. Never waits."""
        now = time.monotonic()
        for child in self.children:
            if child.runs():
                continue
            if not child.again_at:
                child.falls = 0 if now - child.started_at > _STEADY_AFTER else child.falls + 1
                wait = min(_FIRST_WAIT * 2 ** max(child.falls - 1, 0), _LONGEST_WAIT)
                child.again_at = now + wait
                self.said(f"{child.name} has ended; it is started again in {wait:.0f} s (see {child.log})")
            elif now >= child.again_at:
                child.again_at = 0.0
                child.signal(signal.SIGKILL)  # What it may have left behind.
                child.start(self.environment)

    def end(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """End every process: politely, the last one first, and by force whoever does not go (at once on `hurry`)."""
        for child in reversed(self.children):
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while not all(child.is_gone() for child in self.children):
            if time.monotonic() > deadline or hurry():
                for child in self.children:
                    child.signal(signal.SIGKILL)
            time.sleep(0.05)

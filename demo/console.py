"""What the demo says to people: steps with how long they took, and lines in modest colours."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Console:
    """Writes to people. Colours only where they are seen."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._colored = out.isatty() and "NO_COLOR" not in os.environ

    def say(self, text: str = "") -> None:
        """One line."""
        self._out.write(text + "\n")
        self._out.flush()

    def paint(self, text: str, color: str) -> str:
        """The text in a colour: bold, dim, red, green, yellow or cyan."""
        return f"\x1b[{_CODES[color]}m{text}\x1b[0m" if self._colored else text

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """A step that takes a while: its title at once, and how long it took when it is over."""
        self._out.write(f"  {title} … ")
        self._out.flush()
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self.say(self.paint("failed", "red"))
            raise
        self.say(self.paint(f"{time.monotonic() - began:.1f} s", "dim"))

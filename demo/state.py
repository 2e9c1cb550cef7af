"""What the demo remembers between two starts, and what it tells scripts."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from demo.seed import Access


class AlreadyRunning(RuntimeError):
    """Another demo runs in this folder; the text says where."""


def lock_home() -> IO[str]:
    """Hold the folder for this demo until the file is closed. Raises AlreadyRunning."""
    settings.HOME.mkdir(parents=True, exist_ok=True)
    file = (settings.HOME / "demo.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        where = file.read().strip()
        file.close()
        raise AlreadyRunning(where) from None
    return file


def note_address(lock: IO[str], address: str) -> None:
    """Write where this demo is, for whoever finds the folder held."""
    lock.truncate(0)
    lock.write(address)
    lock.flush()


def load_access() -> Access | None:
    """The access of the last start; None when there was none, or it cannot be read."""
    try:
        return Access(**json.loads(_access_file().read_text()))
    except (OSError, ValueError, TypeError):
        return None


def save_access(access: Access) -> None:
    """Remember the access, readable by the owner only."""
    settings.HOME.mkdir(parents=True, exist_ok=True)
    write_secret(_access_file(), access.as_dict())


def write_secret(path: Path, values: Mapping[str, Any]) -> None:
    """Write JSON that only the owner can read. Whoever reads it finds the old or the new content, nothing half."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(values, file, indent=2)
        file.write("\n")
    unfinished.replace(path)


def _access_file() -> Path:
    return settings.HOME / "demo-access.json"

"""The embedded PostgreSQL and Redis, for installations that name none of their own.

Both live in one folder (`.afterward/` in the checkout, or `AFTERWARD_HOME`). The first process that
needs a server starts it; the last one to leave stops it. "Last" is decided by a lock that every user
shares: the kernel drops it when a process dies, however it dies, so no list of pids can go stale. When the
last user is killed with SIGKILL its servers stay, and whoever comes next takes them over.
"""

import atexit
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO

from config import embedded_postgres, embedded_redis

_REPO = Path(__file__).resolve().parent.parent
# The kernel takes 107 bytes for a socket's path; the longest name of ours in the folder is postgres/.s.PGSQL.5432.
_SOCKET_FOLDER = re.compile(r"[\w./+-]{1,84}", re.ASCII)

_users: dict[str, IO[str]] = {}


def home() -> Path:
    """The folder that holds the embedded servers' data, created when missing.

    Raises RuntimeError when it belongs to somebody else.
    """
    path = Path(os.environ.get("AFTERWARD_HOME") or _REPO / ".afterward").resolve()
    # Under root PostgreSQL runs as another account, which has to pass.
    path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise RuntimeError(
            f"{path} belongs to another account (did root start Afterward here before?). Give it to yourself "
            "with chown -R, delete it, or name another folder in AFTERWARD_HOME."
        )
    return path


def socket_folder() -> Path:
    """A folder for sockets whose path is short and plain enough, the same for every process."""
    folder = home()
    if _SOCKET_FOLDER.fullmatch(str(folder)):
        return folder
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"afterward-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.stat().st_uid != os.geteuid():  # Anybody may make folders there.
        raise RuntimeError(f"{short} belongs to another account: name a shorter folder in AFTERWARD_HOME.")
    return short


def postgres_url() -> str:
    """Start the embedded PostgreSQL if it does not run; its connection URL (database `afterward`)."""
    data, sockets = home() / "postgres", socket_folder() / "postgres"
    _use(
        "postgres",
        answers=partial(embedded_postgres.answers, sockets),
        start=partial(embedded_postgres.start, data, sockets),
        stop=partial(embedded_postgres.stop, data),
    )
    return embedded_postgres.url(sockets, "afterward")


def redis_url() -> str:
    """Start the embedded Redis if it does not run; its connection URL (a socket, database 0)."""
    socket = socket_folder() / "redis.sock"
    _use(
        "redis",
        answers=partial(embedded_redis.answers, socket),
        start=partial(embedded_redis.start, socket, home()),
        stop=partial(embedded_redis.stop, socket),
    )
    return f"unix://{socket}?db=0"


def leave() -> None:
    """Stop using the servers now, instead of when the process ends: the last user stops them."""
    for service in list(_users):
        _leave(service)


_stops: dict[str, tuple[int, Callable[[], None]]] = {}


def _use(
    service: str, *, answers: Callable[[], bool], start: Callable[[], None], stop: Callable[[], None]
) -> None:
    """Have the service running until this process ends."""
    if service not in _users:
        # 1. Be a user first: nobody stops a server that has one. Waits for somebody who is stopping it.
        _users[service] = _lock(f"{service}.users", fcntl.LOCK_SH)
        _stops[service] = (os.getpid(), stop)
        atexit.register(_leave, service)
    # 2. Most processes find it running. The others queue up, and the second one finds what the first has started.
    if not answers():
        with _lock("starting.lock", fcntl.LOCK_EX):
            if not answers():
                start()


def _leave(service: str) -> None:
    """Stop the server if nobody else uses it."""
    lock = _users.get(service)
    if lock is None:
        return
    pid, stop = _stops[service]
    if pid != os.getpid():
        return  # A fork of the user: the lock is its parent's.
    del _users[service]
    with _lock("starting.lock", fcntl.LOCK_EX), lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # Somebody else still uses it.
        with suppress(Exception):  # Leaving must not fail: the server may be gone already.
            stop()


def _lock(name: str, kind: int) -> IO[str]:
    """The lock file, locked. Closing it, or dying, gives the lock back."""
    file = (home() / name).open("a")
    fcntl.flock(file, kind)
    return file

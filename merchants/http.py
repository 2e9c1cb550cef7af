"""The one way out: HTTP requests to addresses that others chose (R17).

Carriers, shops and merchants' webhook endpoints are all called through here, because their
addresses come from people. What makes it safe:

- The address is checked where the socket is opened: the name is resolved once, every address it
  has must be public, and the socket goes to exactly one of those. No question lies between
  check and connect, so a name server that changes its answer wins nothing. Certificate, SNI
  and Host stay those of the name. Another spelling of an address (0x7f.1, 2130706433,
  ::ffff:127.0.0.1) is only a name that resolves to it: there is no list of spellings to keep.
- https only, few ports, no redirects, no proxies or passwords out of the environment, no cookies.
- A connect, a read and a total time-out, and a limit on the size of the answer.
- Never inside a database transaction: a slow stranger would hold our locks.
"""

import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, NamedTuple

import msgspec
import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, ReadTimeoutError

from merchants.addresses import OutboundError, Policy, Refused
from merchants.transport import CONNECT_TIMEOUT, Deadline, GuardedAdapter

__all__ = [
    "ConnectionFailed",
    "OutboundError",
    "OutboundSession",
    "Policy",
    "Refused",
    "Response",
    "TimedOut",
    "Timeout",
    "TooLarge",
    "request",
]

MAX_BYTES: Final = 5_000_000
USER_AGENT: Final = "Afterward"


class TimedOut(OutboundError):
    """Connecting, one read or the whole took too long. The other side may have acted."""


class ConnectionFailed(OutboundError):
    """No name, no connection, no valid certificate, or not HTTP."""


class TooLarge(OutboundError):
    """The answer is larger than `max_bytes`."""


class Timeout(NamedTuple):
    """Seconds. `read` is between two pieces of the answer, `total` for everything but DNS."""

    connect: float = CONNECT_TIMEOUT
    read: float = 10.0
    total: float = 15.0


DEFAULT_TIMEOUT: Final = Timeout()


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whatever its status: a redirect or an error is the caller's to judge."""

    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes
    url: str
    elapsed: float  # seconds until the last byte

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The decoded body; raises ValueError (msgspec.DecodeError) when it is not JSON."""
        return msgspec.json.decode(self.body)


# --- Transactions


def in_transaction() -> bool:
    """Whether this thread is inside a transaction of the application's own making.

    The blocks that a Django or pytest-django test case puts around every test do not count:
    Django marks them, for the same reason, for its `atomic(durable=True)`.
    """
    from django.conf import settings
    from django.db import connections

    if not settings.configured:
        return False
    return any(
        not getattr(block, "_from_testcase", False)
        for connection in connections.all(initialized_only=True)
        for block in connection.atomic_blocks
    )


# Tests that need another rule put their own function here.
transaction_check: Callable[[], bool] = in_transaction


# --- Requests


class OutboundSession:
    """Pooled connections under one policy. Threads may share it; processes must not."""

    def __init__(self, policy: Policy, *, connections: int = 20) -> None:
        """connections: how many to one host are kept open for the next request."""
        self._policy = policy
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies, no .netrc
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        self._session.mount("http://", GuardedAdapter(policy, connections))
        self._session.mount("https://", GuardedAdapter(policy, connections))

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: bytes | str | Mapping[str, str] | None = None,
        timeout: Timeout = DEFAULT_TIMEOUT,
        max_bytes: int = MAX_BYTES,
        cut: bool = False,
    ) -> Response:
        """One request and its whole answer; with `cut` the first `max_bytes` of a larger one, and
        the rest is not read. Raises an OutboundError, RuntimeError in a transaction, and nothing else."""
        if transaction_check():
            raise RuntimeError("No HTTP inside a database transaction: commit first.")
        try:
            prepared = self._session.prepare_request(
                requests.Request(method, url, headers, None, data, params, json=json)
            )
            self._policy.check_url(prepared.url or "")
        except requests.exceptions.InvalidHeader:  # its words repeat the header, which may be a key
            raise Refused("not a header we can send") from None
        except (ValueError, HTTPError) as error:  # every kind of URL that requests cannot read
            raise Refused(f"not a URL we can send to: {error}") from error
        return self._send(prepared, timeout, max_bytes, cut)

    def _send(
        self, prepared: requests.PreparedRequest, timeout: Timeout, max_bytes: int, cut: bool
    ) -> Response:
        started = time.monotonic()
        with Deadline(timeout.total) as deadline, _typed(deadline):
            answer = self._session.send(
                prepared,
                stream=True,
                allow_redirects=False,
                timeout=(timeout.connect, timeout.read),
            )
            with contextlib.closing(answer):
                body = _begin_of(answer, max_bytes) if cut else _read(answer, max_bytes)
        if deadline.expired:  # a cut connection can look like the end of the answer
            raise TimedOut("the answer took too long")
        return Response(
            status=answer.status_code,
            headers=CaseInsensitiveDict(answer.headers),
            body=body,
            url=prepared.url or "",
            elapsed=time.monotonic() - started,
        )


def _read(answer: requests.Response, max_bytes: int) -> bytes:
    declared = answer.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > max_bytes and answer.request.method != "HEAD":
        raise TooLarge(f"the answer has {declared} bytes, {max_bytes} are taken")
    body = bytearray()
    for chunk in answer.iter_content(16_384):
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge(f"the answer has more than {max_bytes} bytes")
    return bytes(body)


def _begin_of(answer: requests.Response, max_bytes: int) -> bytes:
    for chunk in answer.iter_content(max_bytes):
        return bytes(chunk)
    return b""


@contextlib.contextmanager
def _typed(deadline: Deadline) -> Iterator[None]:
    """Whatever goes wrong below leaves as one of our errors."""
    try:
        yield
    except OutboundError:
        if deadline.expired:
            raise TimedOut("the answer took too long") from None
        raise
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        # requests reports a time-out while the body is read as a lost connection.
        slow_body = any(isinstance(cause, ReadTimeoutError) for cause in error.args)
        if deadline.expired or slow_body or isinstance(error, requests.Timeout):
            raise TimedOut(str(error)) from error
        raise ConnectionFailed(str(error)) from error


@lru_cache(maxsize=32)
def _shared(policy: Policy) -> OutboundSession:
    return OutboundSession(policy, connections=64)  # As many calls to one carrier can be under way.


# Two processes must not speak on one socket.
os.register_at_fork(after_in_child=_shared.cache_clear)


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    json: Any = None,
    data: bytes | str | Mapping[str, str] | None = None,
    timeout: Timeout = DEFAULT_TIMEOUT,
    max_bytes: int = MAX_BYTES,
    allow: Collection[str] = (),
    allow_private: bool = False,
    allow_http: bool = False,
    cut: bool = False,
) -> Response:
    """One request over the pooled session of this policy; see `OutboundSession.request`."""
    policy = Policy(frozenset(a.lower() for a in allow), allow_private, allow_http)
    return _shared(policy).request(
        method,
        url,
        headers=headers,
        params=params,
        json=json,
        data=data,
        timeout=timeout,
        max_bytes=max_bytes,
        cut=cut,
    )

"""Any carrier's API on the loopback interface: answers each path as told, and notes what it was asked."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from merchants.http import Timeout
from tracking.carriers.base import Account


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Reply:
    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0  # seconds before the first byte


class CarrierServer:
    """`on(path, …)` says what is answered to paths that begin so, in turn; the last reply is for ever."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._replies: dict[str, list[Reply | Callable[[Asked], Reply]]] = {}
        self._lock = threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                split = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(
                    self.command,
                    split.path,
                    parse_qs(split.query, keep_blank_values=True),
                    dict(self.headers),
                    body,
                )
                reply = fake._reply(asked)
                time.sleep(reply.slow)
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(reply.body)
                except OSError:
                    self.close_connection = True  # the other side would not wait, or not take so much

            do_GET = do_POST = do_DELETE = _answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128  # many threads ask at once

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def on(self, path: str, *replies: Reply | Callable[[Asked], Reply]) -> None:
        self._replies[path] = list(replies)

    def token(self, path: str, token: str = "t0ken", **more: Any) -> None:
        """Give out this token at a path."""
        self.on(path, Reply(json.dumps({"access_token": token, "expires_in": 3600, **more}).encode()))

    def _reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            known = [path for path in self._replies if asked.path.startswith(path)]
            if not known:
                return Reply(b"{}", 404)
            left = self._replies[max(known, key=len)]
            reply = left.pop(0) if len(left) > 1 else left[0]
        return reply if isinstance(reply, Reply) else reply(asked)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    def account(self, **credentials: str) -> Account:
        """Access to this server, with little patience."""
        return Account(
            credentials=credentials, base_url=f"http://{self.host}", timeout=Timeout(1, 0.5, 1),
            allow=frozenset({self.host}),
        )  # fmt: skip

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def carrier_server() -> Iterator[CarrierServer]:
    server = CarrierServer()
    try:
        yield server
    finally:
        server.close()

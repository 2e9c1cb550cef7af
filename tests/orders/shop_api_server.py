"""A shop's own API on the loopback interface: answers as told, in order, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, bytes, dict[str, str]]


def as_json(body: Any, status: int = 200, **headers: str) -> Answer:
    """An answer of JSON. `X_WP_Total="3"` becomes a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, json.dumps(body).encode(), {"Content-Type": "application/json", **named}


class ShopApiServer:
    """`answer` decides on every request; what is in `next` is answered first."""

    def __init__(self) -> None:
        self.next: list[Answer] = []
        self.answer: Callable[[str, str, Any], Answer] = lambda *_: as_json({}, 404)
        self.asked: list[tuple[str, str, Any]] = []
        self.headers: list[dict[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                server.asked.append((self.command, self.path, body))
                server.headers.append(dict(self.headers))
                told = server.next.pop(0) if server.next else server.answer(self.command, self.path, body)
                status, content, headers = told
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                if "Content-Length" in headers:  # more was announced than comes
                    self.close_connection = True

            do_GET = do_POST = _answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

"""DHL's tracking API on the loopback interface: answers each number as told, and counts what it was asked."""

import json
import re
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

FIXTURES = Path(__file__).parent / "fixtures" / "dhl"
_TIME = re.compile(r'"(20\d\d-\d\d-\d\d)T')
NOT_FOUND = (404, (FIXTURES / "not_found.json").read_bytes(), {})


def answer(name: str, *, number: str = "", ended: timedelta = timedelta(hours=1), **changes: Any) -> bytes:
    """A recorded answer, its dates moved by whole days so that the newest event is at least `ended` ago.

    `number` replaces the parcel's own; `changes` replace fields of the shipment (None takes one away).
    """
    text = (FIXTURES / f"{name}.json").read_text()
    moment = json.loads(text)["shipments"][0]["status"]["timestamp"][:19]
    days = (datetime.now(UTC) - ended - timedelta(hours=14) - datetime.fromisoformat(moment + "+00:00")).days
    moved = _TIME.sub(lambda m: f'"{datetime.fromisoformat(m[1]).date() + timedelta(days=days)}T', text)
    body = json.loads(moved)
    shipment = body["shipments"][0]
    if number:
        shipment["id"] = number
    for field, value in changes.items():
        if value is None:
            shipment.pop(field, None)
        else:
            shipment[field] = value
    return json.dumps(body).encode()


class DHLServer:
    """`answers` maps a number to (status, body, headers); any other number is not found."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.everything: tuple[int, bytes, dict[str, str]] | None = None
        self.asked: Counter[str] = Counter()
        self.keys: list[str] = []
        self.held = threading.Event()  # set: answer; clear: keep every caller waiting
        self.held.set()
        self.waiting = threading.Event()
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                number = parse_qs(urlsplit(self.path).query)["trackingNumber"][0]
                with server._lock:
                    server.asked[number] += 1
                    server.keys.append(self.headers["DHL-API-Key"])
                server.waiting.set()
                server.held.wait(30)
                status, body, headers = server.everything or server.answers.get(number, NOT_FOUND)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # A caller that was killed or gave up.

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def says(self, number: str, name: str, **changes: Any) -> None:
        """Answer this number with a recorded answer (`answer`)."""
        self.answers[number] = (200, answer(name, number=number, **changes), {})

    def close(self) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()

"""Klaviyo's events API on loopback, as its documents have it: it takes, refuses and drops what the real one does.

https://developers.klaviyo.com/en/reference/create_event (revision 2026-10-15) and
https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling.
"""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "pk_0123456789abcdef0123456789abcdef01"


@dataclass
class Event:
    """An event that was recorded: the attributes, flat."""

    metric: str
    profile: dict[str, Any]
    properties: dict[str, Any]
    unique_id: str
    attributes: dict[str, Any]


class KlaviyoSink:
    """Keeps events once a profile, metric and `unique_id`; `answers` are given first, one each (None: hangs up).

    with `takes_it` an event is recorded although its answer is one of `answers`.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.requests = 0
        self.answers: list[tuple[int, dict[str, str]] | None] = []
        self.takes_it = False
        self.says = "Request was throttled."
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], Any] | None:
        """What it answers: status, headers, JSON. None: it hangs up."""
        with self._lock:
            self.requests += 1
            planned = self.answers.pop(0) if self.answers else (202, {})
            if planned is None or planned[0] != 202:
                if self.takes_it:
                    self._record(json.loads(body))
                if planned is None:
                    return None
                return *planned, _errors("throttled", self.says, "")
            if path != "/api/events":
                return 404, {}, _errors("not_found", "Not found.", "")
            if headers["authorization"] != f"Klaviyo-API-Key {KEY}":
                return (
                    401,
                    {},
                    _errors("not_authenticated", "Authentication credentials were not provided.", "/data/"),
                )
            if (
                headers.get("revision") != "2026-10-15"
                or headers["content-type"] != "application/vnd.api+json"
            ):
                return 400, {}, _errors("invalid", "Missing or invalid revision or content type.", "")
            return self._record(json.loads(body))

    def _record(self, body: Any) -> tuple[int, dict[str, str], Any]:
        attributes = body["data"]["attributes"]
        metric, profile = attributes["metric"]["data"], attributes["profile"]["data"]
        if (body["data"]["type"], metric["type"], profile["type"]) != ("event", "metric", "profile"):
            return 400, {}, _errors("invalid", "Invalid input.", "/data/type")
        known = profile["attributes"]
        if not known.get("email") and not known.get("phone_number"):
            return (
                400,
                {},
                _errors("invalid", "One of email, phone_number is required.", "/data/attributes/profile"),
            )
        name = metric["attributes"]["name"]
        if len(name) >= 128 or not isinstance(attributes["properties"], dict):
            return 400, {}, _errors("invalid", "Invalid input.", "/data/attributes/metric")
        event = Event(name, known, attributes["properties"], attributes["unique_id"], attributes)
        if not any(
            (each.metric, each.unique_id, each.profile.get("email"))
            == (name, event.unique_id, known.get("email"))
            for each in self.events
        ):
            self.events.append(event)
        return 202, {}, None

    def _handler(sink) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = sink.take(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                if answer is None:
                    return self.connection.close()
                status, headers, told = answer
                sent = json.dumps(told).encode() if told else b""
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(sent))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(sent)
                return None

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _errors(code: str, detail: str, pointer: str) -> dict[str, Any]:
    return {
        "errors": [
            {"id": "7f6e", "status": 400, "code": code, "title": "Invalid input.", "detail": detail,
             "source": {"pointer": pointer}}
        ]
    }  # fmt: skip

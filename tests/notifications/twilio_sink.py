"""Twilio's Messages resource on loopback, as far as sending uses it."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

SID, TOKEN, NUMBER = "AC" + "0" * 32, "secret", "+4915199999999"


class TwilioSink:
    """Keeps what it is given; answers as told."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.answer: tuple[int, dict[str, Any]] | None = None
        self.hang_up = False
        self.stall_seconds = 0.0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def refuse(self, status: int, code: int) -> None:
        """Answer with one of Twilio's errors."""
        self.answer = (status, {"code": code, "message": "as the test wants it", "status": status})

    def _handler(sink) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                allowed = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
                path = f"/2010-04-01/Accounts/{SID}/Messages.json"
                if self.path != path or self.headers["Authorization"] != allowed:
                    return self._say(401, {"code": 20003, "message": "Authenticate", "status": 401})
                if sink.answer is not None:
                    return self._say(*sink.answer)
                sink.messages.append({name: values[0] for name, values in parse_qs(body).items()})
                time.sleep(sink.stall_seconds)
                if sink.hang_up:
                    self.close_connection = True
                    return None
                return self._say(201, {"sid": f"SM{len(sink.messages):032}", "status": "queued"})

            def _say(self, status: int, answer: dict[str, Any]) -> None:
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

"""A push service on loopback, with the browsers behind it: it checks who sends; they decrypt (RFC 8030, 8291, 8292)."""

import base64
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from notifications.push.keys import Subscription, encoded


@dataclass
class Browser:
    """One that subscribed. shown: what it decrypted, with the headers that it came with."""

    subscription: Subscription
    key: ec.EllipticCurvePrivateKey
    auth: bytes
    answer: tuple[int, dict[str, str]] = (201, {})
    shown: list[tuple[dict[str, Any], dict[str, str]]] = field(default_factory=list)


class PushService:
    """Keeps what it is given; answers for each browser as told."""

    def __init__(self) -> None:
        self.browsers: dict[str, Browser] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def subscribe(self) -> Browser:
        """A new browser."""
        path, key, auth = f"/{len(self.browsers)}", ec.generate_private_key(ec.SECP256R1()), bytes(range(16))
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        subscription = Subscription(f"http://{self.host}{path}", encoded(point), encoded(auth))
        self.browsers[path] = Browser(subscription, key, auth)
        return self.browsers[path]

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        """Take a message for a browser: 403 for a signature that is none, or made out for somebody else."""
        browser = self.browsers[path]
        if browser.answer[0] >= 300:
            return browser.answer
        signature = headers["Authorization"]
        if not Vapid02.verify(signature):
            return 403, {}
        claims = json.loads(_decoded(signature.removeprefix("vapid t=").split(".")[1]))
        if claims["aud"] != f"http://{self.host}" or not claims["sub"].startswith("mailto:"):
            return 403, {}
        text = http_ece.decrypt(
            body, private_key=browser.key, auth_secret=browser.auth, version=headers["Content-Encoding"]
        )
        browser.shown.append((json.loads(text), {**headers, "k": signature.rpartition("k=")[2]}))
        return 201, {"Location": f"http://{self.host}/message{path}"}

    def _handler(service) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = service.take(self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

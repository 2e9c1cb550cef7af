"""From `POST /orders` to the mail in the SMTP sink, at a steady pace."""

import json
import socketserver
import threading
import time
import uuid

from benchmarks import harness, load
from benchmarks.harness import Result
from benchmarks.orders import order_body
from tools.installation import Installation, wait_for

PER_SECOND = 20.0
ORDERS = 1200  # a minute


class Sink(socketserver.ThreadingTCPServer):
    """The smallest SMTP server, with PIPELINING as most have: notes when each mail arrived, by its recipient."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.arrived: dict[str, float] = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: Sink
    disable_nagle_algorithm = True  # Its short answers to one group of commands must not wait for each other.

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        recipient = ""
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.wfile.write(b"250-sink\r\n250 PIPELINING\r\n")
            elif verb == b"RCPT":
                recipient = line.decode().split("<")[1].split(">")[0]
                self.wfile.write(b"250 OK\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.server.arrived.setdefault(recipient, time.time())
                self.wfile.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 OK\r\n")


def order_to_mail(installation: Installation) -> Result:
    """Milliseconds from posting an order to the arrival of its confirmation, at 20 orders a second for a minute."""
    sink = Sink()
    installation.environment.update(AFTERWARD_SMTP_HOST="127.0.0.1", AFTERWARD_SMTP_PORT=str(sink.port))
    installation.worker.stop()
    for program in (installation.web, installation.worker, installation.beat):
        program.start()
    installation.wait_until_ready()
    harness.wait_until_quiet(installation)
    names = [uuid.uuid4().hex for _ in range(ORDERS)]
    requests = [_told(installation, name) for name in names]
    _first_mail(installation, sink)
    began = time.time()
    answered = load.run(installation.port, requests, 4, per_second=PER_SECOND)
    assert set(answered.statuses) == {201}, answered.statuses
    deadline = time.monotonic() + 60
    addresses = [f"anna.{name}@example.test" for name in names]
    wanted = set(addresses)
    while not sink.arrived.keys() >= wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    sink.shutdown()
    sink.server_close()
    missing = wanted - sink.arrived.keys()
    assert not missing, f"{len(missing)} of {ORDERS} mails did not arrive within a minute"
    first = began + answered.first_sent
    waits = sorted(
        1000 * (sink.arrived[address] - first - place / PER_SECOND) for place, address in enumerate(addresses)
    )
    return Result(
        "order_to_mail", harness.percentile(waits, 50), "ms", p50_ms=harness.percentile(waits, 50),
        p99_ms=harness.percentile(waits, 99),
    )  # fmt: skip


def _first_mail(installation: Installation, sink: Sink) -> None:
    """The worker's first mail loads templates and opens connections: an installation that runs has done so."""
    for _ in range(installation.slots * 2):
        name = uuid.uuid4().hex
        harness.drive(installation, [_told(installation, name)], connections=1)
        wait_for(lambda name=name: f"anna.{name}@example.test" in sink.arrived, 30, "no mail came")  # type: ignore[misc]


def _told(installation: Installation, name: str) -> bytes:
    """An order whose shopper is told."""
    return harness.post(installation, "orders", json.dumps({**order_body(name), "notify": True}).encode())

"""Webhooks: how many one process delivers to a receiver on loopback, and how soon after the commit the first try is."""

import json
import socketserver
import threading
import time
import uuid

from benchmarks import harness, load
from benchmarks.harness import Result
from benchmarks.orders import order_body
from tools.installation import Installation, wait_for

DELIVERIES = 3000
PER_SECOND = 5.0
ORDERS = 150
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


class Receiver(socketserver.ThreadingTCPServer):
    """The smallest receiver: keeps connections alive, answers at once, notes when each order was told first."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.arrived: dict[str, float] = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: Receiver

    def handle(self) -> None:
        while self.rfile.readline():
            length = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            body = self.rfile.read(length)
            if b"order.placed" in body:
                name = json.loads(body)["data"]["external_id"]
                self.server.arrived.setdefault(name, time.time())
            self.wfile.write(_ANSWER)


def webhook_send(installation: Installation) -> Result:
    """Deliveries a second of one process, beside the same requests sent bare; ms from the commit to the first try."""
    receiver = Receiver()
    installation.environment["AFTERWARD_OUTBOUND_ALLOW"] = receiver.address
    try:
        for program in (installation.worker, installation.beat):
            program.stop()
        installation.python(_ENDPOINT.replace("ADDRESS", receiver.address))
        limit, rounds = harness.beside(
            lambda number: _measured(installation, _BARE, receiver),
            lambda number: harness.Round(_measured(installation, _SEND, receiver), [], 0.0),
        )
        waits = _first_tries(installation, receiver)
        value = sorted(r.per_second for r in rounds)[len(rounds) // 2]
    finally:
        receiver.shutdown()
        receiver.server_close()
    return Result(
        "webhook_send", value, "deliveries/s", raw=limit, ratio=value / limit,
        p50_ms=harness.percentile(waits, 50), p95_ms=harness.percentile(waits, 95),
        p99_ms=harness.percentile(waits, 99),
    )  # fmt: skip


def _measured(installation: Installation, script: str, receiver: Receiver) -> float:
    """What a script in a process of its own prints: how many a second."""
    return float(
        installation.python(script.replace("ADDRESS", receiver.address).replace("COUNT", str(DELIVERIES)))
    )


def _first_tries(installation: Installation, receiver: Receiver) -> list[float]:
    """Milliseconds from an order's answer (it is committed then) to its webhook's arrival, in order."""
    for program in (installation.web, installation.worker, installation.beat):
        program.start()
    installation.wait_until_ready()
    harness.wait_until_quiet(installation)
    for _ in range(
        installation.slots * 2
    ):  # An installation that runs has loaded everything and is connected.
        name = uuid.uuid4().hex
        harness.drive(installation, [_order(installation, name)], connections=1)
        wait_for(lambda name=name: name in receiver.arrived, 30, "no webhook came")  # type: ignore[misc]
    names = [uuid.uuid4().hex for _ in range(ORDERS)]
    began = time.time()
    answered = load.run(
        installation.port, [_order(installation, name) for name in names], 4, per_second=PER_SECOND
    )
    wait_for(lambda: receiver.arrived.keys() >= set(names), 60, "webhooks are missing")
    first = began + answered.first_sent
    return sorted(
        1000 * (receiver.arrived[name] - first - place / PER_SECOND) for place, name in enumerate(names)
    )


def _order(installation: Installation, name: str) -> bytes:
    return harness.post(installation, "orders", json.dumps(order_body(name)).encode())


_SETUP = """
import time
import django
django.setup()
from merchants.models import Merchant
from merchants.scope import merchant_scope
merchant = Merchant.objects.get(slug="nordwind")
"""
_ENDPOINT = (
    _SETUP
    + """
from webhooks.commands import EndpointValues, create_endpoint
create_endpoint(merchant, EndpointValues(url="http://ADDRESS/hook"))
"""
)
# Facts that nobody else reads, so that only the sending is measured; what is planned of them is what a drain plans.
_SEND = (
    _SETUP
    + """
from django.utils import timezone
from events.models import Fact
from webhooks.models import Delivery, Endpoint
from webhooks.sending import send_due
now = timezone.now()
data = {"order_id": str(merchant.id), "external_id": "1", "number": "#1", "total": "89.00", "currency": "EUR"}
with merchant_scope(merchant):
    endpoint = Endpoint.objects.get()
    first = -(Fact.objects.filter(position__lt=0).count() + 1)
    facts = [
        Fact(position=first - n, merchant=merchant, shard=merchant.shard, type="order.updated", data=data,
             recorded_at=now)
        for n in range(COUNT)
    ]
    Fact.objects.bulk_create(facts, batch_size=500)
    Delivery.objects.bulk_create(
        [
            Delivery(merchant=merchant, endpoint=endpoint, position=fact.position, type=fact.type, happened_at=now,
                     planned_at=now, due_at=now)
            for fact in facts
        ],
        batch_size=500,
    )
began = time.perf_counter()
while send_due():
    pass
spent = time.perf_counter() - began
with merchant_scope(merchant):
    assert Delivery.objects.filter(state="delivered", position__lte=first).count() == COUNT
print(COUNT / spent)
"""
)
# The same requests by the standard library over 16 kept connections: no database, no signature, no history.
_BARE = """
import http.client, threading, time
host, port = "ADDRESS".split(":")
body = b"x" * 300
def post(count):
    connection = http.client.HTTPConnection(host, int(port))
    for _ in range(count):
        connection.request("POST", "/hook", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
threads = [threading.Thread(target=post, args=(COUNT // 16,)) for _ in range(16)]
began = time.perf_counter()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(COUNT // 16 * 16 / (time.perf_counter() - began))
"""

"""The REST API behind its real server: chunked bodies, and R1, keys that are sent again while workers are killed."""

import http.client
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
import pytest

from tests.live.shop import Shop
from tests.orders.shopify_shop import sign
from tools.installation import Installation

KEYS, THREADS, SECONDS, KILL_EVERY = 200, 32, 12.0, 2.0


def post(
    installation: Installation, body: Any, *, chunked: bool = False, **headers: str
) -> tuple[int, bytes, str]:
    """POST an order. Returns status, body and the Idempotent-Replayed header. Raises OSError or HTTPException."""
    connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=3)
    known = {
        "Authorization": f"Bearer {installation.api_key}",
        "Content-Type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    try:
        connection.request("POST", "/api/v1/orders", body, known, encode_chunked=chunked)
        response = connection.getresponse()
        return response.status, response.read(), response.headers.get("Idempotent-Replayed", "")
    finally:
        connection.close()


def order(external_id: str) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "currency": "EUR",
        "lines": [{"title": "Fjord Wool Sweater", "quantity": 1, "unit_price": "89.00"}],
    }


def in_chunks(body: bytes, size: int = 65_536) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def test_a_body_in_chunks_is_read_and_one_over_the_limit_refused(shop: Shop) -> None:
    body = json.dumps(order("chunked")).encode()
    assert post(shop.installation, in_chunks(body, 7), chunked=True, Transfer_Encoding="chunked")[0] == 201
    # The server may close the connection while the rest is still being sent.
    with suppress(ConnectionError, BrokenPipeError):
        status, answer, _ = post(
            shop.installation, in_chunks(b" " * 2_100_000), chunked=True, Transfer_Encoding="chunked"
        )
        assert (status, json.loads(answer)["code"]) == (413, "body_too_large")
    assert shop.query("SELECT count(*) FROM orders_order WHERE external_id = 'chunked'") == [(1,)]


_CONNECT = """
import django
django.setup()
from merchants.models import Merchant
from orders.shops import connect_shop
print(connect_shop(Merchant.objects.get(slug="nordwind"), "shopify"))
"""


def test_an_order_that_a_shop_sends_has_its_effect_within_two_seconds(shop: Shop) -> None:
    secret = shop.installation.python(_CONNECT).split()[-1]
    body = json.dumps(
        {"id": 5817263940113, "name": "#1001", "currency": "EUR", "line_items": [{"id": 1, "quantity": 1}]}
    )
    connection = http.client.HTTPConnection("127.0.0.1", shop.installation.port, timeout=5)
    headers = {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Webhook-Id": "one",
        "X-Shopify-Hmac-Sha256": sign(secret, body.encode()),
    }
    began = time.monotonic()
    connection.request("POST", "/hooks/shopify/nordwind", body, headers)
    assert connection.getresponse().status == 200
    assert time.monotonic() - began < 1
    connection.close()
    shop.wait_for_effects("5817263940113", seconds=2)


class Senders:
    """Threads that send random keys again and again, and note every answer."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.bodies: dict[str, set[bytes]] = defaultdict(set)
        self.statuses: dict[int, int] = defaultdict(int)
        self.broken = 0
        self.replayed = 0
        self._lock = threading.Lock()

    def send(self, key: str) -> int:
        try:
            status, body, replayed = post(self.installation, json.dumps(order(key)), Idempotency_Key=key)
        except (OSError, http.client.HTTPException):
            with self._lock:
                self.broken += 1
            return 0
        with self._lock:
            self.statuses[status] += 1
            self.replayed += bool(replayed)
            if status < 300:
                self.bodies[key].add(body)
        return status

    def run(self, until: float, seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() < until:
            if self.send(f"key-{chance.randrange(KEYS)}") != 201:
                time.sleep(0.05)


def kill_a_worker(installation: Installation) -> int:
    """SIGKILL one of the web's worker processes. Returns how many were killed (0: there is none just now)."""
    with suppress(psutil.NoSuchProcess):
        workers = [p for p in installation.web.children() if "resource_tracker" not in " ".join(p.cmdline())]
        if workers:
            random.choice(workers).kill()
            return 1
    return 0


@pytest.mark.chaos
def test_keys_sent_again_while_workers_are_killed_do_their_work_once_and_get_one_answer(shop: Shop) -> None:
    installation, senders = shop.installation, Senders(shop.installation)
    until = time.monotonic() + SECONDS
    threads = [threading.Thread(target=senders.run, args=(until, seed)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    killed = 0
    while time.monotonic() < until:
        time.sleep(KILL_EVERY)
        killed += kill_a_worker(installation)
        # Granian starts a killed worker again, and gives up when one dies twice within seconds: then whatever
        # supervises it (systemd, the container's restart policy) starts it again.
        installation.web.start()
    for thread in threads:
        thread.join(30)
    installation.supervise_web()
    give_up = time.monotonic() + 60
    for number in range(KEYS):  # Whoever got no answer asks once more, as a shop's backend does.
        while senders.send(f"key-{number}") != 201:
            assert time.monotonic() < give_up, (dict(senders.statuses), senders.broken)
            installation.supervise_web()
            time.sleep(0.05)

    assert killed >= 4
    assert senders.replayed > 0
    assert set(senders.statuses) <= {201, 409, 503}, senders.statuses
    assert len(senders.bodies) == KEYS
    assert {key for key, bodies in senders.bodies.items() if len(bodies) != 1} == set()
    assert shop.query(
        "SELECT count(*), count(DISTINCT external_id) FROM orders_order WHERE external_id LIKE 'key-%%'"
    ) == [(KEYS, KEYS)]
    facts = (
        "SELECT count(*), count(DISTINCT data->>'external_id') FROM (SELECT type, data FROM events_fact UNION ALL"
        " SELECT type, data FROM events_incoming) f WHERE type = 'order.placed' AND data->>'external_id' LIKE 'key-%%'"
    )
    assert shop.query(facts) == [(KEYS, KEYS)]
    assert shop.query("SELECT count(*) FROM merchants_idempotencykey") == [(KEYS,)]

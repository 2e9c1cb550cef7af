"""A shop's backend under whose feet everything is killed: it sends each order again until it is answered 2xx."""

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable

from tools.installation import Installation

THREADS = 8
# A server that has just been killed never answers.
ANSWER_SECONDS = 5.0
PAUSE_SECONDS = 0.2
# With so many mails under way the shop sends no more orders for a while: recovery is measured, and no backlog.
MOST_WAITING = 300
MAILS_OF_AN_ORDER = 2  # its confirmation, and the marketing message that it sets off
LONGEST_WAIT_SECONDS = 10.0
# Nothing is ever away for so long: an order that is not taken by then will not be.
PATIENCE_SECONDS = 120.0


class Load:
    """Orders at a steady pace. `placed` are those answered 2xx; `answers` counts every status, 0 for none.

    mails: tells how many have arrived so far.
    """

    def __init__(
        self, installation: Installation, name: str, orders: int, per_second: float, mails: Callable[[], int]
    ) -> None:
        self.placed: set[str] = set()
        self.answers: Counter[int] = Counter()
        self.given_up: list[str] = []
        self._installation = installation
        self._name = name
        self._orders = orders
        self._per_second = per_second
        self._mails = mails
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(THREADS)]

    def start(self) -> None:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def running(self) -> bool:
        """Whether orders are still being sent."""
        return any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Send nothing any more."""
        self._stop.set()
        for thread in self._threads:
            thread.join(ANSWER_SECONDS * 2)

    def recipient(self, external_id: str) -> str:
        """The shopper of an order: each has one of their own."""
        return f"{external_id}@example.test"

    def _work(self) -> None:
        while not self._stop.is_set() and (number := next(self._numbers)) < self._orders:
            self._stop.wait(max(0.0, self._began + number / self._per_second - time.monotonic()))
            self._wait_for_mails()
            self._place(f"{self._name}-{number}")

    def _wait_for_mails(self) -> None:
        until = time.monotonic() + LONGEST_WAIT_SECONDS
        while self._under_way() > MOST_WAITING and time.monotonic() < until:
            self._stop.wait(0.1)

    def _under_way(self) -> int:
        return MAILS_OF_AN_ORDER * len(self.placed) - self._mails()

    def _place(self, external_id: str) -> None:
        body = json.dumps({
            "external_id": external_id, "currency": "EUR", "customer": {"email": self.recipient(external_id)},
            "lines": [{"title": "Fjord Wool Sweater", "quantity": 1, "unit_price": "89.00"}],
        })  # fmt: skip
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._stop.is_set() and time.monotonic() < until:
            status = self._post(body, external_id)
            with self._lock:
                self.answers[status] += 1
                if 200 <= status < 300:
                    self.placed.add(external_id)
                    return
            self._stop.wait(PAUSE_SECONDS)
        with self._lock:
            self.given_up.append(external_id)

    def _post(self, body: str, key: str) -> int:
        """The status of one try, 0 when the server went away."""
        connection = http.client.HTTPConnection("127.0.0.1", self._installation.port, timeout=ANSWER_SECONDS)
        headers = {
            "Authorization": f"Bearer {self._installation.api_key}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        try:
            connection.request("POST", "/api/v1/orders", body, headers)
            response = connection.getresponse()
            response.read()
            return response.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

"""A shop's backend that places orders over HTTP, and looks at what came of them."""

import http.client
import itertools
import json
import time
from types import TracebackType
from typing import Any, Self

from tools.installation import Installation, wait_for

_numbers = itertools.count(1)


class Shop:
    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._database = installation.connect()

    def place(self, word: str = "order", **headers: str) -> tuple[str, int, float]:
        """Place an order. Returns its external id, the HTTP status and how many seconds the answer took."""
        external_id = f"{word}-{next(_numbers)}"
        body = json.dumps({
            "external_id": external_id, "currency": "EUR", "customer": {"email": "anna@example.test"},
            "lines": [{"title": "Fjord Wool Sweater", "quantity": 1, "unit_price": "89.00"}],
        })  # fmt: skip
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.port, timeout=30)
        try:
            connection.request(
                "POST", "/api/v1/orders", body,
                {"Authorization": f"Bearer {self.installation.api_key}", "Content-Type": "application/json", **headers},
            )  # fmt: skip
            response = connection.getresponse()
            response.read()
            return external_id, response.status, time.monotonic() - began
        finally:
            connection.close()

    def effects(self, *words: str) -> list[str]:
        """The orders among `words` that the reader has noted, once for each time."""
        rows = self.query("SELECT word FROM test_effect WHERE word = ANY(%s) ORDER BY word", list(words))
        return [word for (word,) in rows]

    def wait_for_effects(self, *words: str, seconds: float) -> float:
        """Wait until the reader has noted all of them. Returns for how many seconds."""
        try:
            return wait_for(
                lambda: set(self.effects(*words)) == set(words), seconds, f"the reader has not noted {words}"
            )
        except TimeoutError as error:
            for part in (self.installation.worker, self.installation.beat):
                error.add_note(part.log()[-3000:])
            raise

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._database.execute(sql, values).fetchall()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

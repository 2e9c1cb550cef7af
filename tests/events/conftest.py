"""Readers of the log that a test declares for itself, and the table that shows what they did."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.db import connection

from events import subscribers
from events.facts import RecordedFact
from events.subscribers import Subscriber, subscribe
from merchants.models import Merchant

MakeReader = Callable[..., Subscriber]


@pytest.fixture
def effects(db: None) -> Iterator["Effects"]:
    """A table for what readers do, whichever process they run in."""
    table = Effects()
    table.create()
    yield table
    table.drop()


@pytest.fixture
def make_reader(monkeypatch: pytest.MonkeyPatch, effects: "Effects") -> MakeReader:
    """Declares readers of `order.updated` that note each fact. No other readers exist meanwhile.

    `before` is called with each fact first, inside the transaction of the effects.
    """
    monkeypatch.setattr(subscribers, "_subscribers", {})

    def make(
        name: str = "notes",
        *,
        types: Sequence[str] = ("order.updated",),
        before: Callable[[RecordedFact], None] = lambda fact: None,
        **more: Any,
    ) -> Subscriber:
        def handle(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
            for fact in facts:
                before(fact)
                effects.note(name, fact)

        subscribe(name, types, **more)(handle)
        return subscribers.get_subscriber(name)

    return make


class Effects:
    """What readers did: one row for each time that a fact was handled. Nothing in it is unique."""

    def create(self) -> None:
        self.run("CREATE TABLE IF NOT EXISTS test_effect (reader text, position bigint, word text)")
        self.run("TRUNCATE test_effect")

    def drop(self) -> None:
        self.run("DROP TABLE test_effect")

    def note(self, reader: str, fact: RecordedFact) -> None:
        """Note that a reader handled a fact."""
        word = fact.data["external_id"]
        self.run("INSERT INTO test_effect VALUES (%s, %s, %s)", [reader, fact.position, word])

    def words(self, reader: str = "notes") -> list[str]:
        """The external ids of the facts that a reader handled, in the order of the log."""
        rows = self.run("SELECT word FROM test_effect WHERE reader = %s ORDER BY position", [reader])
        return [word for (word,) in rows]

    def run(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, list(values) or None)
            return cursor.fetchall() if cursor.description else []

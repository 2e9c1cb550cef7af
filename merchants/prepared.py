"""Prepared statements, for the few places that are busy enough to need them."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import ModelState

T = TypeVar("T", bound=models.Model)


def prepared_cursor(*, binary: bool = False) -> Any:
    """A cursor that binds on the server, so that a statement is parsed and planned once a connection.

    Goes through Django's wrappers: queries are counted and logged like any other. binary: results come in
    PostgreSQL's own form, which for times is ten times cheaper to read than text. Then JSON comes parsed.
    """
    wrapper: Any = connections[DEFAULT_DB_ALIAS]  # Once: `connection` looks it up at every attribute.
    wrapper.ensure_connection()
    idle = wrapper.connection.__dict__.setdefault("idle_cursors", {False: [], True: []})[binary]
    return wrapper._prepare_cursor(idle.pop() if idle else _Cursor(wrapper.connection, binary, idle))


class _Cursor(psycopg.Cursor):  # Django's own cursors bind in the client
    """A cursor that its connection keeps when it is closed: a new one has to look up again how each type is sent
    and read, which takes three times as long as a short statement."""

    def __init__(self, connection: psycopg.Connection, binary: bool, idle: list["_Cursor"]) -> None:
        super().__init__(connection)
        self._idle = idle
        if binary:
            self.format = psycopg.pq.Format.BINARY

    def close(self) -> None:
        if self not in self._idle:  # closed twice, it must not be given to two
            self._idle.append(self)


def loaded(kind: type[T], columns: Iterable[str], row: Iterable[Any]) -> T:
    """A row as an object of its model, as `Model.from_db` makes one: columns that are left out load on demand.

    `from_db` goes through every field that the model has, which on the busy roads costs more than the query.
    """
    made = kind.__new__(kind)
    made._state = state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    made.__dict__.update(zip(columns, row, strict=True))
    return made


def execute_each(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Execute a prepared statement once for each row, all in one round trip."""
    with prepared_cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(statement, rows[0])  # The pipeline would cost more than it saves.
        elif rows:
            cursor.executemany(statement, rows)

"""Prepared statements, for the few places that are busy enough to need them."""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def prepared_cursor() -> Any:
    """A cursor that binds on the server, so that a statement is parsed and planned once a connection.

    Goes through Django's wrappers: queries are counted and logged like any other.
    """
    connection.ensure_connection()
    wrapper: Any = connection
    raw = psycopg.Cursor(wrapper.connection)  # Django's own cursors bind in the client
    return wrapper._prepare_cursor(raw)


def execute_each(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Execute a prepared statement once for each row, all in one round trip."""
    with prepared_cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(statement, rows[0])  # The pipeline would cost more than it saves.
        elif rows:
            cursor.executemany(statement, rows)

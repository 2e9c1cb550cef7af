"""Prepared statements, for the few places that are busy enough to need them."""

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

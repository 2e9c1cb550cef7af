"""Deleting what has had its day: a batch at a time, the oldest first, out of the way of everybody else."""

from datetime import datetime

from django.db import connection, models

_FORGET = """
DELETE FROM {table} USING (
    SELECT merchant_id, id FROM {table} WHERE {column} < %s AND {only} ORDER BY {column} LIMIT %s
    FOR UPDATE SKIP LOCKED
) AS old WHERE {table}.merchant_id = old.merchant_id AND {table}.id = old.id
"""


def forget(
    model: type[models.Model], column: str, before: datetime, *, only: str = "true", limit: int = 1000
) -> int:
    """Delete up to `limit` rows of all merchants whose `column` lies before. Returns how many.

    only: a further condition in SQL. The column needs an index. What hangs on the rows is deleted by the database.
    """
    statement = _FORGET.format(table=model._meta.db_table, column=column, only=only)
    with connection.cursor() as cursor:
        cursor.execute(statement, [before, limit])
        return int(cursor.rowcount)

"""The test database: copied from a template that is migrated once, and emptied by deleting what was written.

Migrating an empty database takes ten seconds; copying one takes a fraction of one. The template is kept in the
server, under a name that says which migrations and models made it: a second run finds it there, and so do the
other processes of the same run.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from config.environment import text

_REPO = Path(__file__).resolve().parent.parent
_PREFIX = "afterward_template_"
_LOCK = 7_264_201  # any number that nobody else locks
# What decides how a migrated database looks.
_SOURCES = (
    *("*/migrations/*.py", "*/*/migrations/*.py", "*/models.py", "*/*/models.py"),
    *("*/fields.py", "requirements/base.txt"),
)
# Rows that migrating wrote, and that every test may count on.
_KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def template_name() -> str:
    """The name of the template database of this checkout as it stands."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _SOURCES for path in _REPO.glob(pattern)):
        digest.update(f"{path.relative_to(_REPO)}\n".encode() + path.read_bytes())
    return _PREFIX + digest.hexdigest()[:16]


def spare_the_disk() -> None:
    """Let the embedded server trust the operating system to write.

    A process may be killed at any time, and what it committed stays; only a power cut would lose it, and with it
    the test run. A server that the environment names is not ours to change.
    """
    if text("DATABASE_URL"):
        return
    with connection._nodb_cursor() as cursor:
        cursor.execute("SHOW fsync")
        if cursor.fetchone() == ("off",):
            return
        cursor.execute("ALTER SYSTEM SET fsync = off")
        cursor.execute("ALTER SYSTEM SET full_page_writes = off")
        cursor.execute("SELECT pg_reload_conf()")


def create() -> None:
    """Make this process's test database, and have `connection` use it."""
    test_name = connection.creation._get_test_db_name()
    with _admin() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])  # one process migrates, the others wait for it
        template = _template(cursor)
        cursor.execute(f'DROP DATABASE IF EXISTS "{test_name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{test_name}" TEMPLATE "{template}"')
    _use(test_name)


def drop(original: str) -> None:
    """Drop the test database, whoever is still connected, and have `connection` use the `original` one again."""
    test_name = connection.settings_dict["NAME"]
    _use(original)
    with _admin() as cursor:
        cursor.execute(f'DROP DATABASE "{test_name}" WITH (FORCE)')


def delete_what_was_written(*_: Any) -> None:
    """Empty the tables that have rows, after a test that commits.

    Django's own way empties all eighty, which takes ten times as long, and then writes permissions and content types
    again. Triggers and foreign keys are off meanwhile: everything goes.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_which_have_rows())
        if written := [table for (table,) in cursor.fetchall()]:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("; ".join(f'DELETE FROM "{table}"' for table in written))


@cache
def _which_have_rows() -> str:
    tables = set(connection.introspection.django_table_names(only_existing=True)) - _KEPT
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in sorted(tables)
    )


def _template(cursor: Any) -> str:
    """The name of the template, which is made when missing; templates of other versions go."""
    name = template_name()
    cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_PREFIX])
    known = {row[0] for row in cursor.fetchall()}
    for old in known - {name}:
        cursor.execute(f'ALTER DATABASE "{old}" IS_TEMPLATE false')
        cursor.execute(f'DROP DATABASE "{old}" WITH (FORCE)')
    if name not in known:
        building = f"{_PREFIX}building"
        cursor.execute(f'CREATE DATABASE "{building}" TEMPLATE template0')
        _use(building)
        call_command("migrate", verbosity=0, interactive=False)
        connection.close()
        cursor.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false IS_TEMPLATE true')
    return name


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


@contextmanager
def _admin() -> Iterator[Any]:
    """A cursor beside the databases that are made and dropped; what it does may take its time."""
    with connection._nodb_cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET lock_timeout = 0")
        yield cursor

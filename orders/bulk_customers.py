"""Storing the customers of many orders at once: who is known is brought up to date, the others are new."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from merchants.copying import copy_line, copy_lines
from merchants.ids import uuid7_texts
from merchants.models import Merchant


class Person(NamedTuple):
    """A customer as they were told: normal forms, "" for what is not known."""

    email: str
    external_id: str
    first_name: str
    last_name: str
    phone: str
    locale: str


@dataclass(slots=True)
class _Row:
    id: UUID | str
    values: list[str]  # in the order of Person's fields
    is_new: bool = False
    is_changed: bool = field(default=False)


_FIELDS = Person._fields
_BY_EXTERNAL_ID = """
SELECT DISTINCT ON (external_id) id FROM orders_customer
WHERE merchant_id = %s AND external_id = ANY(ARRAY(SELECT jsonb_array_elements_text(%s))) AND external_id <> ''
ORDER BY external_id, updated_at DESC
"""
# Everybody locks customers in this order.
_LOCK = f"""
SELECT id, {", ".join(_FIELDS)} FROM orders_customer
WHERE merchant_id = %(merchant)s AND (
    email = ANY(ARRAY(SELECT jsonb_array_elements_text(%(emails)s))) AND email <> '' OR id = ANY(%(ids)s))
ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608  # names of our own columns
_UPDATE = f"""
UPDATE orders_customer AS c SET {", ".join(f"{name} = told.{name}" for name in _FIELDS)}, updated_at = %s
FROM unnest(%s::uuid[], {", ".join(["%s::text[]"] * len(_FIELDS))}) AS told(id, {", ".join(_FIELDS)})
WHERE c.merchant_id = %s AND c.id = told.id
"""  # noqa: S608  # names of our own columns


def put_customers(merchant: Merchant, people: Sequence[Person], now: datetime) -> list[UUID | str | None]:
    """Store the customers of orders in the open transaction, by the rules of `POST /orders`. At most four statements.

    A known person's fields are replaced by what is told, never emptied. Returns each one's customer; None for
    somebody whom nothing tells from others. Raises IntegrityError when one of them is being stored by somebody else
    at this moment: try again.
    """
    by_email, by_external_id = _known(merchant, people)
    new: list[_Row] = []
    result: list[UUID | str | None] = []
    for person, new_id in zip(people, uuid7_texts(len(people)), strict=True):
        row = by_email.get(person.email) if person.email else by_external_id.get(person.external_id)
        if row is None:
            if not person.email and not person.external_id:
                result.append(None)
                continue
            row = _Row(new_id, list(person), is_new=True)
            new.append(row)
        elif person.email or row.is_new:
            _merge(row, person)
        if person.email:
            by_email[person.email] = row
        if row.values[1]:
            by_external_id[row.values[1]] = row
        result.append(row.id)
    known = {id(row): row for row in (*by_email.values(), *by_external_id.values()) if not row.is_new}
    _store(merchant, new, [row for row in known.values() if row.is_changed], now)
    return result


def _merge(row: _Row, person: Person) -> None:
    for index, value in enumerate(person):
        if value and row.values[index] != value:
            row.values[index] = value
            row.is_changed = True


def _known(merchant: Merchant, people: Sequence[Person]) -> tuple[dict[str, _Row], dict[str, _Row]]:
    """The customers that are known already, locked: by e-mail address and by external id."""
    emails = list({person.email for person in people if person.email})
    external_ids = list({p.external_id for p in people if p.external_id and not p.email})
    with connection.cursor() as cursor:
        ids: list[Any] = []
        if external_ids:
            cursor.execute(_BY_EXTERNAL_ID, [merchant.id, _json(external_ids)])
            ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(_LOCK, {"merchant": merchant.id, "emails": _json(emails), "ids": ids})
        rows = [_Row(row[0], list(row[1:])) for row in cursor.fetchall()]
    found = set(ids)
    by_email = {row.values[0]: row for row in rows if row.values[0]}
    return by_email, {row.values[1]: row for row in rows if row.id in found}


def _json(texts: list[str]) -> str:
    """Texts for `jsonb_array_elements_text`: written far quicker than an array's."""
    return msgspec.json.encode(texts).decode()


def _store(merchant: Merchant, new: Sequence[_Row], changed: Sequence[_Row], now: datetime) -> None:
    if changed:
        columns = zip(*(row.values for row in changed), strict=True)
        with connection.cursor() as cursor:
            cursor.execute(
                _UPDATE,
                [now, [row.id for row in changed], *(list(column) for column in columns), merchant.id],
            )
    if new:
        same = f"{merchant.id}\t{now.isoformat()}\t{now.isoformat()}"
        copy_lines(
            "orders_customer",
            (*_FIELDS, "id", "merchant_id", "created_at", "updated_at"),
            [f"{copy_line(row.values)}\t{row.id}\t{same}" for row in new],
        )

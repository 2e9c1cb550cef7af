"""Cursor pagination: `?limit=50&cursor=…`, newest or oldest first, stable while rows are added."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet
from django.http import QueryDict

from merchants.rest.decode import aware
from merchants.rest.errors import InvalidBody, InvalidParameter

T = TypeVar("T")

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 100


class Page(msgspec.Struct, Generic[T]):
    """A page of a list. `next_cursor` is null on the last page."""

    data: list[T]
    has_more: bool
    next_cursor: str | None


def limit_of(query: QueryDict) -> int:
    """The `limit` parameter: 1 to 100, 50 when absent. Raises InvalidParameter."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= number <= LARGEST_LIMIT:
        raise InvalidParameter(f"limit is a number from 1 to {LARGEST_LIMIT}.", param="limit")
    return number


def newest_first(
    rows: QuerySet, query: QueryDict, show: Callable[[Any], T], *, by: str = "created_at"
) -> Page[T]:
    """A page of `rows`, newest first by (`by`, id). Raises InvalidParameter for a bad limit or cursor."""
    limit = limit_of(query)
    if cursor := query.get("cursor"):
        rows = older_than(rows, cursor, by=by)
    found = list(rows.order_by(f"-{by}", "-id")[: limit + 1])
    more = len(found) > limit
    shown = found[:limit]
    next_cursor = cursor_of(shown[-1], by=by) if more else None
    return Page([show(row) for row in shown], more, next_cursor)


def older_than(rows: QuerySet, cursor: str, *, by: str) -> QuerySet:
    """The rows after the one that `cursor` names. Raises InvalidParameter for one that we never gave."""
    try:
        when, _, id_ = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().partition("|")
        at, last = aware(datetime.fromisoformat(when), "cursor"), UUID(id_)
    except (ValueError, binascii.Error, InvalidBody):
        raise InvalidParameter("This cursor is not one that we gave.", param="cursor") from None
    # The first condition is implied by the second; it is what lets the index begin at the cursor.
    return rows.filter(Q(**{f"{by}__lte": at}) & (Q(**{f"{by}__lt": at}) | Q(pk__lt=last)))


def cursor_of(row: Any, *, by: str) -> str:
    """The cursor that names a row's place in a list ordered by (`by`, id), newest first."""
    return base64.urlsafe_b64encode(f"{getattr(row, by).isoformat()}|{row.pk}".encode()).decode()

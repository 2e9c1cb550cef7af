"""A stretch of a long list: no page numbers, no offsets, the same cost however far down."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from merchants.rest.errors import InvalidParameter
from merchants.rest.pages import cursor_of, older_than

PAGE = 50
# Of all lists; anything else in an address is dropped.
PARAMETERS = (
    "tab", "q", "touchpoint", "channel", "about", "by", "endpoint", "state", "type", "carrier", "country", "tag",
    "outcome", "from", "to", "view",
)  # fmt: skip


@dataclass(frozen=True)
class Stretch:
    """Rows to show and the addresses beside them.

    more_url: the rows after these, "" at the end. is_start: False when a cursor began it further down. size: how many
    rows it has at most.
    """

    rows: list[Any]
    more_url: str
    is_start: bool
    size: int = PAGE


def newest(request: HttpRequest, rows: QuerySet, *, by: str, size: int = PAGE) -> Stretch:
    """Up to `size` rows, newest first by (`by`, id), from `?cursor=` on. A cursor that is none starts at the top."""
    cursor = request.GET.get("cursor", "")
    is_start = True
    if cursor:
        with suppress(InvalidParameter):
            rows, is_start = older_than(rows, cursor, by=by), False
    found = list(rows.order_by(f"-{by}", "-id")[: size + 1])
    shown = found[:size]
    more = url_with(request, cursor=cursor_of(shown[-1], by=by)) if len(found) > size else ""
    return Stretch(shown, more, is_start, size)


def results(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The list without the page around it, for a filter that is followed while one types; the address keeps it."""
    response = render(request, template, context)
    response["HX-Replace-Url"] = request.path + url_with(request).removeprefix(request.path)
    return response


def url_with(request: HttpRequest, **changes: str) -> str:
    """This list's address with other parameters; an empty value takes one out. The page is the address."""
    given = {name: request.GET.get(name, "") for name in PARAMETERS}
    kept = {name: value for name, value in {**given, "cursor": "", **changes}.items() if value}
    return f"?{urlencode(kept)}" if kept else request.path

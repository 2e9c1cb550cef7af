"""Exports: a whole list as CSV or NDJSON, page by page.

Memory stays flat and no transaction stays open, however long the list: each page is one short query behind the last row
of the one before (R13). A spreadsheet must not read a formula out of what a shopper typed (R27).
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import QuerySet
from django.http import QueryDict, StreamingHttpResponse
from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import InvalidParameter
from merchants.rest.pages import cursor_of, older_than
from merchants.scope import merchant_scope

PAGE = 500
_PIECE = 1 << 16
FORMATS = ("csv", "ndjson")
# What a spreadsheet takes for the beginning of a formula; also behind our own sign, so that nothing is lost with it.
_FORMULA = re.compile(r"^'*[=+\-@\t\r\0]")
_encoder = msgspec.json.Encoder(decimal_format="string")


@dataclass(frozen=True)
class Export:
    """How a list is exported.

    name: `orders`. columns: the first line of the CSV. lines: the lines of one row, in these columns. show: the row
    as the API shows it. by: what the list is ordered by, newest first.
    """

    name: str
    columns: tuple[str, ...]
    lines: Callable[[Any], Iterable[Sequence[Any]]]
    show: Callable[[Merchant, Any], Any]
    by: str = "created_at"


def escape_cell(value: Any) -> Any:
    """What stands in a cell. Text that would be read as a formula (= + - @ TAB CR NUL) gets a ' in front of it.

    Our import takes it off again. A NUL is left out: no program reads a cell with it.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal | int | date):
        return str(value)
    text = str(value)
    return "'" + text.replace("\0", "") if _FORMULA.match(text) else text


def format_of(query: QueryDict) -> str:
    """The `format` parameter: csv (when absent) or ndjson. Raises InvalidParameter."""
    name = query.get("format", "csv")
    if name not in FORMATS:
        raise InvalidParameter(f"format is one of {', '.join(FORMATS)}.", param="format")
    return name


def respond(merchant: Merchant, export: Export, rows: QuerySet, format_: str) -> StreamingHttpResponse:
    """The list as a file. `rows` is filtered already; it is read while the file is sent."""
    pages = newest_pages(merchant, rows, export.by)
    return stream(merchant, export, pages, format_)


def stream(
    merchant: Merchant, export: Export, pages: Iterator[list[Any]], format_: str
) -> StreamingHttpResponse:
    """Pages of rows as a file."""
    content = _csv(export, pages) if format_ == "csv" else _ndjson(merchant, export, pages)
    kind = "text/csv; charset=utf-8" if format_ == "csv" else "application/x-ndjson"
    response = StreamingHttpResponse(content, content_type=kind)
    name = f"{export.name}-{merchant.slug}-{timezone.now():%Y-%m-%d}.{format_}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"  # names and addresses of shoppers
    return response


def newest_pages(merchant: Merchant, rows: QuerySet, by: str) -> Iterator[list[Any]]:
    """The rows, newest first by (`by`, id), in pages. The scope is open while a page is read, and not in between."""
    cursor = ""
    while True:
        with merchant_scope(merchant):
            after = older_than(rows, cursor, by=by) if cursor else rows
            page = list(after.order_by(f"-{by}", "-id")[:PAGE])
        if page:
            yield page
        if len(page) < PAGE:
            return
        cursor = cursor_of(page[-1], by=by)


def lines_as_csv(lines: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Lines as CSV, some at a time. What their cells hold is escaped already."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for line in lines:
        writer.writerow(line)
        if buffer.tell() > _PIECE:
            yield _taken(buffer)
    yield _taken(buffer)


def _csv(export: Export, pages: Iterator[list[Any]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(export.columns)
    yield _taken(buffer)
    for page in pages:
        for row in page:
            for line in export.lines(row):
                writer.writerow([escape_cell(value) for value in line])
        yield _taken(buffer)


def _ndjson(merchant: Merchant, export: Export, pages: Iterator[list[Any]]) -> Iterator[bytes]:
    for page in pages:
        with merchant_scope(merchant):
            yield b"".join(_encoder.encode(export.show(merchant, row)) + b"\n" for row in page)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()

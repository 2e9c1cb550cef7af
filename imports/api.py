"""REST: imports. A file is sent as it is; it is written to disk piece by piece, whatever its size."""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from imports import commands, files, queries
from imports.models import Format, Import, ImportState, Kind
from imports.schemas import ImportOut, RefusedLineOut, RefusedLinesOut, StartIn, show_import
from merchants.ids import parse_public_id
from merchants.models import ApiKey
from merchants.rest import idempotency
from merchants.rest.errors import InvalidBody, InvalidParameter, NotFound, UnsupportedMediaType
from merchants.rest.pages import Page, limit_of, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView

_TYPES = {
    "text/csv": None,  # or NDJSON that is called so: the file tells
    "application/x-ndjson": Format.NDJSON,
    "application/ndjson": Format.NDJSON,
    "application/octet-stream": None,
    "text/plain": None,
}
_UPLOAD: dict[str, Any] = {"text/csv": OpenApiTypes.BINARY, "application/x-ndjson": OpenApiTypes.BINARY}


class Imports(ApiView):
    """Imports of the merchant's data."""

    scopes = {"GET": "imports:read", "POST": "imports:write"}

    @extend_schema(
        operation_id="imports_list",
        parameters=[query("state", "How far it is.", values=ImportState.values), *PAGING],
        responses={200: Page[ImportOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List imports, newest first."""
        rows = Import.objects.all()
        if state := request.GET.get("state"):
            if state not in ImportState.values:
                raise InvalidParameter(f"state is one of {', '.join(ImportState.values)}.", param="state")
            rows = rows.filter(state=state)
        return self.show(newest_first(rows, request.GET, show_import))

    @extend_schema(
        operation_id="imports_create",
        parameters=[
            query("kind", "What the file holds.", values=Kind.values, required=True),
            query("file_name", "What people call it."),
            query(
                "start", "yes: run it at once, with the columns as they are suggested.", values=("yes", "no")
            ),
        ],
        request=_UPLOAD,
        responses={201: ImportOut},
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """Send a file: CSV in any usual encoding and delimiter, or NDJSON with a body of the API a line.

        The answer says what the file is and how its columns would be read. Start it then, with another mapping if
        need be. Nothing that is imported is told to shoppers. Sent again, known records are updated.
        """
        kind = self._choice("kind", Kind.values)
        start = self._choice("start", ("yes", "no"), default="no") == "yes"
        format_ = self._format()
        digest = hashlib.sha256(f"{request.GET.urlencode()}\n".encode())
        stored = files.store(_pieces(self.request._request, digest))
        found = commands.look_at(stored, format_)  # A large file takes seconds: not inside a transaction.
        assert isinstance(self.request.auth, ApiKey)
        created_by = self.request.auth.name

        def work() -> HttpResponse:
            name = request.GET.get("file_name", "") or f"{kind}.{found.format}"
            with transaction.atomic():  # One that cannot be started is not kept either.
                row = commands.create_import(
                    self.merchant, Kind(kind), name, stored, found, created_by=created_by
                )
                if start:
                    row = commands.start_import(self.merchant, row.id)
            return self.show(show_import(row), 201)

        return self._once(digest.digest(), stored, work)

    def _once(self, digest: bytes, stored: files.Stored, work: Any) -> HttpResponse:
        """`work`, honouring `Idempotency-Key`: the file's hash stands for the body. A file nobody needs is deleted."""
        key = self.request.META.get("HTTP_IDEMPOTENCY_KEY")
        kept = False
        try:
            response: HttpResponse = (
                work() if key is None else idempotency.once(self.merchant, "POST /imports", key, digest, work)
            )
            kept = "Idempotent-Replayed" not in response
        finally:
            if not kept:
                files.delete(stored.name)
        return response

    def _choice(self, name: str, values: Any, default: str = "") -> str:
        value = self.request.GET.get(name, default)
        if value not in values:
            raise InvalidParameter(f"{name} is one of {', '.join(values)}.", param=name)
        return str(value)

    def _format(self) -> Format | None:
        sent_as = self.request._request.content_type or "text/csv"
        if sent_as not in _TYPES:
            raise UnsupportedMediaType(
                f"Send the file itself as text/csv or application/x-ndjson, not {sent_as[:100]}.",
                param="Content-Type",
            )
        return _TYPES[sent_as]


class OneImport(ApiView):
    """One import."""

    scopes = {"GET": "imports:read"}

    @extend_schema(operation_id="imports_read", responses={200: ImportOut})
    def get(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """Read how far an import is."""
        return self.show(show_import(queries.get_import(parse_public_id("imp", import_id))))


class StartImport(ApiView):
    """Starting."""

    scopes = {"POST": "imports:write"}

    @extend_schema(operation_id="imports_start", request=StartIn, responses={200: ImportOut})
    def post(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """Start an import, saying how its columns are meant.

        `mapping` names a header for each field (`{"external_id": "Order ID", "lines[].sku": "SKU"}`). `options`:
        `decimal` is `.` or `,`; `dates` is `dmy` or `mdy`, for 03/04/2026; `currency` is that of records without one.
        """
        return self.once(f"POST /imports/{import_id}/start", lambda: self._start(import_id))

    def _start(self, import_id: str) -> HttpResponse:
        parsed = _id(import_id)
        body = self.body(StartIn) if self.request._request.body else StartIn()
        row = queries.get_import(parsed)
        if body.mapping is not None or body.options is not None:
            mapping = row.mapping if body.mapping is None else body.mapping
            options = row.options if body.options is None else body.options
            commands.map_columns(self.merchant, parsed, mapping, options)
        return self.show(show_import(commands.start_import(self.merchant, parsed)))


class StopImport(ApiView):
    """Stopping."""

    scopes = {"POST": "imports:write"}

    @extend_schema(operation_id="imports_stop", request=None, responses={200: ImportOut})
    def post(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """Read no more of the file. What was stored stays."""
        return self.once(
            f"POST /imports/{import_id}/stop",
            lambda: self.show(show_import(commands.stop_import(self.merchant, _id(import_id)))),
        )


class UndoImport(ApiView):
    """Undoing."""

    scopes = {"POST": "imports:write"}

    @extend_schema(operation_id="imports_undo", request=None, responses={200: ImportOut})
    def post(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """Remove the orders that an import newly made, as far as nobody has changed or shipped them since."""
        return self.once(
            f"POST /imports/{import_id}/undo",
            lambda: self.show(show_import(commands.undo_import(self.merchant, _id(import_id)))),
        )


class RefusedLines(ApiView):
    """What an import refused."""

    scopes = {"GET": "imports:read"}

    @extend_schema(operation_id="imports_refused_lines", parameters=PAGING, responses={200: RefusedLinesOut})
    def get(self, request: HttpRequest, import_id: str) -> HttpResponse:
        """List the lines of the file that were refused, in order, each with what is wrong."""
        row = queries.get_import(parse_public_id("imp", import_id))
        limit = limit_of(request.GET)
        found, cursor = queries.refused_page(row, request.GET.get("cursor", ""), limit)
        data = [RefusedLineOut(line=r.line, field=r.field, column=r.column, detail=r.detail) for r in found]
        return self.show(RefusedLinesOut(data=data, has_more=cursor is not None, next_cursor=cursor))


def _id(text: str) -> Any:
    parsed = parse_public_id("imp", text)
    if parsed is None:
        raise NotFound("There is no such import.", param="import_id")
    return parsed


def _pieces(request: HttpRequest, digest: Any) -> Iterator[bytes]:
    """The body, piece by piece. Raises TooLarge before reading one that says that it is."""
    given = request.META.get("CONTENT_LENGTH") or ""
    if given and not (given.isascii() and given.isdigit()):
        raise InvalidBody("Content-Length is not a number.", param="Content-Length")
    files.check_size(int(given[:20] or 0))
    chunked = not given and request.META.get("wsgi.input_terminated")
    source: Any = request.META["wsgi.input"] if chunked else request
    while piece := source.read(files.PIECE):
        digest.update(piece)
        yield piece

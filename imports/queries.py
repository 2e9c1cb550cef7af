"""Reading imports: how far they are, and what they refused."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

from django.db.models import QuerySet

from imports.models import Import, ImportState, RefusedLine
from merchants.rest.errors import InvalidParameter, NotFound

_PAGE = 500


def get_import(import_id: UUID | None) -> Import:
    """An import of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    row: Import | None = Import.objects.filter(pk=import_id).first() if import_id else None
    if row is None:
        raise NotFound("There is no such import.", param="import_id")
    return row


def percent(row: Import) -> int:
    """How much of the file is worked off, in whole percent."""
    if row.state == ImportState.DONE or not row.size:
        return 100
    return min(100, row.offset * 100 // row.size)


def refused_lines(row: Import) -> QuerySet[RefusedLine]:
    """What an import refused, in the order of the file."""
    rows: QuerySet[RefusedLine] = RefusedLine.objects.filter(source=row).order_by("line", "id")
    return rows


def refused_page(row: Import, cursor: str, limit: int) -> tuple[list[RefusedLine], str | None]:
    """A page of what an import refused, and the cursor of the next one. Raises InvalidParameter."""
    rows = refused_lines(row)
    if cursor:
        line, _, id_ = cursor.partition("-")
        try:
            last = (int(line), UUID(hex=id_))
        except ValueError:
            raise InvalidParameter("This cursor is not one that we gave.", param="cursor") from None
        if not line.isascii() or len(line) > 18:
            raise InvalidParameter("This cursor is not one that we gave.", param="cursor")
        rows = rows.filter(line__gte=last[0]).exclude(line=last[0], id__lte=last[1])
    found = list(rows[: limit + 1])
    shown = found[:limit]
    more = len(found) > limit
    return shown, f"{shown[-1].line}-{shown[-1].id.hex}" if more else None


def every_refused_line(
    row: Import, scope: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Iterator[RefusedLine]:
    """All of them, page by page: memory stays flat, and no transaction stays open. scope: opened for each page."""
    last: RefusedLine | None = None
    while True:
        with scope():
            rows = refused_lines(row)
            if last is not None:
                rows = rows.filter(line__gte=last.line).exclude(line=last.line, id__lte=last.id)
            page = list(rows[:_PAGE])
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1]

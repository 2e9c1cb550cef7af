"""Everything that a person or a shop's backend does with an import: one function a verb, one transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from events import due
from imports import fields, files
from imports.guess import guess
from imports.models import ColumnMapping, Format, Import, ImportState, Kind
from imports.sniff import Sniffed, sniff
from imports.values import COMMA, DAY_FIRST, MONTH_FIRST, POINT
from imports.work import RUN
from merchants.audit import record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, InvalidBody, NotFound
from merchants.scope import merchant_transaction
from orders.text import currencies

DRAFT_KEPT_FOR = timedelta(days=7)
# What may be said about how a file is written, and the values that each may have.
OPTIONS: dict[str, tuple[str, ...]] = {
    "decimal": (POINT, COMMA),
    "dates": (DAY_FIRST, MONTH_FIRST),
    "currency": (),  # any that exists
}
_ENDED = (ImportState.DONE, ImportState.FAILED, ImportState.STOPPED)


def look_at(stored: files.Stored, format_: Format | None = None) -> Sniffed:
    """What a stored file is. Raises Unprocessable for one that holds no table; it is deleted then."""
    try:
        return sniff(files.path_of(stored.name), format_)
    except BaseException:
        files.delete(stored.name)
        raise


def create_import(
    merchant: Merchant,
    kind: Kind,
    file_name: str,
    stored: files.Stored,
    found: Sniffed,
    *,
    created_by: str = "",
) -> Import:
    """A draft of an import of a stored file that was looked at: how its columns seem to be meant."""
    now = timezone.now()
    row = Import(
        merchant=merchant, kind=kind, format=found.format, file_name=_name(file_name), stored_as=stored.name,
        size=stored.size, encoding=found.encoding, delimiter=found.delimiter, headers=found.headers,
        offset=found.start, line=found.lines, created_by=created_by[:200], created_at=now,
        due_at=now + DRAFT_KEPT_FOR,
    )  # fmt: skip
    with merchant_transaction(merchant):
        if found.format == Format.CSV:
            known = remembered(kind, found.headers)
            row.mapping = known.mapping if known else fields.suggest(kind, found.headers)
            row.options = known.options if known else guess(merchant, row)
        row.save(force_insert=True)
        record_change("import.created", public_id("imp", row.id), f"{row.kind}: {row.file_name}")
    return row


def map_columns(
    merchant: Merchant, import_id: UUID, mapping: Mapping[str, str], options: Mapping[str, str]
) -> Import:
    """Say what a draft's columns mean. Raises NotFound, InvalidBody naming the field, Conflict once it was started."""
    with merchant_transaction(merchant):
        row = _locked(import_id, ImportState.DRAFT)
        check_mapping(row, mapping)
        check_options(options)
        row.mapping = {key: header for key, header in mapping.items() if header}
        row.options = {name: options[name] for name in OPTIONS if options.get(name)}
        row.save(update_fields=["mapping", "options"])
        record_change("import.mapped", public_id("imp", row.id), f"{row.kind}: {row.file_name}")
    return row


def start_import(merchant: Merchant, import_id: UUID, *, held: bool = False) -> Import:
    """Let a draft be run, and remember its mapping for the next file with these headers.

    held: the caller runs it itself; else a worker does. Raises NotFound, Conflict once it was started, and
    InvalidBody while a field that is needed has no column.
    """
    with merchant_transaction(merchant):
        row = _locked(import_id, ImportState.DRAFT)
        if row.format == Format.CSV:
            _check_complete(row)
            _remember(merchant, row)
        row.state, row.started_at = ImportState.RUNNING, timezone.now()
        row.attempts = 1 if held else 0
        row.due_at = row.started_at + timedelta(seconds=60) if held else row.started_at
        row.save(update_fields=["state", "started_at", "attempts", "due_at"])
        record_change("import.started", public_id("imp", row.id), f"{row.kind}: {row.file_name}")
        if not held:
            due.ring_when_committed(RUN)
    return row


def stop_import(merchant: Merchant, import_id: UUID) -> Import:
    """Read no more of the file. What was stored stays. Raises NotFound, Conflict unless it runs."""
    with merchant_transaction(merchant):
        row = _locked(import_id, ImportState.RUNNING)
        stored_as = row.stored_as
        row.state, row.due_at, row.finished_at, row.stored_as = ImportState.STOPPED, None, timezone.now(), ""
        row.save(update_fields=["state", "due_at", "finished_at", "stored_as"])
        record_change("import.stopped", public_id("imp", row.id), f"{row.kind}: {row.file_name}")
        transaction.on_commit(lambda: files.delete(stored_as))
    return row


def undo_import(merchant: Merchant, import_id: UUID) -> Import:
    """Remove the orders that an import newly made, as far as nobody has changed or shipped them.

    Raises NotFound, Conflict unless it has ended, and for imports of anything but orders.
    """
    with merchant_transaction(merchant):
        row = _locked(import_id, *_ENDED)
        if row.kind != Kind.ORDERS:
            raise Conflict("Only an import of orders can be undone.", code="import_state")
        row.state, row.due_at, row.attempts = ImportState.UNDOING, timezone.now(), 0
        row.save(update_fields=["state", "due_at", "attempts"])
        record_change("import.undone", public_id("imp", row.id), f"{row.kind}: {row.file_name}")
        due.ring_when_committed(RUN)
    return row


def delete_draft(merchant: Merchant, import_id: UUID) -> None:
    """Forget a draft and its file. Raises NotFound, Conflict once it was started."""
    with merchant_transaction(merchant):
        row = _locked(import_id, ImportState.DRAFT)
        record_change("import.deleted", public_id("imp", row.id), f"{row.kind}: {row.file_name}")
        row.delete()
        transaction.on_commit(lambda: files.delete(row.stored_as))


def check_mapping(row: Import, mapping: Mapping[str, str]) -> None:
    """Raises InvalidBody for a field or header that there is not, and for a header that is used twice."""
    known = set(fields.keys(row.kind))
    used: dict[str, str] = {}
    for key, header in mapping.items():
        if key not in known:
            raise InvalidBody(
                f"There is no field {key!r}.", param=f"mapping.{key[:80]}", code="invalid_field"
            )
        if header and header not in row.headers:
            raise InvalidBody(
                f"The file has no column {header!r}.", param=f"mapping.{key}", code="invalid_field"
            )
        if header and header in used:
            raise InvalidBody(
                f"The column {header!r} is used for {used[header]} already.",
                param=f"mapping.{key}",
                code="invalid_field",
            )
        used[header] = key


def check_options(options: Mapping[str, Any]) -> None:
    """Raises InvalidBody for an option that there is not, or that has a value it cannot have."""
    for name, value in options.items():
        if name == "guessed":  # ours, about what nobody has decided yet
            continue
        if name not in OPTIONS:
            raise InvalidBody(
                f"There is no option {name!r}.", param=f"options.{name[:80]}", code="invalid_field"
            )
        choices = OPTIONS[name]
        if value and value not in (choices or currencies()):
            words = f"is one of {', '.join(choices)}" if choices else "is an ISO 4217 code"
            raise InvalidBody(f"{name} {words}.", param=f"options.{name}", code="invalid_field")


def remembered(kind: str, headers: Sequence[str]) -> ColumnMapping | None:
    """How the open scope's merchant mapped these headers the last time."""
    found: ColumnMapping | None = ColumnMapping.objects.filter(
        kind=kind, headers_digest=_digest(headers)
    ).first()
    return found


def _remember(merchant: Merchant, row: Import) -> None:
    ColumnMapping.objects.update_or_create(
        merchant=merchant,
        kind=row.kind,
        headers_digest=_digest(row.headers),
        defaults={"mapping": row.mapping, "options": row.options, "updated_at": timezone.now()},
    )


def _check_complete(row: Import) -> None:
    for field in fields.missing(row.kind, row.mapping):
        raise InvalidBody(
            f"No column is used for {field.key}, which is needed.", param=f"mapping.{field.key}",
            code="invalid_field",
        )  # fmt: skip


def _locked(import_id: UUID, *states: str) -> Import:
    row: Import | None = (
        Import.objects.select_for_update(of=("self",), no_key=True).filter(pk=import_id).first()
    )
    if row is None:
        raise NotFound("There is no such import.", param="import_id")
    if row.state not in states:
        raise Conflict(f"The import is {row.state}.", code="import_state")
    return row


def _digest(headers: Sequence[str]) -> bytes:
    return hashlib.sha256("\n".join(sorted(headers)).encode("utf-8", "replace")).digest()


def _name(file_name: str) -> str:
    return "".join(c for c in file_name.rsplit("/", 1)[-1] if c.isprintable())[-200:] or "file"

"""Running imports: chunk by chunk, each with the place behind it in one transaction.

1. Who runs an import holds its lease and renews it with every chunk; a killed one's import comes due again.
2. What has to be stored for itself is stored first, each in its own transaction. Doing it again changes nothing.
3. The rest of the chunk, its refused lines, the counters and the place behind it are one transaction: they are stored
   once, whatever is killed when.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.db import DataError, IntegrityError, OperationalError
from django.db.models import F, Q
from django.utils import timezone

from events import due
from events.due import due_work
from events.outage import is_outage
from imports import files
from imports.chunks import Chunk, ahead, cut
from imports.claims import LEASE, LeaseLost
from imports.models import Import, ImportState, RefusedLine
from imports.undo import undo_some
from imports.writers import Outcome, Writer, writer_of
from merchants.copying import copy_rows
from merchants.ids import uuid7
from merchants.scope import merchant_scope, merchant_transaction

log = structlog.get_logger(__name__)

RUN = "imports.run"
# A worker does something else in between: with a large import running, messages would wait.
_TURN_SECONDS = 1.5
_MOST_ATTEMPTS = 5
_TOGETHER_ATTEMPTS = 3
_OBJECTS = 100_000  # more than a few chunks hold


@due_work(RUN)
def run_due() -> int:
    """One turn of the import that waits the longest. Returns how many were claimed."""
    rows = due.claim(Import, limit=1, lease=LEASE)
    for row in rows:
        with merchant_scope(row.merchant):
            _take_turn(row)
    return len(rows)


def _take_turn(row: Import) -> None:
    try:
        if row.state == ImportState.DRAFT:
            forget(row)
        elif row.state == ImportState.UNDOING:
            undo_some(row)
        elif row.state == ImportState.RUNNING:
            run(row, seconds=_TURN_SECONDS)
    except LeaseLost:
        return
    except Exception as error:
        if is_outage(error):
            raise
        log.exception("import_failed", import_id=str(row.id), attempts=row.attempts)
        if row.attempts >= _MOST_ATTEMPTS:
            fail(row, "Something went wrong on our side. Nothing more of the file is read.")
        else:
            due.held(row).update(due_at=due.backoff(row.attempts))


def run(row: Import, *, seconds: float = float("inf"), progress: Callable[[], None] = lambda: None) -> bool:
    """Read a claimed import on for so long. Returns whether it is at its end. Raises LeaseLost.

    The scope of its merchant is open. progress: called after each chunk; `row` says then how far it is.
    """
    stop_at = time.monotonic() + seconds
    writer = writer_of(row.merchant, row)
    path = files.path_of(row.stored_as) if row.stored_as else None
    if path is None or not path.exists():
        fail(row, "The file is not in this installation's folder any more.")
        return True
    with open(path, "rb") as file, _rare_collections():
        chunks = ahead(cut(row.merchant, row, file, writer))
        try:
            for chunk in chunks:
                before = row.created
                _store(row, writer, chunk)
                if _magnitude(row.created) > _magnitude(before):
                    writer.grown()
                progress()
                if time.monotonic() > stop_at:
                    due.held(row).update(due_at=timezone.now(), attempts=0)
                    return False
        finally:
            chunks.close()  # type: ignore[attr-defined]  # a generator
    finish(row, ImportState.DONE)
    return True


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the collector of cycles look seldom: chunks are many objects without any, and it walks along all of them."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _store(row: Import, writer: Writer, chunk: Chunk) -> None:
    """Store a chunk. What cannot be stored together is tried again, and then one by one."""
    for attempt in range(_TOGETHER_ATTEMPTS + 1):
        outcome = Outcome()
        try:
            wanted = [record for record in chunk.records if record.value is not None]
            rest = writer.one_by_one(wanted, outcome)
            if attempt == _TOGETHER_ATTEMPTS:
                for record in rest:
                    writer.attempt(record, outcome)
                rest = []
            return _commit(row, writer, chunk, rest, outcome)
        except (IntegrityError, DataError, OperationalError) as error:
            # Somebody else stored one of them at this moment, or one has a value that nobody checked.
            if is_outage(error) or attempt == _TOGETHER_ATTEMPTS:
                raise
            log.warning("import_chunk_again", import_id=str(row.id), error=repr(error))
    return None


def _commit(row: Import, writer: Writer, chunk: Chunk, rest: list, outcome: Outcome) -> None:
    refused = [record for record in chunk.records if record.refusals]
    now = timezone.now()
    with merchant_transaction(row.merchant):
        writer.together(rest)
        _keep_refused(row, [refusal for record in refused for refusal in record.refusals[:20]])
        changed = due.held(row).update(
            offset=chunk.end, line=chunk.end_line, due_at=now + LEASE,
            read=F("read") + len(chunk.records), created=F("created") + outcome.created + len(rest),
            updated=F("updated") + outcome.updated, refused=F("refused") + len(refused),
        )  # fmt: skip
        if changed != 1:
            raise LeaseLost
    row.due_at, row.offset, row.line = now + LEASE, chunk.end, chunk.end_line
    row.read, row.refused = row.read + len(chunk.records), row.refused + len(refused)
    row.created, row.updated = row.created + outcome.created + len(rest), row.updated + outcome.updated


def _magnitude(count: int) -> int:
    """Grows by one each time that the count is four times as large."""
    return ((count // 1000).bit_length() + 1) // 2


def _keep_refused(row: Import, refusals: list) -> None:
    merchant_id, source_id = str(row.merchant_id), str(row.id)
    if refusals:
        copy_rows(
            RefusedLine._meta.db_table,
            ("id", "merchant_id", "source_id", "line", "field", "column", "detail"),
            (
                (str(uuid7()), merchant_id, source_id, line, _text(field, 80), _text(column, 200), _text(detail, 500))
                for line, field, column, detail in refusals
            ),
        )  # fmt: skip


def _text(text: str, longest: int) -> str:
    return text.replace("\0", "")[:longest]


def finish(row: Import, state: ImportState, *, error: str = "") -> None:
    """End a claimed import, and forget its file. Raises LeaseLost."""
    now = timezone.now()
    if not due.held(row).update(state=state, due_at=None, finished_at=now, error=error[:500], stored_as=""):
        raise LeaseLost
    files.delete(row.stored_as)
    row.state, row.due_at, row.finished_at, row.error, row.stored_as = state, None, now, error, ""


def fail(row: Import, error: str) -> None:
    """Give an import up. What was stored stays."""
    finish(row, ImportState.FAILED, error=error)


def forget(row: Import) -> None:
    """Forget a draft that nobody started."""
    due.held(row).filter(Q(state=ImportState.DRAFT)).delete()
    files.delete(row.stored_as)

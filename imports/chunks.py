"""Cutting a file into chunks; the next one is read and checked while the one before is being stored."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from imports.models import Format, Import
from imports.reading import read_csv, read_ndjson
from imports.records import Record, Table, csv_records, json_records
from imports.values import Options
from imports.writers import Writer, writer_of
from merchants.models import Merchant
from merchants.rest.errors import InvalidBody

# Whichever comes first ends a chunk: so it is small, however many lines an order has.
_MOST_ROWS = 10_000
_MOST_BYTES = 4_000_000
_AHEAD = 2  # chunks that wait to be stored


@dataclass(slots=True)
class Chunk:
    """Records that are stored in one transaction, and the place behind them."""

    end: int
    end_line: int
    records: list[Record] = field(default_factory=list)


def records_of(merchant: Merchant, source: Import, file: BinaryIO) -> Iterator[Record]:
    """The records of an import from the place on where it stands."""
    struct = writer_of(merchant, source).struct
    if source.format == Format.NDJSON:
        return json_records(read_ndjson(file, offset=source.offset, line=source.line), struct)
    options = Options(merchant, source.options)
    table = Table(source.kind, source.headers, source.mapping, options)
    raws = read_csv(
        file, encoding=source.encoding, delimiter=source.delimiter, offset=source.offset, line=source.line,
        width=len(source.headers),
    )  # fmt: skip
    return csv_records(raws, table, struct)


def cut(merchant: Merchant, source: Import, file: BinaryIO, writer: Writer) -> Iterator[Chunk]:
    """Chunks of prepared records. One that names the same object twice ends before the second."""
    start = source.offset
    chunk = Chunk(start, source.line)
    rows, named = 0, set[str]()
    for record in records_of(merchant, source, file):
        name = getattr(record.value, "external_id", "")
        full = len(chunk.records) >= writer.chunk or rows >= _MOST_ROWS or chunk.end - start >= _MOST_BYTES
        if chunk.records and (full or (name and name in named)):
            yield chunk
            start, rows, named = chunk.end, 0, set()
            chunk = Chunk(chunk.end, chunk.end_line)
        prepare(writer, record, source)
        chunk.records.append(record)
        chunk.end, chunk.end_line = record.end, record.end_line
        rows += len(record.rows)
        record.rows = []
        named.add(name)
    if chunk.records:
        yield chunk


def prepare(writer: Writer, record: Record, source: Import) -> None:
    """Check a record as far as that needs no database. What is wrong is noted in it."""
    if record.value is None:
        return
    try:
        writer.prepare(record)
    except InvalidBody as problem:
        record.refuse(problem)
        if source.format == Format.CSV:
            record.refusals = [
                Table(source.kind, source.headers, source.mapping, Options(writer.merchant, source.options)).placed(
                    problem.param, problem.detail, record.rows
                )
            ]  # fmt: skip


def ahead(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same chunks, made by a thread of its own that is up to two ahead. Close it to end the thread."""
    made: queue.Queue[Chunk | BaseException | None] = queue.Queue(_AHEAD)
    given_up = threading.Event()

    def put(entry: Chunk | BaseException | None) -> None:
        while not given_up.is_set():
            try:
                made.put(entry, timeout=0.1)
            except queue.Full:
                continue
            else:
                return

    def make() -> None:
        try:
            for chunk in chunks:
                put(chunk)
                if given_up.is_set():
                    return
            put(None)
        except BaseException as error:  # noqa: BLE001  # Raised again where the chunks are wanted.
            put(error)

    thread = threading.Thread(target=make, name="import-reader", daemon=True)
    thread.start()
    try:
        while (entry := made.get()) is not None:
            if isinstance(entry, BaseException):
                raise entry
            yield entry
    finally:
        given_up.set()
        thread.join()

"""What an import would do: its first rows as they would be read, and what points to a file of another shop."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from imports import fields, files
from imports.chunks import prepare, records_of
from imports.models import Format, Import, Kind
from imports.records import Record
from imports.values import BadCell, Options, converter, plain
from imports.writers import writer_of
from merchants.models import Merchant
from orders.bulk import known_orders

ROWS = 10
SAMPLE = 500
_LONGEST_CELL = 120
_PROBLEMS = 5


@dataclass
class Cell:
    """A cell as it would be read, or what is wrong with it."""

    text: str
    error: str = ""


@dataclass
class Row:
    """A row of the file. errors: what is wrong with it that belongs to no cell."""

    line: int
    cells: list[Cell]
    errors: list[str] = field(default_factory=list)


@dataclass
class Preview:
    """columns: the fields that are mapped. looked_at: how many records were tried; refused: how many of them fail."""

    columns: list[fields.Field]
    rows: list[Row]
    looked_at: int = 0
    refused: int = 0
    warnings: list[str] = field(default_factory=list)
    # The first things that are wrong: line, column, what.
    problems: list[tuple[int, str, str]] = field(default_factory=list)


def preview(merchant: Merchant, source: Import) -> Preview:
    """Try the first 500 records of a draft, and show the first ten rows. Nothing is stored. The scope is open."""
    mapped = [f for f in fields.FIELDS[source.kind] if source.mapping.get(f.key)]
    found = Preview(mapped, [])
    writer = writer_of(merchant, source)
    records: list[Record] = []
    with open(files.path_of(source.stored_as), "rb") as file:
        for record in islice(records_of(merchant, source, file), SAMPLE):
            prepare(writer, record, source)
            records.append(record)
    for record in records:
        if len(found.rows) < ROWS:
            found.rows += _rows(merchant, source, mapped, record)
    found.looked_at = len(records)
    found.refused = sum(1 for record in records if record.refusals)
    wrong = (refusal for record in records for refusal in record.refusals)
    found.problems = [(r.line, r.column or r.field, r.detail) for r in islice(wrong, _PROBLEMS)]
    found.warnings = _warnings(merchant, source, records)
    return found


def _rows(merchant: Merchant, source: Import, mapped: Sequence[fields.Field], record: Record) -> list[Row]:
    if source.format == Format.NDJSON:
        text = record.rows[0].body.decode("utf-8", "replace")[:_LONGEST_CELL]
        return [Row(record.line, [Cell(text)], [_told(r.field, r.detail) for r in record.refusals])]
    options = Options(merchant, source.options)
    place = {header: index for index, header in enumerate(source.headers)}
    rows = []
    for raw in record.rows:
        here = [refusal for refusal in record.refusals if refusal.line == raw.line]
        cells = [
            _cell(raw.cells, place[source.mapping[f.key]], f.type, options) for f in mapped
        ] if not raw.problem else [Cell("") for _f in mapped]  # fmt: skip
        errors = []
        for refusal in here:
            column = next((i for i, f in enumerate(mapped) if source.mapping[f.key] == refusal.column), None)
            if column is None:
                errors.append(_told(refusal.field, refusal.detail))
            else:
                cells[column].error = refusal.detail
        rows.append(Row(raw.line, cells, errors))
    return rows


def _told(name: str, detail: str) -> str:
    return f"{name}: {detail}" if name else detail


def _cell(cells: Sequence[str], index: int, kind: str, options: Options) -> Cell:
    text = cells[index]
    try:
        if bare := plain(text):
            read = converter(kind, options)(bare)
            text = ", ".join(read) if isinstance(read, list) else str(read)
        else:
            text = ""
    except BadCell as error:
        return Cell(text.replace("\0", "␀")[:_LONGEST_CELL], str(error))
    return Cell(text[:_LONGEST_CELL])


def _warnings(merchant: Merchant, source: Import, records: Sequence[Record]) -> list[str]:
    warnings = []
    refused = sum(1 for record in records if record.refusals)
    if records and refused * 2 > len(records):
        warnings.append(
            _(
                "%(refused)d of the first %(all)d records cannot be read. Look at the columns and options above."
            )
            % {"refused": refused, "all": len(records)}
        )
    if "dates" in source.options.get("guessed", ()):
        warnings.append(
            _(
                "Dates like 03/04/2026 can be read in two ways. Choose whether the day or the month comes first."
            )
        )
    if source.kind == Kind.ORDERS:
        warnings += _of_another_shop(merchant, [record.value for record in records if record.value])
    return warnings


def _of_another_shop(merchant: Merchant, orders: Sequence[Any]) -> list[str]:
    """What points to a file of another shop: its currency, or orders of ours with other totals or customers."""
    if not orders:
        return []
    warnings = []
    currency, times = Counter(order.record.currency for order in orders).most_common(1)[0]
    if currency != merchant.currency and times * 2 > len(orders):
        warnings.append(
            _(
                "Most orders are in %(theirs)s, but the currency of %(shop)s is %(ours)s. Is it the right shop's file?"
            )
            % {"theirs": currency, "shop": merchant.name, "ours": merchant.currency}
        )
    known = known_orders(merchant, [order.ready.external_id for order in orders])
    pairs = [(known[o.ready.external_id], o) for o in orders if o.ready.external_id in known]
    others = sum(
        1 for mine, told in pairs if mine.total != told.ready.total or mine.currency != told.record.currency
    )
    if others:
        warnings.append(
            _(
                "%(all)d of these orders are known already, %(others)d with another total. They would be changed."
            )
            % {"all": len(pairs), "others": others}
        )
    people = sum(1 for mine, told in pairs if mine.email and told.ready.person.email not in ("", mine.email))
    if people * 2 > len(pairs):
        warnings.append(
            _(
                "Most orders that are known already belong to other customers here. Is it the right shop's file?"
            )
        )
    return warnings

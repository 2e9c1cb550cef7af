"""From what stands in a file to bodies of the API: rows are grouped into records, cells converted, errors placed."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from imports import fields
from imports.models import Kind
from imports.reading import Raw
from imports.values import BadCell, Options, converter, plain
from merchants.rest.decode import decode
from merchants.rest.errors import InvalidBody, Problem

_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$?\.?(?P<where>.*?)`)?$", re.DOTALL)
_LIST_PLACE = re.compile(r"^(\w+)\[(\d+)\]")
_MOST_ROWS = 1000
# Prices, quantities and products of a shop come again and again; so many different ones of each are remembered.
_FEW_VALUES = frozenset({fields.AMOUNT, fields.NUMBER, fields.FLAG, fields.COUNTRY, fields.CURRENCY})
_REMEMBERED = 1000


class Refusal(NamedTuple):
    """Why something of a record cannot be stored. field: the API's name; column: the header it came from."""

    line: int
    field: str
    column: str
    detail: str


@dataclass(slots=True)
class Record:
    """One order, parcel, customer or product of a file, with the place behind it.

    value: the typed body, None when it was refused. rows: how it stands in the file.
    """

    line: int
    end: int
    end_line: int
    value: Any = None
    refusals: list[Refusal] = field(default_factory=list)
    rows: list[Raw] = field(default_factory=list)

    def refuse(self, problem: Problem) -> None:
        """Note that a command or check refused it."""
        self.value = None
        self.refusals.append(Refusal(self.line, problem.param, "", problem.detail))


@dataclass(frozen=True, slots=True)
class _Column:
    index: int
    key: str
    parents: tuple[str, ...]
    name: str
    read: Callable[[str], object]


class Table:
    """How the rows of one CSV become bodies: made once an import, from its mapping and options."""

    def __init__(
        self, kind: str, headers: Sequence[str], mapping: Mapping[str, str], options: Options
    ) -> None:
        self.kind, self.headers, self.mapping, self.options = kind, headers, mapping, options
        place = {header: index for index, header in enumerate(headers)}
        mapped = [f for f in fields.FIELDS[kind] if mapping.get(f.key) in place]
        columns = [_Column(place[mapping[f.key]], f.key, *_place(f), _reader(f, options)) for f in mapped]
        self.head = [column for column in columns if "[]" not in column.key]
        self.line = [column for column in columns if "[]" in column.key]
        self.list_name = self.line[0].key.partition("[]")[0] if self.line else ""
        by_key = {column.key: column.index for column in columns}
        self.group = [by_key[key] for key in fields.GROUPED_BY[kind] if key in by_key]
        of_order = [by_key[key] for key in ("order_external_id", "order_number") if key in by_key]
        self.same = of_order if kind == Kind.SHIPMENTS else []

    def continues(self, row: Raw, before: Raw) -> bool:
        """Whether a row belongs to the record that the one before it belongs to."""
        if not self.line:
            return False
        for index in self.same:
            if row.cells[index] != before.cells[index]:
                return False
        for index in self.group:
            if row.cells[index]:
                return row.cells[index] == before.cells[index]
        return False

    def body(self, rows: Sequence[Raw]) -> tuple[dict[str, Any], list[Refusal]]:
        """The rows of one record as a body, and what of their cells cannot be read."""
        body: dict[str, Any] = {}
        refusals: list[Refusal] = []
        for column in self.head:
            row = rows[0]
            if not row.cells[column.index]:
                row = next((r for r in rows if r.cells[column.index]), row)
            try:
                value = column.read(row.cells[column.index])
            except BadCell as error:
                refusals.append(self._bad(row, column, error))
            else:
                if value is not None:
                    _target(body, column)[column.name] = value
        entries = [entry for row in rows if (entry := self._entry(row, refusals))] if self.line else []
        if entries:
            body[self.list_name] = entries
        _complete(self.kind, body, self.options)
        return body, refusals

    def _entry(self, row: Raw, refusals: list[Refusal]) -> dict[str, Any]:
        entry: dict[str, Any] = {}
        for column in self.line:
            try:
                value = column.read(row.cells[column.index])
            except BadCell as error:
                refusals.append(self._bad(row, column, error))
            else:
                if value is not None:
                    entry[column.name] = value
        return entry

    def _bad(self, row: Raw, column: _Column, error: BadCell) -> Refusal:
        return Refusal(row.line, column.key, self.headers[column.index], str(error))

    def placed(self, param: str, detail: str, rows: Sequence[Raw]) -> Refusal:
        """A check's refusal of a field, at the column and row that the field came from."""
        row = rows[0]
        key = param
        if match := _LIST_PLACE.match(param):
            row = rows[min(int(match[2]), len(rows) - 1)]
            key = f"{match[1]}[]{param[match.end() :]}"
        return Refusal(row.line, param, self.mapping.get(key, ""), detail)


def _reader(field_: fields.Field, options: Options) -> Callable[[str], object]:
    """What reads a cell of this field; None for one that says nothing. What is read often is remembered."""
    convert = converter(field_.type, options)

    def read(cell: str) -> object:
        text = plain(cell) if cell else cell
        return convert(text) if text else None

    return lru_cache(_REMEMBERED)(read) if field_.type in _FEW_VALUES or field_.of_line else read


def _target(body: dict[str, Any], column: _Column) -> dict[str, Any]:
    for name in column.parents:
        body = body.setdefault(name, {})
    return body


def _place(field_: fields.Field) -> tuple[tuple[str, ...], str]:
    *parents, name = field_.key.replace("[]", "").split(".")
    return tuple(parents), name


def _complete(kind: str, body: dict[str, Any], options: Options) -> None:
    """What exports leave out because it goes without saying."""
    if kind == Kind.ORDERS:
        body.setdefault("currency", options.currency)
        for line in body.get("lines", ()):
            line.setdefault("title", line.get("sku", ""))
            line.setdefault("quantity", "1")
            line.setdefault("unit_price", "0")
    elif kind == Kind.PRODUCTS:
        body["status"] = _PRODUCT_STATES.get(str(body.get("status", "")).lower(), "active")
        for number, variant in enumerate(body.get("variants", ()), 1):
            own = variant.get("sku") or f"{body.get('external_id', '')}-{number}"
            variant.setdefault("external_id", own)
            variant.setdefault("price", "0")
            variant.setdefault("currency", options.currency)


_PRODUCT_STATES = {
    "draft": "draft",
    "private": "draft",
    "archived": "archived",
    "-1": "draft",
    "false": "draft",
}


def csv_records(raws: Iterable[Raw], table: Table, struct: type) -> Iterator[Record]:
    """Records of a CSV. What cannot be read is a record with refusals and no value."""
    rows: list[Raw] = []
    for raw in raws:
        if rows and (raw.problem or len(rows) >= _MOST_ROWS or not table.continues(raw, rows[-1])):
            yield _record(rows, table, struct)
            rows = []
        if raw.problem:
            yield Record(
                raw.line, raw.end, raw.end_line, refusals=[Refusal(raw.line, "", "", raw.problem)], rows=[raw]
            )
        else:
            rows.append(raw)
    if rows:
        yield _record(rows, table, struct)


def _record(rows: list[Raw], table: Table, struct: type) -> Record:
    record = Record(rows[0].line, rows[-1].end, rows[-1].end_line, rows=rows)
    body, record.refusals = table.body(rows)
    if not record.refusals:
        try:
            record.value = msgspec.convert(body, struct, strict=False)
        except msgspec.ValidationError as error:
            record.refusals.append(table.placed(*_place_of(error), rows))
    return record


def _place_of(error: msgspec.ValidationError) -> tuple[str, str]:
    """Where a body is wrong (`lines[0].quantity`), and what is."""
    match = _PATH.match(str(error))
    assert match is not None
    what, where = match["what"], match["where"] or ""
    if missing := re.search(r"missing required field `([^`]+)`", what):
        where = f"{where}.{missing[1]}".lstrip(".")
        what = "This is needed, and the cell is empty"
    return where, what + "."


def json_records(raws: Iterable[Raw], struct: type) -> Iterator[Record]:
    """Records of an NDJSON file: each line is a body of the API."""
    for raw in raws:
        record = Record(raw.line, raw.end, raw.end_line, rows=[raw])
        try:
            if raw.problem:
                raise InvalidBody(raw.problem[:1].upper() + raw.problem[1:] + ".")
            record.value = decode(raw.body, struct)
        except InvalidBody as problem:
            record.refuse(problem)
        yield record

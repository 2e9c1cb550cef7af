"""What a record of an import may hold, and how an import looks in the API."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from imports.models import Import
from imports.queries import percent
from merchants.ids import public_id
from orders.schemas import CustomerIn, In, OrderIn
from tracking.schemas import ShipmentIn


class OrderRecord(OrderIn):
    """An order as `POST /orders` takes it, and when it was cancelled, if it was."""

    cancelled_at: datetime | None = None


class ShipmentRecord(ShipmentIn):
    """A parcel as `POST /shipments` takes it. `order_number` names the order when neither id is known."""

    order_number: Annotated[str, Meta(max_length=64)] = ""
    delivered_at: datetime | None = None


class CustomerRecord(CustomerIn):
    """A customer, known by `email`, or by `external_id` without one."""

    birthday: date | None = None
    tags: Annotated[list[Annotated[str, Meta(min_length=1, max_length=40)]], Meta(max_length=50)] = []


class StartIn(In):
    """How the columns of a CSV are meant: field → header. Left out: as they were suggested, or the last time."""

    mapping: dict[str, str] | None = None
    options: dict[str, str] | None = None


class ImportOut(msgspec.Struct, kw_only=True):
    """One file: what it is, and how far it is read. `line` is the last line that is worked off."""

    id: str
    kind: str
    format: str
    state: str
    file_name: str
    size: int
    percent: int
    encoding: str
    delimiter: str
    headers: list[str]
    mapping: dict[str, str]
    options: dict[str, str]
    line: int
    read: int
    created: int
    updated: int
    refused: int
    undone: int
    error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RefusedLineOut(msgspec.Struct, kw_only=True):
    """A record that was not stored. `field` is the API's name, `column` the header it was read from."""

    line: int
    field: str
    column: str
    detail: str


class RefusedLinesOut(msgspec.Struct, kw_only=True):
    """What an import refused, in the order of the file."""

    data: list[RefusedLineOut]
    has_more: bool
    next_cursor: str | None


def show_import(row: Import) -> ImportOut:
    """An import as the API shows it."""
    return ImportOut(
        id=public_id("imp", row.id), kind=row.kind, format=row.format, state=row.state, file_name=row.file_name,
        size=row.size, percent=percent(row), encoding=row.encoding, delimiter=row.delimiter, headers=row.headers,
        mapping=row.mapping, options={k: v for k, v in row.options.items() if isinstance(v, str)}, line=row.line,
        read=row.read, created=row.created, updated=row.updated, refused=row.refused, undone=row.undone,
        error=row.error, created_at=row.created_at, started_at=row.started_at, finished_at=row.finished_at,
    )  # fmt: skip

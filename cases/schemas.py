"""What a case looks like on its way out of the API."""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from cases.models import Case, CaseEntry
from merchants.ids import public_id


class CaseLineOut(msgspec.Struct, kw_only=True):
    """Goods that a case is about; `line` is what your shop calls the order line."""

    line: str
    line_id: str
    quantity: int


class CaseEntryOut(msgspec.Struct, kw_only=True):
    """One thing that happened: waiting, opened, message (of the shopper), answer, closed or reopened.

    side: who said it: shopper, team or system.
    """

    id: str
    kind: str
    side: str
    author: str
    text: str
    photos: int
    created_at: datetime


class CaseOut(msgspec.Struct, kw_only=True):
    """A problem with a parcel, or with an order that has none. `entries` are listed on the single case only.

    status: waiting (opens by itself at `opens_at`) → open → answered → closed. outcome: solved or found.
    """

    id: str
    order_id: str
    shipment_id: str | None
    kind: str
    status: str
    outcome: str
    assignee: str
    answer_by: datetime | None
    opens_at: datetime | None
    lines: list[CaseLineOut]
    entries: list[CaseEntryOut] | UnsetType = UNSET
    created_at: datetime
    opened_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime


def show_case(case: Case) -> CaseOut:
    """A case as the API lists it. Its lines must be loaded."""
    return CaseOut(
        id=public_id("cas", case.id),
        order_id=public_id("ord", case.order_id),
        shipment_id=public_id("shp", case.shipment_id) if case.shipment_id else None,
        kind=case.kind,
        status=case.status,
        outcome=case.outcome,
        assignee=case.assignee,
        answer_by=case.answer_by,
        opens_at=case.due_at,
        lines=[
            CaseLineOut(
                line=row.line.external_id, line_id=public_id("lin", row.line_id), quantity=row.quantity
            )
            for row in case.lines.all()
        ],
        created_at=case.created_at,
        opened_at=case.opened_at,
        answered_at=case.answered_at,
        closed_at=case.closed_at,
        updated_at=case.updated_at,
    )


def show_entry(entry: CaseEntry) -> CaseEntryOut:
    """A line of a case's history. Its photos must be loaded."""
    return CaseEntryOut(
        id=public_id("cen", entry.id),
        kind=entry.kind,
        side=entry.side,
        author=entry.author,
        text=entry.text,
        photos=len(entry.photos.all()),
        created_at=entry.created_at,
    )

"""What a return looks like on its way out of the API."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from merchants.ids import public_id
from orders.text import plain
from returns.exchange_models import Exchange
from returns.models import Return, ReturnEntry, ReturnLine
from returns.queries import Returnable


class ReturnLineOut(msgspec.Struct, kw_only=True):
    """An item of a return. `line` is what your shop calls the order line. paid: for this quantity, with tax.

    accepted: null before somebody looked. settled: for so many, money or goods went back.
    """

    id: str
    line: str
    line_id: str
    part: str
    sku: str
    title: str
    quantity: int
    reason: str
    said_condition: str
    note: str
    resolution: str
    exchange_variant: str
    exchange_title: str
    keep: bool
    paid: Decimal
    tax: Decimal
    restocking_percent: Decimal
    bonus_percent: Decimal
    rule: str
    received: int
    accepted: int | None
    condition: str
    grade: str
    disposition: str
    restocked: int
    settled: int


class ExchangeOut(msgspec.Struct, kw_only=True):
    """What goes to the shopper. difference: positive is paid by the shopper, negative goes back to them."""

    state: str
    difference: Decimal
    tax: Decimal
    payment_url: str
    payment_reference: str
    paid_at: datetime | None
    instant: bool
    hold: str
    hold_amount: Decimal
    new_order_id: str | None
    due_at: datetime | None


class LabelOut(msgspec.Struct, kw_only=True):
    """The label of a return, at `GET /returns/{id}/label`. state: wanted, ready or failed; maker: who makes it."""

    state: str
    maker: str
    error: str


class ReturnEntryOut(msgspec.Struct, kw_only=True):
    """One thing that happened. side: shopper, team or system."""

    id: str
    kind: str
    side: str
    author: str
    text: str
    data: dict[str, Any]
    photos: int
    created_at: datetime


class ReturnOut(msgspec.Struct, kw_only=True):
    """A return, in three states that move apart. `entries` are listed on the single return only.

    approval_state: requested, review, asked, approved, rejected, cancelled. logistics_state: none, awaiting,
    label_created, in_transit, partly_received, received, inspected, expired. money_state: none, awaiting_payment, due,
    pending, partly_done, done, failed.
    """

    id: str
    number: str
    order_id: str
    kind: str
    withdrawal_id: str | None
    approval_state: str
    logistics_state: str
    money_state: str
    requested_by: str
    gift: bool
    method: str
    refund_trigger: str
    destination: str
    review_reason: str
    currency: str
    fee: Decimal
    carrier: str
    tracking_number: str
    assignee: str
    lines: list[ReturnLineOut]
    exchange: ExchangeOut | None
    label: LabelOut | None
    entries: list[ReturnEntryOut] | UnsetType = UNSET
    requested_at: datetime
    decided_at: datetime | None
    expires_at: datetime | None
    sent_at: datetime | None
    received_at: datetime | None
    inspected_at: datetime | None
    settled_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime


class ReturnableOut(msgspec.Struct, kw_only=True):
    """What of an order can come back, and why (or why not): `sentence` is for people, `code` for programs.

    reasons: the codes that are offered for a product of its type, each before its sub-reasons.
    """

    line: str
    line_id: str
    part: str
    title: str
    quantity: int
    returnable: bool
    code: str
    sentence: str
    window_ends: datetime | None
    resolutions: list[str]
    methods: list[str]
    fee: Decimal
    restocking_percent: Decimal
    bonus_percent: Decimal
    keep_item: bool
    rule: str
    reasons: list[str]


class ReturnablesOut(msgspec.Struct, kw_only=True):
    """Every piece of an order."""

    lines: list[ReturnableOut]


_SAME_NAMES = frozenset(ReturnLineOut.__struct_fields__) & {
    field.name for field in ReturnLine._meta.get_fields()
}
_SAME_OF_RETURN = frozenset(ReturnOut.__struct_fields__) & {field.name for field in Return._meta.get_fields()}


def show_return(ret: Return) -> ReturnOut:
    """A return as the API lists it. Its lines and exchanges must be loaded."""
    values = {name: getattr(ret, name) for name in _SAME_OF_RETURN - {"id", "lines", "entries", "fee"}}
    found, labels = list(ret.exchanges.all()), list(ret.labels.all())
    return ReturnOut(
        id=public_id("ret", ret.id), order_id=public_id("ord", ret.order_id), fee=plain(ret.fee),
        withdrawal_id=public_id("wdr", ret.withdrawal_id) if ret.withdrawal_id else None,
        lines=[show_line(line) for line in ret.lines.all()], exchange=show_exchange(found[0]) if found else None,
        label=LabelOut(state=labels[0].state, maker=labels[0].maker, error=labels[0].error) if labels else None,
        **values,
    )  # fmt: skip


def show_line(row: ReturnLine) -> ReturnLineOut:
    """An item of a return. Its order line and part must be loaded."""
    values = {name: getattr(row, name) for name in _SAME_NAMES - {"id", "line", "part", "paid", "tax"}}
    return ReturnLineOut(
        id=public_id("rln", row.id), line=row.line.external_id, line_id=public_id("lin", row.line_id),
        part=row.part.external_id if row.part else "", sku=row.part.sku if row.part else row.line.sku,
        title=row.part.title if row.part else row.line.title, paid=plain(row.paid), tax=plain(row.tax), **values,
    )  # fmt: skip


def show_exchange(exchange: Exchange) -> ExchangeOut:
    """The exchange of a return."""
    return ExchangeOut(
        state=exchange.state, difference=plain(exchange.difference), tax=plain(exchange.difference_tax),
        payment_url=exchange.payment_url, payment_reference=exchange.payment_reference, paid_at=exchange.paid_at,
        instant=exchange.instant, hold=exchange.hold, hold_amount=plain(exchange.hold_amount),
        new_order_id=public_id("ord", exchange.new_order_id) if exchange.new_order_id else None,
        due_at=exchange.due_at,
    )  # fmt: skip


def show_entry(entry: ReturnEntry) -> ReturnEntryOut:
    """A line of a return's history. Its photos must be loaded."""
    return ReturnEntryOut(
        id=public_id("ren", entry.id), kind=entry.kind, side=entry.side, author=entry.author, text=entry.text,
        data=entry.data, photos=len(entry.photos.all()), created_at=entry.created_at,
    )  # fmt: skip


def show_returnable(found: Returnable) -> ReturnableOut:
    """A piece of an order with its verdict."""
    piece, verdict = found.piece, found.verdict
    return ReturnableOut(
        line=piece.line.external_id, line_id=public_id("lin", piece.line.id),
        part=piece.part.external_id if piece.part else "", title=piece.title, quantity=piece.left,
        returnable=found.possible, code=verdict.code.value, sentence=verdict.sentence,
        window_ends=verdict.window_ends, resolutions=[str(r.value) for r in verdict.resolutions],
        methods=[str(m.value) for m in verdict.methods], fee=verdict.fee,
        restocking_percent=verdict.restocking_percent, bonus_percent=verdict.bonus_percent,
        keep_item=verdict.keep_item, rule=verdict.rule, reasons=[reason.code for reason in found.reasons],
    )  # fmt: skip

"""What a withdrawal looks like on its way in and out of the API."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from merchants.ids import public_id
from returns.withdrawal.models import Withdrawal


class WithdrawalLineIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Goods that are withdrawn from. `line`: what your shop calls the order line."""

    line: str
    quantity: int


class WithdrawalIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A withdrawal that reached you on another way: by letter, mail, telephone, your own page.

    order_id: `ord_…`; without it the order is sought by `contract` and `email`. declared_at: when it reached you, at
    most now; without it now. lines: without any, the whole order.
    """

    name: str
    email: str = ""
    contract: str = ""
    order_id: str | None = None
    lines: list[WithdrawalLineIn] = []
    text: str = ""
    declared_at: datetime | None = None
    locale: str = ""


class ExemptionIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One line. `line`: what your shop calls it; `exemption`: custom_made, sealed_hygiene, perishable, digital, or null
    for goods that have the right."""

    line: str
    exemption: str | None


class ExemptionsIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Lines that are not named stay as they are."""

    lines: list[ExemptionIn]


class ExemptionOut(msgspec.Struct, kw_only=True):
    """A line of an order, and why it is without the right of withdrawal: by your word, or by a tag of the product."""

    line: str
    line_id: str
    exemption: str | None


class ExemptionsOut(msgspec.Struct, kw_only=True):
    """All lines of an order."""

    order_id: str
    lines: list[ExemptionOut]


class WithdrawalLineOut(msgspec.Struct, kw_only=True):
    """Goods that are withdrawn from."""

    line: str
    line_id: str
    quantity: int


class WithdrawalOut(msgspec.Struct, kw_only=True):
    """A withdrawal. What was declared never changes.

    status: unmatched (the team has to find the order) → open (to refund) → completed, or set_aside. finding: what the
    clock says: in_time, late, cancelled, country, business or exempt. marks: what made it look suspicious. return_ids:
    the returns that bring the goods back.
    """

    id: str
    number: str
    status: str
    source: str
    declared_at: datetime
    name: str
    contract: str
    email: str
    text: str
    is_whole: bool
    lines: list[WithdrawalLineOut]
    order_id: str | None
    return_ids: list[str]
    finding: str
    marks: list[str]
    window_ends_at: datetime | None
    refund_due_at: datetime
    goods_back_at: datetime | None
    dispatched_at: datetime | None
    refund_id: str | None
    matched_at: datetime | None
    completed_at: datetime | None
    set_aside_reason: str


class MatchIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which order it is: `ord_…`."""

    order_id: str


class RefundWithdrawalIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What goes back, in the order's currency; `shipping` is a part of it. Without an amount: what we propose."""

    amount: Decimal | None = None
    shipping: Decimal = Decimal(0)


class MethodIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How withdrawn goods are sent: `label` and `qr` where you offer labels, `store` where you have branches."""

    method: Literal["label", "qr", "store", "own"]


class SetAsideIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why there is nothing to refund."""

    reason: str


class GoodsIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """back: the goods are with you; else the customer has proved to have sent them. at: when; without it now."""

    back: bool
    at: datetime | None = None


def show_withdrawal(row: Withdrawal) -> WithdrawalOut:
    """A withdrawal as the API shows it. Its lines must be loaded."""
    return WithdrawalOut(
        id=public_id("wdr", row.pk), number=row.number, status=row.status, source=row.source,
        declared_at=row.declared_at, name=row.name, contract=row.contract, email=row.email, text=row.text,
        is_whole=row.is_whole,
        lines=[
            WithdrawalLineOut(
                line=each.line.external_id, line_id=public_id("lin", each.line_id), quantity=each.quantity
            )
            for each in row.lines.all()
        ],
        order_id=public_id("ord", row.order_id) if row.order_id else None,
        return_ids=[public_id("ret", each.pk) for each in row.returns.all()], finding=row.finding, marks=row.marks,
        window_ends_at=row.window_ends_at, refund_due_at=row.refund_due_at, goods_back_at=row.goods_back_at,
        dispatched_at=row.dispatched_at, refund_id=public_id("rfd", row.refund_id) if row.refund_id else None,
        matched_at=row.matched_at, completed_at=row.completed_at, set_aside_reason=row.set_aside_reason,
    )  # fmt: skip

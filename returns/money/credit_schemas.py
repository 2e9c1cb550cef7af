"""What store credit looks like on its way in and out of the API."""

from datetime import datetime
from decimal import Decimal

import msgspec

from merchants.ids import public_id
from orders.schemas import Amount, Currency, In
from returns.money.amounts import rounded
from returns.money.models import CreditEntry, CreditKind
from returns.money.schemas import Key, Reason, Reference


class GiveCreditIn(In):
    """Store credit for a customer. With `order_id` the amount is taken out of what was paid for that order; without it
    the shop adds it, as it always does the bonus."""

    amount: Amount
    currency: Currency
    reason: Reason
    bonus: Amount = Decimal(0)
    order_id: str | None = None
    expires_at: datetime | None = None
    key: Key = ""


class SpendCreditIn(In):
    """A payment with store credit. `reference`: what your shop calls it; `order_id`: what is paid for."""

    amount: Amount
    currency: Currency
    reference: Reference = ""
    order_id: str | None = None
    key: Key = ""


class BalanceOut(msgspec.Struct, kw_only=True):
    """What a customer may spend in a currency."""

    currency: str
    amount: Decimal


class CreditOut(msgspec.Struct, kw_only=True):
    """One line of a customer's store credit: given, spent or expired. left: of a given one."""

    id: str
    kind: str
    amount: Decimal
    bonus: Decimal
    left: Decimal | None
    currency: str
    order_id: str | None
    reason: str
    reference: str
    expires_at: datetime | None
    created_at: datetime


class WalletOut(msgspec.Struct, kw_only=True):
    """A customer's store credit: balances, and its lines, newest first (100 at most)."""

    customer_id: str
    balances: list[BalanceOut]
    entries: list[CreditOut]


def show_credit(entry: CreditEntry) -> CreditOut:
    """A line of a customer's credit as the API shows it. Its account must be loaded."""
    given = entry.kind == CreditKind.GIVEN
    return CreditOut(
        id=public_id("crd", entry.pk),
        kind=entry.kind,
        amount=rounded(entry.amount, entry.currency),
        bonus=rounded(entry.bonus, entry.currency),
        left=rounded(entry.left, entry.currency) if given else None,
        currency=entry.currency,
        order_id=public_id("ord", entry.order_id) if entry.order_id else None,
        reason=entry.reason,
        reference=entry.reference,
        expires_at=entry.expires_at,
        created_at=entry.created_at,
    )

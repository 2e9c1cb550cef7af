"""Facts about money: part of the public API (`GET /api/v1/events`, webhooks)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from events.facts import FactData, fact
from orders.facts import ReportedLine


class RefundPayment(FactData):
    """What goes back to one payment. `payment`: what the shop calls it; kind: original, gift_card, points …"""

    payment: str
    kind: str
    amount: Decimal


class RefundFact(FactData):
    """What every fact about a refund tells.

    amount: what the shopper gets; shipping and tax are parts of it, fee was kept beside it. source_kind, source_id:
    the return, withdrawal, claim or order that it is for. notify: False for what shoppers are told nothing about.
    """

    refund_id: UUID
    external_id: str
    amount: Decimal
    currency: str
    shipping: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    source_kind: str = ""
    source_id: UUID | None = None
    notify: bool = True


@fact("refund.requested")
class RefundRequested(RefundFact):
    """The shop has to give money back, and to say so (`POST /refunds/{id}/confirm`, or its own refund).

    It is said again, with a higher `attempt`, until that is done: do it once for each `idempotency_key`.
    """

    reason: str = ""
    lines: list[ReportedLine] = []
    payments: list[RefundPayment] = []
    attempt: int = 1
    idempotency_key: str = ""


@fact("refund.completed")
class RefundCompleted(RefundFact):
    """The money was given back. `reference`: what the shop calls the refund."""

    reference: str = ""


@fact("refund.failed")
class RefundFailed(RefundFact):
    """The shop cannot give it back. Nothing is set aside any more."""

    failure: str = ""


class CreditFact(FactData):
    """What every fact about store credit tells. `balance`: of this customer and currency afterwards."""

    credit_id: UUID
    customer_id: UUID
    amount: Decimal
    currency: str
    balance: Decimal
    source_kind: str = ""
    source_id: UUID | None = None
    notify: bool = True


@fact("credit.given")
class CreditGiven(CreditFact):
    """A shopper got store credit. `bonus`: what of it the shop added. It expires at `expires_at`, or never."""

    bonus: Decimal = Decimal(0)
    expires_at: datetime | None = None


@fact("credit.spent")
class CreditSpent(CreditFact):
    """A shopper paid with store credit. `reference`: what the shop calls it."""

    reference: str = ""


@fact("credit.expired")
class CreditExpired(CreditFact):
    """What was left of a credit has expired."""

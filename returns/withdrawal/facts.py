"""Facts about withdrawals: part of the public API (`GET /api/v1/events`, webhooks). No names, no addresses."""

from datetime import datetime
from uuid import UUID

from events.facts import FactData, fact


class WithdrawalFact(FactData):
    """What every fact about a withdrawal tells. status: after the fact."""

    withdrawal_id: UUID
    number: str
    status: str
    declared_at: datetime


@fact("withdrawal.declared")
class WithdrawalDeclared(WithdrawalFact, kw_only=True):
    """A consumer withdrew. marks: what made it look suspicious, if anything. source: link, form, api or team."""

    source: str
    is_whole: bool = True
    marks: list[str] = []  # msgspec copies it


@fact("withdrawal.matched")
class WithdrawalMatched(WithdrawalFact, kw_only=True):
    """Its order is known. finding: `in_time`, `late`, `cancelled`, `country`, `business` or `exempt`."""

    finding: str
    refund_due_at: datetime


@fact("withdrawal.refund_due")
class WithdrawalRefundDue(WithdrawalFact, kw_only=True):
    """Three days are left to pay back, and it is not done."""

    refund_due_at: datetime


@fact("withdrawal.completed")
class WithdrawalCompleted(WithdrawalFact):
    """What had to go back has gone back."""


@fact("withdrawal.set_aside")
class WithdrawalSetAside(WithdrawalFact):
    """A person decided that there is nothing to refund."""

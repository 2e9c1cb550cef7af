"""Facts about cases: part of the public API (`GET /api/v1/events`, webhooks)."""

from datetime import datetime
from uuid import UUID

from events.facts import FactData, fact


class CaseFact(FactData):
    """What every fact about a case tells.

    kind: what is wrong. status: after the fact. entry_id: the line of its history; what it says stays in the case.
    notify: False for what shoppers are told nothing about.
    """

    case_id: UUID
    kind: str
    status: str
    shipment_id: UUID | None = None
    entry_id: UUID | None = None
    notify: bool = True


@fact("case.announced")
class CaseAnnounced(CaseFact, kw_only=True):
    """A shopper misses a parcel and gives it one more day: the case opens by itself at `opens_at`."""

    opens_at: datetime


@fact("case.opened")
class CaseOpened(CaseFact, kw_only=True):
    """A shopper has a problem, and waits for an answer until `answer_by`."""

    answer_by: datetime


@fact("case.replied")
class CaseReplied(CaseFact):
    """The shopper said more."""


@fact("case.answered")
class CaseAnswered(CaseFact):
    """The shop answered."""


@fact("case.closed")
class CaseClosed(CaseFact, kw_only=True):
    """The case has come to its end. `outcome`: solved, or found (it turned up). by: shopper or team."""

    outcome: str
    by: str


@fact("case.reopened")
class CaseReopened(CaseFact):
    """A closed case goes on."""

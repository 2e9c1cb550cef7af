"""Facts about claims: part of the public API (`GET /api/v1/events`, webhooks). What was said stays in the claim."""

from decimal import Decimal
from uuid import UUID

from events.facts import FactData, fact


class ClaimFact(FactData):
    """What every fact about a claim tells. status: after the fact. entry_id: the line of its history."""

    claim_id: UUID
    number: str
    kind: str
    status: str
    shipment_id: UUID
    entry_id: UUID | None = None
    notify: bool = True


@fact("claim.parked")
class ClaimParked(ClaimFact):
    """It was made too early, and opens by itself."""


@fact("claim.opened")
class ClaimOpened(ClaimFact):
    """The shop has to decide."""


@fact("claim.needs_more")
class ClaimNeedsMore(ClaimFact):
    """The shopper is asked for more."""


@fact("claim.replied")
class ClaimReplied(ClaimFact):
    """The shopper said more."""


@fact("claim.paused")
class ClaimPaused(ClaimFact):
    """The parcel moves again."""


@fact("claim.approved")
class ClaimApproved(ClaimFact, kw_only=True):
    """It is made good. resolution: reship (the shop sends `lines` again), refund or credit; payer: pool or merchant."""

    resolution: str
    payer: str
    value: Decimal
    currency: str
    lines: dict[str, int] = {}  # msgspec copies it


@fact("claim.declined")
class ClaimDeclined(ClaimFact, kw_only=True):
    """It is not made good."""

    exclusion: str


@fact("claim.closed")
class ClaimClosed(ClaimFact):
    """Nobody went on with it. A reply opens it again."""


@fact("cover.added")
class CoverAdded(FactData):
    """An order is protected."""

    cover_id: UUID
    premium: Decimal
    currency: str
    source: str

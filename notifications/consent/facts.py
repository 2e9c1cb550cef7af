"""Facts about consent: part of the public API. The address stays in the ledger (`GET /consents/{id}`)."""

from uuid import UUID

from events.facts import FactData, fact


class ConsentFact(FactData):
    """What every fact about consent tells. `topic` is empty for every topic."""

    consent_id: UUID
    channel: str
    topic: str = ""
    source: str = ""


@fact("consent.requested")
class ConsentRequested(ConsentFact):
    """Somebody was asked by e-mail to confirm that they agree."""


@fact("consent.given")
class ConsentGiven(ConsentFact):
    """Somebody may be written to. `basis`: consent, double_opt_in or existing_customer."""

    basis: str = ""


@fact("consent.withdrawn")
class ConsentWithdrawn(ConsentFact):
    """Somebody does not want it any more. `objected`: without ever having agreed."""

    objected: bool = False

"""What messages say about a shopper's claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from uuid import UUID

from merchants.ids import public_id
from notifications.rendering import delivery_window, money
from orders.models import Order
from orders.queries import token_of
from returns.claims.facts import ClaimFact
from returns.claims.models import Claim, ClaimEntry
from returns.claims.words import EXCLUSIONS, KINDS


@dataclass(frozen=True)
class AboutClaim:
    """A claim, and the line of its history that a message tells about."""

    claim: Claim
    entry: ClaimEntry | None


def about_claims(facts: Mapping[int, ClaimFact]) -> dict[int, AboutClaim]:
    """The claims of the open scope that these facts tell about, by the facts' positions: two queries, or none."""
    if not facts:
        return {}
    claims: dict[UUID, Claim] = Claim.objects.in_bulk({fact.claim_id for fact in facts.values()})
    entries: dict[UUID, ClaimEntry] = ClaimEntry.objects.in_bulk(
        {fact.entry_id for fact in facts.values() if fact.entry_id}
    )
    return {
        position: AboutClaim(claims[fact.claim_id], entries.get(fact.entry_id) if fact.entry_id else None)
        for position, fact in facts.items()
        if fact.claim_id in claims
    }


def claim_words(about: AboutClaim, language: str, zone: tzinfo) -> dict[str, str]:
    """What templates say about a claim: number, kind, text (what was said), until (a day, or ""), value, resolution
    (refund, reship, credit, or ""), why (it was declined, or "")."""
    claim = about.claim
    return {
        "number": claim.number,
        "kind": str(KINDS[claim.kind]),
        "text": about.entry.text if about.entry else "",
        "until": delivery_window(claim.due_at.astimezone(zone), None, language) if claim.due_at else "",
        "value": money(claim.value, claim.currency, language),
        "resolution": claim.resolution,
        "why": str(EXCLUSIONS.get(claim.exclusion, "")),
    }


def claim_url(portal: str, order: Order, about: AboutClaim) -> str:
    """The shopper's page about a claim, beside their page about the order (`portal`)."""
    token = token_of(order)
    return portal.removesuffix(f"t/{token}/") + f"o/{token}/claims/{public_id('clm', about.claim.pk)}/"

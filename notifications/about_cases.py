"""What messages say about a shopper's case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from uuid import UUID

from cases.facts import CaseFact
from cases.models import Case, CaseEntry
from cases.words import KINDS
from merchants.ids import public_id
from notifications.rendering import delivery_window
from orders.models import Order
from orders.queries import token_of


@dataclass(frozen=True)
class AboutCase:
    """A case, and the line of its history that a message tells about."""

    case: Case
    entry: CaseEntry | None


def about_cases(facts: Mapping[int, CaseFact]) -> dict[int, AboutCase]:
    """The cases of the open scope that these facts tell about, by the facts' positions: two queries, or none."""
    if not facts:
        return {}
    cases: dict[UUID, Case] = Case.objects.in_bulk({fact.case_id for fact in facts.values()})
    entries: dict[UUID, CaseEntry] = CaseEntry.objects.in_bulk(
        {f.entry_id for f in facts.values() if f.entry_id}
    )
    return {
        position: AboutCase(cases[fact.case_id], entries.get(fact.entry_id) if fact.entry_id else None)
        for position, fact in facts.items()
        if fact.case_id in cases
    }


def case_words(about: AboutCase, language: str, zone: tzinfo) -> dict[str, str]:
    """What templates say about a case: kind, text (what was said), answer_by (a day, or "")."""
    due = about.case.answer_by
    return {
        "kind": str(KINDS[about.case.kind]),
        "text": about.entry.text if about.entry else "",
        "answer_by": delivery_window(due.astimezone(zone), None, language) if due else "",
    }


def case_url(portal: str, order: Order, about: AboutCase) -> str:
    """The shopper's page about a case, beside their page about the order (`portal`)."""
    token = token_of(order)
    return portal.removesuffix(f"t/{token}/") + f"o/{token}/cases/{public_id('cas', about.case.id)}/"

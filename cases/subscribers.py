"""What shoppers report stands on the team's watch-list while it waits for the shop."""

from collections.abc import Sequence

from cases.models import Case, CaseStatus
from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from tracking.watch.reporting import Report, keep_reports

_FACTS = ["case.opened", "case.replied", "case.answered", "case.closed", "case.reopened"]


def forget_nothing() -> None:
    """The items stay: people have written in them, and reading the log again changes only what is not so."""


@subscribe("cases.watch", _FACTS, forget=forget_nothing)
def watch_cases(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """An open case is on the list, an answered or closed one is not: a fixed number of statements."""
    order_ids = {fact.order_id for fact in facts if fact.order_id}
    waiting = Case.objects.filter(order_id__in=order_ids, status=CaseStatus.OPEN).order_by("-created_at")
    reports = {
        (case.order_id, case.shipment_id): Report(
            case.order_id, case.shipment_id, case.opened_at or case.created_at, case.kind
        )
        for case in waiting
    }
    keep_reports(merchant, order_ids, list(reports.values()))

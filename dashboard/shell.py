"""What stands around every page: navigation with what waits, the merchant, the person."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cases.models import CaseStatus
from dashboard import counts
from dashboard.access import Seat
from dashboard.words import ROLES
from notifications.models import MessageState
from orders.models import InboxState, Stage


def page(
    request: HttpRequest,
    seat: Seat,
    template: str,
    context: dict[str, Any],
    *,
    section: str,
    status: int = 200,
) -> HttpResponse:
    """A whole page, rendered at once: the scope is open only now. One query for what waits, unless it is given."""
    around: dict[str, Any] = {
        "seat": seat,
        "role": ROLES.get(seat.role, seat.role),
        "section": section,
    }
    if "waiting" not in context:
        around["waiting"] = waiting(seat)
    return render(request, template, {**around, **context}, status=status)


WAITS = ("orders", "messages", "facts", "inbox", "cases", "watch", "withdrawals", "returns", "claims")


def what_waits() -> dict[str, QuerySet | RawSQL]:
    """What needs the team, by kind, in the open scope: for a page that counts more in the same statement."""
    counted = (
        counts.of_table("orders_order", "stage = %s", Stage.ATTENTION.value),
        counts.of_table("notifications_message", "state = %s", MessageState.FAILED.value),
        counts.of_table("events_parkedfact", "true"),
        counts.of_table("orders_inboxitem", "state = %s", InboxState.FAILED.value),
        counts.of_table("cases_case", "status = %s", CaseStatus.OPEN.value),
        counts.of_table(
            "tracking_watchitem", "state = 'open' AND (snoozed_until IS NULL OR snoozed_until <= now())"
        ),
        counts.of_table("withdrawal_withdrawal", "status IN ('unmatched', 'open')"),
        counts.of_table("returns_return", "approval_state IN ('requested', 'review')"),
        counts.of_table("claims_claim", "status = 'open'"),
    )
    return dict(zip(WAITS, counted, strict=True))


def waiting(seat: Seat) -> dict[str, str]:
    """How much of each kind waits for the team, as badges show it: "" for nothing. One query."""
    return badges(counts.capped_counts(seat.merchant, what_waits()))


def badges(found: Mapping[str, int]) -> dict[str, str]:
    """Counts of `what_waits` as badges."""
    parked = min(found["facts"] + found["inbox"], counts.LIMIT)
    return {name: _badge(count) for name, count in {**found, "parked": parked}.items()}


def _badge(count: int) -> str:
    return counts.shown(count) if count else ""

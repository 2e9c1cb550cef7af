"""What stands around every page: navigation with what waits, the merchant, the person."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import counts
from dashboard.access import Seat
from dashboard.words import ROLES
from events.models import ParkedFact
from notifications.models import Message, MessageState
from orders.models import InboxItem, InboxState, Order, Stage


def page(
    request: HttpRequest,
    seat: Seat,
    template: str,
    context: dict[str, Any],
    *,
    section: str,
    status: int = 200,
) -> HttpResponse:
    """A whole page, rendered at once: the scope is open only now. One query for what waits."""
    waiting = counts.capped_counts(
        seat.merchant,
        {
            "orders": Order.objects.filter(stage=Stage.ATTENTION),
            "messages": Message.objects.filter(state=MessageState.FAILED),
            "facts": ParkedFact.objects.all(),
            "inbox": InboxItem.objects.filter(state=InboxState.FAILED),
        },
    )
    around = {
        "seat": seat,
        "role": ROLES.get(seat.role, seat.role),
        "section": section,
        "waiting": {
            "orders": _badge(waiting["orders"]),
            "messages": _badge(waiting["messages"]),
            "parked": _badge(min(waiting["facts"] + waiting["inbox"], counts.LIMIT)),
        },
    }
    return render(request, template, {**around, **context}, status=status)


def _badge(count: int) -> str:
    return counts.shown(count) if count else ""

"""Do messages still go out, and do they arrive? By kind, with what is usual, and the shares that providers watch."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics.message_health import Kind, Share, health
from analytics.models import MessageResult
from dashboard import formats, words
from dashboard.access import Seat, merchant_view
from dashboard.shell import page
from dashboard.words import Label
from notifications.marketing_tools import queries


@require_safe
@merchant_view()
def message_health(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The last 7 days beside the 28 before yesterday."""
    found = health(timezone.now(), seat.merchant.timezone)
    tools = queries.tools().items() if seat.merchant.marketing_tools else ()
    context = {
        "tools": [
            {"name": words.CHANNELS[channel], "since": tool.failing_since, "answer": tool.last_failure}
            for channel, tool in tools
            if tool.failing_since
        ],
        "rows": [_row(kind) for kind in found.kinds],
        "silent": [words.TOUCHPOINTS.get(kind.touchpoint, kind.touchpoint) for kind in found.silent],
        "shares": [
            _share(_("Came back"), found.bounces, _("Providers act from 5 percent on.")),
            _share(_("Reported as spam"), found.complaints, _("Gmail wants less than 0.1 percent.")),
        ],
    }
    return page(request, seat, "dashboard/message_health.html", context, section="messages")


def _row(kind: Kind) -> dict[str, Any]:
    lately = kind.lately
    state = (
        Label(_("Silent"), "bad") if kind.is_silent else Label(_("As usual"), "ok") if kind.usual else None
    )
    return {
        "name": words.TOUCHPOINTS.get(kind.touchpoint, kind.touchpoint),
        "state": state,
        "sent": lately[MessageResult.SENT],
        "usual": formats.decimal(kind.usual),
        "delivered": lately[MessageResult.DELIVERED],
        "undelivered": lately[MessageResult.UNDELIVERED],
        "failed": lately[MessageResult.FAILED],
        "skipped": lately[MessageResult.SKIPPED],
        "last_sent": kind.last_sent,
    }


def _share(name: str, share: Share, limit: str) -> dict[str, Any]:
    levels = {
        "ok": Label(_("Fine"), "ok"), "warn": Label(_("Too many"), "warn"), "bad": Label(_("Far too many"), "bad"),
    }  # fmt: skip
    return {
        "name": name,
        "percent": f"{formats.decimal(share.value * 100, places=2)} %",
        "number": formats.number(share.number),
        "of": formats.number(share.of),
        "state": levels.get(share.level) or Label(_("Too few to tell")),
        "limit": limit,
    }

"""Settings › Webhooks › Deliveries: what endpoints were told, what they answered, and again."""

import json
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard import listing, webhook_words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.settings_pages import settings_page
from dashboard.words import label
from events.facts import known_types
from merchants.ids import NOBODY, parse_public_id, public_id
from merchants.permissions import Permission
from merchants.rest.errors import Conflict
from webhooks import queries, resending
from webhooks.bodies import TEST_TYPE
from webhooks.models import Delivery, DeliveryAttempt, DeliveryState

ROWS = "dashboard/webhooks/_deliveries.html#rows"


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def deliveries(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The log over all endpoints: `?endpoint=`, `?state=`, `?type=` and `?cursor=`."""
    context = {
        "endpoints": [
            (public_id("whe", endpoint.pk), endpoint.description or endpoint.url)
            for endpoint in queries.endpoints().order_by("-created_at", "-id")
        ],
        **table(request, seat, Delivery.objects.all(), with_endpoint=True),
    }
    if asks_for_more(request):
        return render(request, ROWS, context)
    return settings_page(request, seat, "webhooks", "dashboard/webhooks/deliveries.html", context)


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def delivery(request: HttpRequest, seat: Seat, delivery_id: str) -> HttpResponse:
    """One delivery: the request, and the answer of every try."""
    found = queries.get_delivery(id_or_404("whd", delivery_id))
    body = queries.sent_body(found)
    context = {
        "row": _row(seat, found),
        "delivery": found,
        "endpoint_url": f"/app/{seat.merchant.slug}/settings/webhooks/{public_id('whe', found.endpoint_id)}/",
        "body": json.dumps(json.loads(body), indent=2, ensure_ascii=False) if body else "",
        "attempts": [_try(attempt) for attempt in queries.attempts_of(found)],
        # Soon something will be known: the page looks again by itself.
        "is_under_way": found.due_at is not None and found.tries == 0,
        "is_late": found.due_at is not None and (timezone.now() - found.planned_at).total_seconds() > 20,
    }
    if request.htmx and request.htmx.target:  # type: ignore[attr-defined]
        return render(request, "dashboard/webhooks/delivery.html#delivery", {"seat": seat, **context})
    return settings_page(request, seat, "webhooks", "dashboard/webhooks/delivery.html", context)


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def resend(request: HttpRequest, seat: Seat, delivery_id: str) -> HttpResponse:
    """Send it again, with the same id and body."""
    try:
        resending.resend(seat.merchant, id_or_404("whd", delivery_id))
    except Conflict:
        messages.error(request, _("This delivery waits to be sent already."))
    return redirect("dashboard:webhook_delivery", seat.merchant.slug, delivery_id)


def asks_for_more(request: HttpRequest) -> bool:
    """Whether only the next rows are wanted, to stand below those that are there."""
    return bool(request.htmx) and "more" in (request.htmx.target or "")  # type: ignore[attr-defined]


def table(
    request: HttpRequest, seat: Seat, rows: QuerySet[Delivery], *, with_endpoint: bool = False
) -> dict[str, Any]:
    """A stretch of a list of deliveries with its filter, for the log and for one endpoint's page."""
    given = {
        "endpoint": request.GET.get("endpoint", "")[:40] if with_endpoint else "",
        "state": _choice(request, "state", DeliveryState.values),
        "type": _choice(request, "type", [*known_types(), TEST_TYPE]),
    }
    if given["endpoint"]:
        rows = rows.filter(endpoint_id=parse_public_id("whe", given["endpoint"]) or NOBODY)
    for name in ("state", "type"):
        if given[name]:
            rows = rows.filter(**{name: given[name]})
    if with_endpoint:
        rows = rows.select_related("endpoint")
    stretch = listing.newest(request, rows, by="planned_at")
    return {
        "rows": [_row(seat, found) for found in stretch.rows],
        "stretch": stretch,
        "given": given,
        "with_endpoint": with_endpoint,
        "columns": 5 if with_endpoint else 4,
        "is_filtered": any(given.values()),
        "start_url": listing.url_with(request),
        "no_filter_url": listing.url_with(request, endpoint="", state="", type=""),
        "states": [(code, words.text) for code, words in webhook_words.STATES.items()],
        "types": [
            *((type_, webhook_words.event(type_)) for type_ in known_types()),
            (TEST_TYPE, webhook_words.event(TEST_TYPE)),
        ],
    }


def _row(seat: Seat, found: Delivery) -> dict[str, Any]:
    id_ = public_id("whd", found.pk)
    return {
        "delivery": found,
        "id": id_,
        "url": f"/app/{seat.merchant.slug}/settings/webhooks/deliveries/{id_}/",
        "state": label(webhook_words.STATES, found.state),
        "event": webhook_words.event(found.type),
        "reason": webhook_words.reason(found.reason) if found.reason else "",
    }


def _try(attempt: DeliveryAttempt) -> dict[str, Any]:
    status = attempt.status or 0
    return {
        "attempt": attempt,
        "tone": "ok" if 200 <= status < 300 else "bad",
        "headers": list(attempt.request_headers.items()),
    }


def _choice(request: HttpRequest, name: str, choices: Any) -> str:
    value = request.GET.get(name, "")
    return value if value in choices else ""

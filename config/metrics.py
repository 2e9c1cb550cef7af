"""`/metrics`: the installation's figures for Prometheus, for whoever has the token (docs/production.md).

Counts and ages only, nothing about people, and no merchant by name.
"""

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

# Name, what it is, and the statement that gives (labels …, value). Each reads an index or a small table.
_FIGURES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    (
        "afterward_due_overdue_seconds", "Age of the oldest due row that nobody has claimed.", ("kind",),
        """
        SELECT 'messages', extract(epoch FROM now() - min(due_at)) FROM notifications_message WHERE due_at < now()
        UNION ALL SELECT 'carriers', extract(epoch FROM now() - min(due_at)) FROM tracking_shipment WHERE due_at < now()
        UNION ALL SELECT 'webhooks', extract(epoch FROM now() - min(due_at)) FROM webhooks_delivery WHERE due_at < now()
        UNION ALL SELECT 'inbox', extract(epoch FROM now() - min(due_at)) FROM orders_inboxitem WHERE due_at < now()
        """,
    ),
    (
        "afterward_log_waiting", "Facts without a place in line.", (),
        "SELECT count(*) FROM (SELECT 1 FROM events_incoming LIMIT 100000) AS waiting",
    ),
    (
        "afterward_facts_parked", "Facts that a subscriber failed at, waiting to be tried again.", ("subscriber",),
        "SELECT subscriber, count(*) FROM events_parkedfact GROUP BY 1",
    ),
    (
        "afterward_messages_total", "Messages by channel and result since yesterday, by the merchants' clocks.",
        ("channel", "result"),
        "SELECT channel, result, sum(number) FROM analytics_messageday WHERE day >= current_date - 1 GROUP BY 1, 2",
    ),
    (
        "afterward_webhook_endpoints", "Webhook endpoints by state.", ("state",),
        "SELECT state, count(*) FROM webhooks_endpoint GROUP BY 1",
    ),
    (
        "afterward_carrier_gates_closed", "Accesses to carriers that are closed now, by reason.", ("reason",),
        "SELECT reason, count(*) FROM tracking_carriergate WHERE opens_at > now() GROUP BY 1",
    ),
    (
        "afterward_worker_silence_seconds", "Since a worker was last seen at work.", (),
        "SELECT extract(epoch FROM now() - max(seen_at)) FROM events_heartbeat",
    ),
)  # fmt: skip


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures as Prometheus reads them. 404 without `AFTERWARD_METRICS_TOKEN`, and for everybody without it."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = settings.METRICS_TOKEN
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise Http404
    lines = "\n".join(_lines())
    return HttpResponse(lines + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _lines() -> Iterator[str]:
    with connection.cursor() as cursor:
        for name, about, labels, statement in _FIGURES:
            yield f"# HELP {name} {about}"
            yield f"# TYPE {name} gauge"
            cursor.execute(statement)
            for row in cursor.fetchall():
                *values, value = row
                named = ",".join(
                    f'{label}="{_escaped(str(text))}"' for label, text in zip(labels, values, strict=True)
                )
                yield f"{name}{{{named}}} {float(value or 0):g}" if named else f"{name} {float(value or 0):g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

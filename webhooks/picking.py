"""Which deliveries a worker takes next, so that no endpoint keeps another one waiting.

1. Each endpoint gets a share of what this worker can do at once; one that has been failing gets a single place.
2. Of an object the earliest waiting delivery is taken and no later one: an endpoint is told in order.
3. The rows are claimed as all due work is (`events.due`): what another worker took meanwhile is passed over.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from events import due
from merchants.scope import platform_scope
from webhooks.models import Delivery, Endpoint

# Longer than a try may take, with the name server's part; a dead worker's deliveries come due again after it.
LEASE: Final = timedelta(seconds=60)
# Of one endpoint at once.
_MOST_AT_ONCE: Final = 32

_PICK = """
SELECT picked.id FROM (
    SELECT endpoint.merchant_id, endpoint.id, endpoint.state, least(
        CASE WHEN endpoint.failing_since IS NULL THEN %(most)s ELSE 1 END, greatest(1, %(free)s / 2)
    ) - coalesce(busy.places, 0) AS room
    FROM webhooks_endpoint AS endpoint
    LEFT JOIN unnest(%(busy)s::uuid[], %(places)s::int[]) AS busy(id, places) ON busy.id = endpoint.id
    WHERE endpoint.not_before IS NULL OR endpoint.not_before <= %(now)s
    ORDER BY random()
) AS endpoint CROSS JOIN LATERAL (
    SELECT waiting.id FROM webhooks_delivery AS waiting
    WHERE waiting.merchant_id = endpoint.merchant_id AND waiting.endpoint_id = endpoint.id
        AND waiting.due_at <= %(now)s AND (endpoint.state = 'active' OR waiting.is_test)
        AND NOT EXISTS (
            SELECT FROM webhooks_delivery AS earlier
            WHERE earlier.merchant_id = waiting.merchant_id AND earlier.endpoint_id = waiting.endpoint_id
                AND earlier.lane = waiting.lane AND earlier.position < waiting.position
                AND earlier.due_at IS NOT NULL AND earlier.lane IS NOT NULL)
    ORDER BY waiting.due_at LIMIT greatest(endpoint.room, 0)
) AS picked LIMIT %(free)s
"""


def claim(free: int, busy: Mapping[UUID, int]) -> list[Delivery]:
    """Claim up to `free` due deliveries with their endpoints. `busy`: what each endpoint holds already."""
    now = timezone.now()
    values: dict[str, Any] = {
        "now": now, "free": free, "most": _MOST_AT_ONCE, "busy": list(busy), "places": list(busy.values()),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SOMETHING, [now])
        if cursor.fetchone() is None:
            return []
        cursor.execute(_PICK, values)
        picked = [id_ for (id_,) in cursor.fetchall()]
    if not picked:
        return []
    return _with_endpoints(due.claim(Delivery, limit=free, lease=LEASE, where=Q(pk__in=picked)))


def _with_endpoints(claimed: list[Delivery]) -> list[Delivery]:
    """Put their endpoints on them: each is read and decrypted once, however many deliveries it has."""
    with platform_scope("endpoints of whichever merchant comes next"):
        rows = Endpoint.objects.filter(
            merchant_id__in={delivery.merchant_id for delivery in claimed},
            pk__in={delivery.endpoint_id for delivery in claimed},
        )
        endpoints = {endpoint.pk: endpoint for endpoint in rows}
    for delivery in claimed:
        if delivery.endpoint_id in endpoints:
            delivery.endpoint = endpoints[delivery.endpoint_id]
    # One that was deleted meanwhile took its deliveries along.
    return [delivery for delivery in claimed if delivery.endpoint_id in endpoints]


_SOMETHING = "SELECT 1 FROM webhooks_delivery WHERE due_at <= %s LIMIT 1"

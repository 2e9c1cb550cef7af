"""From facts to deliveries: one row for each endpoint that wants to be told."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from events import due
from events.facts import RecordedFact, known_types
from events.public import object_of
from events.subscribers import subscribe
from merchants.models import Merchant
from webhooks.models import Delivery, Endpoint, EndpointState

SEND = "webhooks.send"


# Without `forget`: replaying the log must not tell anybody again (people can: `webhooks.resending`).
@subscribe("webhooks.plan", known_types())
def plan_deliveries(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Plan what each endpoint is told: three queries at most, however many facts. A disabled one is told nothing."""
    endpoints = list(
        Endpoint.objects.exclude(state=EndpointState.DISABLED).only("id", "types", "failing_since")
    )
    planned = [plan(endpoint, fact) for endpoint in endpoints for fact in facts if wants(endpoint, fact.type)]
    if not planned:
        return
    failing = [endpoint.id for endpoint in endpoints if endpoint.failing_since]
    if failing:
        _line_up(planned, failing)
    Delivery.objects.bulk_create(planned, ignore_conflicts=True, batch_size=2000)
    due.ring_when_committed(SEND)


def _line_up(planned: Sequence[Delivery], failing: Sequence[UUID]) -> None:
    """What stands behind something that is tried again later comes due with it, and is not looked at until then."""
    lanes = {delivery.lane for delivery in planned if delivery.lane}
    waiting = Delivery.objects.filter(endpoint_id__in=failing, lane__in=lanes, due_at__gt=timezone.now())
    until = {
        (endpoint_id, lane): due_at
        for endpoint_id, lane, due_at in waiting.values_list("endpoint_id", "lane", "due_at").order_by(
            "due_at"
        )
    }
    for delivery in planned:
        delivery.due_at = until.get((delivery.endpoint_id, delivery.lane), delivery.due_at)


def wants(endpoint: Endpoint, type_: str) -> bool:
    """Whether the endpoint is told facts of this type."""
    return not endpoint.types or type_ in endpoint.types


def plan(endpoint: Endpoint, fact: RecordedFact) -> Delivery:
    """An unsaved delivery, due at once."""
    now = timezone.now()
    return Delivery(
        merchant_id=fact.merchant_id,
        endpoint_id=endpoint.id,
        position=fact.position,
        type=fact.type,
        lane=object_of(fact.type, fact.order_id, fact.data),
        happened_at=fact.recorded_at,
        planned_at=now,
        due_at=now,
    )

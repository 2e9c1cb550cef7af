"""Reads for the faces and the API, in the open merchant's scope."""

from uuid import UUID

from django.db.models import QuerySet

from merchants.rest.errors import NotFound
from webhooks.bodies import body_of, facts_of
from webhooks.models import Delivery, DeliveryAttempt, Endpoint


def endpoints() -> QuerySet[Endpoint]:
    """The merchant's endpoints."""
    found: QuerySet[Endpoint] = Endpoint.objects.all()
    return found


def get_endpoint(endpoint_id: UUID | None) -> Endpoint:
    """An endpoint. Raises NotFound."""
    found: Endpoint | None = Endpoint.objects.filter(pk=endpoint_id).first() if endpoint_id else None
    if found is None:
        raise NotFound("There is no such webhook endpoint.", param="endpoint_id")
    return found


def get_delivery(delivery_id: UUID | None) -> Delivery:
    """A delivery with its endpoint. Raises NotFound."""
    rows = Delivery.objects.select_related("endpoint")
    found: Delivery | None = rows.filter(pk=delivery_id).first() if delivery_id else None
    if found is None:
        raise NotFound("There is no such delivery.", param="delivery_id")
    return found


def attempts_of(delivery: Delivery) -> list[DeliveryAttempt]:
    """Every try, the latest first. Resending begins a new count, so there may be many: the latest hundred."""
    rows = DeliveryAttempt.objects.filter(delivery_id=delivery.pk)
    return list(rows.order_by("-started_at")[:100])


def sent_body(delivery: Delivery) -> bytes | None:
    """The body as it is sent. None when its fact is not in the log any more."""
    return body_of(delivery, facts_of([delivery]))

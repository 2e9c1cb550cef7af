"""Facts about webhook endpoints: part of the public API (`GET /api/v1/events`, webhooks)."""

from uuid import UUID

from events.facts import FactData, fact


@fact("webhook_endpoint.disabled")
class WebhookEndpointDisabled(FactData):
    """An endpoint gets nothing any more: `reason` is `gone` (it answered 410) or `failing` (for three days)."""

    webhook_endpoint_id: UUID
    url: str
    reason: str

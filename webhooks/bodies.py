"""What an endpoint is sent: the fact as `GET /events` shows it, made anew from the log, so the same at every try."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from events.models import Fact
from events.public import public_data
from merchants.ids import public_id
from merchants.rest.decode import encode
from webhooks.models import Delivery

TEST_TYPE = "webhook_endpoint.test"
# Receivers of webhooks read no more than this (Standard Webhooks).
LARGEST_BODY = 20_000


class WebhookBody(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One event. `sequence` grows: of two events of an object the later one has the higher number.

    omitted: the data was too large to be sent; read the event with `GET /events`.
    """

    type: str
    timestamp: datetime
    sequence: int
    order_id: str | None
    data: dict[str, Any]
    omitted: bool = False


def message_id(delivery: Delivery) -> str:
    """The `webhook-id`: the same at every try, so that a receiver can drop what it has had."""
    return public_id("whd", delivery.id)


def facts_of(deliveries: Iterable[Delivery]) -> dict[int, Fact]:
    """The facts of deliveries by position, in one query. Needs a scope that sees them."""
    wanted = [delivery for delivery in deliveries if not delivery.is_test]
    if not wanted:
        return {}
    rows = Fact.objects.filter(
        merchant_id__in={delivery.merchant_id for delivery in wanted},
        position__in=[delivery.position for delivery in wanted],
    )
    return {fact.position: fact for fact in rows}


def body_of(delivery: Delivery, facts: dict[int, Fact]) -> bytes | None:
    """The body of a delivery. None when its fact is not in the log any more."""
    if delivery.is_test:
        return encode(_test(delivery))
    fact = facts.get(delivery.position)
    if fact is None:
        return None
    shown = WebhookBody(
        type=fact.type,
        timestamp=fact.recorded_at,
        sequence=fact.position,
        order_id=public_id("ord", fact.order_id) if fact.order_id else None,
        data=public_data(fact.type, fact.data),
    )
    body = encode(shown)
    return body if len(body) < LARGEST_BODY else encode(msgspec.structs.replace(shown, data={}, omitted=True))


def _test(delivery: Delivery) -> WebhookBody:
    endpoint = public_id("whe", delivery.endpoint_id)
    return WebhookBody(
        type=TEST_TYPE,
        timestamp=delivery.happened_at,
        sequence=0,
        order_id=None,
        data={"webhook_endpoint_id": endpoint, "note": "A test. Nothing has happened."},
    )

"""Sending again: one delivery, or everything of a stretch of time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from events import due
from events.models import Fact
from events.public import object_of
from merchants.audit import record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_transaction
from webhooks.models import Delivery, DeliveryState, Endpoint
from webhooks.subscribers import SEND

# Of one request; a longer stretch of time is sent again in pieces.
MOST_AT_ONCE = 10_000
_SENT = (DeliveryState.DELIVERED, DeliveryState.FAILED)


@dataclass(frozen=True)
class Stretch:
    """Events recorded from `start` until before `end`. only_failed: those that did not arrive."""

    start: datetime
    end: datetime
    only_failed: bool = False


def resend(merchant: Merchant, delivery_id: UUID) -> Delivery:
    """Send one delivery again with the same id and body; counting of tries begins anew. What was tried stays.

    Raises NotFound, and Conflict for one that is still waiting to be sent.
    """
    with merchant_transaction(merchant):
        delivery: Delivery | None = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
        if delivery is None:
            raise NotFound("There is no such delivery.", param="delivery_id")
        if delivery.state == DeliveryState.PENDING:
            raise Conflict("This delivery waits to be sent.", param="delivery_id", code="delivery_pending")
        _again(Delivery.objects.filter(pk=delivery.pk))
        delivery.refresh_from_db()
        record_change("webhook_endpoint.resent", public_id("whe", delivery.endpoint_id), delivery.type)
    return delivery


def count(endpoint: Endpoint, stretch: Stretch) -> int:
    """How many deliveries `resend_stretch` would send."""
    known = _known(endpoint, stretch).count()
    return int(known) if stretch.only_failed else int(known) + _missed(endpoint, stretch).count()


def resend_stretch(merchant: Merchant, endpoint_id: UUID, stretch: Stretch) -> int:
    """Send everything of a stretch of time again, also what an endpoint never got. Returns how much it is.

    Raises NotFound, and Unprocessable for a stretch that is empty backwards or holds more than 10,000.
    """
    if stretch.start >= stretch.end:
        raise Unprocessable("`from` lies before `to`.", param="from", code="invalid_range")
    with merchant_transaction(merchant):
        endpoint = Endpoint.objects.select_for_update().filter(pk=endpoint_id).first()
        if endpoint is None:
            raise NotFound("There is no such webhook endpoint.", param="endpoint_id")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '20s'")
        if (total := count(endpoint, stretch)) > MOST_AT_ONCE:
            raise Unprocessable(
                f"These are {total} events; at most {MOST_AT_ONCE} are sent again at once.",
                param="to", code="range_too_large",
            )  # fmt: skip
        missed = [] if stretch.only_failed else list(_missed(endpoint, stretch))
        _again(_known(endpoint, stretch))
        now = timezone.now()
        made = [_delivery(endpoint, fact, now) for fact in missed]
        Delivery.objects.bulk_create(made, ignore_conflicts=True, batch_size=2000)
        record_change(
            "webhook_endpoint.resent", public_id("whe", endpoint.pk), endpoint.description or endpoint.url,
            {"events": [None, total], "from": [None, str(stretch.start)], "to": [None, str(stretch.end)]},
        )  # fmt: skip
        due.ring_when_committed(SEND)
    return total


def _known(endpoint: Endpoint, stretch: Stretch) -> QuerySet[Delivery]:
    """What was planned before, and is not waiting to be sent anyway."""
    states = (DeliveryState.FAILED,) if stretch.only_failed else _SENT
    rows: QuerySet[Delivery] = Delivery.objects.filter(
        endpoint=endpoint, is_test=False, state__in=states,
        happened_at__gte=stretch.start, happened_at__lt=stretch.end,
    )  # fmt: skip
    return rows


def _missed(endpoint: Endpoint, stretch: Stretch) -> QuerySet[Fact]:
    """Facts of its types that it was never told: from before it was made, while it was disabled, or forgotten since."""
    rows: Any = Fact.objects.filter(recorded_at__gte=stretch.start, recorded_at__lt=stretch.end)
    if endpoint.types:
        rows = rows.filter(type__in=endpoint.types)
    planned = Delivery.objects.filter(endpoint=endpoint, is_test=False, happened_at__gte=stretch.start)
    found: QuerySet[Fact] = rows.exclude(position__in=planned.values("position")).order_by("position")
    return found


def _again(rows: QuerySet[Delivery]) -> None:
    rows.update(state=DeliveryState.PENDING, reason="", due_at=timezone.now(), attempts=0, tries=0)
    due.ring_when_committed(SEND)


def _delivery(endpoint: Endpoint, fact: Fact, now: datetime) -> Delivery:
    return Delivery(
        merchant_id=fact.merchant_id, endpoint=endpoint, position=fact.position, type=fact.type,
        lane=object_of(fact.type, fact.order_id, fact.data), happened_at=fact.recorded_at, planned_at=now,
        due_at=now,
    )  # fmt: skip

"""Endpoints with a history, for the pages that show them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from webhooks import commands
from webhooks.models import Delivery, DeliveryAttempt, DeliveryState, Endpoint

_HEADERS = {
    "X-Shop-Token": "••••",
    "Content-Type": "application/json",
    "webhook-id": "whd_01h455vb4pex5vsknk084sn02q",
    "webhook-timestamp": "1795336000",
    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
}


@dataclass(frozen=True)
class Hooks:
    """A working endpoint, a failing one, a delivery of each kind; their ids as addresses write them."""

    endpoint: Endpoint
    failing: Endpoint
    failed: Delivery
    delivered: Delivery

    @property
    def ids(self) -> dict[str, str]:
        return {
            "endpoint_id": public_id("whe", self.endpoint.pk),
            "delivery_id": public_id("whd", self.failed.pk),
        }


def build(merchant: Merchant, *, many: int = 0) -> Hooks:
    """The scene of a merchant. Nothing of it is due, so no worker touches it."""
    good, _ = commands.create_endpoint(
        merchant,
        commands.EndpointValues(
            url="https://shop.example/hooks/afterward",
            description="Warehouse",
            types=["shipment.shipped", "shipment.delivered"],
            headers={"X-Shop-Token": "s3cret"},
        ),
    )
    bad, _ = commands.create_endpoint(merchant, commands.EndpointValues(url="https://erp.example/in"))
    now = timezone.now()
    with merchant_scope(merchant):
        Endpoint.objects.filter(pk=good.pk).update(last_success_at=now - timedelta(minutes=4))
        Endpoint.objects.filter(pk=bad.pk).update(
            failing_since=now - timedelta(hours=5), last_failure_at=now - timedelta(minutes=9)
        )
        failed = _delivery(
            merchant, bad, 1, DeliveryState.FAILED, reason="http_422", last_status=422, tries=2
        )
        delivered = _delivery(merchant, good, 2, DeliveryState.DELIVERED, last_status=200, tries=1)
        _attempt(merchant, failed, 1, status=None, error="erp.example did not answer within 5.0 s")
        _attempt(
            merchant, failed, 2, status=422, answer='{"error": "unknown order <script>alert(1)</script>"}'
        )
        _attempt(merchant, delivered, 1, status=200, answer="thank you")
        for number in range(many):
            _delivery(merchant, good, 10 + number, DeliveryState.DELIVERED, last_status=200, tries=1)
    return Hooks(good, bad, failed, delivered)


def _delivery(merchant: Merchant, endpoint: Endpoint, number: int, state: str, **columns: Any) -> Delivery:
    when = timezone.now() - timedelta(minutes=number)
    made: Delivery = Delivery.objects.create(
        merchant=merchant, endpoint=endpoint, state=state, position=number, type="shipment.shipped",
        happened_at=when, planned_at=when, last_tried_at=when,
        delivered_at=when if state == DeliveryState.DELIVERED else None, **columns,
    )  # fmt: skip
    return made


def _attempt(merchant: Merchant, delivery: Delivery, number: int, **columns: Any) -> None:
    DeliveryAttempt.objects.create(
        merchant=merchant, delivery=delivery, number=number, milliseconds=120 * number,
        started_at=timezone.now() - timedelta(minutes=10 - number), request_headers=_HEADERS, **columns,
    )  # fmt: skip

"""Endpoints at real receivers, and a clock that tests move."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests import factories
from tests.webhooks.receiver import Receiver, receiving
from webhooks import commands
from webhooks.models import Delivery, DeliveryAttempt, Endpoint
from webhooks.sending import send_due


@pytest.fixture
def allow(settings: Any) -> Callable[[Receiver], None]:
    """Let webhooks go to a receiver on loopback."""

    def add(receiver: Receiver) -> None:
        settings.OUTBOUND_ALLOW = [*settings.OUTBOUND_ALLOW, f"127.0.0.1:{receiver.port}"]

    return add


@pytest.fixture
def receiver(allow: Callable[[Receiver], None]) -> Iterator[Receiver]:
    """Nordwind's backend."""
    with receiving() as found:
        allow(found)
        yield found


@pytest.fixture
def other_receiver(allow: Callable[[Receiver], None]) -> Iterator[Receiver]:
    """Another backend."""
    with receiving() as found:
        allow(found)
        yield found


class Clock:
    """The time, as this test has it."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still until it is moved."""
    found = Clock()
    monkeypatch.setattr(timezone, "now", found)
    return found


def endpoint_at(owner: Merchant, url: str, **values: Any) -> tuple[Endpoint, str]:
    """An endpoint and its secret."""
    return commands.create_endpoint(owner, commands.EndpointValues(url=url, **values))


def tell(owner: Merchant, drain_all: Callable[[], int], **fields: Any) -> Any:
    """An order is placed, and what it means is planned. Returns the order."""
    order = factories.order(owner, **fields)
    drain_all()
    return order


def send_all() -> None:
    """Send what is due, until nothing is."""
    while send_due():
        pass


def deliveries(owner: Merchant) -> list[Delivery]:
    with merchant_scope(owner):
        return list(Delivery.objects.order_by("position", "planned_at"))


def attempts(owner: Merchant) -> list[DeliveryAttempt]:
    with merchant_scope(owner):
        return list(DeliveryAttempt.objects.order_by("started_at"))


def reread(endpoint: Endpoint) -> Endpoint:
    with merchant_scope(endpoint.merchant):
        return Endpoint.objects.get(pk=endpoint.pk)

"""What came in word for word is forgotten when it has had its day, and nothing else is."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

import tracking.tasks  # noqa: F401  # declares the due work
from events import due
from events.forgetting import forget
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import InboxItem
from tests import factories
from tracking.models import CarrierPush, UnreadAnswer

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def _items(owner: Merchant, now: datetime) -> Iterator[Any]:
    """A webhook and a push of each age and state, and two answers that nobody could read."""
    for state in ("waiting", "done", "failed"):
        for days in (29, 31, 89, 91):
            age = {"received_at": now - timedelta(days=days), "state": state, "merchant": owner}
            name = f"{state}-{days}"
            yield InboxItem(source="shopify", external_id=name, topic="orders/create", body=b"{}", **age)
            yield CarrierPush(carrier="dhl", digest=name.encode().ljust(32), body=name.encode(), **age)
    for days in (29, 31):
        parcel = factories.shipment(owner, factories.order(owner))
        yield UnreadAnswer(
            merchant=owner, shipment=parcel, carrier="dhl", body=b"?", received_at=now - timedelta(days=days)
        )


def _left(owner: Merchant, model: Any, field: str) -> set[str]:
    with merchant_scope(owner):
        return {str(bytes(value), "utf-8") if isinstance(value, memoryview | bytes) else value
                for value in model.objects.values_list(field, flat=True)}  # fmt: skip


KEPT = {"done-29", "failed-29", "failed-31", "failed-89"} | {f"waiting-{days}" for days in (29, 31, 89, 91)}


@pytest.mark.parametrize("days", [30, 60])
def test_each_is_forgotten_after_its_time_and_what_waits_never(
    merchant: Merchant, stranger: Merchant, now: datetime, settings: Any, days: int
) -> None:
    """Sixty days: the installation's own choice."""
    settings.RAW_DAYS = days
    for owner in (merchant, stranger):
        with merchant_scope(owner):
            for item in _items(owner, now):
                item.save()
    due.run("orders.housekeeping")
    due.run("tracking.housekeeping")
    kept = KEPT if days == 30 else KEPT | {"done-31", "failed-91"}
    for owner in (merchant, stranger):
        assert _left(owner, InboxItem, "external_id") == kept
        assert _left(owner, CarrierPush, "body") == kept
        with merchant_scope(owner):
            assert UnreadAnswer.objects.count() == (1 if days == 30 else 2)


def test_a_batch_takes_the_oldest_and_leaves_the_rest(merchant: Merchant, now: datetime) -> None:
    with merchant_scope(merchant):
        for item in _items(merchant, now):
            item.save()
    assert forget(InboxItem, "received_at", now - timedelta(days=30), only="state = 'done'", limit=2) == 2
    assert {"done-29", "done-31"} <= _left(merchant, InboxItem, "external_id")
    assert forget(InboxItem, "received_at", now - timedelta(days=30), only="state = 'done'", limit=2) == 1
    assert forget(InboxItem, "received_at", now - timedelta(days=30), only="state = 'done'", limit=2) == 0

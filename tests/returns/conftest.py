"""Orders that were delivered, and what can be returned of them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.utils import timezone

from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from orders.models import Order
from orders.schemas import LineIn
from returns.policy.commands import save_policy
from returns.policy.model import Policy
from tests import factories

LINES = [
    LineIn(title="Sweater", quantity=2, unit_price=Decimal(89), external_id="L1", sku="SW-M"),
    LineIn(title="Loafer", quantity=1, unit_price=Decimal(129), external_id="L2", sku="LO-42"),
]


def delivered(owner: Merchant, **fields: Any) -> Order:
    """An order of two sweaters and a loafer for 307.00 with 4.90 of shipping, delivered now."""
    values = {"lines": LINES, "shipping": Decimal("4.90"), **fields}
    order = factories.order(owner, **values)
    parcel = factories.shipment(owner, order)
    factories.scan(owner, parcel, "delivered", timezone.now())
    return order


def rules(owner: Merchant, **standard: Any) -> None:
    """Put the shop's standard in force: `refund_trigger="scan"`, `keep_item=True` … For orders placed afterwards."""
    save_policy(owner, msgspec.convert({"standard": standard}, Policy, strict=False))


def line_ids(order: Order) -> dict[str, UUID]:
    """What the shop calls each line → its id."""
    with platform_scope("a test looks"):
        return dict(order.lines.values_list("external_id", "id"))


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return delivered(merchant)


@pytest.fixture
def told_all(drain_all: Callable[[], int], merchant: Merchant) -> Callable[[str], list[str]]:
    """The facts so far whose names begin so, in order."""

    def read(prefix: str) -> list[str]:
        while drain_all():  # facts that a subscriber recorded are read in the next round
            pass
        with merchant_scope(merchant):
            rows = Fact.objects.order_by("position").values_list("type", flat=True)
            return [t.removeprefix(prefix) for t in rows if t.startswith(prefix)]

    return read


@pytest.fixture
def told(told_all: Callable[[str], list[str]]) -> Callable[[], list[str]]:
    """The facts about returns so far, in order."""
    return lambda: told_all("return.")

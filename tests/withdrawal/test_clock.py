"""Until when an order can be withdrawn from."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders import commands as orders
from orders.models import Order
from returns.withdrawal.clock import begins_at, covers, window_of
from tests import factories

# A Monday.
DELIVERED = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
BERLIN_MIDNIGHT = timedelta(hours=-1)


def window(merchant: Merchant, order: Order, **says: Any) -> datetime | None:
    with merchant_scope(merchant):
        fresh = Order.objects.prefetch_related("lines").get(pk=order.pk)
        return window_of(merchant, fresh, **{"informs": True, **says}).ends_at


def delivered(merchant: Merchant, order: Order, at: datetime, **fields: Any) -> None:
    parcel = factories.shipment(merchant, order, **fields)
    factories.scan(merchant, parcel, "delivered", at)


def test_it_ends_with_the_fourteenth_day_after_the_delivery(merchant: Merchant) -> None:
    order = factories.order(merchant)
    delivered(merchant, order, DELIVERED)
    assert window(merchant, order) == datetime(2026, 11, 16, 22, 59, 59, 999999, tzinfo=UTC)


def test_it_never_ends_on_a_day_off(merchant: Merchant) -> None:
    saturday, easter_monday = datetime(2026, 10, 31, 9, tzinfo=UTC), datetime(2026, 3, 23, 9, tzinfo=UTC)
    for at, last in ((saturday, 16), (easter_monday, 7)):
        order = factories.order(merchant)
        delivered(merchant, order, at)
        ends = window(merchant, order)
        assert ends is not None
        assert ends.day == last


def test_the_last_good_counts_and_what_is_unknown_keeps_it_open(merchant: Merchant) -> None:
    """Complaint 5: the window begins with the delivery of the last of the goods."""
    order = factories.order(merchant, quantity=2)
    delivered(merchant, order, DELIVERED, quantity=1)
    assert window(merchant, order) is None  # the other one was not even sent
    other = factories.shipment(merchant, order, quantity=1)
    assert window(merchant, order) is None
    factories.scan(merchant, other, "delivered", DELIVERED + timedelta(days=3))
    ends = window(merchant, order)
    assert ends is not None
    assert ends.day == 19


def test_who_is_not_informed_has_twelve_months_more(merchant: Merchant) -> None:
    order = factories.order(merchant)
    delivered(merchant, order, DELIVERED)
    ends = window(merchant, order, informs=False)
    assert ends is not None
    assert (ends.year, ends.month, ends.day) == (2027, 11, 16)


def test_a_shop_may_grant_more_days_and_never_less(merchant: Merchant) -> None:
    order = factories.order(merchant)
    delivered(merchant, order, DELIVERED)
    longer, shorter = window(merchant, order, days=30), window(merchant, order, days=3)
    assert longer is not None
    assert (longer.month, longer.day) == (12, 2)
    assert shorter == window(merchant, order)


def test_an_order_without_goods_to_send_begins_with_the_contract(merchant: Merchant) -> None:
    order = factories.order(merchant)
    with merchant_scope(merchant):
        order.lines.update(requires_shipping=False)
        fresh = Order.objects.prefetch_related("lines").get(pk=order.pk)
        assert begins_at(fresh) == fresh.placed_at


@pytest.mark.parametrize(
    ("chosen", "country", "holds"),
    [("eu", "DE", True), ("eu", "NO", True), ("eu", "", True), ("eu", "US", False), ("all", "US", True)],
)
def test_the_shop_says_for_whom(merchant: Merchant, chosen: str, country: str, holds: bool) -> None:
    merchant.withdrawal_for = chosen
    assert covers(merchant, country) is holds


def test_a_cancelled_order_drops_out(merchant: Merchant) -> None:
    """Complaint 5: it is not "within the window" for want of a delivery."""
    from django.utils import timezone

    from returns.withdrawal.commands import declare
    from returns.withdrawal.models import Source
    from returns.withdrawal.steps import Declaration

    order = factories.order(merchant)
    orders.cancel_order(merchant, order.id)
    found = declare(merchant, Declaration(timezone.now(), Source.API, name="Anna", order_id=order.id))
    assert (found.status, found.finding, found.due_at) == ("set_aside", "cancelled", None)

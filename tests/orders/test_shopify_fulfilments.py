"""Shopify's fulfilments: what was sent becomes parcels, whatever order the news comes in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from events import due
from events.models import Fact, ParkedFact
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.inbox import try_again
from orders.models import InboxItem, InboxState, Order
from tests.orders.shopify_shop import ShopifyShop, fixture
from tracking.models import Shipment

TakeIn = Callable[..., Any]


@pytest.fixture(autouse=True)
def _own_scope(merchant: Merchant) -> Any:
    with merchant_scope(merchant):
        yield
        assert not ParkedFact.objects.exists()


def contents(parcel: Shipment) -> dict[str, int]:
    return {row.line.external_id: row.quantity for row in parcel.lines.select_related("line")}


def reports() -> int:
    return Fact.objects.filter(type="fulfilment.reported").count()


def test_a_fulfilment_becomes_a_parcel_with_its_lines_and_its_carrier(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    take_in("fulfillments/create", fixture("fulfillment_created"))

    parcel = Shipment.objects.get()
    assert contents(parcel) == {"14000001": 1, "14000002": 1}
    assert (parcel.carrier, parcel.carrier_name, parcel.tracking_number) == (
        "dhl",
        "DHL",
        "00340434161094042557",
    )
    assert parcel.tracking_url == "https://www.dhl.de/?piececode=00340434161094042557"
    assert parcel.shipped_at == datetime(2026, 11, 21, 7, 2, tzinfo=UTC)
    types = list(Fact.objects.order_by("position").values_list("type", flat=True))
    assert [t for t in types if t.startswith(("order", "fulfilment", "shipment"))] == [
        "order.placed", "fulfilment.reported", "shipment.created", "shipment.shipped",
    ]  # fmt: skip


def test_what_the_shop_says_about_the_way_is_believed(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    take_in("fulfillments/create", fixture("fulfillment_created"))
    take_in("fulfillments/update", fixture("fulfillment_delivered"))
    parcel = Shipment.objects.get()
    assert (parcel.status, parcel.delivered_at) == (
        "delivered",
        datetime(2026, 11, 21, 16, 31, 7, tzinfo=UTC),
    )
    assert Fact.objects.filter(type="shipment.delivered").count() == 1


def test_several_numbers_are_several_parcels_and_the_first_carries_the_lines(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    take_in("fulfillments/create", fixture("fulfillment_created"))
    take_in("fulfillments/create", fixture("fulfillment_two_numbers"))

    assert [
        (p.external_id, p.carrier, p.tracking_number, p.tracking_url[-1], contents(p))
        for p in Shipment.objects.order_by("number")[1:]
    ] == [
        ("4567002", "ups", "1Z999AA10123456784", "1", {"14000002": 1}),
        ("4567002-2", "ups", "1Z999AA10123456795", "2", {}),
    ]


def test_a_number_that_is_taken_back_cancels_its_parcel_only(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    two = fixture("fulfillment_two_numbers")
    take_in("fulfillments/create", two)
    one = {**two, "tracking_numbers": two["tracking_numbers"][:1], "updated_at": "2026-11-21T20:00:00+01:00"}
    take_in("fulfillments/update", one)
    assert dict(Shipment.objects.values_list("external_id", "status")) == {
        "4567002": "info_received", "4567002-2": "cancelled",
    }  # fmt: skip


def test_a_number_that_comes_later_is_put_on_the_parcel(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    full = fixture("fulfillment_created")
    bare = {**full, "tracking_company": None, "tracking_number": None, "tracking_numbers": [],
            "tracking_url": None, "tracking_urls": [], "updated_at": "2026-11-21T08:00:00+01:00"}  # fmt: skip
    take_in("fulfillments/create", bare)
    assert Shipment.objects.get().tracking_number == ""
    take_in("fulfillments/update", full)
    assert Shipment.objects.get().tracking_number == "00340434161094042557"
    assert Fact.objects.filter(type="shipment.shipped").count() == 1


@pytest.mark.parametrize("status", ["cancelled", "error", "failure"])
def test_a_fulfilment_that_is_taken_back_cancels_its_parcel_and_frees_its_lines(
    take_in: TakeIn, status: str
) -> None:
    take_in("orders/create", fixture("order_created"))
    take_in("fulfillments/create", fixture("fulfillment_created"))
    back = {**fixture("fulfillment_created"), "status": status, "updated_at": "2026-11-21T10:00:00+01:00"}
    take_in("fulfillments/update", back)
    take_in("fulfillments/update", {**back, "updated_at": "2026-11-21T10:00:05+01:00"})
    assert Shipment.objects.get().status == "cancelled"
    assert not Order.objects.get().lines.filter(shipped_quantity__gt=0).exists()
    assert Fact.objects.filter(type="shipment.cancelled").count() == 1


def test_lines_that_the_order_lacks_and_more_than_was_ordered_are_cut_to_what_fits(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    payload = fixture("fulfillment_created")
    payload["line_items"] += [{"id": 99, "quantity": 1}, {"id": None, "quantity": 1}, {"id": 14000003}]
    payload["line_items"][0]["quantity"] = 50
    take_in("fulfillments/create", payload)
    assert contents(Shipment.objects.get()) == {"14000001": 1, "14000002": 1}


def test_a_fulfilment_that_names_no_lines_is_everything_that_is_left(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    payload = fixture("fulfillment_created")
    del payload["line_items"]
    take_in("fulfillments/create", payload)
    assert contents(Shipment.objects.get()) == {"14000001": 1, "14000002": 2}


def test_a_fulfilment_of_a_cancelled_order_is_a_parcel_all_the_same(take_in: TakeIn) -> None:
    take_in("orders/cancelled", fixture("order_cancelled"))
    take_in("fulfillments/create", fixture("fulfillment_created"))
    assert Shipment.objects.get().tracking_number == "00340434161094042557"
    assert Order.objects.get().stage == "cancelled"


def test_one_that_is_only_asked_for_is_not_shipped_yet(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    bare = {
        **fixture("fulfillment_created"),
        "status": "open",
        "tracking_number": None,
        "tracking_numbers": [],
    }
    take_in("fulfillments/create", bare)
    assert Shipment.objects.get().shipped_at is None
    done = {**bare, "status": "success", "updated_at": "2026-11-21T12:00:00+01:00"}
    take_in("fulfillments/update", done)
    assert Shipment.objects.get().shipped_at is not None


def test_nothing_is_recorded_again_when_nothing_changed(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    for minute in range(5):
        delivered = fixture("fulfillment_delivered")
        delivered["updated_at"] = f"2026-11-21T17:{31 + minute}:00+01:00"
        take_in("fulfillments/update", delivered)
    assert reports() == 1


def test_older_news_about_a_fulfilment_is_ignored(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    take_in("fulfillments/update", fixture("fulfillment_delivered"))
    take_in("fulfillments/create", fixture("fulfillment_created"))
    assert Shipment.objects.get().status == "delivered"
    assert reports() == 1


def test_a_link_that_is_no_web_address_is_left_out(take_in: TakeIn) -> None:
    take_in("orders/create", fixture("order_created"))
    payload = {**fixture("fulfillment_created"), "tracking_company": "Own van", "tracking_number": "VAN-7",
               "tracking_numbers": ["VAN-7"], "tracking_url": "javascript:alert(1)",
               "tracking_urls": ["data:text/html,x"]}  # fmt: skip
    take_in("fulfillments/create", payload)
    assert Shipment.objects.get().tracking_url == ""


def test_a_fulfilment_that_comes_before_its_order_waits_for_it(take_in: TakeIn, shop: ShopifyShop) -> None:
    take_in("fulfillments/create", fixture("fulfillment_created"))
    item = InboxItem.objects.get()
    assert (item.state, item.attempts) == (InboxState.WAITING, 1)
    assert timedelta(seconds=1) < item.due_at - timezone.now() < timedelta(seconds=10)
    assert "Order 5817263940113 is not known" in item.error

    take_in("orders/create", fixture("order_created"))
    InboxItem.objects.filter(pk=item.pk).update(due_at=timezone.now())
    take_in("orders/updated", fixture("order_created"))
    item.refresh_from_db()
    assert (item.state, item.error) == (InboxState.DONE, "")
    assert Shipment.objects.count() == 1


def test_a_fulfilment_whose_order_never_comes_fails_and_can_be_tried_again(
    take_in: TakeIn, drain_all: Callable[[], int]
) -> None:
    take_in("fulfillments/create", fixture("fulfillment_created"))
    tries = 1
    while (item := InboxItem.objects.get()).state == InboxState.WAITING:
        InboxItem.objects.update(due_at=timezone.now())
        tries += due.run("orders.inbox")
        assert tries < 30
    assert (item.state, item.due_at, tries) == (InboxState.FAILED, None, 12)
    assert "has not sent the order" in item.error

    take_in("orders/create", fixture("order_created"))
    try_again(item)
    due.run("orders.inbox")
    drain_all()
    item.refresh_from_db()
    assert item.state == InboxState.DONE
    assert Shipment.objects.count() == 1

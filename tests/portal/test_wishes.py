"""Wishes for a delivery: made, changed and taken back on the parcel's page; told to the shop; too late in the van."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from orders.models import Order
from tests.api_client import ApiClient
from tests.portal.scenes import SCENES, parcel_of, token_of
from tracking.models import Shipment


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return SCENES["in_transit"](merchant, "en")


def path(order: Order, rest: str = "") -> str:
    return f"/p/nordwind/t/{token_of(order)}/1/{rest}"


def wish_of(merchant: Merchant, order: Order) -> Any:
    with merchant_scope(merchant):
        return Shipment.objects.get(order=order).wish


def test_a_wish_is_made_changed_and_taken_back(
    merchant: Merchant, order: Order, client: Client, api: ApiClient, drain_all: Callable[[], int]
) -> None:
    page = client.get(path(order)).content.decode()
    assert f'href="{path(order, "wish/")}" rel="noreferrer">Change the delivery' in page
    form = client.get(path(order, "wish/")).content.decode()
    assert "Leave it in a safe place" in form
    sent = client.post(path(order, "wish/"), {"wish": "safe_place", "place-safe_place": " Garage,\nleft <b>"})
    assert sent["Location"] == path(order)
    assert wish_of(merchant, order) == {"kind": "safe_place", "place": "Garage, left <b>", "day": None}
    page = client.get(path(order)).content.decode()
    assert "In a safe place: Garage, left &lt;b&gt;. We pass it on." in page
    client.post(path(order, "wish/"), {"wish": "safe_place", "place-safe_place": "Garage, left <b>"})  # twice
    form = client.get(path(order, "wish/")).content.decode()
    day = form.split('<option value="')[1].split('"')[0]
    client.post(path(order, "wish/"), {"wish": "other_day", "day": day})
    shown = api.get("shipments").json()["data"][0]
    assert shown["wish"] == {"kind": "other_day", "place": "", "day": day}
    client.post(path(order, "wish/"), {"then": "withdraw"})
    assert wish_of(merchant, order) is None
    drain_all()
    with platform_scope("reading in a test"):
        facts = [f.data for f in Fact.objects.filter(type="shipment.wish_changed").order_by("position")]
    assert [(data.get("wish", ""), data.get("day", "")) for data in facts] == [
        ("safe_place", ""), ("other_day", day), ("", ""),
    ]  # fmt: skip
    assert "Garage" not in str(facts)


@pytest.mark.parametrize(
    "body",
    [{}, {"wish": "roof"}, {"wish": "safe_place"}, {"wish": "neighbour", "place-neighbour": "x" * 121},
     {"wish": "other_day"}, {"wish": "other_day", "day": "2020-01-01"}, {"wish": "other_day", "day": "x"}],
)  # fmt: skip
def test_a_wish_that_says_nothing_is_not_stored(
    merchant: Merchant, order: Order, client: Client, body: dict[str, str]
) -> None:
    answer = client.post(path(order, "wish/"), body)
    assert answer.status_code == 422
    assert b'role="alert"' in answer.content
    assert wish_of(merchant, order) is None


@pytest.mark.parametrize("scene", ["out_for_delivery", "delivered", "returning", "exception_lost", "pickup"])
def test_it_is_too_late_where_nobody_can_act_on_it(scene: str, merchant: Merchant, client: Client) -> None:
    order = SCENES[scene](merchant, "en")
    assert path(order, "wish/") not in client.get(path(order)).content.decode()
    for answer in (
        client.get(path(order, "wish/")),
        client.post(path(order, "wish/"), {"wish": "safe_place", "place-safe_place": "Garage"}),
    ):
        assert answer.status_code == 409
    assert wish_of(merchant, order) is None


def test_a_parcel_that_gets_into_the_van_meanwhile_wins(
    merchant: Merchant, order: Order, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracking import wishes

    def late(*args: Any, **kwargs: Any) -> Any:
        with merchant_scope(merchant):
            Shipment.objects.filter(pk=parcel_of(merchant, order).pk).update(status="out_for_delivery")
        return wishes.set_wish(*args, **kwargs)

    monkeypatch.setattr("portal.wish_views.set_wish", late)
    body = {"wish": "neighbour", "place-neighbour": "Huber"}
    assert client.post(path(order, "wish/"), body).status_code == 409
    assert wish_of(merchant, order) is None

"""Before the order leaves, shoppers change the address and cancel by themselves; afterwards they cannot."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events.models import Fact
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope, platform_scope
from notifications.sending import send_due
from orders.address_rules import faults, normal
from orders.models import AddressChange, Order
from tests.api_client import ApiClient
from tests.portal.scenes import SCENES, placed, shipped, token_of
from tests.smtp_sink import SmtpSink
from tracking.models import Shipment

NEW = {"name": "Anna Weber", "address1": "Ring 5", "postcode": "80333", "city": "München"}


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return placed(merchant, "en")


def path(order: Order, rest: str) -> str:
    return f"/p/nordwind/o/{token_of(order)}/{rest}"


def now_of(order: Order) -> Order:
    with platform_scope("reading in a test"):
        return Order.objects.get(pk=order.pk)


def test_an_order_says_what_can_be_changed_until_when(order: Order, client: Client) -> None:
    page = client.get(f"/p/nordwind/t/{token_of(order)}/").content.decode()
    assert "You can change the address until your order leaves." in page
    assert "You can cancel until today," in page or "You can cancel until" in page
    assert f'href="{path(order, "address/")}"' in page
    assert f'href="{path(order, "cancel/")}"' in page


def test_an_address_is_typed_checked_and_changed(
    merchant: Merchant, order: Order, client: Client, drain_all: Callable[[], int], smtp_sink: SmtpSink
) -> None:
    form = client.get(path(order, "address/")).content.decode()
    assert "80331" not in form  # whoever has the link is not told the whole address
    checked = client.post(path(order, "address/"), {**NEW, "step": "check"})
    assert "Is this right?" in checked.content.decode()
    assert now_of(order).postcode == "80331"
    edited = client.post(path(order, "address/"), {**NEW, "step": "edit"}).content.decode()
    assert 'value="Ring 5"' in edited
    done = client.post(path(order, "address/"), {**NEW, "step": "change"})
    assert done["Location"] == path(order, "address/done/")
    assert "Your order has a new address" in client.get(done["Location"]).content.decode()
    changed = now_of(order)
    assert (changed.postcode, changed.country) == ("80333", "DE")
    assert changed.shipping_address == {**NEW, "country": "DE"}
    client.post(path(order, "address/"), {**NEW, "step": "change"})  # sent twice
    drain_all()
    with platform_scope("reading in a test"):
        assert AddressChange.objects.get().before["postcode"] == "80331"
        fact = Fact.objects.get(type="order.address_changed")
        entry = AuditEntry.objects.get(action="order.address_changed")
    assert fact.data["changed"] == ["address1", "postcode"]
    assert "80333" not in str(fact.data)
    assert entry.actor_kind == "shopper"
    while send_due():
        pass
    mails = [mail.text for mail in smtp_sink.mails if "new address" in mail.text]
    assert len(mails) == 1
    assert "Ring 5" not in mails[0]


@pytest.mark.parametrize(
    ("body", "field", "wrong"),
    [
        ({"postcode": "8033"}, "postcode", "not a postcode of the country"),
        ({"postcode": ""}, "postcode", "This is missing."),
        ({"address1": "Ring"}, "address1", "The house number is missing."),
        ({"city": " \t"}, "city", "This is missing."),
        ({"name": "x" * 121}, "name", "This is too long."),
    ],
)
def test_a_wrong_part_is_named_and_the_old_address_stays(
    order: Order, client: Client, body: dict[str, str], field: str, wrong: str
) -> None:
    for step in ("check", "change"):
        answer = client.post(path(order, "address/"), {**NEW, **body, "step": step})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert f'id="{field}-error">{wrong}' in page or f'id="{field}-error">This is {wrong}' in page
    assert now_of(order).postcode == "80331"


@pytest.mark.parametrize(
    ("country", "postcode", "fits"),
    [
        ("DE", "80331", True), ("DE", "DE-80331", True), ("DE", "803310", False), ("AT", "1010", True),
        ("GB", "SW1A 1AA", True), ("GB", "12345", False), ("NL", "1012 ab", True), ("NL", "0012 AB", False),
        ("US", "10001-1234", True), ("CA", "K1A 0B1", True), ("PL", "00-950", True), ("XX", "whatever", True),
        ("DE", "٨٠٣٣١", False),
    ],
)  # fmt: skip
def test_postcodes_are_judged_by_the_country(country: str, postcode: str, fits: bool) -> None:
    address = normal({**NEW, "postcode": postcode, "region": "NY"}, country)
    assert ("postcode" not in faults(address, country)) is fits


def test_the_shops_next_update_does_not_undo_it(merchant: Merchant, api: ApiClient, client: Client) -> None:
    body = {
        "external_id": "w-1", "currency": "EUR", "customer": {"email": "anna@example.test"},
        "shipping_address": {"name": "Anna Weber", "address1": "Ring 4", "postcode": "80331", "city": "München",
                             "country": "DE"},
        "lines": [{"title": "Mug", "quantity": 1, "unit_price": "9.00"}],
    }  # fmt: skip
    api.post("orders", body)
    with merchant_scope(merchant):
        order = Order.objects.get(external_id="w-1")
    client.post(path(order, "address/"), {**NEW, "step": "change"})
    api.post("orders", {**body, "number": "#W1"})  # the shop does not know yet
    assert (now_of(order).number, now_of(order).postcode) == ("#W1", "80333")
    news = {**body["shipping_address"], "postcode": "80999"}  # type: ignore[dict-item]
    api.post("orders", {**body, "shipping_address": news})
    assert now_of(order).postcode == "80999"


def test_an_order_is_cancelled_by_its_shopper(
    merchant: Merchant, order: Order, client: Client, drain_all: Callable[[], int]
) -> None:
    asked = client.get(path(order, "cancel/")).content.decode()
    assert "Cancel order" in asked
    assert now_of(order).status == "placed"
    done = client.post(path(order, "cancel/"))
    assert "This order was cancelled" in client.get(done["Location"]).content.decode()
    assert client.post(path(order, "cancel/")).status_code == 303  # twice
    drain_all()
    with platform_scope("reading in a test"):
        assert Fact.objects.filter(type="order.cancelled").count() == 1
        assert AuditEntry.objects.get(action="order.cancelled").actor_kind == "shopper"


@pytest.mark.parametrize(
    ("scene", "may_address", "may_cancel"),
    [("ordered", True, True), ("packed", True, False), ("shipped_no_scan", False, False), ("in_transit", False, False),
     ("delivered", False, False), ("cancelled_order", False, False)],
)  # fmt: skip
def test_what_has_left_cannot_be_changed(
    scene: str, may_address: bool, may_cancel: bool, merchant: Merchant, client: Client
) -> None:
    order = SCENES[scene](merchant, "en")
    before = now_of(order)
    page = client.get(f"/p/nordwind/t/{token_of(order)}/").content.decode()
    for rest, allowed in (("address/", may_address), ("cancel/", may_cancel)):
        assert (f'href="{path(order, rest)}"' in page) is allowed
        assert client.get(path(order, rest)).status_code == (200 if allowed else 409)
        if not allowed and scene != "cancelled_order":
            assert client.post(path(order, rest), {**NEW, "step": "change"}).status_code == 409
    after = now_of(order)
    assert (after.status, after.postcode) == (before.status, before.postcode)


@pytest.mark.parametrize(("setting", "minutes", "allowed"), [
    ("15", 10, True), ("15", 16, False), ("60", 50, True), ("off", 0, False), ("handover", 9999, True),
])  # fmt: skip
def test_the_merchant_says_until_when(
    setting: str, minutes: int, allowed: bool, merchant: Merchant, order: Order, client: Client
) -> None:
    Merchant.objects.update(self_cancel=setting, address_change=setting)
    with merchant_scope(merchant):
        Order.objects.update(placed_at=timezone.now() - timedelta(minutes=minutes))
    for rest in ("address/", "cancel/"):
        assert client.get(path(order, rest)).status_code == (200 if allowed else 409)
    assert client.post(path(order, "cancel/")).status_code == (303 if allowed else 409)
    assert now_of(order).status == ("cancelled" if allowed else "placed")


def test_a_parcel_that_leaves_while_one_types_wins(
    merchant: Merchant, client: Client, monkeypatch: Any
) -> None:
    order = shipped(merchant, "en", shipped_at=None)
    monkeypatch.setattr("portal.change_views.change_own_address", _leaves_first(order))
    assert client.post(path(order, "address/"), {**NEW, "step": "change"}).status_code == 409
    assert now_of(order).postcode == "80331"


def _leaves_first(order: Order) -> Callable[..., Any]:
    from tracking.self_service import change_own_address

    def change(merchant: Merchant, *args: Any) -> Any:
        with merchant_scope(merchant):
            Shipment.objects.filter(order=order).update(shipped_at=timezone.now())
        return change_own_address(merchant, *args)

    return change

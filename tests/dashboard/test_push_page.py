"""Notifications in the settings: switched with an audit entry, tried on one's own test order only."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from notifications.push import commands
from notifications.push.models import PushDevice
from orders.models import Order
from tests import factories
from tests.notifications.push_service import PushService
from tracking import trial

PAGE = "/app/nordwind/settings/push/"


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    found = PushService()
    found.start()
    settings.OUTBOUND_ALLOW = [found.host]
    yield found
    found.stop()


def own_order(merchant: Merchant) -> Order:
    trial.begin(merchant, email="owner@nordwind.test")
    order = trial.latest(merchant)
    assert order is not None
    return order


def test_it_is_switched_on_and_off(merchant: Merchant, owner: Client) -> None:
    assert "Switch on" in owner.get(PAGE).content.decode()
    assert (
        "offers notifications from now on" in owner.post(PAGE, {"switch": "on"}, follow=True).content.decode()
    )
    merchant.refresh_from_db()
    assert len(merchant.push_key) == 87
    owner.post(PAGE, {"switch": "off"})
    merchant.refresh_from_db()
    assert merchant.push_key == ""
    with merchant_scope(merchant):
        assert list(AuditEntry.objects.values_list("action", flat=True)) == ["settings.push"] * 2


@pytest.mark.parametrize(
    ("answer", "says", "stays"),
    [
        (201, "1 device was told", True), (410, "has ended its notifications", False), (500, "127.0.0.1: 500", True),
    ],
)  # fmt: skip
def test_a_test_goes_to_ones_own_device_and_says_what_came_of_it(
    merchant: Merchant, owner: Client, service: PushService, answer: int, says: str, stays: bool
) -> None:
    commands.switch_on(merchant)
    phone, shopper = service.subscribe(), service.subscribe()
    phone.answer = (answer, {})
    commands.add_device(merchant, factories.order(merchant).id, shopper.subscription)
    assert "No device asked" in owner.post(PAGE + "test/", follow=True).content.decode()
    own = own_order(merchant)
    commands.add_device(merchant, own.id, phone.subscription)
    assert says in owner.post(PAGE + "test/", follow=True).content.decode()
    assert shopper.shown == []
    assert [shown["title"] for shown, _ in phone.shown] == (["A test from Nordwind"] if answer == 201 else [])
    with merchant_scope(merchant):
        assert PushDevice.objects.filter(order=own).exists() is stays


def test_a_sandbox_tells_nobody(
    merchant: Merchant, stranger: Merchant, owner: Client, service: PushService
) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(sandbox_of=stranger)
    merchant.refresh_from_db()
    commands.switch_on(merchant)
    phone = service.subscribe()
    commands.add_device(merchant, own_order(merchant).id, phone.subscription)
    assert "sandbox sends nothing" in owner.post(PAGE + "test/", follow=True).content.decode()
    assert phone.shown == []

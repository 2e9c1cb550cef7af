"""Switching push on and off for a shop, and for a device of a shopper's."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from django.utils import timezone

from events import log as event_log
from merchants.commands import change_merchant
from merchants.models import Merchant
from merchants.scope import merchant_transaction
from notifications.push.facts import PushDisabled, PushEnabled
from notifications.push.keys import Subscription, digest, new_pair
from notifications.push.models import PushDevice, PushKey
from orders.models import Order

# Of one order: a household has so many. The newest stay.
MOST_DEVICES = 10


def switch_on(merchant: Merchant) -> None:
    """Offer push on the portal, with the key pair that there is; the first time, and when it was lost, with a new one.

    Devices that agreed to a lost key can be reached by nobody any more, and are forgotten.
    """
    with merchant_transaction(merchant):
        key = PushKey.objects.select_for_update().first()
        if key is None or not key.private:
            public, private = new_pair()
            PushKey.objects.update_or_create(
                merchant=merchant,
                defaults={"public": public, "private": private, "created_at": timezone.now()},
            )
            _forget(PushDevice.objects.all(), "gone")
        else:
            public = key.public
        change_merchant(merchant, "settings.push", push_key=public)


def switch_off(merchant: Merchant) -> None:
    """Offer push no more, and send none. Keys and devices stay: switched on again, it goes on as before."""
    change_merchant(merchant, "settings.push", push_key="")


def add_device(merchant: Merchant, order_id: UUID, subscription: Subscription) -> PushDevice:
    """Tell a device about an order from now on. Once a device and order: again, it gets the keys that it has now."""
    with merchant_transaction(merchant):
        # The order's row is locked, so that two devices at once do not make one too many.
        Order.objects.select_for_update(no_key=True).only("id").get(pk=order_id)
        device, is_new = PushDevice.objects.update_or_create(
            merchant=merchant, order_id=order_id, digest=digest(subscription.endpoint),
            defaults={
                "host": subscription.host, "subscription": msgspec.json.encode(subscription).decode(),
                "created_at": timezone.now(),
            },
        )  # fmt: skip
        if is_new:
            event_log.record(PushEnabled(device_id=device.pk), order_id=order_id)
        rows = PushDevice.objects.filter(order_id=order_id).order_by("-created_at", "-id")
        _forget(rows[MOST_DEVICES:], "shopper")
    return device


def remove_device(merchant: Merchant, order_id: UUID, endpoint: str) -> None:
    """Tell a device about an order no more. One that is not told changes nothing."""
    with merchant_transaction(merchant):
        _forget(PushDevice.objects.filter(order_id=order_id, digest=digest(endpoint)), "shopper")


def forget_devices(merchant: Merchant, device_ids: Iterable[UUID]) -> None:
    """Forget devices whose push service says that they are gone."""
    with merchant_transaction(merchant):
        _forget(PushDevice.objects.filter(pk__in=device_ids), "gone")


def _forget(devices: Iterable[PushDevice], reason: str) -> None:
    gone = list(devices)
    PushDevice.objects.filter(pk__in=[device.pk for device in gone]).delete()
    for device in gone:
        event_log.record(PushDisabled(device_id=device.pk, reason=reason), order_id=device.order_id)

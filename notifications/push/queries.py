"""Reading who is told on a device."""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from merchants.models import Merchant
from notifications.push.keys import Subscription
from notifications.push.models import PushDevice


def hosts_by_order(merchant: Merchant, order_ids: Collection[UUID]) -> Mapping[UUID, list[str]]:
    """Of these orders those with a device, and at which push services: one query, none while push is off."""
    if not merchant.push_key or not order_ids:
        return {}
    found: dict[UUID, list[str]] = {}
    rows = PushDevice.objects.filter(order_id__in=order_ids).order_by("order_id", "created_at", "id")
    for order_id, host in rows.values_list("order_id", "host"):
        found.setdefault(order_id, []).append(host)
    return found


def devices_of(order_id: UUID) -> dict[UUID, Subscription]:
    """The devices of an order of the open scope, by their ids: one query. One that cannot be decrypted is left out."""
    rows = PushDevice.objects.filter(order_id=order_id).order_by("created_at", "id")
    return {
        row.pk: msgspec.json.decode(row.subscription, type=Subscription) for row in rows if row.subscription
    }


def known_endpoints(order_id: UUID) -> list[str]:
    """The beginnings of the endpoints' digests, in hex: by them a browser knows whether it is among them."""
    rows = PushDevice.objects.filter(order_id=order_id).values_list("digest", flat=True)
    return [bytes(each).hex()[:16] for each in rows]

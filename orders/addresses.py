"""Where an order goes, changed after it was placed: what was before is kept, and a shop's update does not undo it."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from events import log as event_log
from merchants import audit
from merchants.ids import public_id
from merchants.models import Merchant
from orders.facts import OrderAddressChanged
from orders.models import AddressChange, Order

# The parts of an address, in the order in which people write them.
PARTS = ("name", "company", "address1", "address2", "postcode", "city", "region", "country")


def change_address(merchant: Merchant, order: Order, address: Mapping[str, str]) -> bool:
    """Give a locked order another address, in the open transaction. Returns False for the one that it has.

    address: parts of it, checked (`orders.address_rules`); the country stays as it is. The fact names the parts that
    changed and not what they are: the log is kept when people are erased.
    """
    before: dict[str, str] = {**order.shipping_address, "city": order.city, "postcode": order.postcode}
    after = {name: value for name in PARTS if (value := address.get(name, "").strip())}
    after["country"] = order.country
    changed = [name for name in PARTS if before.get(name, "") != after.get(name, "") and name != "country"]
    if not changed:
        return False
    now = timezone.now()
    change = AddressChange.objects.create(
        merchant=merchant, order=order, before=dict(order.shipping_address), after=after, created_at=now,
        by=audit.current_actor().kind,
    )  # fmt: skip
    order.shipping_address = after
    order.city, order.postcode, order.updated_at = after.get("city", ""), after.get("postcode", ""), now
    order.save(update_fields=["shipping_address", "city", "postcode", "updated_at"])
    fact = OrderAddressChanged(
        order_id=order.id,
        external_id=order.external_id,
        change_id=change.id,
        changed=changed,
        by=audit.current_actor().kind,
    )
    event_log.record(fact, order_id=order.id)
    audit.record_by_hand("order.address_changed", public_id("ord", order.id), order.number)
    return True


def without_undoing(order: Order, values: dict[str, Any]) -> dict[str, Any]:
    """What a shop tells about a locked order, without an address that was corrected here since.

    A shop's system that does not know of the correction sends the old address with its next update. Any other address
    is news, and holds.
    """
    if values.get("shipping_address") == order.shipping_address:
        return values
    last = AddressChange.objects.filter(order_id=order.id).order_by("-created_at", "-id").first()
    if last is None or last.after != order.shipping_address or values.get("shipping_address") != last.before:
        return values
    return {
        name: value for name, value in values.items() if name not in ("shipping_address", "city", "postcode")
    }

"""Shopify's fulfilment webhooks, and the fulfilments inside its orders, as what was sent."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from orders.connectors.base import ShopFulfilment, ShopParcel
from orders.connectors.lenient import Unreadable, identifier, link, moment, part, parts, text, whole

MOST_LINES = 2000
LARGEST_QUANTITY = 1_000_000
_MOST_PARCELS = 50
_NOT_SENT = {"cancelled", "error", "failure"}
_STATUS_OF = {
    "label_purchased": "info_received",
    "label_printed": "info_received",
    "confirmed": "info_received",
    "carrier_picked_up": "in_transit",
    "in_transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "attempted_delivery": "attempt_failed",
    "ready_for_pickup": "available_for_pickup",
    "picked_up": "delivered",
    "delivered": "delivered",
    "delayed": "exception",
    "failure": "exception",
}


def read_fulfilment(payload: Mapping[str, Any], *, now: datetime) -> ShopFulfilment:
    """A fulfilment payload. Raises Unreadable without its own id or its order's."""
    payload = part(payload.get("fulfillment")) or payload
    external_id, order_id = identifier(payload.get("id")), identifier(payload.get("order_id"))
    if not external_id or not order_id:
        raise Unreadable("The fulfilment has no id, or names no order.")
    updated_at = moment(payload.get("updated_at"), latest=now)
    status = text(payload.get("status")).lower()
    parcels = _parcels(payload)
    # Fulfilment services report "pending" and "open" before they pack; a number says that they have.
    sent = status not in ("pending", "open") or any(parcel.tracking_number for parcel in parcels)
    shipment_status = status_of(payload.get("shipment_status"))
    return ShopFulfilment(
        external_id=external_id,
        order_external_id=order_id,
        updated_at=updated_at,
        shipped_at=(moment(payload.get("created_at"), latest=now) or updated_at or now) if sent else None,
        cancelled=status in _NOT_SENT,
        carrier_name=text(payload.get("tracking_company"), 120),
        parcels=parcels,
        lines=_fulfilled(payload),
        status=shipment_status,
        status_at=(updated_at or now) if shipment_status else None,
        raw=payload,
    )


def status_of(shipment_status: Any) -> str:
    """Shopify's word for where a parcel is in the words of `tracking.statuses`, "" for one that says nothing."""
    return _STATUS_OF.get(text(shipment_status).lower(), "")


def _fulfilled(payload: Mapping[str, Any]) -> dict[str, int] | None:
    if not isinstance(payload.get("line_items"), list):
        return None
    found: Counter[str] = Counter()
    for item in parts(payload.get("line_items"))[:MOST_LINES]:
        quantity = whole(item.get("quantity")) or 0
        if (line_id := identifier(item.get("id"))) and quantity > 0:
            found[line_id] = min(found[line_id] + quantity, LARGEST_QUANTITY)
    return dict(found)


def _parcels(payload: Mapping[str, Any]) -> tuple[ShopParcel, ...]:
    """One parcel a tracking number; a fulfilment without any is one parcel."""
    numbers = _several(payload, "tracking_numbers", "tracking_number", lambda value: text(value, 100))
    links = _several(payload, "tracking_urls", "tracking_url", link)
    if not numbers:
        return (ShopParcel(tracking_url=next(iter(links), "")),)
    one_each = len(links) >= len(numbers)
    return tuple(
        ShopParcel(tracking_number, links[index] if one_each else next(iter(links), "") if not index else "")
        for index, tracking_number in enumerate(numbers[:_MOST_PARCELS])
    )


def _several(payload: Mapping[str, Any], many: str, one: str, read: Callable[[Any], str]) -> list[str]:
    listed = payload.get(many)
    values = [*(listed if isinstance(listed, list) else []), payload.get(one)]
    return list(dict.fromkeys(found for value in values if (found := read(value))))

"""What a WooCommerce shop says it sent: WooCommerce itself has no parcels, its plug-ins write them into the order.

- Shipment Tracking (WooCommerce's own) and Advanced Shipment Tracking (and TrackShip, ParcelPanel, which write the same
  list): meta `_wc_shipment_tracking_items`; `products_list` says what is in each parcel.
- AfterShip: meta `_aftership_tracking_items`; `line_items` says what is in each.
- Any other plug-in's list of the same form: meta that ends in `_tracking_items`.
- YITH Order Tracking and plug-ins with one number: metas with the number, the carrier and the link.
- Germanized (Shiptastic): `shipments` beside the order's own fields.
- None of them: a completed order that has to be shipped was sent as one parcel without a number.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from orders.connectors.base import ShopFulfilment, ShopParcel
from orders.connectors.lenient import identifier, link, moment, number, part, parts, text, whole

MOST_LINES = 2000
LARGEST_QUANTITY = 1_000_000
_MOST_PARCELS = 50
# What the parcel of a completed order without a number is called.
COMPLETED = "completed"
_ONE_NUMBER = (
    ("ywot_tracking_code", "ywot_carrier_id", "ywot_tracking_link"),
    ("_aftership_tracking_number", "_aftership_tracking_provider_name", ""),
    ("_tracking_number", "_tracking_provider", "_tracking_link"),
    ("tracking_number", "tracking_provider", "tracking_link"),
    ("_tracking_number", "_tracking_company", "_tracking_url"),
)
# Germanized's own words for a parcel that has left.
_SENT = {"shipped", "ready-for-shipping-shipped", "delivered"}


def read_parcels(
    payload: Mapping[str, Any], *, order_id: str, modified_at: datetime | None, status: str, now: datetime
) -> tuple[ShopFulfilment, ...]:
    """One fulfilment a parcel: the first that does not say what is in it holds everything that is left."""
    found: dict[str, ShopFulfilment] = {}
    open_ended = False
    for told in _told(payload):
        parcel_id = _identity(told)
        if not parcel_id or parcel_id in found:
            continue
        lines = _contents(told)
        if lines is None:
            lines, open_ended = ({} if open_ended else None), True
        shipped_at = _shipped_at(told, now)
        found[parcel_id] = ShopFulfilment(
            external_id=parcel_id,
            order_external_id=order_id,
            updated_at=modified_at,
            shipped_at=shipped_at or modified_at or now,
            cancelled=False,
            carrier_name=_carrier(told),
            parcels=(ShopParcel(_number(told), _link(told)),),
            lines=lines,
            raw=told,
            guessed=shipped_at is None,
        )
    if status == "completed" and parts(payload.get("shipping_lines")):
        without = _completed(payload, order_id, modified_at, now, taken_back=bool(found))
        return (without, *found.values())
    return tuple(found.values())[:_MOST_PARCELS]


def meta_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node's meta data: key → value, the last one of each key."""
    return {text(entry.get("key")): entry.get("value") for entry in parts(node.get("meta_data"))}


def _told(payload: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every parcel that some plug-in wrote down, in its own form."""
    meta = meta_of(payload)
    names = [name for name in meta if name.endswith("_tracking_items")]
    for name in sorted(names, key=lambda name: (name != "_wc_shipment_tracking_items", name)):
        value = meta[name]
        yield from parts(list(value.values()) if isinstance(value, dict) else value)
    for entry in parts(payload.get("shipments")):
        if text(entry.get("type")) != "return" and _germanized_sent(entry):
            yield entry
    for number_key, carrier_key, link_key in _ONE_NUMBER:
        if text(meta.get(number_key)):
            yield {
                "tracking_number": meta[number_key],
                "tracking_provider": meta.get(carrier_key),
                "custom_tracking_link": meta.get(link_key),
            }


def _germanized_sent(entry: Mapping[str, Any]) -> bool:
    status = text(entry.get("status")).removeprefix("gzd-")
    return status in _SENT or bool(text(entry.get("tracking_id")))


def _identity(told: Mapping[str, Any]) -> str:
    """The number itself: two plug-ins that name the same parcel do not make two of it."""
    if found := _number(told):
        return f"parcel-{found}"
    own = identifier(told.get("id"))
    return f"shipment-{own}" if own else ""


def _number(told: Mapping[str, Any]) -> str:
    # In Germanized `tracking_id` is the parcel's number; elsewhere it is the plug-in's own key of the entry.
    return text(told.get("tracking_number"), 100) or (
        text(told.get("tracking_id"), 100) if "shipping_provider" in told else ""
    )


def _carrier(told: Mapping[str, Any]) -> str:
    names = (
        "custom_tracking_provider", "formatted_tracking_provider", "tracking_provider", "shipping_provider_title",
        "shipping_provider", "slug",
    )  # fmt: skip
    return next((found for name in names if (found := text(told.get(name), 120))), "").replace("-", " ")


def _link(told: Mapping[str, Any]) -> str:
    names = (
        "custom_tracking_link",
        "formatted_tracking_link",
        "tracking_link",
        "tracking_url",
        "ast_tracking_link",
    )
    return next((found for name in names if (found := link(told.get(name)))), "")


def _contents(told: Mapping[str, Any]) -> dict[str, int] | None:
    """Order line → quantity; None when the plug-in did not say."""
    for name, line_key, count_key in (
        ("products_list", "item_id", "qty"),  # Advanced Shipment Tracking
        ("line_items", "id", "quantity"),  # AfterShip
        ("items", "order_item_id", "quantity"),  # Germanized
    ):
        found: Counter[str] = Counter()
        for entry in parts(told.get(name))[:MOST_LINES]:
            line, count = identifier(entry.get(line_key)), whole(entry.get(count_key)) or 0
            if line and count > 0:
                found[line] = min(found[line] + count, LARGEST_QUANTITY)
        if found:
            return dict(found)
    return None


def _shipped_at(told: Mapping[str, Any], now: datetime) -> datetime | None:
    """When it was sent: seconds since 1970, or a date."""
    value = told.get("date_shipped") or told.get("date_sent_gmt") or told.get("date_sent")
    seconds = number(value)
    if seconds is not None and 0 < seconds < 10**11:
        return min(datetime.fromtimestamp(int(seconds), UTC), now)
    metrics = part(told.get("metrics"))
    return moment(value, latest=now) or moment(metrics.get("created_at"), latest=now)


def _completed(
    payload: Mapping[str, Any],
    order_id: str,
    modified_at: datetime | None,
    now: datetime,
    *,
    taken_back: bool,
) -> ShopFulfilment:
    """The parcel of an order that is done without saying how it was sent; taken back once a plug-in says it."""
    done_at = moment(payload.get("date_completed_gmt"), latest=now) or modified_at or now
    return ShopFulfilment(
        external_id=COMPLETED,
        order_external_id=order_id,
        updated_at=modified_at,
        shipped_at=done_at,
        cancelled=taken_back,
        carrier_name="",
        parcels=(ShopParcel(),),
        lines=None,
    )

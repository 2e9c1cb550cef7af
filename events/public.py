"""Facts as they are shown outside: ids as the API writes them."""

from typing import Any
from uuid import UUID

from merchants.ids import public_id

# Which kind of object a field of a payload names. What is not here is shown as it is stored.
_PREFIXES = {
    "order_id": "ord",
    "customer_id": "cus",
    "shipment_id": "shp",
    "message_id": "msg",
    "product_id": "prd",
    "variant_id": "var",
    "import_id": "imp",
    "return_id": "ret",
    "return_line_id": "rln",
    "return_entry_id": "ren",
    "line_id": "lin",
    "case_id": "cas",
    "entry_id": "cen",
    "refund_id": "rfd",
    "credit_id": "crd",
    "webhook_endpoint_id": "whe",
    "watch_item_id": "wat",
    "consent_id": "csn",
}


# Names of the shop's own that happen to look like ours: type → fields.
_SHOPS_OWN = {"order.refunded": {"refund_id"}}


def public_data(type_: str, data: dict[str, Any]) -> dict[str, Any]:
    """A fact's payload with the ids of objects as every other answer of the API has them (`shp_…`)."""
    as_stored = _SHOPS_OWN.get(type_, ())
    return {name: value if name in as_stored else _public(name, value) for name, value in data.items()}


def _public(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [public_data("", part) if isinstance(part, dict) else part for part in value]
    prefix = _PREFIXES.get(name)
    if prefix is None or not isinstance(value, str):
        return value
    try:
        return public_id(prefix, UUID(value))
    except ValueError:
        return value


def object_of(type_: str, order_id: UUID | None, data: dict[str, Any]) -> UUID | None:
    """The object that a fact is about: its order, or what its type begins with (`product.updated`: `product_id`)."""
    if order_id is not None:
        return order_id
    value = data.get(type_.split(".")[0] + "_id")
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None

"""Any other shop: its orders are read by a mapping, one JSONPath a field, that the merchant wrote and tried."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from orders.commands import Origin
from orders.connectors.base import ShopFulfilment, ShopOrder, ShopParcel
from orders.connectors.lenient import (
    Unreadable,
    amount,
    email_of,
    identifier,
    language,
    link,
    moment,
    number,
    text,
    whole,
)
from orders.connectors.paths import BadPath, find
from orders.schemas import AddressIn, CustomerIn, LineIn, OrderIn
from orders.text import currencies

_MOST_ORDERS = 100
_MOST_LINES = 1000
_MOST_PARCELS = 50
_LARGEST_QUANTITY = 1_000_000

# Field → the path that is offered at first. `order`, `lines` and `parcels` lead to objects; `line.…` and `parcel.…` are
# looked up inside of one line or parcel, the others inside of the order.
FIELDS: Final[dict[str, str]] = {
    "order": "$",
    "external_id": "$.id",
    "number": "$.number",
    "placed_at": "$.created_at",
    "updated_at": "$.updated_at",
    "cancelled_at": "$.cancelled_at",
    "currency": "$.currency",
    "subtotal": "",
    "shipping": "$.shipping_total",
    "tax": "$.tax_total",
    "discount": "$.discount_total",
    "total": "$.total",
    "email": "$.customer.email",
    "phone": "$.customer.phone",
    "customer_id": "$.customer.id",
    "first_name": "$.customer.first_name",
    "last_name": "$.customer.last_name",
    "locale": "$.customer.locale",
    "name": "$.shipping_address.name",
    "company": "$.shipping_address.company",
    "address1": "$.shipping_address.street",
    "address2": "",
    "postcode": "$.shipping_address.postcode",
    "city": "$.shipping_address.city",
    "region": "",
    "country": "$.shipping_address.country",
    "lines": "$.items[*]",
    "line.external_id": "$.id",
    "line.title": "$.name",
    "line.variant": "",
    "line.sku": "$.sku",
    "line.quantity": "$.quantity",
    "line.unit_price": "$.price",
    "line.image_url": "",
    "parcels": "$.shipments[*]",
    "parcel.external_id": "$.id",
    "parcel.carrier": "$.carrier",
    "parcel.tracking_number": "$.tracking_number",
    "parcel.tracking_url": "$.tracking_url",
    "parcel.shipped_at": "$.shipped_at",
}
NEEDED: Final = ("external_id", "lines", "line.title", "line.quantity", "line.unit_price")


@dataclass(frozen=True)
class Tried:
    """What a path gives on a sample: the first values as text, how many there are, and what is wrong."""

    values: tuple[str, ...] = ()
    error: str = ""
    count: int = 0


def read_orders(
    payload: Any, mapping: Mapping[str, str], *, source: str, currency: str, cents: bool, now: datetime
) -> list[ShopOrder]:
    """The orders in a payload. Raises Unreadable that names the field."""
    told = [
        _Reader(entry, mapping, cents) for entry in _objects(mapping.get("order") or "$", payload, "order")
    ]
    if not told:
        raise Unreadable("order: there is nothing at this path.")
    return [_order(reader, source, currency, now) for reader in told[:_MOST_ORDERS]]


def try_mapping(payload: Any, mapping: Mapping[str, str]) -> dict[str, Tried]:
    """What each path of a mapping gives on a sample: the first order, its first line, its first parcel."""
    tried = {"order": _try(mapping.get("order") or "$", payload)}
    order = _first(mapping.get("order") or "$", payload)
    inside: dict[str, Any] = {"": order}
    for name, part_name in (("lines", "line"), ("parcels", "parcel")):
        inside[part_name] = _first(mapping.get(name, ""), order)
    for name in FIELDS:
        if name != "order":
            scope = name.split(".")[0] if "." in name else ""
            tried[name] = _try(mapping.get(name, ""), inside[scope], needed=name in NEEDED)
    return tried


def _try(path: str, value: Any, *, needed: bool = False) -> Tried:
    if not path:
        return Tried(error="This is needed.") if needed else Tried()
    try:
        found = _flat(find(path, value)) if value is not None else []
    except BadPath as error:
        return Tried(error=str(error))
    if not found and needed:
        return Tried(error="There is nothing at this path in the sample.")
    return Tried(tuple(_shown(entry) for entry in found[:3]), count=len(found))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(list(map(str, value))[:8]) + " }"
    if isinstance(value, list):
        return f"[ {len(value)} ]"
    return "null" if value is None else str(value)[:120]


def _first(path: str, value: Any) -> Any:
    try:
        return next(iter(_flat(find(path, value))), None) if path and value is not None else None
    except BadPath:
        return None


def _flat(found: list[Any]) -> list[Any]:
    """A path that leads to one list means its entries: `$.items` is as good as `$.items[*]`."""
    return found[0] if len(found) == 1 and isinstance(found[0], list) else found


def _objects(path: str, value: Any, name: str) -> list[Mapping[str, Any]]:
    try:
        return [entry for entry in _flat(find(path, value)) if isinstance(entry, dict)]
    except BadPath as error:
        raise Unreadable(f"{name}: {error}") from None


class _Reader:
    """One object of a payload and the paths into it."""

    def __init__(self, node: Any, mapping: Mapping[str, str], cents: bool, prefix: str = "") -> None:
        self.node, self._mapping, self._cents, self._prefix = node, mapping, cents, prefix

    def get(self, name: str) -> Any:
        """The first value that is there; None when there is none."""
        path = self._mapping.get(self._prefix + name, "")
        if not path:
            return None
        try:
            found = find(path, self.node)
        except BadPath as error:
            raise Unreadable(f"{self._prefix}{name}: {error}") from None
        return next((value for value in found if value not in (None, "")), None)

    def text(self, name: str, limit: int = 191) -> str:
        return text(self.get(name), limit)

    def money(self, name: str) -> Decimal | None:
        found = amount(self.get(name))
        return found / 100 if found is not None and self._cents else found

    def time(self, name: str, latest: datetime | None = None) -> datetime | None:
        """ISO 8601, or seconds (or milliseconds) since 1970."""
        value = self.get(name)
        seconds = number(value)
        if seconds is not None:
            seconds = seconds / 1000 if seconds > 10**11 else seconds
            if not 0 < seconds < 10**11:
                return None
            found = datetime.fromtimestamp(int(seconds), UTC)
            return min(found, latest) if latest else found
        return moment(value, latest=latest)

    def each(self, name: str, prefix: str, most: int) -> Iterator["_Reader"]:
        path = self._mapping.get(name, "")
        for node in _objects(path, self.node, name)[:most] if path else ():
            yield _Reader(node, self._mapping, self._cents, prefix)


def _order(told: _Reader, source: str, currency: str, now: datetime) -> ShopOrder:
    external_id = identifier(told.get("external_id"))
    if not external_id:
        raise Unreadable("external_id: there is nothing at this path.")
    own = told.text("currency", 3).upper()
    lines = _lines(told)
    order = OrderIn(
        external_id=external_id,
        number=told.text("number", 64),
        placed_at=told.time("placed_at", now),
        customer=_customer(told),
        shipping_address=_address(told),
        currency=own if own in currencies() else currency,
        lines=lines,
        subtotal=told.money("subtotal"),
        shipping=told.money("shipping") or Decimal(0),
        tax=told.money("tax") or Decimal(0),
        discount=told.money("discount") or Decimal(0),
        total=told.money("total"),
    )
    updated_at = told.time("updated_at")
    raw = dict(told.node) if isinstance(told.node, dict) else {}
    origin = Origin(source=source, updated_at=updated_at, raw=raw, happened=True)
    parcels = tuple(_parcels(told, external_id, updated_at, now))
    return ShopOrder(order, origin, None, told.time("cancelled_at", now), parcels)


def _lines(told: _Reader) -> list[LineIn]:
    lines: list[LineIn] = []
    seen: set[str] = set()
    for index, line in enumerate(told.each("lines", "line.", _MOST_LINES), 1):
        external_id = identifier(line.get("external_id")) or str(index)
        external_id = external_id if external_id not in seen else f"{external_id[:180]}-{index}"
        quantity = whole(line.get("quantity")) or 0
        if quantity <= 0:
            continue
        seen.add(external_id)
        lines.append(
            LineIn(
                external_id=external_id,
                title=line.text("title", 500) or "Item",
                variant=line.text("variant", 300),
                sku=line.text("sku"),
                quantity=min(quantity, _LARGEST_QUANTITY),
                unit_price=line.money("unit_price") or Decimal(0),
                image_url=link(line.get("image_url")),
            )
        )
    if not lines:
        raise Unreadable("lines: there is no line with a quantity at this path.")
    return lines


def _parcels(
    told: _Reader, order_id: str, updated_at: datetime | None, now: datetime
) -> Iterator[ShopFulfilment]:
    """One fulfilment a parcel. Nothing is said about what is in which: the first holds everything that is left."""
    for index, parcel in enumerate(told.each("parcels", "parcel.", _MOST_PARCELS), 1):
        tracking_number = parcel.text("tracking_number", 100)
        shipped_at = parcel.time("shipped_at", now)
        yield ShopFulfilment(
            external_id=identifier(parcel.get("external_id")) or tracking_number or str(index),
            order_external_id=order_id,
            updated_at=updated_at,
            shipped_at=shipped_at or updated_at or now,
            cancelled=False,
            carrier_name=parcel.text("carrier", 120),
            parcels=(ShopParcel(tracking_number, link(parcel.get("tracking_url"))),),
            lines=None if index == 1 else {},
            raw=dict(parcel.node),
            guessed=shipped_at is None,
        )


def _customer(told: _Reader) -> CustomerIn:
    first, last = told.text("first_name", 120), told.text("last_name", 120)
    if not first and not last:
        first, _space, last = told.text("name", 240).partition(" ")
    return CustomerIn(
        external_id=identifier(told.get("customer_id")),
        email=email_of(told.get("email")),
        phone=told.text("phone", 40),
        first_name=first[:120],
        last_name=last[:120],
        locale=language(told.get("locale")),
    )


def _address(told: _Reader) -> AddressIn:
    country = told.text("country", 2).upper()
    name = told.text("name", 250)
    return AddressIn(
        name=name or f"{told.text('first_name', 120)} {told.text('last_name', 120)}".strip(),
        company=told.text("company", 250),
        address1=told.text("address1", 250),
        address2=told.text("address2", 250),
        city=told.text("city", 120),
        region=told.text("region", 120),
        postcode=told.text("postcode", 20),
        country=country if re.fullmatch("[A-Z]{2}", country) else None,
    )

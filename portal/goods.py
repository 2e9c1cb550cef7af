"""What was bought, as pages show it: only pictures that come from our own host, money ready to read."""

import re
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from portal.loading import LineRow, OrderRow, ParcelRow
from portal.style import Style

# The policy lets no other host's pictures in; a path with dots could lead out of the folder.
_OWN_PICTURE = re.compile(
    r"/static/(?:[\w-][\w.-]*/)*[\w-][\w.-]*\.(?:png|jpe?g|webp|avif|gif|svg)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Item:
    """A line of goods. `each` is "" for a single piece, `picture` where a drawn place-holder stands in."""

    title: str
    variant: str
    each: str  # "2 × €129.00"
    price: str
    picture: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Goods to choose from. `counts`: how many of them it can be about, for a select; empty for a single piece."""

    line_id: UUID
    item: Item
    quantity: int

    @property
    def counts(self) -> range:
        return range(1, min(self.quantity, 99) + 1) if self.quantity > 1 else range(0)


@dataclass(frozen=True, slots=True)
class Totals:
    """The bill. Empty texts are rows that are left out."""

    subtotal: str
    shipping: str
    discount: str
    tax: str
    total: str


def items_of_order(order: OrderRow, style: Style) -> list[Item]:
    """All goods of an order."""
    return [_item(line, line.quantity, order, style) for line in order.lines]


def items_of_parcel(order: OrderRow, parcel: ParcelRow, style: Style) -> list[Item]:
    """The goods in a parcel, in the order's sequence."""
    quantities = {content.line_id: content.quantity for content in parcel.contents}
    return [_item(line, quantities[line.id], order, style) for line in order.lines if line.id in quantities]


def choices_of(order: OrderRow, parcel: ParcelRow | None, style: Style) -> list[Choice]:
    """The goods in a parcel (all of the order without one, or where nobody told what is in it) to choose from."""
    held = {content.line_id: content.quantity for content in parcel.contents} if parcel else {}
    quantities = held or {line.id: line.quantity for line in order.lines}
    return [
        Choice(line.id, _item(line, quantities[line.id], order, style), quantities[line.id])
        for line in order.lines
        if line.id in quantities
    ]


def items_to_come(order: OrderRow, style: Style) -> list[Item]:
    """The goods that are in no parcel yet."""
    return _in_no_parcel(order, style, requires_shipping=True)


def items_without_parcel(order: OrderRow, style: Style) -> list[Item]:
    """What never comes in a parcel: gift cards, downloads, services."""
    return _in_no_parcel(order, style, requires_shipping=False)


def _in_no_parcel(order: OrderRow, style: Style, *, requires_shipping: bool) -> list[Item]:
    return [
        _item(line, line.quantity - line.shipped, order, style)
        for line in order.lines
        if line.requires_shipping is requires_shipping and line.quantity > line.shipped
    ]


def totals_of(order: OrderRow, style: Style) -> Totals:
    """The bill of an order."""

    def shown(amount: Decimal) -> str:
        return style.money(amount, order.currency) if amount else ""

    return Totals(
        subtotal=style.money(order.subtotal, order.currency),
        shipping=style.money(order.shipping, order.currency),
        discount=shown(-abs(order.discount)),
        tax=shown(order.tax),
        total=style.money(order.total, order.currency),
    )


def _item(line: LineRow, quantity: int, order: OrderRow, style: Style) -> Item:
    price = style.money(line.unit_price * quantity, order.currency)
    each = f"{quantity} × {style.money(line.unit_price, order.currency)}" if quantity > 1 else ""
    return Item(line.title, line.variant, each, price, own_picture(line.image_url))


def own_picture(url: str) -> str:
    """The path of a picture on our own host, "" for any other."""
    path = url.removeprefix(settings.PUBLIC_URL)
    return path if _OWN_PICTURE.fullmatch(path) and ".." not in path else ""

"""What every shop connector turns a payload into, whichever shop system it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.commands import Origin
from orders.schemas import OrderIn, ProductIn


@dataclass(frozen=True)
class ShopParcel:
    """One tracking number of a fulfilment (empty: it has none)."""

    tracking_number: str = ""
    tracking_url: str = ""


@dataclass(frozen=True)
class ShopFulfilment:
    """What a shop says it sent.

    lines: order line → quantity; None when the shop did not say, which means everything that is left.
    guessed: the shop did not say when, so `shipped_at` is when it last changed the order, and no news by itself.
    status, status_at: where the shop says the parcel is, in the words of `tracking.statuses`; "" when it does not.
    """

    external_id: str
    order_external_id: str
    updated_at: datetime | None
    shipped_at: datetime | None
    cancelled: bool
    carrier_name: str
    parcels: tuple[ShopParcel, ...]
    lines: Mapping[str, int] | None
    status: str = ""
    status_at: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    guessed: bool = False


@dataclass(frozen=True)
class ShopRefund:
    """Money that a shop gave back. `lines`: order line → quantity; `currency` "" is the order's."""

    external_id: str
    order_external_id: str
    amount: Decimal
    currency: str = ""
    reason: str = ""
    refunded_at: datetime | None = None
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ShopOrder:
    """An order with what the shop tells beside it.

    created_at: when the shop's own row was made; `order.placed_at` lies long before it in imported history.
    is_new: the shop tells of it because it was just made. never_placed: it is a draft, or was given up unpaid.
    """

    order: OrderIn
    origin: Origin
    created_at: datetime | None
    cancelled_at: datetime | None
    fulfilments: tuple[ShopFulfilment, ...]
    refunds: tuple[ShopRefund, ...] = ()
    is_new: bool = False
    never_placed: bool = False


@dataclass(frozen=True)
class ShopProduct:
    """A product with when the shop changed it last, by its own clock."""

    product: ProductIn
    source: str
    updated_at: datetime | None
    raw: Mapping[str, Any] = field(default_factory=dict)

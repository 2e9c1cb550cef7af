"""Everything that rules may ask about one line of an order. Plain values: whoever judges needs no database."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Product:
    """What the shop said about a product. Words are lower case."""

    type: str = ""
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the shopper said about a line that is to come back. None: not said yet.

    reason: its code, and that of the reason which it is a sub-reason of.
    """

    reason: frozenset[str] | str | None = None
    condition: str | None = None
    quantity: int | None = None


NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One line. Words are lower case, amounts in the order's currency, times UTC.

    sources: our name of the shop system, and its name of the sales channel. delivered_at: of the last parcel with it;
    shipped_at: likewise, None while nothing of it was sent. bought: the product as it was at purchase, None where
    nobody noted it. zone: the shopper's clock.
    """

    product: Product = Product()
    bought: Product | None = None
    sku: str = ""
    price: Decimal = Decimal(0)
    discount_percent: Decimal = Decimal(0)
    country: str = ""
    sources: frozenset[str] = frozenset()
    order_tags: frozenset[str] = frozenset()
    order_value: Decimal = Decimal(0)
    customer_tags: frozenset[str] = frozenset()
    customer_orders: int = 1
    customer_returns: int = 0
    order_returns: int = 0
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    is_cancelled: bool = False
    needs_sending: bool = True
    placed_at: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    zone: tzinfo = UTC
    asked: Asked = field(default=NOTHING_ASKED)

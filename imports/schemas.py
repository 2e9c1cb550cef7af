"""What a record of an import may hold, and how an import looks in the API."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from orders.schemas import CustomerIn, OrderIn
from tracking.schemas import ShipmentIn


class OrderRecord(OrderIn):
    """An order as `POST /orders` takes it, and when it was cancelled, if it was."""

    cancelled_at: datetime | None = None


class ShipmentRecord(ShipmentIn):
    """A parcel as `POST /shipments` takes it. `order_number` names the order when neither id is known."""

    order_number: Annotated[str, Meta(max_length=64)] = ""
    delivered_at: datetime | None = None


class CustomerRecord(CustomerIn):
    """A customer, known by `email`, or by `external_id` without one."""

"""The rows and dated facts of one order, unsaved."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from events.facts import FactData
from orders.models import Order, OrderLine
from tracking.models import Scan, Shipment, ShipmentLine


@dataclass(frozen=True)
class Told:
    """A fact and when it was recorded."""

    at: datetime
    data: FactData
    order_id: UUID


@dataclass
class History:
    """What an order has left behind. `told` is in order."""

    order: Order
    lines: list[OrderLine]
    shipments: list[Shipment] = field(default_factory=list)
    contents: list[ShipmentLine] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def tell(self, at: datetime, data: FactData) -> None:
        """Note a fact."""
        self.told.append(Told(at, data, self.order.id))


def in_order(histories: Iterable[History]) -> list[Told]:
    """The facts of all of them, as they would have been recorded one after the other."""
    return sorted((told for history in histories for told in history.told), key=lambda told: told.at)

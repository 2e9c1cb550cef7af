"""The rows and dated facts of one order, unsaved."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from events.facts import FactData
from notifications.facts import DecidedFact, MessageFailed, MessageSent, MessageSkipped, about
from notifications.models import Message, MessageState
from orders.models import Order, OrderLine
from tracking.models import Scan, Shipment, ShipmentLine

PROVIDER = "demo"  # By whom the messages of the past went out.


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

    def tell_of(self, message: Message, at: datetime) -> None:
        """Note what became of a message about the order."""
        told: dict[MessageState, tuple[type[DecidedFact], dict[str, str]]] = {
            MessageState.SENT: (MessageSent, {"provider": message.provider}),
            MessageState.SKIPPED: (MessageSkipped, {"reason": message.reason}),
            MessageState.FAILED: (MessageFailed, {"reason": message.reason}),
        }
        kind, more = told[MessageState(message.state)]
        self.tell(at, about(kind, message, **more))

    def tell(self, at: datetime, data: FactData) -> None:
        """Note a fact."""
        self.told.append(Told(at, data, self.order.id))


def in_order(histories: Iterable[History]) -> list[Told]:
    """The facts of all of them, as they would have been recorded one after the other."""
    return sorted((told for history in histories for told in history.told), key=lambda told: told.at)

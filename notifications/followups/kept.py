"""What shoppers keep of what they ordered: a guide for what is on its way back helps nobody."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from orders.models import OrderLine
from returns.models import ReturnLine
from returns.states import OVER, Logistics, Resolution
from returns.withdrawal.models import Status, Withdrawal, WithdrawalLine

# The shopper ends up with nothing in its place.
_MONEY_BACK = (Resolution.REFUND, Resolution.STORE_CREDIT)
_WITHDRAWN = (Status.OPEN, Status.COMPLETED)


@dataclass(frozen=True)
class Line:
    """A line of an order, and how many of it the shopper keeps."""

    id: UUID
    sku: str
    quantity: int


def kept(order_ids: Collection[UUID]) -> Mapping[UUID, list[Line]]:
    """The lines of these orders of which anything is kept, by order: four queries, none for no order.

    What is exchanged, replaced or repaired is kept: its like comes instead. So is a bundle that one part of comes back.
    """
    if not order_ids:
        return {}
    lost: dict[UUID, int] = {}
    back = ReturnLine.objects.filter(ret__order_id__in=order_ids, resolution__in=_MONEY_BACK, part=None)
    back = back.exclude(ret__approval_state__in=OVER).exclude(ret__logistics_state=Logistics.EXPIRED)
    withdrawn = WithdrawalLine.objects.filter(
        withdrawal__order_id__in=order_ids, withdrawal__status__in=_WITHDRAWN, withdrawal__is_whole=False
    )
    for rows in (back, withdrawn):
        for line_id, quantity in rows.values_list("line_id", "quantity"):
            lost[line_id] = lost.get(line_id, 0) + quantity
    whole = Withdrawal.objects.filter(order_id__in=order_ids, status__in=_WITHDRAWN, is_whole=True)
    gone = set(whole.values_list("order_id", flat=True))
    found: dict[UUID, list[Line]] = {order_id: [] for order_id in order_ids}
    lines = OrderLine.objects.filter(order_id__in=order_ids).order_by("position")
    for line_id, order_id, sku, quantity in lines.values_list("id", "order_id", "sku", "quantity"):
        if order_id not in gone and quantity > lost.get(line_id, 0):
            found[order_id].append(Line(line_id, sku, quantity - lost.get(line_id, 0)))
    return found

"""What bundles are made of, as the shop tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_transaction
from orders.commands import lock_order
from orders.models import OrderLine
from returns.models import LinePart, ReturnedCount


@dataclass(frozen=True)
class Part:
    """A component. quantity: in one bundle. weight: what one costs alone."""

    external_id: str
    title: str
    sku: str
    quantity: int
    weight: Decimal


def set_parts(merchant: Merchant, order_id: UUID, line: str, parts: Sequence[Part]) -> None:
    """Say what a line of an order is made of; instead of what was said before.

    Raises NotFound, Unprocessable for two parts of one name, and Conflict once some of it was returned.
    """
    with merchant_transaction(merchant):
        lock_order(order_id)
        row = OrderLine.objects.filter(order_id=order_id, external_id=line).first()
        if row is None:
            raise NotFound("The order has no such line.", param="line")
        if len({part.external_id for part in parts}) < len(parts):
            raise Unprocessable("Two parts have the same external_id.", param="parts", code="line_twice")
        if ReturnedCount.objects.filter(line=row).exists():
            raise Conflict("Some of it was returned already.", param="line", code="already_returned")
        LinePart.objects.filter(line=row).delete()
        LinePart.objects.bulk_create(
            LinePart(
                merchant=merchant, line=row, external_id=part.external_id, position=place, sku=part.sku,
                title=part.title, quantity=part.quantity, weight=part.weight,
            )
            for place, part in enumerate(parts, 1)
        )  # fmt: skip

"""What customers did before: how much they ordered, and how often they sent something back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from orders.models import Order, OrderStatus
from returns.models import Return
from returns.policy.fields import Field
from returns.states import OVER, Kind

YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class History:
    """Counts by customer and by order, as of now. What was not asked for is empty."""

    orders: Mapping[UUID, int] = field(default_factory=dict)
    returns: Mapping[UUID, int] = field(default_factory=dict)
    returns_of_order: Mapping[UUID, int] = field(default_factory=dict)

    def about(self, order: Order) -> dict[str, int]:
        """The facts about the one who placed an order. Somebody without a name has this order only."""
        who = order.customer_id
        return {
            "customer_orders": self.orders.get(who, 1) if who else 1,
            "customer_returns": self.returns.get(who, 0) if who else 0,
            "order_returns": self.returns_of_order.get(order.pk, 0),
        }


def history_of(orders: Sequence[Order], wanted: frozenset[Field] | None) -> History:
    """The history behind some orders of the open scope. A query for each of the three that is wanted."""
    customers = {order.customer_id for order in orders if order.customer_id}

    def asks(field_: Field) -> bool:
        return wanted is None or field_ in wanted

    return History(
        orders=_orders_of(customers) if asks(Field.CUSTOMER_ORDERS) else {},
        returns=_returns_of(customers) if asks(Field.CUSTOMER_RETURNS) else {},
        returns_of_order=_returns_of_orders(orders) if asks(Field.ORDER_RETURNS) else {},
    )


def _orders_of(customers: Iterable[UUID]) -> dict[UUID, int]:
    rows = Order.objects.filter(customer_id__in=customers).values_list("customer_id")
    return dict(rows.annotate(n=Count("pk", filter=~Q(status=OrderStatus.CANCELLED))))


def _returns_of(customers: Iterable[UUID]) -> dict[UUID, int]:
    """Returns in a year that were not called off. Withdrawals are a right, and warranty is no choice: not counted."""
    rows = Return.objects.filter(
        customer_id__in=customers, kind=Kind.RETURN, requested_at__gte=timezone.now() - YEAR
    )
    return dict(rows.exclude(approval_state__in=OVER).values_list("customer_id").annotate(n=Count("pk")))


def _returns_of_orders(orders: Sequence[Order]) -> dict[UUID, int]:
    rows = Return.objects.filter(order_id__in=[order.pk for order in orders], kind=Kind.RETURN)
    return dict(rows.exclude(approval_state__in=OVER).values_list("order_id").annotate(n=Count("pk")))

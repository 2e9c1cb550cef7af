"""Reading refunds, payments and credit: a bounded number of queries."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from merchants.rest.errors import NotFound
from orders.models import Customer, Order
from returns.money.models import CreditEntry, OrderPayment, Refund, RefundPart


def refunds() -> QuerySet[Refund]:
    """Refunds of the open scope with their parts: two queries."""
    parts = Prefetch("parts", RefundPart.objects.select_related("payment"))
    return Refund.objects.prefetch_related(parts)


def refunds_with_orders() -> QuerySet[Refund]:
    """Refunds of the open scope with their orders: one query."""
    return Refund.objects.select_related("order").defer("order__raw", "order__search")


def get_refund(refund_id: UUID | None) -> Refund:
    """A refund of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    found = refunds().filter(pk=refund_id).first() if refund_id else None
    if found is None:
        raise NotFound("There is no such refund.", param="refund_id")
    return found


def get_order(order_id: UUID | None) -> Order:
    """An order of the open scope, without its lines. Raises NotFound."""
    found = Order.objects.defer("raw", "search").filter(pk=order_id).first() if order_id else None
    if found is None:
        raise NotFound("There is no such order.", param="order_id")
    return found


def payments_of(order: Order) -> QuerySet[OrderPayment]:
    """The payments of an order with their accounts; none before the first refund."""
    return OrderPayment.objects.filter(order=order).select_related("account")


def get_customer(customer_id: UUID | None) -> Customer:
    """A customer of the open scope. Raises NotFound."""
    found = Customer.objects.filter(pk=customer_id).first() if customer_id else None
    if found is None:
        raise NotFound("There is no such customer.", param="customer_id")
    return found


def credit_entries(customer_id: UUID) -> QuerySet[CreditEntry]:
    """What was given to, spent by and expired for a customer, with what is left of each."""
    return CreditEntry.objects.filter(customer_id=customer_id).select_related("account")

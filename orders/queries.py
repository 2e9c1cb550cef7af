"""Reading orders and customers: a bounded number of queries, whatever the number of rows."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import NotFound
from orders.lines import Line
from orders.links import link_token
from orders.models import Customer, Order, OrderLine, OrderStatus
from orders.schemas import AddressOut, CustomerOut, LineOut, OrderOut
from orders.text import plain


def orders_with_lines() -> QuerySet[Order]:
    """Orders of the open scope with their lines: two queries. Without what is large and never shown."""
    lines = Prefetch("lines", OrderLine.objects.order_by("position"))
    return Order.objects.defer("raw", "search").prefetch_related(lines)


def get_order(order_id: UUID | None) -> Order:
    """An order of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    order = orders_with_lines().filter(pk=order_id).first() if order_id else None
    if order is None:
        raise NotFound("There is no such order.", param="order_id")
    return order


def token_of(order: Order) -> str:
    """The token of the shopper's link to an order."""
    return link_token(order.id, order.link_version, bytes(order.link_digest))


def portal_path(merchant: Merchant, order: Order) -> str:
    """The path of the shopper's page about an order, on this installation's own host."""
    return f"/p/{merchant.slug}/t/{token_of(order)}/"


def portal_url(merchant: Merchant, order: Order, host: str | None = None) -> str:
    """The address of the shopper's page: on the merchant's own host when it has one."""
    if host:
        return f"https://{host}/t/{token_of(order)}/"
    return settings.PUBLIC_URL + portal_path(merchant, order)


def counter_url(merchant: Merchant, token: str, host: str | None = None) -> str:
    """The address of a branch's counter for returns, by the token of its link."""
    return f"https://{host}/b/{token}/" if host else f"{settings.PUBLIC_URL}/p/{merchant.slug}/b/{token}/"


def show_order(merchant: Merchant, order: Order, lines: Iterable[Line] | None = None) -> OrderOut:
    """An order as the API shows it. Its lines must be loaded, or given."""
    return OrderOut(
        id=public_id("ord", order.id),
        external_id=order.external_id,
        number=order.number,
        status=order.status,
        stage=order.stage,
        placed_at=order.placed_at,
        cancelled_at=order.cancelled_at,
        customer_id=public_id("cus", order.customer_id) if order.customer_id else None,
        email=order.email,
        phone=order.phone,
        first_name=order.first_name,
        last_name=order.last_name,
        locale=order.locale,
        shipping_address=AddressOut(**order.shipping_address),
        currency=order.currency,
        subtotal=plain(order.subtotal),
        shipping=plain(order.shipping),
        tax=plain(order.tax),
        discount=plain(order.discount),
        total=plain(order.total),
        refunded=plain(order.refunded),
        promised_from=order.promised_from,
        promised_to=order.promised_to,
        portal_url=portal_url(merchant, order),
        lines=show_lines(order.lines.all() if lines is None else lines),
        created_at=order.created_at,
        updated_at=order.updated_at,
    )


def show_lines(lines: Iterable[Line]) -> list[LineOut]:
    """Order lines as the API shows them, without those that were taken out of the order."""
    return [
        LineOut(
            id=public_id("lin", line.id),
            external_id=line.external_id,
            sku=line.sku,
            title=line.title,
            variant=line.variant,
            quantity=line.quantity,
            shipped_quantity=line.shipped_quantity,
            unit_price=plain(line.unit_price),
            image_url=line.image_url,
            requires_shipping=line.requires_shipping,
        )
        for line in lines
        if line.quantity
    ]


def show_customer(customer: Customer) -> CustomerOut:
    """A customer as the API shows them."""
    return CustomerOut(
        id=public_id("cus", customer.id),
        external_id=customer.external_id,
        email=customer.email,
        phone=customer.phone,
        first_name=customer.first_name,
        last_name=customer.last_name,
        locale=customer.locale,
        birthday=customer.birthday,
        tags=customer.tags,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
    )


def let_down(
    customer_ids: Collection[UUID], order_ids: Collection[UUID], since: datetime
) -> list[tuple[UUID, UUID | None]]:
    """Orders that were cancelled or refunded, as (order, its customer): one query.

    Among `order_ids` whenever it was; of these customers, cancelled or refunded since a time (UTC).
    """
    gone = Q(status=OrderStatus.CANCELLED) | Q(refunded__gt=0)
    lately = Q(cancelled_at__gte=since) | Q(refunds__created_at__gte=since)
    rows = Order.objects.filter(gone & Q(pk__in=order_ids) | lately & Q(customer_id__in=customer_ids))
    return list(rows.order_by().values_list("pk", "customer_id").distinct())


def places_of(customer_ids: Collection[UUID]) -> dict[UUID, Order]:
    """Where each of these customers' newest order went: one query. Only its address is loaded."""
    rows = Order.objects.filter(customer_id__in=customer_ids).order_by("customer_id", "-placed_at", "-id")
    found = rows.distinct("customer_id").only(
        "id", "merchant_id", "customer_id", "country", "postcode", "shipping_address"
    )
    return {row.customer_id: row for row in found}

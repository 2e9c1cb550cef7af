"""REST: orders and customers."""

from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import UNSET

from merchants.ids import NOBODY, parse_public_id
from merchants.rest.decode import aware
from merchants.rest.errors import InvalidBody, InvalidParameter, NotFound
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, moment, query
from merchants.rest.views import ApiView
from orders import commands, queries
from orders.customers import describe_customer
from orders.examples import ORDER
from orders.models import Customer, Order, OrderStatus, Stage
from orders.schemas import CancelIn, CustomerOut, CustomerPatch, OrderIn, OrderOut

# What `filtered_orders` reads: for the list and for its export.
ORDER_FILTERS = (
    query("external_id", "What your shop calls it."),
    query("status", "Is it still wanted?", values=OrderStatus.values),
    query("stage", "Where it stands.", values=Stage.values),
    query("customer_id", "Whose they are: `cus_…`"),
    moment("placed_after", "Placed at this time or later."),
    moment("placed_before", "Placed before this time."),
)


class Orders(ApiView):
    """The merchant's orders."""

    scopes = {"GET": "orders:read", "POST": "orders:write"}

    @extend_schema(
        operation_id="orders_list",
        parameters=[*ORDER_FILTERS, *PAGING],
        responses={200: Page[OrderOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List orders, newest first."""
        rows = filtered_orders(queries.orders_with_lines(), request)
        return self.show(newest_first(rows, request.GET, self._show, by="placed_at"))

    @extend_schema(
        operation_id="orders_place",
        request=OrderIn,
        responses={200: OrderOut, 201: OrderOut},
        examples=[ORDER],
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """Place an order, or update the one with the same `external_id`. 201 when it is new, else 200."""
        return self.once("POST /orders", self._place)

    def _place(self) -> HttpResponse:
        placed = commands.place_order(self.merchant, self.body(OrderIn))
        shown = queries.show_order(self.merchant, placed.order, placed.lines)
        return self.show(shown, 201 if placed.created else 200)

    def _show(self, order: Order) -> OrderOut:
        return queries.show_order(self.merchant, order)


class OneOrder(ApiView):
    """One order."""

    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="orders_read", responses={200: OrderOut})
    def get(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """Read an order by its id."""
        order = queries.get_order(parse_public_id("ord", order_id))
        return self.show(queries.show_order(self.merchant, order))


class CancelOrder(ApiView):
    """Cancelling."""

    scopes = {"POST": "orders:write"}

    @extend_schema(operation_id="orders_cancel", request=CancelIn, responses={200: OrderOut})
    def post(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """Cancel an order. Doing it twice changes nothing."""
        return self.once(f"POST /orders/{order_id}/cancel", lambda: self._cancel(order_id))

    def _cancel(self, order_id: str) -> HttpResponse:
        parsed = parse_public_id("ord", order_id)
        if parsed is None:
            raise NotFound("There is no such order.", param="order_id")
        body = self.body(CancelIn) if self.request._request.body else CancelIn()
        at = aware(body.cancelled_at, "cancelled_at") if body.cancelled_at else None
        commands.cancel_order(self.merchant, parsed, at=at)
        return self.show(queries.show_order(self.merchant, queries.get_order(parsed)))


# What `filtered_customers` reads.
CUSTOMER_FILTERS = (
    query("email", "Their address."),
    query("external_id", "What your shop calls them."),
)


class Customers(ApiView):
    """The merchant's customers."""

    scopes = {"GET": "customers:read"}

    @extend_schema(
        operation_id="customers_list",
        parameters=[*CUSTOMER_FILTERS, *PAGING],
        responses={200: Page[CustomerOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List customers, newest first. `?email=` and `?external_id=` find one."""
        return self.show(newest_first(filtered_customers(request), request.GET, queries.show_customer))


class OneCustomer(ApiView):
    """One customer."""

    scopes = {"GET": "customers:read", "PATCH": "customers:write"}

    @extend_schema(operation_id="customers_read", responses={200: CustomerOut})
    def get(self, request: HttpRequest, customer_id: str) -> HttpResponse:
        """Read a customer by their id."""
        parsed = parse_public_id("cus", customer_id)
        customer = Customer.objects.filter(pk=parsed).first() if parsed else None
        if customer is None:
            raise NotFound("There is no such customer.", param="customer_id")
        return self.show(queries.show_customer(customer))

    @extend_schema(operation_id="customers_update", request=CustomerPatch, responses={200: CustomerOut})
    def patch(self, request: HttpRequest, customer_id: str) -> HttpResponse:
        """Tell a customer's birthday and tags. Contact and names come with orders."""
        return self.once(f"PATCH /customers/{customer_id}", lambda: self._describe(customer_id))

    def _describe(self, customer_id: str) -> HttpResponse:
        body = self.body(CustomerPatch)
        given = {"birthday": body.birthday} if body.birthday is not UNSET else {}
        customer = describe_customer(
            self.merchant,
            parse_public_id("cus", customer_id),
            tags=body.tags,
            **given,
        )
        return self.show(queries.show_customer(customer))


def filtered_orders(rows: QuerySet[Order], request: HttpRequest) -> QuerySet[Order]:
    """The orders that the request's parameters leave. Raises InvalidParameter."""
    asked = request.GET
    if external_id := asked.get("external_id"):
        rows = rows.filter(external_id=external_id)
    for name, choices in (("status", OrderStatus), ("stage", Stage)):
        if value := asked.get(name):
            if value not in choices.values:
                raise InvalidParameter(f"{name} is one of {', '.join(choices.values)}.", param=name)
            rows = rows.filter(**{name: value})
    if customer := asked.get("customer_id"):
        rows = rows.filter(customer_id=parse_public_id("cus", customer) or NOBODY)
    for name, lookup in (("placed_after", "placed_at__gte"), ("placed_before", "placed_at__lt")):
        if value := asked.get(name):
            rows = rows.filter(**{lookup: _time(value, name)})
    return rows


def filtered_customers(request: HttpRequest) -> QuerySet[Customer]:
    """The customers that the request's parameters leave."""
    rows: QuerySet[Customer] = Customer.objects.all()
    if email := request.GET.get("email"):
        rows = rows.filter(email=email.strip().lower())
    if external_id := request.GET.get("external_id"):
        rows = rows.filter(external_id=external_id)
    return rows


def _time(text: str, name: str) -> datetime:
    try:
        return aware(datetime.fromisoformat(text), name)
    except (ValueError, InvalidBody):
        raise InvalidParameter(f"{name} is a time like 2026-11-22T09:30:00Z.", param=name) from None

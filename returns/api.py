"""REST: returns, to ask for and to read. What is done with them is in `returns.actions_api`."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.ids import NOBODY, parse_public_id
from merchants.rest.errors import InvalidBody, InvalidParameter, NotFound
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from orders.models import Order, OrderLine
from returns import bundles, queries
from returns.live_stock import ask_shop
from returns.models import LinePart, Return
from returns.requesting import RequestedLine, RequestedReturn, request_return
from returns.schemas import PartsIn, ReturnIn
from returns.shown import (
    ReturnablesOut,
    ReturnOut,
    show_entry,
    show_return,
    show_returnable,
)
from returns.states import Approval, Kind, Logistics, Money

_STATES = {"approval_state": Approval, "logistics_state": Logistics, "money_state": Money, "kind": Kind}
RETURN_FILTERS = (
    query("order_id", "Of one order: `ord_…`"),
    query("customer_id", "Of one customer: `cus_…`"),
    query("number", "What people read: `R-1042-1`."),
    query("tracking_number", "Of the parcel that it comes in."),
    *(
        query(name, name.replace("_", " ").capitalize() + ".", values=known.values)
        for name, known in _STATES.items()
    ),
    query("open", "Whether something is left to do.", values=("true", "false")),
)


class Returns(ApiView):
    """What shoppers send back."""

    scopes = {"GET": "returns:read", "POST": "returns:write"}

    @extend_schema(
        operation_id="returns_list", parameters=[*RETURN_FILTERS, *PAGING], responses={200: Page[ReturnOut]}
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List returns, newest first, without their histories."""
        rows = filtered_returns(request)
        return self.show(newest_first(rows, request.GET, show_return, by="requested_at"))

    @extend_schema(operation_id="returns_request", request=ReturnIn, responses={201: ReturnOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask for a return. Send an `Idempotency-Key`: the same request again gives the same return."""
        # Before the transaction of the key, if there is one: the shop may take two seconds.
        ask_shop(self.merchant, [line.exchange_variant for line in self.body(ReturnIn).lines])
        return self.once("POST /returns", self._request)

    def _request(self) -> HttpResponse:
        body = self.body(ReturnIn)
        order_id = named_order(body.order_id, body.order_external_id)
        wanted = RequestedReturn(
            lines=_lines(order_id, body), resolution=body.resolution, kind=body.kind, method=body.method,
            gift=body.gift, gift_email=body.gift_email, note=body.note,
        )  # fmt: skip
        ret = request_return(self.merchant, order_id, wanted, by=body.by)
        return self.show(shown_return(ret.id), 201)


class OneReturn(ApiView):
    """One return."""

    scopes = {"GET": "returns:read"}

    @extend_schema(operation_id="returns_read", responses={200: ReturnOut})
    def get(self, request: HttpRequest, return_id: str) -> HttpResponse:
        """Read a return with its history."""
        return self.show(shown_return(parse_public_id("ret", return_id)))


class OrderReturnable(ApiView):
    """What of an order can come back."""

    scopes = {"GET": "returns:read"}

    @extend_schema(operation_id="orders_returnable", responses={200: ReturnablesOut})
    def get(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """What the shop's rules say about each line of an order now, and how many of it are left."""
        order = Order.objects.filter(pk=parse_public_id("ord", order_id) or NOBODY).first()
        if order is None:
            raise NotFound("There is no such order.", param="order_id")
        found = queries.returnable_of(self.merchant, order)
        return self.show(ReturnablesOut(lines=[show_returnable(one) for one in found]))


class OrderParts(ApiView):
    """What bundles are made of."""

    scopes = {"POST": "returns:write"}

    @extend_schema(operation_id="orders_parts", request=PartsIn, responses={200: ReturnablesOut})
    def post(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """Say what a line of an order is made of, so that its parts can be returned one by one."""
        return self.once(f"POST /orders/{order_id}/parts", lambda: self._set(request, order_id))

    def _set(self, request: HttpRequest, order_id: str) -> HttpResponse:
        order_pk = parse_public_id("ord", order_id)
        if not Order.objects.filter(pk=order_pk or NOBODY).exists():
            raise NotFound("There is no such order.", param="order_id")
        body = self.body(PartsIn)
        parts = [bundles.Part(p.external_id, p.title, p.sku, p.quantity, p.weight) for p in body.parts]
        bundles.set_parts(self.merchant, order_pk or NOBODY, body.line, parts)
        order = Order.objects.get(pk=order_pk)
        found = queries.returnable_of(self.merchant, order)
        return self.show(ReturnablesOut(lines=[show_returnable(one) for one in found]))


def named_order(order_id: str, external_id: str) -> UUID:
    """The order that a body names. Raises InvalidBody without a name, NotFound."""
    if not order_id and not external_id:
        raise InvalidBody(
            "Name the order by order_id or order_external_id.", param="order_id", code="invalid_field"
        )
    named = {"pk": parse_public_id("ord", order_id) or NOBODY} if order_id else {"external_id": external_id}
    found = Order.objects.filter(**named).values_list("pk", flat=True).first()
    if found is None:
        param = "order_id" if order_id else "order_external_id"
        raise NotFound("There is no such order.", param=param, code="order_not_found")
    return UUID(str(found))


def _lines(order_id: UUID, body: ReturnIn) -> list[RequestedLine]:
    """The wanted lines by our ids. One that the order does not have is refused by the command."""
    ids = (
        dict(OrderLine.objects.filter(order_id=order_id).values_list("external_id", "pk"))
        if body.lines
        else {}
    )
    parts = (
        {(line, name): pk for line, name, pk in
         LinePart.objects.filter(line__order_id=order_id).values_list("line_id", "external_id", "pk")}
        if any(line.part for line in body.lines) else {}
    )  # fmt: skip
    return [
        RequestedLine(
            ids.get(line.line, NOBODY), line.quantity, line.reason, line.note, line.condition, line.resolution,
            line.exchange_variant,
            parts.get((ids.get(line.line), line.part), NOBODY) if line.part else None,
        )
        for line in body.lines
    ]  # fmt: skip


def shown_return(return_id: UUID | None) -> ReturnOut:
    """A return with its history. Raises NotFound."""
    ret = queries.get_return(return_id)
    shown = show_return(ret)
    shown.entries = [show_entry(entry) for entry in queries.entries_of(ret)]
    return shown


def filtered_returns(request: HttpRequest) -> QuerySet[Return]:
    """The returns that the request's parameters leave. Raises InvalidParameter."""
    rows, asked = queries.returns_with_lines(), request.GET
    for name, prefix in (("order_id", "ord"), ("customer_id", "cus")):
        if value := asked.get(name):
            rows = rows.filter(**{name: parse_public_id(prefix, value) or NOBODY})
    for name in ("number", "tracking_number"):
        if value := asked.get(name):
            rows = rows.filter(**{name: value})
    for name, known in _STATES.items():
        if value := asked.get(name):
            if value not in known.values:
                raise InvalidParameter(f"{name} is one of {', '.join(known.values)}.", param=name)
            rows = rows.filter(**{name: value})
    if value := asked.get("open"):
        if value not in ("true", "false"):
            raise InvalidParameter("open is true or false.", param="open")
        rows = rows.filter(closed_at__isnull=value == "true")
    return rows

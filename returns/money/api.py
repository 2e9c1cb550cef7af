"""REST: refunds, and where an order's money is."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.ids import parse_public_id, uuid7
from merchants.rest.errors import InvalidParameter, NotFound
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from returns.money import queries
from returns.money.books import money_of
from returns.money.commands import confirm_refund, fail_refund, request_refund
from returns.money.models import Refund, RefundState, Source
from returns.money.payments import Payment, set_payments
from returns.money.schemas import (
    ConfirmRefundIn,
    FailRefundIn,
    OrderMoneyOut,
    PaymentsIn,
    RefundIn,
    RefundOut,
    show_money,
    show_refund,
)

REFUND_FILTERS = (
    query("order_id", "Of one order: `ord_…`"),
    query("state", "Is it done?", values=RefundState.values),
    query("source_kind", "What it is for.", values=Source.values),
)


class Refunds(ApiView):
    """Money that goes back."""

    scopes = {"GET": "refunds:read", "POST": "refunds:write"}

    @extend_schema(
        operation_id="refunds_list", parameters=[*REFUND_FILTERS, *PAGING], responses={200: Page[RefundOut]}
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List refunds, newest first."""
        return self.show(newest_first(filtered_refunds(request), request.GET, show_refund, by="requested_at"))

    @extend_schema(operation_id="refunds_request", request=RefundIn, responses={201: RefundOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask for a refund by hand. You are told to give the money back as for any other (`refund.requested`)."""
        return self.once("POST /refunds", self._request)

    def _request(self) -> HttpResponse:
        body = self.body(RefundIn)
        order_id = named(body.order_id, "ord", "order_id")
        wanted = {share.payment: share.amount for share in body.payments}
        refund = request_refund(
            self.merchant, order_id, amount=body.amount, key=key_of(self, body.key), source=("order", order_id),
            shipping=body.shipping, fee=body.fee, reason=body.reason, payments=wanted or None,
        )  # fmt: skip
        return self.show(show_refund(queries.get_refund(refund.pk)), 201)


class OneRefund(ApiView):
    """One refund."""

    scopes = {"GET": "refunds:read"}

    @extend_schema(operation_id="refunds_read", responses={200: RefundOut})
    def get(self, request: HttpRequest, refund_id: str) -> HttpResponse:
        """Read a refund by its id."""
        return self.show(show_refund(queries.get_refund(parse_public_id("rfd", refund_id))))


class ConfirmRefund(ApiView):
    """Confirming."""

    scopes = {"POST": "refunds:write"}

    @extend_schema(operation_id="refunds_confirm", request=ConfirmRefundIn, responses={200: RefundOut})
    def post(self, request: HttpRequest, refund_id: str) -> HttpResponse:
        """Say that the money was given back. Doing it twice changes nothing."""
        return self.once(f"POST /refunds/{refund_id}/confirm", lambda: self._confirm(refund_id))

    def _confirm(self, refund_id: str) -> HttpResponse:
        parsed = named(refund_id, "rfd", "refund_id")
        body = self.body(ConfirmRefundIn) if self.request._request.body else ConfirmRefundIn()
        confirm_refund(self.merchant, parsed, reference=body.reference)
        return self.show(show_refund(queries.get_refund(parsed)))


class FailRefund(ApiView):
    """Failing."""

    scopes = {"POST": "refunds:write"}

    @extend_schema(operation_id="refunds_fail", request=FailRefundIn, responses={200: RefundOut})
    def post(self, request: HttpRequest, refund_id: str) -> HttpResponse:
        """Say that the money cannot be given back. Nothing is set aside any more. Doing it twice changes nothing."""
        return self.once(f"POST /refunds/{refund_id}/fail", lambda: self._fail(refund_id))

    def _fail(self, refund_id: str) -> HttpResponse:
        parsed = named(refund_id, "rfd", "refund_id")
        body = self.body(FailRefundIn) if self.request._request.body else FailRefundIn()
        fail_refund(self.merchant, parsed, failure=body.failure)
        return self.show(show_refund(queries.get_refund(parsed)))


class OrderMoneyView(ApiView):
    """An order's money."""

    scopes = {"GET": "refunds:read"}

    @extend_schema(operation_id="orders_money", responses={200: OrderMoneyOut})
    def get(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """Read what was paid for an order, went back, is on its way back and may still go back."""
        order = queries.get_order(parse_public_id("ord", order_id))
        return self.show(show_money(order, money_of(order), list(queries.payments_of(order))))


class OrderPayments(ApiView):
    """What an order was paid with."""

    scopes = {"PUT": "refunds:write"}

    @extend_schema(operation_id="orders_payments", request=PaymentsIn, responses={200: OrderMoneyOut})
    def put(self, request: HttpRequest, order_id: str) -> HttpResponse:
        """Tell what an order was paid with, all of it: refunds are split over these payments from then on."""
        return self.once(f"PUT /orders/{order_id}/payments", lambda: self._put(order_id))

    def _put(self, order_id: str) -> HttpResponse:
        parsed = queries.get_order(parse_public_id("ord", order_id)).pk
        told = self.body(PaymentsIn).payments
        set_payments(self.merchant, parsed, [Payment(p.key, p.kind, p.amount, p.label) for p in told])
        order = queries.get_order(parsed)
        return self.show(show_money(order, money_of(order), list(queries.payments_of(order))))


def filtered_refunds(request: HttpRequest) -> QuerySet[Refund]:
    """The refunds that the request's parameters leave. Raises InvalidParameter."""
    rows, asked = queries.refunds(), request.GET
    if value := asked.get("order_id"):
        found = parse_public_id("ord", value)
        rows = rows.filter(order_id=found) if found else rows.none()
    for name, known in (("state", RefundState.values), ("source_kind", Source.values)):
        if value := asked.get(name):
            if value not in known:
                raise InvalidParameter(f"{name} is one of {', '.join(known)}.", param=name)
            rows = rows.filter(**{name: value})
    return rows


def named(text: str, prefix: str, param: str) -> UUID:
    """The id that a public one stands for. Raises NotFound."""
    found = parse_public_id(prefix, text)
    if found is None:
        raise NotFound("There is no such object.", param=param)
    return found


def key_of(view: ApiView, told: str) -> str:
    """What makes a request one: the body's `key`, the `Idempotency-Key`, or nothing that comes again."""
    sent = view.request.META.get("HTTP_IDEMPOTENCY_KEY", "")[:150]
    return f"api:{told or sent or uuid7()}"

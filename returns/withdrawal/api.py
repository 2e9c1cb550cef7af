"""REST: withdrawals, to read, to declare and to bring to their end."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema

from merchants.ids import parse_public_id
from merchants.rest.errors import InvalidParameter, NotFound, Unprocessable
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from orders.models import OrderLine
from returns.api import shown_return
from returns.queries import named_return
from returns.shown import ReturnOut
from returns.withdrawal import commands, queries
from returns.withdrawal.models import Source, Status, Withdrawal
from returns.withdrawal.refunds import proposal_of, refund
from returns.withdrawal.schemas import (
    GoodsIn,
    MatchIn,
    MethodIn,
    RefundWithdrawalIn,
    SetAsideIn,
    WithdrawalIn,
    WithdrawalLineIn,
    WithdrawalOut,
    show_withdrawal,
)
from returns.withdrawal.steps import Declaration
from returns.withdrawal.way_back import choose_way, open_way

WITHDRAWAL_FILTERS = (
    query("order_id", "Of one order: `ord_…`"),
    query("status", "How far it is.", values=Status.values),
)


class Withdrawals(ApiView):
    """Withdrawals from contract."""

    scopes = {"GET": "returns:read", "POST": "returns:write"}

    @extend_schema(
        operation_id="withdrawals_list",
        parameters=[*WITHDRAWAL_FILTERS, *PAGING],
        responses={200: Page[WithdrawalOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List withdrawals, newest first."""
        return self.show(newest_first(filtered_withdrawals(request), request.GET, show_withdrawal))

    @extend_schema(operation_id="withdrawals_declare", request=WithdrawalIn, responses={201: WithdrawalOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Record a withdrawal that reached you on another way. Its receipt is mailed at once."""
        return self.once("POST /withdrawals", lambda: self._declare(request))

    def _declare(self, request: HttpRequest) -> HttpResponse:
        told = self.body(WithdrawalIn)
        came_in = getattr(request, "entered_at", None) or timezone.now()
        if told.declared_at is not None and (told.declared_at.tzinfo is None or told.declared_at > came_in):
            raise Unprocessable(
                "It lies in the future, or has no offset.", param="declared_at", code="invalid_time"
            )
        order_id = parse_public_id("ord", told.order_id) if told.order_id else None
        if told.order_id and order_id is None:
            raise NotFound("There is no such order.", param="order_id")
        found = commands.declare(
            self.merchant,
            Declaration(
                declared_at=told.declared_at or came_in, source=Source.API, name=told.name, contract=told.contract,
                email=told.email, text=told.text, is_whole=not told.lines, lines=_lines(order_id, told.lines),
                order_id=order_id, locale=told.locale,
            ),
        )  # fmt: skip
        return self.show(show_withdrawal(queries.get_withdrawal(found.pk)), 201)


def filtered_withdrawals(request: HttpRequest) -> QuerySet[Withdrawal]:
    """The withdrawals that the parameters of a list leave. Raises InvalidParameter."""
    rows, asked = queries.withdrawals_with_lines(), request.GET
    if value := asked.get("order_id"):
        found = parse_public_id("ord", value)
        rows = rows.filter(order_id=found) if found else rows.none()
    if value := asked.get("status"):
        if value not in Status.values:
            raise InvalidParameter(f"status is one of {', '.join(Status.values)}.", param="status")
        rows = rows.filter(status=value)
    return rows


class OneWithdrawal(ApiView):
    """One withdrawal."""

    scopes = {"GET": "returns:read"}

    @extend_schema(operation_id="withdrawals_read", responses={200: WithdrawalOut})
    def get(self, request: HttpRequest, withdrawal_id: str) -> HttpResponse:
        """Read a withdrawal."""
        return self.show(show_withdrawal(queries.get_withdrawal(parse_public_id("wdr", withdrawal_id))))


class _Doing(ApiView):
    scopes = {"POST": "returns:write"}

    def found(self, withdrawal_id: str) -> UUID:
        """Its id. Raises NotFound."""
        return queries.get_withdrawal(parse_public_id("wdr", withdrawal_id)).pk

    def shown(self, pk: UUID) -> HttpResponse:
        """The withdrawal as it is now."""
        return self.show(show_withdrawal(queries.get_withdrawal(pk)))


class MatchWithdrawal(_Doing):
    """Its order."""

    @extend_schema(operation_id="withdrawals_match", request=MatchIn, responses={200: WithdrawalOut})
    def post(self, request: HttpRequest, withdrawal_id: str) -> HttpResponse:
        """Say which order it is of."""
        pk, order_id = self.found(withdrawal_id), parse_public_id("ord", self.body(MatchIn).order_id)
        if order_id is None:
            raise NotFound("There is no such order.", param="order_id")
        commands.match(self.merchant, pk, order_id, by="api")
        return self.shown(pk)


class RefundWithdrawal(_Doing):
    """Its refund."""

    @extend_schema(
        operation_id="withdrawals_refund", request=RefundWithdrawalIn, responses={200: WithdrawalOut}
    )
    def post(self, request: HttpRequest, withdrawal_id: str) -> HttpResponse:
        """Let the money go back (`refund.requested`). A second time changes nothing."""
        pk, told = self.found(withdrawal_id), self.body(RefundWithdrawalIn)
        amount, shipping = told.amount, told.shipping
        if amount is None:
            amount, shipping = proposal_of(queries.get_withdrawal(pk))
        refund(self.merchant, pk, amount, shipping)
        return self.shown(pk)


class GoodsOfWithdrawal(_Doing):
    """Its goods."""

    @extend_schema(operation_id="withdrawals_goods", request=GoodsIn, responses={200: WithdrawalOut})
    def post(self, request: HttpRequest, withdrawal_id: str) -> HttpResponse:
        """Say that the goods are back, or were proved to be on their way: the refund is not withheld any more."""
        pk, told = self.found(withdrawal_id), self.body(GoodsIn)
        if told.at is not None and told.at.tzinfo is None:
            raise Unprocessable("A time needs an offset.", param="at", code="invalid_time")
        commands.note_goods(self.merchant, pk, back=told.back, at=told.at)
        return self.shown(pk)


class ReturnOfWithdrawal(_Doing):
    """The way back of its goods."""

    @extend_schema(operation_id="withdrawals_return", request=None, responses={200: WithdrawalOut})
    def post(self, request: HttpRequest, withdrawal_id: str) -> HttpResponse:
        """Let the goods come back: `return_ids` say how. It happens by itself where nothing speaks against it."""
        pk = self.found(withdrawal_id)
        open_way(self.merchant, pk)
        return self.shown(pk)


class MethodOfReturn(ApiView):
    """How withdrawn goods are sent."""

    scopes = {"POST": "returns:write"}

    @extend_schema(operation_id="returns_method", request=MethodIn, responses={200: ReturnOut})
    def post(self, request: HttpRequest, return_id: str) -> HttpResponse:
        """Choose for the consumer, as long as nothing is sent and no label made. Returns of your own keep their way."""
        pk = named_return(return_id)
        choose_way(self.merchant, pk, self.body(MethodIn).method)
        return self.show(shown_return(pk))


class SetAsideWithdrawal(_Doing):
    """The decision that there is nothing to refund."""

    @extend_schema(operation_id="withdrawals_set_aside", request=SetAsideIn, responses={200: WithdrawalOut})
    def post(self, request: HttpRequest, withdrawal_id: str) -> HttpResponse:
        """Set it aside, with a reason. What was declared stays."""
        pk = self.found(withdrawal_id)
        commands.set_aside(self.merchant, pk, self.body(SetAsideIn).reason)
        return self.shown(pk)


class CompleteWithdrawal(_Doing):
    """Its end."""

    @extend_schema(operation_id="withdrawals_complete", request=None, responses={200: WithdrawalOut})
    def post(self, request: HttpRequest, withdrawal_id: str) -> HttpResponse:
        """Say that you gave the money back without asking us to."""
        pk = self.found(withdrawal_id)
        commands.complete(self.merchant, pk)
        return self.shown(pk)


def _lines(order_id: UUID | None, told: list[WithdrawalLineIn]) -> Mapping[UUID, int]:
    if not told:
        return {}
    known = dict(OrderLine.objects.filter(order_id=order_id).values_list("external_id", "pk"))
    if order_id is None or any(each.line not in known for each in told):
        raise Unprocessable("The order has no such line.", param="lines", code="unknown_line")
    return {known[each.line]: each.quantity for each in told}

"""Exports of returns, claims and withdrawals: a row a line of each."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from drf_spectacular.utils import extend_schema

from merchants.exporting import Export
from merchants.ids import public_id
from merchants.rest.exports import FILE, ExportView, parameters
from returns.api import RETURN_FILTERS, filtered_returns
from returns.claims.api import CLAIM_FILTERS, filtered_claims
from returns.claims.models import Claim
from returns.claims.schemas import show_claim
from returns.models import Return
from returns.shown import show_return
from returns.withdrawal.api import WITHDRAWAL_FILTERS, filtered_withdrawals
from returns.withdrawal.models import Withdrawal
from returns.withdrawal.schemas import show_withdrawal

_OF_RETURN = (
    "id", "number", "order_external_id", "order_number", "kind", "approval_state", "logistics_state", "money_state",
    "requested_by", "gift", "method", "destination", "currency", "fee", "carrier", "tracking_number", "review_reason",
    "requested_at", "decided_at", "sent_at", "received_at", "inspected_at", "settled_at", "closed_at",
    "lines[].line", "lines[].sku", "lines[].title", "lines[].quantity", "lines[].reason", "lines[].note",
    "lines[].resolution", "lines[].exchange_variant", "lines[].paid", "lines[].received", "lines[].accepted",
    "lines[].condition", "lines[].grade", "lines[].disposition", "lines[].restocked", "lines[].settled",
)  # fmt: skip
_OF_CLAIM = (
    "id", "number", "order_external_id", "order_number", "kind", "status", "wanted", "value", "currency", "resolution",
    "payer", "exclusion", "decided_by", "eligible_at", "created_at", "decided_at", "lines[].line", "lines[].title",
    "lines[].quantity",
)  # fmt: skip
_OF_WITHDRAWAL = (
    "id", "number", "status", "source", "declared_at", "name", "contract", "email", "text", "is_whole",
    "order_external_id", "order_number", "finding", "marks", "refund_due_at", "goods_back_at", "dispatched_at",
    "completed_at", "set_aside_reason", "created_at", "lines[].line", "lines[].title", "lines[].quantity",
)  # fmt: skip


def _returned(ret: Return) -> Iterator[Sequence[Any]]:
    head = [
        public_id("ret", ret.pk), ret.number, ret.order.external_id, ret.order.number,
        *(getattr(ret, name) for name in _OF_RETURN[4:24]),
    ]  # fmt: skip
    for row in ret.lines.all():
        what = row.part or row.line
        yield [*head, row.line.external_id, what.sku, what.title, row.quantity, row.reason, row.note, row.resolution,
               row.exchange_variant, row.paid, row.received, row.accepted, row.condition, row.grade, row.disposition,
               row.restocked, row.settled]  # fmt: skip


def _claimed(claim: Claim) -> Iterator[Sequence[Any]]:
    head = [
        public_id("clm", claim.pk), claim.number, claim.order.external_id, claim.order.number,
        *(getattr(claim, name) for name in _OF_CLAIM[4:16]),
    ]  # fmt: skip
    for row in claim.lines.all():
        yield [*head, row.line.external_id, row.line.title, row.quantity]


def _withdrawn(row: Withdrawal) -> Iterator[Sequence[Any]]:
    order = row.order
    head = [
        public_id("wdr", row.pk), *(getattr(row, name) for name in _OF_WITHDRAWAL[1:10]),
        order.external_id if order else "", order.number if order else "", row.finding, " ".join(row.marks),
        *(getattr(row, name) for name in _OF_WITHDRAWAL[14:20]),
    ]  # fmt: skip
    lines = list(row.lines.all())
    for each in lines:
        yield [*head, each.line.external_id, each.line.title, each.quantity]
    if not lines:
        yield [*head, "", "", ""]


RETURNS = Export("returns", _OF_RETURN, _returned, lambda _merchant, ret: show_return(ret), by="requested_at")
CLAIMS = Export("claims", _OF_CLAIM, _claimed, lambda _merchant, claim: show_claim(claim))
WITHDRAWALS = Export("withdrawals", _OF_WITHDRAWAL, _withdrawn, lambda _merchant, row: show_withdrawal(row))


class ExportReturns(ExportView):
    """The returns as a file."""

    scopes = {"GET": "returns:read"}
    export = RETURNS

    @extend_schema(operation_id="exports_returns", parameters=parameters(*RETURN_FILTERS), responses=FILE)
    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Export all returns as a file, newest first: a row a line of each. CSV as in `GET /exports/orders`."""
        return self.send(request)

    def rows(self, request: HttpRequest) -> QuerySet[Return]:
        return filtered_returns(request)


class ExportClaims(ExportView):
    """The claims as a file."""

    scopes = {"GET": "returns:read"}
    export = CLAIMS

    @extend_schema(operation_id="exports_claims", parameters=parameters(*CLAIM_FILTERS), responses=FILE)
    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Export all claims as a file, newest first: a row a line of each. CSV as in `GET /exports/orders`."""
        return self.send(request)

    def rows(self, request: HttpRequest) -> QuerySet[Claim]:
        return filtered_claims(request)


class ExportWithdrawals(ExportView):
    """The withdrawals as a file."""

    scopes = {"GET": "returns:read"}
    export = WITHDRAWALS

    @extend_schema(
        operation_id="exports_withdrawals", parameters=parameters(*WITHDRAWAL_FILTERS), responses=FILE
    )
    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Export all withdrawals as a file, newest first: a row a line of each. CSV as in `GET /exports/orders`."""
        return self.send(request)

    def rows(self, request: HttpRequest) -> QuerySet[Withdrawal]:
        return filtered_withdrawals(request)

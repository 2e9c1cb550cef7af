"""REST: segments, and who is in them."""

from datetime import datetime
from typing import Annotated

import msgspec
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.ids import parse_public_id, public_id
from merchants.rest.errors import InvalidParameter, NotFound
from merchants.rest.exports import FILE, ExportView, parameters
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from orders.exports import CUSTOMERS
from orders.models import Customer
from orders.queries import show_customer
from orders.schemas import CustomerOut
from orders.segments import commands, queries
from orders.segments.members import customers_of
from orders.segments.queries import Known
from orders.segments.rules import SegmentRule, checked

_READ, _WRITE = "customers:read", "customers:write"


class SegmentIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A segment. `rule` names its conditions; those that there are: the guide on segments."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    rule: SegmentRule


class SegmentOut(msgspec.Struct, kw_only=True):
    """A segment, with how many are in it now. `built_in`: ours, which cannot be changed."""

    id: str
    name: str
    built_in: bool
    rule: SegmentRule
    customers: int
    created_at: datetime | None


class SegmentsOut(msgspec.Struct, kw_only=True):
    """All segments: the built-in ones, then your own by name."""

    data: list[SegmentOut]


class CountOut(msgspec.Struct, kw_only=True):
    """How many customers a rule lets in."""

    customers: int


class DeletedOut(msgspec.Struct, kw_only=True):
    """It is gone."""

    id: str
    deleted: bool


def show(known: Known, customers: int) -> SegmentOut:
    """A segment as the API shows it."""
    return SegmentOut(
        id=known.ref, name=str(known.name), built_in=known.row is None, rule=known.rule, customers=customers,
        created_at=known.row.created_at if known.row else None,
    )  # fmt: skip


class Segments(ApiView):
    """The merchant's segments."""

    scopes = {"GET": _READ, "POST": _WRITE}

    @extend_schema(operation_id="segments_list", responses={200: SegmentsOut})
    def get(self, request: HttpRequest) -> HttpResponse:
        """List all segments, each with how many customers are in it now."""
        known = queries.all_segments()
        counts = queries.counts(known)
        return self.show(SegmentsOut(data=[show(each, counts[each.ref]) for each in known]))

    @extend_schema(operation_id="segments_create", request=SegmentIn, responses={201: SegmentOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a segment."""
        return self.once("POST /segments", self._create)

    def _create(self) -> HttpResponse:
        body = self.body(SegmentIn)
        row = commands.save_segment(self.merchant, body.name, body.rule)
        return self.show(show(queries.get_segment(public_id("seg", row.pk)), queries.count(body.rule)), 201)


class CountSegment(ApiView):
    """Counting before anything is made."""

    scopes = {"POST": _READ}

    @extend_schema(operation_id="segments_count", request=SegmentRule, responses={200: CountOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Count the customers whom a rule would let in. Nothing is stored."""
        rule = checked(self.body(SegmentRule))
        return self.show(CountOut(customers=queries.count(rule)))


class OneSegment(ApiView):
    """One segment."""

    scopes = {"GET": _READ, "PATCH": _WRITE, "DELETE": _WRITE}

    @extend_schema(operation_id="segments_read", responses={200: SegmentOut})
    def get(self, request: HttpRequest, segment_id: str) -> HttpResponse:
        """Read a segment by its id, or a built-in one by its name (`new`)."""
        known = queries.get_segment(segment_id)
        return self.show(show(known, queries.count(known.rule)))

    @extend_schema(operation_id="segments_update", request=SegmentIn, responses={200: SegmentOut})
    def patch(self, request: HttpRequest, segment_id: str) -> HttpResponse:
        """Change a segment's name and rule. Whoever uses it uses the new one from now on."""
        return self.once(f"PATCH /segments/{segment_id}", lambda: self._change(segment_id))

    def _change(self, segment_id: str) -> HttpResponse:
        row = queries.get_segment(segment_id).row
        if row is None:
            raise NotFound("A built-in segment does not change.", param="segment_id")
        body = self.body(SegmentIn)
        commands.save_segment(self.merchant, body.name, body.rule, segment_id=row.pk)
        return self.show(show(queries.get_segment(segment_id), queries.count(body.rule)))

    @extend_schema(operation_id="segments_delete", responses={200: DeletedOut})
    def delete(self, request: HttpRequest, segment_id: str) -> HttpResponse:
        """Delete a segment that nothing uses."""
        return self.once(f"DELETE /segments/{segment_id}", lambda: self._delete(segment_id))

    def _delete(self, segment_id: str) -> HttpResponse:
        commands.delete_segment(self.merchant, parse_public_id("seg", segment_id))
        return self.show(DeletedOut(id=segment_id, deleted=True))


class SegmentCustomers(ApiView):
    """Who is in a segment."""

    scopes = {"GET": _READ}

    @extend_schema(
        operation_id="segments_customers", parameters=[*PAGING], responses={200: Page[CustomerOut]}
    )
    def get(self, request: HttpRequest, segment_id: str) -> HttpResponse:
        """List the customers who are in a segment now, newest first."""
        rows = customers_of(queries.get_segment(segment_id).rule)
        return self.show(newest_first(rows, request.GET, show_customer))


class ExportSegment(ExportView):
    """Who is in a segment, as a file."""

    scopes = {"GET": _READ}
    export = CUSTOMERS

    @extend_schema(
        operation_id="exports_segment",
        parameters=parameters(query("segment_id", "Which one: `seg_…`, or `new`.", required=True)),
        responses=FILE,
    )
    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Export the customers who are in a segment now, newest first. CSV as in `GET /exports/customers`."""
        return self.send(request)

    def rows(self, request: HttpRequest) -> QuerySet[Customer]:
        try:
            known = queries.get_segment(request.GET.get("segment_id", ""))
        except NotFound as error:
            raise InvalidParameter(
                "segment_id names a segment: seg_…, or new.", param="segment_id"
            ) from error
        return customers_of(known.rule)

"""REST: the watch-list."""

from collections.abc import Callable
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.ids import NOBODY, parse_public_id
from merchants.rest.errors import InvalidParameter
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from tracking.watch import commands, queries
from tracking.watch.models import Reason, State, WatchItem
from tracking.watch.schemas import AssignIn, DismissIn, SnoozeIn, WatchItemOut

FILTERS = (
    query("state", "Default: `open`.", values=State.values),
    query("reason", "Why it needs somebody.", values=Reason.values),
    query("assignee", "The address of who looks after it."),
    query("order_id", "Of one order: `ord_…`"),
    query("shipment_id", "Of one parcel: `shp_…`"),
)


class WatchItems(ApiView):
    """What needs somebody."""

    scopes = {"GET": "shipments:read"}

    @extend_schema(
        operation_id="watch_items_list",
        parameters=[*FILTERS, *PAGING],
        responses={200: Page[WatchItemOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List the watch-list, newest first: snoozed items are among them, with the time until when."""
        rows = filtered_items(request)
        return self.show(newest_first(rows, request.GET, queries.show_item, by="opened_at"))


class OneWatchItem(ApiView):
    """One item of the watch-list."""

    scopes = {"GET": "shipments:read"}

    @extend_schema(operation_id="watch_items_read", responses={200: WatchItemOut})
    def get(self, request: HttpRequest, watch_id: str) -> HttpResponse:
        """Read an item, also one that is over."""
        return self.show(queries.show_item(queries.get_item(parse_public_id("wat", watch_id))))


class _Change(ApiView):
    scopes = {"POST": "shipments:write"}
    verb = ""

    def change(self, watch_id: str, do: Callable[[UUID], int]) -> HttpResponse:
        def run() -> HttpResponse:
            item = commands.require_open(parse_public_id("wat", watch_id))
            do(item.pk)
            return self.show(queries.show_item(queries.get_item(item.pk)))

        return self.once(f"POST /watch-items/{watch_id}/{self.verb}", run)


class SnoozeWatchItem(_Change):
    """Putting an item off."""

    verb = "snooze"

    @extend_schema(operation_id="watch_items_snooze", request=SnoozeIn, responses={200: WatchItemOut})
    def post(self, request: HttpRequest, watch_id: str) -> HttpResponse:
        """Put an item out of sight until a time, or bring it back. 409 when it is over."""
        return self.change(
            watch_id, lambda item: commands.snooze(self.merchant, [item], self.body(SnoozeIn).until)
        )


class AssignWatchItem(_Change):
    """Giving an item to somebody."""

    verb = "assign"

    @extend_schema(operation_id="watch_items_assign", request=AssignIn, responses={200: WatchItemOut})
    def post(self, request: HttpRequest, watch_id: str) -> HttpResponse:
        """Let somebody of the team look after an item, or nobody. 409 when it is over."""
        return self.change(
            watch_id, lambda item: commands.assign(self.merchant, [item], self.body(AssignIn).assignee or "")
        )


class DismissWatchItem(_Change):
    """Being done with an item."""

    verb = "dismiss"

    @extend_schema(operation_id="watch_items_dismiss", request=DismissIn, responses={200: WatchItemOut})
    def post(self, request: HttpRequest, watch_id: str) -> HttpResponse:
        """Be done with an item, for a reason. It comes back only when it happens again. 409 when it is over."""
        return self.change(
            watch_id, lambda item: commands.dismiss(self.merchant, [item], self.body(DismissIn).dismissal)
        )


def filtered_items(request: HttpRequest) -> QuerySet[WatchItem]:
    """The items that the request's parameters leave. Raises InvalidParameter."""
    asked = request.GET
    state = asked.get("state", State.OPEN.value)
    if state not in State.values:
        raise InvalidParameter(f"state is one of {', '.join(State.values)}.", param="state")
    rows = queries.items().filter(state=state)
    if reason := asked.get("reason"):
        if reason not in Reason.values:
            raise InvalidParameter(f"reason is one of {', '.join(Reason.values)}.", param="reason")
        rows = rows.filter(reason=reason)
    if assignee := asked.get("assignee"):
        rows = rows.filter(assignee__iexact=assignee)
    if order := asked.get("order_id"):
        rows = rows.filter(order_id=parse_public_id("ord", order) or NOBODY)
    if shipment := asked.get("shipment_id"):
        rows = rows.filter(shipment_id=parse_public_id("shp", shipment) or NOBODY)
    return rows

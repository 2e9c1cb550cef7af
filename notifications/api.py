"""REST: messages, to read."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.ids import parse_public_id
from merchants.rest.errors import InvalidParameter
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from notifications import queries
from notifications.models import Channel, Message, MessageState
from notifications.schemas import FullMessageOut, MessageOut, show_full_message, show_message
from notifications.touchpoints import TOUCHPOINTS

# What `filtered_messages` reads: for the list and for its export.
MESSAGE_FILTERS = (
    query("order_id", "About one order: `ord_…`"),
    query("customer_id", "To one customer: `cus_…`"),
    query("state", "What became of it.", values=MessageState.values),
    query("channel", "How it went.", values=Channel.values),
    query("touchpoint", "Which moment it is about.", values=TOUCHPOINTS),
)


class Messages(ApiView):
    """The message log."""

    scopes = {"GET": "messages:read"}

    @extend_schema(
        operation_id="messages_list",
        parameters=[*MESSAGE_FILTERS, *PAGING],
        responses={200: Page[MessageOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List messages, newest first, without their texts.

        `?order_id=`, `?customer_id=`, `?state=`, `?channel=` and `?touchpoint=` narrow it.
        """
        rows = filtered_messages(queries.messages_without_bodies(), request)
        return self.show(newest_first(rows, request.GET, show_message, by="planned_at"))


class OneMessage(ApiView):
    """One message."""

    scopes = {"GET": "messages:read"}

    @extend_schema(operation_id="messages_read", responses={200: FullMessageOut})
    def get(self, request: HttpRequest, message_id: str) -> HttpResponse:
        """Read a message: exactly what went out, or why it did not."""
        return self.show(show_full_message(queries.get_message(parse_public_id("msg", message_id))))


def filtered_messages(rows: QuerySet[Message], request: HttpRequest) -> QuerySet[Message]:
    """The messages that the request's parameters leave. Raises InvalidParameter."""
    asked = request.GET
    if order := asked.get("order_id"):
        order_id = parse_public_id("ord", order)
        rows = rows.filter(order_id=order_id) if order_id else rows.none()
    if customer := asked.get("customer_id"):
        customer_id = parse_public_id("cus", customer)
        rows = rows.filter(customer_id=customer_id) if customer_id else rows.none()
    choices = {"state": MessageState.values, "channel": Channel.values, "touchpoint": list(TOUCHPOINTS)}
    for name, known in choices.items():
        if value := asked.get(name):
            if value not in known:
                raise InvalidParameter(f"{name} is one of {', '.join(known)}.", param=name)
            rows = rows.filter(**{name: value})
    return rows

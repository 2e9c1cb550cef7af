"""REST: the log, in order."""

from datetime import datetime
from typing import Any

import msgspec
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from events.facts import known_types
from events.models import Fact
from events.public import public_data
from merchants.ids import NOBODY, parse_public_id, public_id
from merchants.models import Merchant
from merchants.rest.errors import InvalidParameter
from merchants.rest.pages import limit_of
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView


class EventOut(msgspec.Struct, kw_only=True):
    """Something that happened. `position` grows; `data` depends on `type`."""

    position: int
    type: str
    order_id: str | None
    data: dict[str, Any]
    recorded_at: datetime


class EventsOut(msgspec.Struct, kw_only=True):
    """A stretch of the log. Ask again with `next_cursor`: also at the end, for what happens later."""

    data: list[EventOut]
    has_more: bool
    next_cursor: str


# What `filtered_facts` reads: for the list and for its export.
EVENT_FILTERS = (
    query("type", "Of one type: `order.placed`"),
    query("order_id", "About one order: `ord_…`"),
)


class Events(ApiView):
    """The log."""

    scopes = {"GET": "events:read"}

    @extend_schema(
        operation_id="events_list",
        parameters=[*EVENT_FILTERS, *PAGING],
        responses={200: EventsOut},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """Read the log, oldest first, after `?cursor=`. `?type=` and `?order_id=` narrow it."""
        limit = limit_of(request.GET)
        after = _position(request.GET.get("cursor", "0"))
        rows = filtered_facts(facts_after(self.merchant, after), request)
        found = list(rows.order_by("position")[: limit + 1])
        shown = found[:limit]
        last = shown[-1].position if shown else after
        return self.show(
            EventsOut(
                data=[show_fact(fact) for fact in shown], has_more=len(found) > limit, next_cursor=str(last)
            )
        )


def filtered_facts(rows: QuerySet[Fact], request: HttpRequest) -> QuerySet[Fact]:
    """The facts that the request's parameters leave. Raises InvalidParameter."""
    if wanted := request.GET.get("type"):
        if wanted not in known_types():
            raise InvalidParameter(f"There is no type {wanted!r}.", param="type")
        rows = rows.filter(type=wanted)
    if order := request.GET.get("order_id"):
        rows = rows.filter(order_id=parse_public_id("ord", order) or NOBODY)
    return rows


def facts_after(merchant: Merchant, position: int) -> QuerySet[Fact]:
    """The merchant's facts after a place in line. Its shard is named so that other shards' are not walked past."""
    return Fact.objects.filter(shard=merchant.shard, position__gt=position)


def _position(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise InvalidParameter("This cursor is not one that we gave.", param="cursor")
    return int(text)


def show_fact(fact: Fact) -> EventOut:
    """A fact as the API shows it."""
    return EventOut(
        position=fact.position,
        type=fact.type,
        order_id=public_id("ord", fact.order_id) if fact.order_id else None,
        data=public_data(fact.type, fact.data),
        recorded_at=fact.recorded_at,
    )

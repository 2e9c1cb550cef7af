"""The export of the log."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from drf_spectacular.utils import extend_schema

from events.api import EVENT_FILTERS, facts_after, filtered_facts, show_fact
from events.models import Fact
from merchants.exporting import PAGE, Export
from merchants.models import Merchant
from merchants.rest.exports import FILE, ExportView, parameters
from merchants.scope import merchant_scope

_COLUMNS = ("position", "type", "order_id", "recorded_at", "data")


def _lines(fact: Fact) -> Iterator[Sequence[Any]]:
    shown = show_fact(fact)
    yield [
        shown.position,
        shown.type,
        shown.order_id,
        shown.recorded_at,
        msgspec.json.encode(shown.data).decode(),
    ]


EVENTS = Export("events", _COLUMNS, _lines, lambda _merchant, fact: show_fact(fact))


class ExportEvents(ExportView):
    """The log as a file."""

    scopes = {"GET": "events:read"}
    export = EVENTS

    @extend_schema(
        operation_id="exports_events",
        parameters=parameters(*EVENT_FILTERS),
        responses=FILE,
    )
    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Export the whole log as a file, oldest first. CSV as in `GET /exports/orders`."""
        return self.send(request)

    def pages(self, request: HttpRequest) -> Iterator[list[Fact]]:
        filtered_facts(facts_after(self.merchant, 0), request)  # What is wrong in the query is said at once.
        return fact_pages(
            self.merchant, lambda after: filtered_facts(facts_after(self.merchant, after), request)
        )


def fact_pages(merchant: Merchant, rows_after: Callable[[int], QuerySet[Fact]]) -> Iterator[list[Fact]]:
    """The log in pages, oldest first."""
    after = 0
    while True:
        with merchant_scope(merchant):
            page = list(rows_after(after).order_by("position")[:PAGE])
        if page:
            yield page
        if len(page) < PAGE:
            return
        after = page[-1].position

"""The export of the message log."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from drf_spectacular.utils import extend_schema

from merchants.exporting import Export
from merchants.rest.exports import FILE, ExportView, parameters
from notifications import queries
from notifications.api import MESSAGE_FILTERS, filtered_messages
from notifications.models import Message
from notifications.schemas import MessageOut, show_message

_COLUMNS = tuple(MessageOut.__struct_fields__)


def _lines(message: Message) -> Iterator[Sequence[Any]]:
    shown = show_message(message)
    yield [getattr(shown, name) for name in _COLUMNS]


MESSAGES = Export(
    "messages", _COLUMNS, _lines, lambda _merchant, message: show_message(message), by="planned_at"
)


class ExportMessages(ExportView):
    """The message log as a file."""

    scopes = {"GET": "messages:read"}
    export = MESSAGES

    @extend_schema(
        operation_id="exports_messages",
        parameters=parameters(*MESSAGE_FILTERS),
        responses=FILE,
    )
    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Export the message log as a file, newest first, without the texts. CSV as in `GET /exports/orders`."""
        return self.send(request)

    def rows(self, request: HttpRequest) -> QuerySet[Message]:
        return filtered_messages(queries.messages_without_bodies(), request)

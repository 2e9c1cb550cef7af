"""`GET /exports/<list>`: the base of the views that send a whole list as a file."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from merchants.exporting import FORMATS, Export, format_of, newest_pages, stream
from merchants.rest.parameters import query
from merchants.rest.views import ApiView

FORMAT = query("format", "How it is written. Default: csv.", values=FORMATS)
# What an export answers, for the reference.
FILE: dict[Any, Any] = {
    (200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY, description="The whole list."),
    (200, "application/x-ndjson"): OpenApiResponse(OpenApiTypes.BINARY, description="The whole list."),
}


class ExportView(ApiView):
    """A list as a file. Subclasses name `export`, and the rows that the query's filters leave."""

    export: Export

    def rows(self, request: HttpRequest) -> QuerySet:
        """The list, narrowed by the request's parameters. Raises InvalidParameter."""
        raise NotImplementedError

    def pages(self, request: HttpRequest) -> Iterator[list[Any]]:
        """The rows in pages."""
        return newest_pages(self.merchant, self.rows(request), self.export.by)

    def send(self, request: HttpRequest) -> StreamingHttpResponse:
        """The answer; to HEAD without a body, and without reading a row."""
        format_ = format_of(request.GET)
        answer = stream(self.merchant, self.export, self.pages(request), format_)
        if request.method == "HEAD":
            return HttpResponse(headers=answer.headers)  # type: ignore[return-value]
        return answer


def parameters(*filters: OpenApiParameter) -> list[OpenApiParameter]:
    """The parameters of an export: its list's filters, and the format."""
    return [*filters, FORMAT]

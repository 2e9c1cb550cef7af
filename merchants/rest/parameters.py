"""Query parameters as the API reference describes them."""

from collections.abc import Iterable

from drf_spectacular.utils import OpenApiParameter

from merchants.rest.pages import DEFAULT_LIMIT, LARGEST_LIMIT


def query(
    name: str, description: str, *, values: Iterable[str] = (), required: bool = False
) -> OpenApiParameter:
    """A text parameter; `values` lists the words that it may be."""
    return OpenApiParameter(
        name,
        str,
        OpenApiParameter.QUERY,
        description=description,
        enum=list(values) or None,
        required=required,
    )


def moment(name: str, description: str) -> OpenApiParameter:
    """A parameter that is a time."""
    schema = {"type": "string", "format": "date-time"}
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)


PAGING = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
        OpenApiParameter.QUERY,
        description="How many entries a page has.",
    ),
    query("cursor", "Where the page begins: `next_cursor` of the page before."),
]

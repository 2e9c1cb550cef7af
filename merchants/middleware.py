"""The outermost middleware: an id for every request."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from merchants.ids import public_id, uuid7
from merchants.logs import set_request_id

_GIVEN = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


class RequestContext:
    """Gives each request an id, in its logs, its errors and its `Request-Id` header.

    A proxy's own id is kept when it is a harmless one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_REQUEST_ID", "")
        current = given if _GIVEN.match(given) else public_id("req", uuid7())
        set_request_id(current)
        response = self.get_response(request)
        response["Request-Id"] = current
        return response

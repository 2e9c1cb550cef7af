"""The outermost middleware: an id for every request, and a short way to the API."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch, resolve
from django.utils import translation

from merchants.ids import public_id, uuid7
from merchants.logs import set_request_id

_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestContext:
    """Gives each request an id, in its logs, its errors and its `Request-Id` header.

    A proxy's own id is kept when it is a harmless one. `request.entered_at` is when it came in (UTC, microseconds):
    what counts by the clock counts from there, before anything was looked up or limited.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.entered_at = datetime.now(UTC)  # type: ignore[attr-defined]
        given = request.META.get("HTTP_REQUEST_ID", "")
        current = given if _GIVEN.fullmatch(given) else public_id("req", uuid7())
        set_request_id(current)
        response = self.get_response(request)
        response["Request-Id"] = current
        return response


_fixed: dict[str, ResolverMatch] = {}


def _resolved(path: str) -> ResolverMatch:
    """What answers at a path. Remembered where the address has no parameter, as those of the busiest roads."""
    known = _fixed.get(path)
    if known is None:
        known = resolve(path)
        if not known.kwargs and not known.args:
            _fixed[path] = known
    return known


class ApiLane:
    """Answers the API and the shops' hooks without the middleware below: sessions, languages, CSRF, messages.

    Nothing there reads any of it (keys and signatures say who asks), and it costs a fifth of the CPU of an order.
    """

    paths = ("/api/v1/", "/hooks/")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A merchant's own host has addresses of its own (`PortalDomains`), none of which is the API's.
        if not request.path_info.startswith(self.paths) or hasattr(request, "urlconf"):
            return self.get_response(request)
        # The thread may still speak the language of the page that it answered before.
        translation.activate(settings.LANGUAGE_CODE)
        request.resolver_match = match = _resolved(request.path_info)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        if hasattr(response, "render"):
            response = response.render()
        if not response.streaming:  # an export's length is known at its end
            response.headers.setdefault("Content-Length", str(len(response.content)))
        response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Cache-Control", "no-store")  # names and addresses of shoppers
        return response

"""Sessions of people end by themselves: after too long, and after too long without use."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.sessions import keep_or_end

_PATHS = ("/app/", "/admin/")


class SessionClock:
    """Looks at the clocks of whoever is signed in, before any page does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(_PATHS):
            keep_or_end(request)
        return self.get_response(request)

"""The only road to the pages of a person's own account: signed in, and where it hurts, proved again lately."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.debug import sensitive_post_parameters

from accounts import sessions
from dashboard.access import ask_to_sign_in, confirm_first
from merchants import audit

View = Callable[..., HttpResponse]


def account_view(*, step_up: bool = False) -> Callable[[View], View]:
    """Decorate a view of the signed-in person's own account: it is called as `view(request, user, **kwargs)`.

    One with `step_up` asks for the password or a second factor first, unless that was within ten minutes.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @sensitive_post_parameters()
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            user = request.user
            if not isinstance(user, User):
                return ask_to_sign_in(request)
            if step_up and not sessions.is_recent(request):
                return confirm_first(request)
            with audit.acting_as(audit.person(user)):
                response = view(request, user, **kwargs)
            add_never_cache_headers(response)
            return response

        guarded.own_account = True  # type: ignore[attr-defined]  # read by the access tests
        return guarded

    return decorate

"""What every address that other systems call has in common: shops', carriers' and providers' webhooks."""

from collections.abc import Callable
from functools import wraps

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from merchants.rest.errors import Problem, as_problem, respond


def door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A webhook's address: POST only, errors as the API tells them, 503 when it cannot be stored."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: str) -> HttpResponse:
        try:
            return view(request, **kwargs)
        except (Problem, OperationalError, InterfaceError) as error:
            problem = as_problem(error)
            assert problem is not None
            return respond(problem)

    return guarded

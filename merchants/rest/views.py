"""The base of every API view: the key's merchant as scope, typed bodies, idempotency."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from merchants import audit
from merchants.models import ApiKey, Merchant
from merchants.rest import idempotency
from merchants.rest.decode import decode, encode, read_body, refuse_nul
from merchants.rest.errors import NotFound, UnsupportedMediaType, as_problem, respond
from merchants.scope import merchant_scope

T = TypeVar("T")

# An id of ours that does not exist never will. An order that the body names may come a moment later: that is not kept.
_KEPT_PROBLEMS = ("not_found", "gone")


class ApiView(APIView):
    """A view of one merchant's data. Subclasses name the scope of each method in `scopes`."""

    scopes: dict[str, str] = {}
    merchant: Merchant

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._stack:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_nul(request._request.GET)
        assert isinstance(request.auth, ApiKey)
        self.merchant = request.auth.merchant
        self._stack.enter_context(merchant_scope(self.merchant))
        self._stack.enter_context(audit.acting_as(audit.api_key(request.auth)))

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """Which methods are answered here (`Allow`)."""
        return HttpResponse(status=204)

    def body(self, kind: type[T]) -> T:
        """The request's body as `kind`. Raises UnsupportedMediaType, InvalidBody or TooLarge."""
        sent_as = self.request._request.content_type or ""
        if sent_as not in ("", "application/json") and not sent_as.endswith("+json"):
            raise UnsupportedMediaType(
                f"Send JSON as application/json, not {sent_as[:100]}.", param="Content-Type"
            )
        return decode(read_body(self.request._request), kind)

    def show(self, value: Any, status: int = 200) -> HttpResponse:
        """A Struct as the response."""
        return HttpResponse(encode(value), status=status, content_type="application/json")

    def once(self, route: str, work: Callable[[], HttpResponse]) -> HttpResponse:
        """Do `work`, honouring `Idempotency-Key` when the request carries one."""
        key = self.request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return work()

        def answered() -> HttpResponse:
            try:
                return work()
            except Exception as error:
                problem = as_problem(error)
                if problem is None or problem.code not in _KEPT_PROBLEMS:
                    raise  # Nothing of it may be stored: the transaction rolls back.
                return respond(problem)

        return idempotency.once(self.merchant, route, key, read_body(self.request._request), answered)


def unknown_address(request: HttpRequest, **_: str) -> HttpResponse:
    """What every address under /api/ answers that there is not."""
    return respond(NotFound("There is no such address in this API.", code="unknown_address"))

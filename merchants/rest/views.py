"""The base of every API view: the key's merchant as scope, typed bodies, idempotency."""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.views import APIView

from merchants import audit
from merchants.models import ApiKey, Merchant
from merchants.rest import idempotency, limits
from merchants.rest.decode import decode, encode, read_body, refuse_nul
from merchants.rest.errors import NotFound, TooManyRequests, UnsupportedMediaType, as_problem, respond
from merchants.scope import merchant_scope

T = TypeVar("T")

# An id of ours that does not exist never will. An order that the body names may come a moment later: that is not kept.
_KEPT_PROBLEMS = ("not_found", "gone")


class ApiView(APIView):
    """A view of one merchant's data. Subclasses name the scope of each method in `scopes`.

    may_be_missing: that the address alone does not say so, but 404 is an answer of it.
    """

    scopes: dict[str, str] = {}
    may_be_missing = False
    merchant: Merchant
    _allowance: limits.Allowance | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._stack:
            response = super().dispatch(request, *args, **kwargs)
        if self._allowance is not None:
            for name, value in self._allowance.headers():
                response.headers[name] = value
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Before the method: whose key, has it tokens left, may it do this. There is one representation and one
        version to negotiate about, so that the base class has nothing to do here."""
        self.perform_authentication(request)
        key = request.auth
        assert isinstance(key, ApiKey)
        self._take_token(key)
        self.check_permissions(request)
        refuse_nul(request._request.GET)
        self.merchant = key.merchant
        self._stack.enter_context(merchant_scope(self.merchant))
        self._stack.enter_context(audit.acting_as(audit.api_key(key)))

    def _take_token(self, key: ApiKey) -> None:
        """Count the request, refused or not. Raises TooManyRequests."""
        self._allowance = left = limits.take(key.id)
        if left is not None and left.wait:
            raise TooManyRequests(
                f"A key may make {settings.API_RATE} requests a second, and {settings.API_BURST} at once.",
                code="rate_limited",
                retry_after=left.wait,
            )

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
        """A Struct as the response. What is read carries an `ETag`; asked with it again, 304 says it is the same."""
        body = encode(value)
        request = self.request._request
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(body, status=status, content_type="application/json")
        tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        if is_known(request, tag):
            return HttpResponse(status=304, headers={"ETag": tag})
        return HttpResponse(body, status=status, content_type="application/json", headers={"ETag": tag})

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


def is_known(request: HttpRequest, tag: str) -> bool:
    """Whether the sender holds what this `ETag` stands for (`If-None-Match`)."""
    given = request.META.get("HTTP_IF_NONE_MATCH", "")
    return bool(given) and (given.strip() == "*" or tag in (t.removeprefix("W/") for t in parse_etags(given)))


def unknown_address(request: HttpRequest, **_: str) -> HttpResponse:
    """What every address under /api/ answers that there is not."""
    return respond(NotFound("There is no such address in this API.", code="unknown_address"))

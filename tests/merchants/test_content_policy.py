"""The policy's header: what django-csp would say, and a nonce of each page's own."""

from collections.abc import Callable
from typing import Any

import pytest
from csp.constants import HEADER
from csp.exceptions import CSPNonceError
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from merchants.content_policy import ContentPolicy
from portal.pages import POLICY

View = Callable[[HttpRequest], HttpResponse]


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


def with_nonce(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.csp_nonce))  # type: ignore[attr-defined]


def portal(request: HttpRequest) -> HttpResponse:
    response = with_nonce(request)
    response._csp_config = POLICY  # type: ignore[attr-defined]
    return response


def with_more(request: HttpRequest) -> HttpResponse:
    response = with_nonce(request)
    response._csp_update = {"img-src": ["https://more.test"]}  # type: ignore[attr-defined]
    return response


def own(request: HttpRequest) -> HttpResponse:
    return HttpResponse("", headers={HEADER: "default-src 'none'"})


def exempt(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("")
    response._csp_exempt = True  # type: ignore[attr-defined]
    return response


def told(kind: type[CSPMiddleware], view: View) -> set[str]:
    """The directives that leave with a page, its nonce named."""
    response: Any = kind(view)(RequestFactory().get("/"))
    directives = response.headers.get(HEADER, "").split("; ")
    nonce = response.content.decode() or "no nonce"
    return {directive.replace(nonce, "NONCE") for directive in directives}


@pytest.mark.parametrize("view", [plain, with_nonce, portal, with_more, own, exempt])
def test_it_says_what_the_library_says(view: View) -> None:
    assert told(ContentPolicy, view) == told(CSPMiddleware, view)
    assert told(ContentPolicy, view) == told(CSPMiddleware, view)  # from what was built before


def test_each_page_has_a_nonce_of_its_own() -> None:
    pages: list[Any] = [ContentPolicy(portal)(RequestFactory().get("/")) for _ in range(3)]
    nonces = {page.content.decode() for page in pages}
    assert len(nonces) == 3
    for page in pages:
        assert f"'nonce-{page.content.decode()}'" in page.headers[HEADER]


def test_a_nonce_that_would_stand_in_no_header_is_refused() -> None:
    request = RequestFactory().get("/")
    ContentPolicy(plain)(request)
    with pytest.raises(CSPNonceError):
        str(request.csp_nonce)  # type: ignore[attr-defined]

"""How the portal answers: one decorator around every view, one way to fill a template.

A page of the portal runs no script (but the one that offers notifications: `notify_views`), sets no cookie and asks no
other host for anything; the policy says so, and the forms do without CSRF tokens because `Sec-Fetch-Site` and `Origin`
tell a foreign form from our own.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import get_template
from django.views.decorators.csrf import csrf_exempt

from merchants import audit
from merchants.scope import merchant_scope
from portal import errors
from portal.shell import shell_of
from portal.site import Site, site_of

POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'self'", NONCE],
    "img-src": ["'self'", "data:"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["'none'"],
}
_HEADERS = {
    # A page of personal data: kept by the browser only, and asked for anew each time.
    "Cache-Control": "private, no-cache",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}
View = Callable[..., HttpResponse]


def portal_page(*methods: str, takes_foreign: bool = False) -> Callable[[View], View]:
    """Decorator: find whose portal is asked for, open its scope and its language, turn what goes wrong into a page.

    takes_foreign: a form that came from another page is no fault (`is_foreign` tells); there is no cookie to abuse.
    The view is called as `view(request, site, **kwargs)`.
    """

    def decorator(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, slug: str | None = None, **kwargs: Any) -> HttpResponse:
            site = site_of(request, slug)
            if site is None:
                raise Http404
            with merchant_scope(site.merchant), site.speaking(), audit.acting_as(audit.SHOPPER):
                try:
                    _check(request, methods, takes_foreign=takes_foreign)
                    response = view(request, site, **kwargs)
                except errors.PageError as error:
                    response = render(
                        request, site, "portal/error.html", error.context(site), status=error.status
                    )
                    for name, value in error.headers.items():
                        response[name] = value
            return response

        return answer

    return decorator


def render(
    request: HttpRequest,
    site: Site,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
    scheme: str = "",
    policy: Mapping[str, object] = POLICY,
) -> HttpResponse:
    """A page of the site in the language that is spoken now. No context processors: every value is named here.

    scheme: "light" or "dark" whatever the reader's device prefers, for previews. policy: another than all pages have.
    """
    nonce = str(request.csp_nonce)  # type: ignore[attr-defined]
    links = {
        "shop": site.merchant, "home_url": site.path(), "link_url": site.path("link/"),
        "withdraw_url": site.withdraw_url(),
    }  # fmt: skip
    main = get_template(template).render({**links, **context})
    html = shell_of(site, scheme).fill(nonce, context["title"], context.get("order_number", ""), main)
    response = HttpResponse(html, status=status, headers=_HEADERS)
    response["Content-Language"] = site.language
    response._csp_config = policy  # type: ignore[attr-defined]
    return response


def _check(request: HttpRequest, methods: tuple[str, ...], *, takes_foreign: bool) -> None:
    if request.method not in (*methods, *(["HEAD"] if "GET" in methods else [])):
        raise errors.WrongMethod(methods)
    if request.method == "POST" and not takes_foreign and is_foreign(request):
        raise errors.ForeignForm


def is_foreign(request: HttpRequest) -> bool:
    """Whether another site's page sent this form. Browsers tell it themselves; programs do not matter here."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.get_host()

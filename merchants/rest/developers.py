"""What developers of shops read: the API's description, its reference page, the guides, and the list of errors."""

import hashlib
from functools import lru_cache
from typing import Any

from csp.constants import NONCE
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import override
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from merchants.rest.auth import SCOPES
from merchants.rest.codes import CODES
from merchants.rest.guides import BY_SLUG, GUIDES, JOURNEYS
from merchants.rest.views import is_known

# Scalar writes style attributes and starts workers from blobs. Only its page allows that, and only from here.
_REFERENCE_POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'", NONCE],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'", "data:"],
    "connect-src": ["'self'"],
    "worker-src": ["'self'", "blob:"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'none'"],
}


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The description as YAML, or with `?format=json` as JSON."""
    as_json = request.GET.get("format") == "json"
    text = described(as_json=as_json)
    tag = f'"{hashlib.blake2b(text, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=300"}
    if is_known(request, tag):
        return HttpResponse(status=304, headers=headers)
    kind = "application/vnd.oai.openapi+json" if as_json else "application/vnd.oai.openapi"
    return HttpResponse(text, content_type=kind, headers=headers)


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """The reference, drawn by Scalar from the description."""
    response = render(request, "developers/api.html")
    response._csp_config = _REFERENCE_POLICY  # type: ignore[attr-defined]
    return response


@require_safe
def guides(request: HttpRequest) -> HttpResponse:
    """Where to begin: all guides."""
    return _page(request, "developers/index.html", {})


@require_safe
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    """One guide. Raises Http404 for one that there is not."""
    found = BY_SLUG.get(slug)
    if found is None:
        raise Http404("There is no such guide.")
    place = GUIDES.index(found)
    context = {
        "guide": found,
        "current": slug,
        "before": GUIDES[place - 1] if place else None,
        "after": GUIDES[place + 1] if place + 1 < len(GUIDES) else None,
        "scopes": SCOPES,
        "rate": settings.API_RATE,
        "burst": settings.API_BURST,
        "journeys": JOURNEYS,
    }
    return _page(request, f"developers/guides/{slug}.html", context)


@require_safe
def errors(request: HttpRequest) -> HttpResponse:
    """Every code that an error may carry. `doc_url` in an error points at its line."""
    codes = [
        (name, code.status, _with_code(code.meaning), _with_code(code.remedy)) for name, code in CODES.items()
    ]
    return _page(request, "developers/errors.html", {"codes": codes, "current": "errors"})


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page in its frame. `?lang=de` shows it in that language, and those that are read after it too."""
    asked = request.GET.get("lang", "")
    around = {"guides": GUIDES, "languages": settings.LANGUAGES}
    if asked not in dict(settings.LANGUAGES):
        return render(request, template, {**around, **context})
    with override(asked):
        response = render(request, template, {**around, **context})
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, asked, secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY, samesite="Lax",
    )  # fmt: skip
    return response


def _with_code(text: str) -> SafeString:
    """The text as HTML, with what stands between backticks as code."""
    parts = text.split("`")
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", part) if index % 2 else part,) for index, part in enumerate(parts)),
    )


@lru_cache(maxsize=2)
def described(*, as_json: bool) -> bytes:
    """The whole description, made once a process."""
    with override("en"):
        generator = SchemaGenerator()  # type: ignore[no-untyped-call]
        made = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        renderer = OpenApiJsonRenderer() if as_json else OpenApiYamlRenderer()
        text: bytes = renderer.render(made, renderer_context={})
    return text

"""The Content-Security-Policy of pages: django-csp's own, from a text that is built once for each set of directives.

The library copies and joins all directives for each answer (5 % of a tracking page's CPU), and only the nonce changes.
"""

from typing import Any

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

_GAP = "nonce-goes-here"
# What a view can ask of the library beside another set of directives: then it builds the header itself.
_SPECIAL = (
    "_csp_update", "_csp_replace", "_csp_exempt",
    "_csp_config_ro", "_csp_update_ro", "_csp_replace_ro", "_csp_exempt_ro",
)  # fmt: skip

# By the directives' identity, which their entry keeps alive, and by whether the page has asked for its nonce.
_built: dict[tuple[int, bool], tuple[Any, str]] = {}
_MOST = 64


class ContentPolicy(CSPMiddleware):
    """As its base; `response._csp_config` names other directives than the settings'."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if settings.DEBUG or any(name in response.__dict__ for name in _SPECIAL):
            return super().process_response(request, response)
        nonce: str | None = getattr(request, "_csp_nonce", None)
        if HEADER not in response.headers:
            policy = _policy(getattr(response, "_csp_config", None), with_nonce=nonce is not None)
            response.headers[HEADER] = policy.replace(_GAP, nonce) if nonce else policy
        if nonce is None:  # Asked for from now on, it would stand in no header.
            request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)  # type: ignore[attr-defined]
        return response


def _policy(directives: Any, *, with_nonce: bool) -> str:
    source = settings.CONTENT_SECURITY_POLICY if directives is None else directives
    key = (id(source), with_nonce)
    if key not in _built:
        if len(_built) >= _MOST:
            _built.clear()
        _built[key] = (source, build_policy(config=directives, nonce=_GAP if with_nonce else None))
    return _built[key][1]

"""Merchants' own portal domains: a host that belongs to a merchant shows its portal and nothing else."""

import time
from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.request import split_domain_port, validate_host

from merchants.models import PortalDomain

# How long a process believes what it knows about a host. A new domain works after this at the latest.
_REMEMBERED = 15  # seconds
# Asked by machines, under whatever name they know this one by.
_FOR_ANY_HOST = ("/healthz", "/readyz", "/tls-allowed")


class PortalDomains:
    """Sends a request to a merchant's own host to the portal (`request.portal_merchant_id`, `request.urlconf`).

    A host that is neither a merchant's nor one of the installation's (`settings.KNOWN_HOSTS`) is refused: behind
    ALLOWED_HOSTS = ["*"] this is where Host headers are checked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host = split_domain_port(request.get_host())[0].rstrip(".")
        if not _is_installations(host) and request.path_info not in _FOR_ANY_HOST:
            merchant_id = _merchant_of(host, int(time.monotonic() // _REMEMBERED))
            if merchant_id is not None:
                request.portal_merchant_id = merchant_id  # type: ignore[attr-defined]
                request.urlconf = "portal.root_urls"
                return _for_this_host_only(self.get_response(request))
            if not validate_host(host, settings.KNOWN_HOSTS):
                return HttpResponseBadRequest("There is nothing at this host.", content_type="text/plain")
        return self.get_response(request)


def _for_this_host_only(response: HttpResponse) -> HttpResponse:
    """The merchant's domain is not ours to put into browsers' preload lists, nor are the names below it."""
    if "Strict-Transport-Security" in response:
        response["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
    return response


def _is_installations(host: str) -> bool:
    """Whether this is the installation's own name. While it is tried out without TLS, bare addresses are as well."""
    own = split_domain_port(settings.PUBLIC_URL.split("/")[2].lower())[0]
    if host == own or validate_host(host, [name for name in settings.KNOWN_HOSTS if name != "*"]):
        return True
    return not settings.SECURE and (host == "localhost" or _is_address(host))


def _is_address(host: str) -> bool:
    return host.replace(".", "").isdigit() or host.startswith("[")


@lru_cache(maxsize=1024)
def _merchant_of(host: str, _period: int) -> UUID | None:
    verified = PortalDomain.objects.filter(host=host, verified_at__isnull=False)
    return verified.values_list("merchant_id", flat=True).first()

"""Merchants' own portal domains: a host that belongs to a merchant shows its portal and nothing else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class PortalDomains:
    """Notes the merchant whose own domain the request came to (`request.portal_merchant`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

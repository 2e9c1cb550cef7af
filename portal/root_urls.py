"""What a merchant's own host serves: its portal, and nothing else of this installation."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from portal import urls, views

urlpatterns = urls.urlpatterns


def handler404(request: HttpRequest, exception: Any) -> HttpResponse:
    """Addresses that no pattern knows."""
    return views.not_found(request)


def handler500(request: HttpRequest) -> HttpResponse:
    """Faults of ours."""
    return views.broken(request)

"""The product's addresses, and an empty view."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import urlpatterns as product


def empty(request: HttpRequest) -> HttpResponse:
    """Nothing at all: what the middleware costs."""
    return HttpResponse("")


urlpatterns = [path("bench/empty", empty), *product]

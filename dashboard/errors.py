"""The dashboard's error pages. None says whether something exists that the reader may not see."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_found(request: HttpRequest) -> HttpResponse:
    """404: absent and forbidden alike."""
    return render(request, "dashboard/errors/404.html", status=404)


def forbidden(request: HttpRequest) -> HttpResponse:
    """403: a person of the team who may look but not change."""
    return render(request, "dashboard/errors/403.html", status=403)

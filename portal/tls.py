"""What a reverse proxy asks before it gets a certificate for a host (on-demand TLS, as Caddy's `ask`)."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from merchants.domains import is_served


@never_cache
@require_safe
def tls_allowed(request: HttpRequest) -> HttpResponse:
    """`/tls-allowed?domain=track.shop.com`: 200 for a host that is served here, 404 for any other."""
    allowed = is_served(request.GET.get("domain", "")[:253])
    return HttpResponse(
        "yes\n" if allowed else "no\n", status=200 if allowed else 404, content_type="text/plain"
    )

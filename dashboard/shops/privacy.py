"""Requests about people's data that shops have passed on, and until when each has to be answered."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard import listing
from dashboard.access import Seat, merchant_view
from dashboard.settings_pages import settings_page
from dashboard.shops import words
from merchants.permissions import Permission
from orders.models import PrivacyRequest, PrivacyState


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def privacy_requests(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Open requests, newest first, and `?cursor=`."""
    stretch = listing.newest(
        request, PrivacyRequest.objects.filter(state=PrivacyState.OPEN), by="received_at"
    )
    now = timezone.now()
    rows = [
        {"asked": row, "what": words.PRIVACY.get(row.kind, row.kind), "late": row.due_at < now}
        for row in stretch.rows
    ]
    context = {"rows": rows, "stretch": stretch, "start_url": listing.url_with(request)}
    return settings_page(request, seat, "privacy", "dashboard/settings/privacy.html", context)

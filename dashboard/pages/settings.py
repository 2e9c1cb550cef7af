"""`/app/<slug>/settings/`: what can be set, as cards."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.access import Seat, merchant_view
from dashboard.settings_pages import groups_of
from dashboard.shell import page


@require_safe
@merchant_view()
def settings(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The pages that this person may open. On a phone this is the way to each of them."""
    context = {"settings_groups": groups_of(seat)}
    return page(request, seat, "dashboard/settings/index.html", context, section="settings")

"""REST: what messages do."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema

from analytics.lift.queries import lifts
from analytics.lift.schemas import LiftsOut, show_lift
from merchants.rest.parameters import query
from merchants.rest.views import ApiView
from merchants.scope import current_merchant


class Lifts(ApiView):
    """Effects of messages against their holdouts."""

    scopes = {"GET": "messages:read"}

    @extend_schema(
        operation_id="analytics_lift",
        parameters=[query("touchpoint", "Of one kind of message.")],
        responses={200: LiftsOut},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """What each kind of message does to repeat purchases, revenue, returns and questions, against its holdout."""
        found = lifts(timezone.now(), request.GET.get("touchpoint") or None)
        currency = current_merchant().currency
        return self.show(LiftsOut(data=[show_lift(lift, currency) for lift in found]))

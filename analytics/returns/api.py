"""REST: returns in figures."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from analytics.returns.queries import return_figures
from analytics.returns.schemas import ReturnFiguresOut, show_figures
from analytics.scorecards.api import period_of
from merchants.rest.parameters import query
from merchants.rest.views import ApiView
from merchants.scope import current_merchant

_SPAN = (
    query("from", "The first day, `2026-11-01`. Default: 30 days ago."),
    query("to", "The last day. Default: today."),
)


class ReturnsInFigures(ApiView):
    """How much comes back."""

    scopes = {"GET": "returns:read"}

    @extend_schema(operation_id="analytics_returns", parameters=[*_SPAN], responses={200: ReturnFiguresOut})
    def get(self, request: HttpRequest) -> HttpResponse:
        """Returns asked for in a period: rate, reasons, products, revenue kept, cost, time to the refund."""
        period = period_of(request.GET.get("from", ""), request.GET.get("to", ""))
        return self.show(show_figures(return_figures(period), period, current_merchant().currency))

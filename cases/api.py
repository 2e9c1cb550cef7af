"""REST: cases, to read."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from cases import queries
from cases.models import Case, CaseKind, CaseStatus
from cases.schemas import CaseOut, show_case, show_entry
from merchants.ids import parse_public_id
from merchants.rest.errors import InvalidParameter
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView

CASE_FILTERS = (
    query("order_id", "About one order: `ord_…`"),
    query("shipment_id", "About one parcel: `shp_…`"),
    query("status", "Whose turn it is.", values=CaseStatus.values),
    query("kind", "What is wrong.", values=CaseKind.values),
)


class Cases(ApiView):
    """Problems that shoppers reported."""

    scopes = {"GET": "cases:read"}

    @extend_schema(
        operation_id="cases_list", parameters=[*CASE_FILTERS, *PAGING], responses={200: Page[CaseOut]}
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List cases, newest first, without their histories."""
        return self.show(newest_first(filtered_cases(request), request.GET, show_case))


class OneCase(ApiView):
    """One case."""

    scopes = {"GET": "cases:read"}

    @extend_schema(operation_id="cases_read", responses={200: CaseOut})
    def get(self, request: HttpRequest, case_id: str) -> HttpResponse:
        """Read a case with everything that was said."""
        case = queries.get_case(parse_public_id("cas", case_id))
        shown = show_case(case)
        shown.entries = [show_entry(entry) for entry in queries.entries_of(case)]
        return self.show(shown)


def filtered_cases(request: HttpRequest) -> QuerySet[Case]:
    """The cases that the request's parameters leave. Raises InvalidParameter."""
    rows, asked = queries.cases_with_lines(), request.GET
    for name, prefix in (("order_id", "ord"), ("shipment_id", "shp")):
        if value := asked.get(name):
            found = parse_public_id(prefix, value)
            rows = rows.filter(**{name: found}) if found else rows.none()
    for name, known in (("status", CaseStatus.values), ("kind", CaseKind.values)):
        if value := asked.get(name):
            if value not in known:
                raise InvalidParameter(f"{name} is one of {', '.join(known)}.", param=name)
            rows = rows.filter(**{name: value})
    return rows

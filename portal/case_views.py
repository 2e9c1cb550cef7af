"""A5: reporting a problem, and the page of what became of it. The order's link is what opens them."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import commands
from cases.models import Case, CaseKind, Outcome, Side
from cases.queries import get_case, photo_of
from cases.steps import Report
from merchants.ids import parse_public_id, public_id
from merchants.pictures import photo_response
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from portal import errors
from portal.case_page import case_context
from portal.goods import choices_of
from portal.limits import count_write
from portal.loading import OrderRow, ParcelRow
from portal.opening import open_order, parcel_or_404
from portal.pages import portal_page, render
from portal.problem_form import Typed, read_message, read_report
from portal.problems import BY_SLUG, Problem, choose_context, form_context
from portal.site import Site
from portal.style import Style
from tracking.statuses import Status


@portal_page("GET")
def choose(request: HttpRequest, site: Site, token: str, number: int | None = None) -> HttpResponse:
    """What is wrong?"""
    order = open_order(site, token)
    parcel = parcel_or_404(order, number)
    with site.speaking(order.locale):
        return render(request, site, "portal/problem.html", choose_context(site, order, token, parcel))


@portal_page("GET", "POST")
def report(
    request: HttpRequest, site: Site, token: str, kind: str, number: int | None = None
) -> HttpResponse:
    """Tell us. A parcel that is said to be delivered is first looked for: `then=wait` gives it one more day."""
    order = open_order(site, token)
    parcel = parcel_or_404(order, number)
    problem = BY_SLUG.get(kind)
    if problem is None:
        raise errors.NotFound
    with site.speaking(order.locale):
        typed = Typed()
        if request.method == "POST":
            count_write(request, site, order)
            if request.POST.get("then") == "wait" and parcel and parcel.status == Status.DELIVERED:
                return _to(site, token, commands.wait_a_day(site.merchant, order.id, parcel.id))
            style = Style.of(site, order, timezone.now())
            typed = read_report(request, problem.kind, choices_of(order, parcel, style))
            if not typed.errors:
                return _to(site, token, _send(site, order, parcel, problem, typed))
        context = form_context(site, order, token, parcel, problem, typed)
        first_looks = context["delivered"] and problem.kind == CaseKind.NOT_RECEIVED
        template = "portal/not_here.html" if first_looks else "portal/problem_form.html"
        return render(request, site, template, context, status=422 if typed.errors else 200)


@portal_page("GET", "POST")
def case(request: HttpRequest, site: Site, token: str, case_id: str) -> HttpResponse:
    """What was said; a POST says more."""
    order = open_order(site, token)
    found = _case(order, case_id)
    with site.speaking(order.locale):
        typed = Typed()
        if request.method == "POST":
            count_write(request, site, order)
            typed = read_message(request)
            if not typed.errors:
                try:
                    commands.reply(site.merchant, found.id, typed.text, typed.photos)
                except (Unprocessable, Conflict) as problem:
                    typed.errors["text"] = _words(problem)
                else:
                    return _to(site, token, found)
        context = case_context(site, order, token, found, typed)
        return render(request, site, "portal/case.html", context, status=422 if typed.errors else 200)


@portal_page("POST")
def close(request: HttpRequest, site: Site, token: str, case_id: str) -> HttpResponse:
    """It has sorted itself out. Writing once more takes it up again."""
    order = open_order(site, token)
    found = _case(order, case_id)
    count_write(request, site, order)
    outcome = Outcome.FOUND if found.kind == CaseKind.NOT_RECEIVED else Outcome.SOLVED
    commands.close(site.merchant, found.id, side=Side.SHOPPER, outcome=outcome)
    return _to(site, token, found)


@portal_page("GET")
def photo(request: HttpRequest, site: Site, token: str, case_id: str, photo_id: str) -> HttpResponse:
    """A photo of one's own, as we drew it anew."""
    found = _case(open_order(site, token), case_id)
    try:
        image = photo_of(found, parse_public_id("cph", photo_id))
    except NotFound:
        raise errors.NotFound from None
    return photo_response(image)


def _send(site: Site, order: OrderRow, parcel: ParcelRow | None, problem: Problem, typed: Typed) -> Case:
    told = Report(problem.kind, typed.text, typed.lines, typed.photos)
    return commands.open_case(site.merchant, order.id, parcel.id if parcel else None, told)


def _case(order: OrderRow, case_id: str) -> Case:
    """A case of this order: another order's is as absent as one that never was."""
    try:
        found = get_case(parse_public_id("cas", case_id))
    except NotFound:
        raise errors.NotFound from None
    if found.order_id != order.id:
        raise errors.NotFound
    return found


def _words(problem: Unprocessable | Conflict) -> str:
    words = {
        "empty_message": _("Please write something, or add a photo."),
        "too_many_photos": _("There are too many photos in this report already."),
        "case_open": _("You have a newer report about this. Please go on there."),
    }
    return words.get(problem.code, _("This could not be saved."))


def _to(site: Site, token: str, found: Case) -> HttpResponse:
    response = HttpResponse(status=303)
    response["Location"] = site.path(f"o/{token}/cases/{public_id('cas', found.id)}/")
    return response

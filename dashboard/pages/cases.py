"""Cases: what shoppers reported, the list by whose turn it is, and one case with its answer."""

from dataclasses import dataclass

from django.contrib import messages as toasts
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from cases import commands, queries
from cases.models import Case, CaseEntry, CaseStatus, Side
from cases.steps import LONGEST_TEXT
from cases.words import KINDS, OUTCOMES
from dashboard import words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.queues import Queue
from dashboard.shell import page
from dashboard.words import Label, label
from merchants.ids import public_id
from merchants.models import Membership, Merchant
from merchants.permissions import MATRIX, Permission
from merchants.pictures import photo_response
from merchants.rest.errors import Conflict, Unprocessable
from orders.queries import token_of

QUEUE = Queue(
    "cases",
    {
        "open": (gettext_lazy("To answer"), Q(status=CaseStatus.OPEN)),
        "answered": (gettext_lazy("Answered"), Q(status=CaseStatus.ANSWERED)),
        "waiting": (gettext_lazy("Wait a day"), Q(status=CaseStatus.WAITING)),
        "closed": (gettext_lazy("Closed"), Q(status=CaseStatus.CLOSED)),
        "all": (gettext_lazy("All"), Q()),
    },
)


@dataclass(frozen=True)
class Row:
    """A case as the list shows it."""

    case: Case
    url: str
    kind: Promise
    status: Label
    order_url: str


@dataclass(frozen=True)
class Line:
    """A line of a case's history."""

    entry: CaseEntry
    label: Label
    photos: tuple[str, ...]


@require_safe
@merchant_view()
def cases(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?tab=` and `?cursor=` say which cases; those to answer are shown first."""
    return QUEUE.show(request, seat, queries.cases_with_lines(), lambda found: _row(seat.merchant, found))


@require_safe
@merchant_view()
def case(request: HttpRequest, seat: Seat, case_id: str) -> HttpResponse:
    """One case: what it is about, everything that was said, and what can be done."""
    return _detail(request, seat, case_id)


@require_POST
@merchant_view(needs=Permission.ACT)
def answer(request: HttpRequest, seat: Seat, case_id: str) -> HttpResponse:
    """Send `text` to the shopper; `then=close` ends the case with it."""
    found = queries.get_case(id_or_404("cas", case_id))
    text = request.POST.get("text", "")
    try:
        commands.answer(seat.merchant, found.id, text)
        if request.POST.get("then") == "close":
            commands.close(seat.merchant, found.id, side=Side.TEAM)
    except Unprocessable:
        wrong = _("Write an answer of at most %(most)d letters.") % {"most": LONGEST_TEXT}
        return _detail(request, seat, case_id, wrong=wrong, typed=text)
    except Conflict:
        toasts.error(request, _("This case is closed, or waits for its day to be over."))
    else:
        toasts.success(request, _("The answer goes to the customer by e-mail."))
    return redirect("dashboard:case", seat.merchant.slug, case_id)


@require_POST
@merchant_view(needs=Permission.ACT)
def close(request: HttpRequest, seat: Seat, case_id: str) -> HttpResponse:
    """End it without a word."""
    commands.close(seat.merchant, id_or_404("cas", case_id), side=Side.TEAM)
    return redirect("dashboard:case", seat.merchant.slug, case_id)


@require_POST
@merchant_view(needs=Permission.ACT)
def reopen(request: HttpRequest, seat: Seat, case_id: str) -> HttpResponse:
    """Take a closed one up again."""
    try:
        commands.reopen(seat.merchant, id_or_404("cas", case_id))
    except Conflict:
        toasts.error(request, _("It is open, or another case about the same thing is."))
    return redirect("dashboard:case", seat.merchant.slug, case_id)


@require_POST
@merchant_view(needs=Permission.ACT)
def assign(request: HttpRequest, seat: Seat, case_id: str) -> HttpResponse:
    """Give it to `person`, somebody of the team who may act; empty: to nobody."""
    parsed, wanted = id_or_404("cas", case_id), request.POST.get("person", "")
    queries.get_case(parsed)
    address = dict(_people(seat.merchant)).get(wanted, "")
    commands.assign(seat.merchant, parsed, int(wanted) if address else None, address)
    return redirect("dashboard:case", seat.merchant.slug, case_id)


@require_safe
@merchant_view()
def photo(request: HttpRequest, seat: Seat, case_id: str, photo_id: str) -> HttpResponse:
    """A picture that the shopper sent: drawn anew by us when it came, so a JPEG and nothing else."""
    found = queries.get_case(id_or_404("cas", case_id))
    return photo_response(queries.photo_of(found, id_or_404("cph", photo_id)))


def _detail(
    request: HttpRequest, seat: Seat, case_id: str, *, wrong: str = "", typed: str = ""
) -> HttpResponse:
    found = queries.get_case(id_or_404("cas", case_id))
    base = f"/app/{seat.merchant.slug}/cases/{case_id}/"
    context = {
        "case": found,
        "row": _row(seat.merchant, found),
        "outcome": OUTCOMES.get(found.outcome, ""),
        "history": [_line(base, entry) for entry in queries.entries_of(found)],
        "base": base,
        "shipment_url": f"/app/{seat.merchant.slug}/shipments/{public_id('shp', found.shipment_id)}/"
        if found.shipment_id
        else "",
        "portal_path": f"/p/{seat.merchant.slug}/o/{token_of(found.order)}/cases/{case_id}/",
        "people": _people(seat.merchant),
        "can_answer": found.status in (CaseStatus.OPEN, CaseStatus.ANSWERED),
        "longest": LONGEST_TEXT,
        "wrong": wrong,
        "typed": typed,
    }
    return page(request, seat, "dashboard/case.html", context, section="cases", status=422 if wrong else 200)


def _row(merchant: Merchant, found: Case) -> Row:
    return Row(
        case=found,
        url=f"/app/{merchant.slug}/cases/{public_id('cas', found.id)}/",
        kind=KINDS[found.kind],
        status=label(words.CASE_STATUSES, found.status),
        order_url=f"/app/{merchant.slug}/orders/{public_id('ord', found.order_id)}/",
    )


def _line(base: str, entry: CaseEntry) -> Line:
    return Line(
        entry,
        words.CASE_ENTRIES.get((entry.kind, entry.side), Label(entry.kind)),
        tuple(f"{base}photos/{public_id('cph', photo.id)}/" for photo in entry.photos.all()),
    )


def _people(merchant: Merchant) -> list[tuple[str, str]]:
    """Id and address of everybody of the team who may act."""
    roles = [role for role, may in MATRIX.items() if Permission.ACT in may]
    rows = Membership.objects.filter(merchant=merchant.sandbox_of or merchant, role__in=roles)
    found = rows.select_related("user").order_by("user__email")
    return [(str(row.user_id), row.user.email or row.user.get_username()) for row in found]

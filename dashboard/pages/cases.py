"""Cases: what shoppers reported, the list by whose turn it is, and one case with its answer."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages as toasts
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from cases import commands, queries
from cases.models import Case, CaseEntry, CaseStatus, Side
from cases.steps import LONGEST_TEXT
from cases.words import KINDS, OUTCOMES
from dashboard import counts, listing, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.shell import page
from dashboard.words import Label, label
from merchants.ids import public_id
from merchants.models import Membership, Merchant
from merchants.permissions import MATRIX, Permission
from merchants.rest.errors import Conflict, Unprocessable
from orders.queries import token_of

TABS: dict[str, tuple[Any, tuple[CaseStatus, ...]]] = {
    "open": (gettext_lazy("To answer"), (CaseStatus.OPEN,)),
    "answered": (gettext_lazy("Answered"), (CaseStatus.ANSWERED,)),
    "waiting": (gettext_lazy("Wait a day"), (CaseStatus.WAITING,)),
    "closed": (gettext_lazy("Closed"), (CaseStatus.CLOSED,)),
    "all": (gettext_lazy("All"), ()),
}


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
    asked = request.GET.get("tab", "")
    tab = asked if asked in TABS else "open"
    stretch = listing.newest(request, _of_tab(queries.cases_with_lines(), tab), by="created_at")
    context = {
        "rows": [_row(seat.merchant, case) for case in stretch.rows],
        "stretch": stretch,
        "tab": tab,
        "start_url": listing.url_with(request),
    }
    if request.htmx and "more" in (request.htmx.target or ""):  # type: ignore[attr-defined]
        return render(request, "dashboard/cases.html#rows", context)
    counted = counts.capped_counts(seat.merchant, {name: _of_tab(Case.objects.all(), name) for name in TABS})
    context["tabs"] = [
        {
            "words": text,
            "count": counts.shown(counted[name]),
            "url": listing.url_with(request, tab="" if name == "open" else name),
            "current": name == tab,
        }
        for name, (text, _statuses) in TABS.items()
    ]
    return page(request, seat, "dashboard/cases.html", context, section="cases")


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
    image = queries.photo_of(found, id_or_404("cph", photo_id))
    headers = {
        "Content-Disposition": 'inline; filename="photo.jpg"',
        "Content-Security-Policy": "default-src 'none'",
    }
    return HttpResponse(image, content_type="image/jpeg", headers=headers)


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


def _of_tab(rows: QuerySet[Case], tab: str) -> QuerySet[Case]:
    statuses = TABS[tab][1]
    return rows.filter(status__in=statuses) if statuses else rows


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

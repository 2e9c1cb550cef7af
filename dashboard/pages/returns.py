"""Returns: the queue by what waits for whom, one return with everything about it, and the scanner's way to it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from dashboard import formats, listing, return_words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.order_money import panel
from dashboard.queues import Queue
from dashboard.return_acts import ACTS, why_not
from dashboard.return_panels import exchange_panel, label_panel
from dashboard.shell import page
from dashboard.words import Label, label
from merchants.ids import parse_public_id, public_id
from merchants.models import Merchant
from merchants.permissions import Permission
from merchants.pictures import photo_response
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from notifications.rendering.formats import money
from orders.queries import token_of
from returns import commands, queries
from returns.abuse.queries import hint_about
from returns.models import Return, ReturnEntry, ReturnLine
from returns.queries import may_cancel
from returns.reasons import name_of
from returns.states import UNDECIDED, Approval, Kind, Logistics, Money, Resolution

QUEUE = Queue(
    "returns",
    {
        "requested": (gettext_lazy("To decide"), queries.TABS["requested"]),
        "review": (gettext_lazy("Look closely"), queries.TABS["review"]),
        "asked": (gettext_lazy("Asked"), queries.TABS["asked"]),
        "awaiting": (gettext_lazy("To be sent"), queries.TABS["awaiting"]),
        "in_transit": (gettext_lazy("On the way"), queries.TABS["in_transit"]),
        "to_inspect": (gettext_lazy("To inspect"), queries.TABS["to_inspect"]),
        "money": (gettext_lazy("Money"), queries.TABS["money"]),
        "closed": (gettext_lazy("Closed"), queries.TABS["closed"]),
        "all": (gettext_lazy("All"), Q()),
    },
    by="requested_at",
)


@dataclass(frozen=True)
class Row:
    """A return as the list shows it."""

    ret: Return
    id: str
    url: str
    order_url: str
    approval: Label
    logistics: Label
    money: Label
    kind: Label | None
    worth: str
    may_approve: bool


@dataclass(frozen=True)
class Good:
    """A line of a return on its page."""

    line: ReturnLine
    title: str
    variant: str
    gets: str
    paid: str
    condition: str
    disposition: str
    reason: str


@require_safe
@merchant_view()
def returns(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?tab=` and `?cursor=` say which; `?code=`, a number or a parcel's, leads to the return."""
    if code := request.GET.get("code", "").strip():
        found = queries.by_code(code[:100])
        if found is not None:
            return redirect("dashboard:return", seat.merchant.slug, public_id("ret", found.id))
        toasts.error(request, _("There is no return with this number."))
    rows = queries.returns_with_lines()
    return QUEUE.show(request, seat, rows, lambda found: _row(seat.merchant, found), code=code)


@require_POST
@merchant_view(needs=Permission.ACT)
def approve_many(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Approve the ticked ones (`chosen`), each by itself: what cannot be approved any more is left out and counted."""
    ids = [parse_public_id("ret", text) for text in request.POST.getlist("chosen")[: listing.PAGE]]
    done = 0
    for pk in filter(None, ids):
        try:
            commands.approve(seat.merchant, pk)
            done += 1
        except (Conflict, NotFound):
            continue
    if done:
        toasts.success(
            request, ngettext("%(n)d return is approved.", "%(n)d returns are approved.", done) % {"n": done}
        )
    if done < len(ids):
        toasts.error(request, _("Some were decided already."))
    return redirect("dashboard:returns", seat.merchant.slug)


@require_safe
@merchant_view()
def ret(request: HttpRequest, seat: Seat, return_id: str) -> HttpResponse:
    """One return: its three states, its goods, what the rules said, what happened, and what can be done."""
    return _detail(request, seat, return_id)


@require_POST
@merchant_view(needs=Permission.ACT)
def act(request: HttpRequest, seat: Seat, return_id: str) -> HttpResponse:
    """Do one thing (`do`, one of ACTS)."""
    found = queries.get_return(id_or_404("ret", return_id))
    does = ACTS.get(request.POST.get("do", ""))
    try:
        if does is None:
            raise Unprocessable("There is no such thing to do.", param="do", code="unknown_action")
        said = does(seat.merchant, found, request)
    except (Conflict, NotFound, Unprocessable) as problem:
        return _detail(
            request, seat, return_id, wrong=why_not(problem.code), typed=request.POST.get("text", "")
        )
    toasts.success(request, said)
    return redirect("dashboard:return", seat.merchant.slug, return_id)


@require_safe
@merchant_view()
def photo(request: HttpRequest, seat: Seat, return_id: str, picture_id: str) -> HttpResponse:
    """A picture: drawn anew by us when it came, so a JPEG and nothing else."""
    found = queries.get_return(id_or_404("ret", return_id))
    return photo_response(queries.photo_of(found, id_or_404("rph", picture_id)))


def _detail(
    request: HttpRequest, seat: Seat, return_id: str, *, wrong: str = "", typed: str = ""
) -> HttpResponse:
    found = queries.get_return(id_or_404("ret", return_id))
    base = f"/app/{seat.merchant.slug}/returns/{return_id}/"
    approved = found.approval_state == Approval.APPROVED
    came = found.logistics_state in (Logistics.PARTLY_RECEIVED, Logistics.RECEIVED, Logistics.INSPECTED)
    context = {
        "ret": found,
        "row": _row(seat.merchant, found),
        "goods": [_good(line, found) for line in found.lines.all()],
        "history": [_line(base, entry) for entry in queries.entries_of(found)],
        "fee": _money(found.fee, found) if found.fee else "",
        "others": _others(found),
        "hint": hint_about(found),
        "money_panel": panel(found.order),
        "portal_path": f"/p/{seat.merchant.slug}/o/{token_of(found.order)}/returns/{return_id}/",
        "withdrawal_url": f"/app/{seat.merchant.slug}/withdrawals/{public_id('wdr', found.withdrawal_id)}/"
        if found.withdrawal_id
        else "",
        "undecided": found.approval_state in UNDECIDED,
        "may_receive": approved and found.closed_at is None and found.logistics_state != Logistics.INSPECTED,
        "may_inspect": came,
        "may_restock": came and any(line.accepted for line in found.lines.all()),
        "may_cancel": may_cancel(found),
        "may_extend": approved and found.logistics_state == Logistics.EXPIRED,
        "may_pay": found.money_state == Money.FAILED,
        "label": label_panel(found),
        "exchange": exchange_panel(seat.merchant, found),
        "may_close": approved and found.closed_at is None,
        "conditions": return_words.CONDITIONS.items(),
        "dispositions": return_words.DISPOSITIONS.items(),
        "act_url": base + "act/",
        "wrong": wrong,
        "typed": typed,
    }
    return page(
        request, seat, "dashboard/return.html", context, section="returns", status=422 if wrong else 200
    )


def _row(merchant: Merchant, found: Return) -> Row:
    return_id = public_id("ret", found.id)
    return Row(
        ret=found,
        id=return_id,
        url=f"/app/{merchant.slug}/returns/{return_id}/",
        order_url=f"/app/{merchant.slug}/orders/{public_id('ord', found.order_id)}/",
        approval=label(return_words.APPROVALS, found.approval_state),
        logistics=label(return_words.LOGISTICS, found.logistics_state),
        money=return_words.WITHDRAWALS_MONEY
        if found.kind == Kind.WITHDRAWAL
        else label(return_words.MONEY, found.money_state),
        kind=return_words.KINDS.get(found.kind),
        worth=_money(sum((line.paid for line in found.lines.all()), start=found.fee * 0), found),
        may_approve=found.approval_state in UNDECIDED,
    )


def _good(line: ReturnLine, found: Return) -> Good:
    gets = str(Resolution(line.resolution).label)
    return Good(
        line, line.part.title if line.part else line.line.title,
        line.line.title if line.part else line.line.variant,
        f"{gets}: {line.exchange_title}" if line.exchange_title else gets, _money(line.paid, found),
        str(return_words.CONDITIONS.get(line.condition, "")), str(return_words.DISPOSITIONS.get(line.disposition, "")),
        name_of(line.reason),
    )  # fmt: skip


def _line(base: str, entry: ReturnEntry) -> tuple[ReturnEntry, Label, list[str]]:
    photos = [f"{base}photos/{public_id('rph', photo.id)}/" for photo in entry.photos.all()]
    return entry, label(return_words.ENTRIES, entry.kind), photos


def _others(found: Return) -> int:
    """How many other returns the shopper has asked for."""
    customer: UUID | None = found.customer_id
    if customer is None:
        return 0
    return int(Return.objects.filter(customer_id=customer).exclude(pk=found.pk).count())


def _money(amount: Any, found: Return) -> str:
    return money(amount, found.currency, formats.locale())

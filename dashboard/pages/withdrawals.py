"""Withdrawals: those whose order has to be found, the refunds by their day, and one with its proof."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages as toasts
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dashboard import formats, return_words, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.queues import Queue
from dashboard.shell import page
from dashboard.words import Label, label
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.permissions import Permission
from merchants.rest.errors import Conflict, Unprocessable
from notifications.rendering.formats import money
from orders.models import Order
from orders.text import normal_number
from returns.states import EntryKind, Method
from returns.withdrawal import commands, queries
from returns.withdrawal.models import Status, Withdrawal
from returns.withdrawal.proof import pack_of, proof_code
from returns.withdrawal.refunds import deadline_of, proposal_of, refund, withheld
from returns.withdrawal.way_back import open_way
from returns.withdrawal.words import FINDINGS, LINKS, MARKS, SOURCES

QUEUE = Queue(
    "withdrawals",
    {
        "open": (gettext_lazy("To refund"), Q(status=Status.OPEN)),
        "unmatched": (gettext_lazy("Order to be found"), Q(status=Status.UNMATCHED)),
        "done": (gettext_lazy("Refunded"), Q(status=Status.COMPLETED)),
        "aside": (gettext_lazy("Set aside"), Q(status=Status.SET_ASIDE)),
        "all": (gettext_lazy("All"), Q()),
    },
)


@dataclass(frozen=True)
class Row:
    """A withdrawal as the list shows it."""

    withdrawal: Withdrawal
    url: str
    status: Label
    order_url: str
    deadline: Any
    is_late: bool
    withheld: bool
    is_suspicious: bool


@require_safe
@merchant_view()
def withdrawals(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?tab=` and `?cursor=` say which; those to refund are shown first."""
    return QUEUE.show(
        request, seat, queries.withdrawals_with_lines(), lambda found: _row(seat.merchant, found)
    )


@require_safe
@merchant_view()
def withdrawal(request: HttpRequest, seat: Seat, withdrawal_id: str) -> HttpResponse:
    """One withdrawal: what was declared, what the clock says, and what can be done."""
    found = queries.get_withdrawal(id_or_404("wdr", withdrawal_id))
    amount, shipping = proposal_of(found) if found.status == Status.OPEN else (Decimal(0), Decimal(0))
    currency = found.order.currency if found.order else ""
    links = queries.entries_of(found)
    context = {
        "withdrawal": found,
        "row": _row(seat.merchant, found),
        "source": SOURCES[found.source],
        "finding": FINDINGS.get(found.finding, ""),
        "marks": [MARKS.get(mark, mark) for mark in found.marks],
        "ways": _ways(seat.merchant, found),
        "may_open": found.status == Status.OPEN and bool(found.order),
        "history": [(LINKS.get(link.kind, link.kind), link.recorded_at) for link in links],
        "proof": proof_code(bytes(links[0].digest)),
        "amount": amount,
        "shipping": shipping,
        "shown_amount": money(amount, currency, formats.locale()) if currency else "",
        "currency": currency,
        "base": f"/app/{seat.merchant.slug}/withdrawals/{withdrawal_id}/",
    }
    return page(request, seat, "dashboard/withdrawal.html", context, section="withdrawals")


@require_safe
@merchant_view(needs=Permission.DATA)
def proof(request: HttpRequest, seat: Seat, withdrawal_id: str) -> HttpResponse:
    """The proof pack as a file."""
    found = queries.get_withdrawal(id_or_404("wdr", withdrawal_id))
    headers = {"Content-Disposition": f'attachment; filename="{found.number}.json"'}
    return HttpResponse(pack_of(found), content_type="application/json", headers=headers)


@require_POST
@merchant_view(needs=Permission.ACT)
def act(request: HttpRequest, seat: Seat, withdrawal_id: str) -> HttpResponse:
    """Do one thing (`do`): match, way, refund, back, dispatched, complete, aside, again."""
    pk = id_or_404("wdr", withdrawal_id)
    queries.get_withdrawal(pk)
    try:
        said = _done(request, seat.merchant, pk)
    except (Conflict, Unprocessable) as problem:
        toasts.error(request, _why(problem.code))
    else:
        toasts.success(request, said)
    return redirect("dashboard:withdrawal", seat.merchant.slug, withdrawal_id)


def _done(request: HttpRequest, merchant: Merchant, pk: Any) -> str:
    does, asked = request.POST.get("do", ""), request.POST
    if does == "match":
        number = normal_number(asked.get("order", "")[:100])
        found = (
            Order.objects.filter(lookup_number=number)
            .order_by("-placed_at")
            .values_list("pk", flat=True)
            .first()
        )
        if not number or found is None:
            raise Unprocessable("There is no such order.", param="order", code="unknown_order")
        commands.match(merchant, pk, found)
        return _("The order is noted.")
    if does == "refund":
        refund(merchant, pk, _amount(asked.get("amount", "")), _amount(asked.get("shipping", "0")))
        return _("The refund is asked of the shop.")
    if does in ("back", "dispatched"):
        commands.note_goods(merchant, pk, back=does == "back")
        return _("It is noted.")
    if does == "way":
        return (
            _("The way back is open.")
            if open_way(merchant, pk)
            else _("Its goods are in other returns already.")
        )
    if does == "complete":
        commands.complete(merchant, pk)
        return _("It is noted as refunded.")
    if does == "aside":
        commands.set_aside(merchant, pk, asked.get("reason", ""))
        return _("It is set aside. What was declared stays.")
    if does == "again":
        commands.take_up(merchant, pk)
        return _("It is taken up again.")
    raise Unprocessable("There is no such thing to do.", param="do", code="unknown_action")


def _ways(merchant: Merchant, found: Withdrawal) -> list[tuple[str, str, Label, str, list[str]]]:
    """The returns that bring its goods back: number, address, where they are, how they are sent, photos of receipts."""
    ways = []
    for ret in found.returns.all():
        url = f"/app/{merchant.slug}/returns/{public_id('ret', ret.pk)}/"
        method = str(Method(ret.method).label) if ret.method else ""
        sent = ret.photos.filter(entry__kind=EntryKind.SENT).values_list("pk", flat=True)
        photos = [f"{url}photos/{public_id('rph', pk)}/" for pk in sent]
        ways.append((ret.number, url, label(return_words.LOGISTICS, ret.logistics_state), method, photos))
    return ways


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text.strip().replace(",", ".")[:20] or "0")
    except InvalidOperation:
        raise Unprocessable("This is no amount.", param="amount", code="not_an_amount") from None


def _why(code: str) -> str:
    said = {
        "not_sent": _("Nothing of it has been sent yet. Please keep it with you."),
        "unknown_order": _("There is no order with this number."),
        "reason_missing": _("Please say why."),
        "refund_above_paid": _("This is more than was paid and did not go back yet."),
        "not_an_amount": _("This is not an amount that can be refunded."),
    }
    return said.get(code, _("This cannot be done in the state that it has by now."))


def _row(merchant: Merchant, found: Withdrawal) -> Row:
    deadline = deadline_of(found)
    is_open = found.status in (Status.OPEN, Status.UNMATCHED)
    return Row(
        withdrawal=found,
        url=f"/app/{merchant.slug}/withdrawals/{public_id('wdr', found.pk)}/",
        status=label(words.WITHDRAWAL_STATUSES, found.status),
        order_url=f"/app/{merchant.slug}/orders/{public_id('ord', found.order_id)}/"
        if found.order_id
        else "",
        deadline=deadline if is_open else None,
        is_late=is_open and deadline < timezone.now() and not withheld(found),
        withheld=is_open and withheld(found),
        is_suspicious=bool(found.marks),
    )

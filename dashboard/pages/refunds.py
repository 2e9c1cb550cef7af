"""Refunds: those that the shop has not answered for, and one with its order's money."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages as toasts
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dashboard import formats
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.order_money import panel
from dashboard.queues import Queue
from dashboard.shell import page
from dashboard.words import Label, label
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.permissions import Permission
from merchants.rest.errors import Conflict
from returns.money import commands, queries
from returns.money.models import Refund, RefundState

QUEUE = Queue(
    "refunds",
    {
        "waiting": (gettext_lazy("Waiting"), Q(state=RefundState.REQUESTED)),
        "completed": (gettext_lazy("Confirmed"), Q(state=RefundState.COMPLETED)),
        "failed": (gettext_lazy("Failed"), Q(state=RefundState.FAILED)),
        "all": (gettext_lazy("All"), Q()),
    },
    by="requested_at",
)
STATES: dict[str, Label] = {
    RefundState.REQUESTED: Label(gettext_lazy("Waiting for the shop"), "warn"),
    RefundState.COMPLETED: Label(gettext_lazy("Confirmed"), "ok"),
    RefundState.FAILED: Label(gettext_lazy("Failed"), "bad"),
}
SOURCES: dict[str, Promise] = {
    "return": gettext_lazy("Return"),
    "withdrawal": gettext_lazy("Withdrawal"),
    "claim": gettext_lazy("Claim"),
    "order": gettext_lazy("By hand"),
    "shop": gettext_lazy("Refunded in the shop"),
}


@dataclass(frozen=True)
class Row:
    """A refund as the list shows it."""

    refund: Refund
    url: str
    amount: str
    state: Label
    source: Any
    order_url: str


@require_safe
@merchant_view()
def refunds(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?tab=` and `?cursor=` say which refunds; those that wait for the shop are shown first."""
    return QUEUE.show(request, seat, queries.refunds_with_orders(), lambda found: _row(seat.merchant, found))


@require_safe
@merchant_view()
def refund(request: HttpRequest, seat: Seat, refund_id: str) -> HttpResponse:
    """One refund: what it is, where its order's money is, and what can be done."""
    found = queries.get_refund(id_or_404("rfd", refund_id))
    amounts = (
        (_("Amount"), found.amount, True),
        (_("of it for shipping"), found.shipping, False),
        (_("of it tax"), found.tax, False),
        (_("Fee kept"), found.fee, False),
    )
    context = {
        "refund": found,
        "row": _row(seat.merchant, found),
        "amounts": [
            (text, formats.money(amount, found.currency))
            for text, amount, always in amounts
            if always or amount
        ],
        "money_panel": panel(found.order),
        "base": f"/app/{seat.merchant.slug}/refunds/{refund_id}/",
    }
    return page(request, seat, "dashboard/refund.html", context, section="refunds")


@require_POST
@merchant_view(needs=Permission.ACT)
def act(request: HttpRequest, seat: Seat, refund_id: str) -> HttpResponse:
    """`do=confirm` with the shop's `reference`, or `do=fail` with the `failure`."""
    pk, asked = id_or_404("rfd", refund_id), request.POST
    queries.get_refund(pk)
    try:
        if asked.get("do") == "confirm":
            commands.confirm_refund(seat.merchant, pk, reference=asked.get("reference", "").strip()[:191])
            toasts.success(request, _("The refund is confirmed."))
        elif asked.get("do") == "fail":
            commands.fail_refund(seat.merchant, pk, failure=asked.get("failure", ""))
            toasts.success(request, _("It is noted as failed. The money can be refunded again."))
    except Conflict as problem:
        toasts.error(request, _why(problem.code))
    return redirect("dashboard:refund", seat.merchant.slug, refund_id)


def _why(code: str) -> str:
    if code == "refund_counted_already":
        return _("Another refund of this order has this reference already.")
    return _("This refund is confirmed, or has failed, already.")


def _row(merchant: Merchant, found: Refund) -> Row:
    return Row(
        refund=found,
        url=f"/app/{merchant.slug}/refunds/{public_id('rfd', found.pk)}/",
        amount=formats.money(found.amount, found.currency),
        state=label(STATES, found.state),
        source=SOURCES.get(found.source_kind, found.source_kind),
        order_url=f"/app/{merchant.slug}/orders/{public_id('ord', found.order_id)}/",
    )

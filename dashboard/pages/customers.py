"""The people who bought: a list, and one of them with orders, messages and sums."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from dashboard import formats, listing, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.message_why import consent_rows
from dashboard.shell import page
from dashboard.words import label
from merchants.ids import public_id
from merchants.models import Merchant
from notifications.models import Channel, Message
from orders.models import Customer, Order, OrderStatus
from orders.search import FEW, find_orders

_ORDERS_SHOWN = 50
_MESSAGES_SHOWN = 20
_LONGEST_SEARCH = 200


@dataclass(frozen=True)
class OrderRow:
    """An order of theirs."""

    order: Order
    url: str
    stage: words.Label
    total: str


@require_safe
@merchant_view()
def customers(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?q=` finds people by any word of their orders; without it, the newest first."""
    rows, typed = listed(request)
    stretch = listing.newest(request, rows, by="created_at")
    context = {
        "rows": _with_orders(stretch.rows),
        "stretch": stretch,
        "typed": typed,
        "start_url": listing.url_with(request),
    }
    if request.htmx and "more" in (request.htmx.target or ""):  # type: ignore[attr-defined]
        return render(request, "dashboard/customers.html#rows", context)
    return page(request, seat, "dashboard/customers.html", context, section="customers")


def listed(request: HttpRequest) -> tuple[QuerySet[Customer], str]:
    """The people whom the list's address says, and what was typed."""
    typed = request.GET.get("q", "").replace("\0", "")[:_LONGEST_SEARCH].strip()
    rows: QuerySet[Customer] = Customer.objects.all()
    if typed:
        found = find_orders(typed).orders.exclude(customer=None).order_by("-placed_at", "-id")
        ids = list(found.values_list("customer_id", flat=True)[:FEW])
        rows = rows.filter(Q(pk__in=ids) | Q(email=typed.lower()))
    return rows, typed


@require_safe
@merchant_view()
def customer(request: HttpRequest, seat: Seat, customer_id: str) -> HttpResponse:
    """One person."""
    found = Customer.objects.filter(pk=id_or_404("cus", customer_id)).first()
    if found is None:
        raise Http404
    own = Order.objects.filter(customer_id=found.id)
    orders = list(own.defer("raw", "search").order_by("-placed_at", "-id")[: _ORDERS_SHOWN + 1])
    # Of orders with what was planned before messages knew their customers.
    about = Q(customer_id=found.id) | Q(order_id__in=[order.id for order in orders])
    told = Message.objects.filter(about).select_related("order")
    context = {
        "customer": found,
        "customer_id": customer_id,
        "language": formats.language(found.locale),
        "sums": _sums(found),
        "orders": [_order_row(seat.merchant, order) for order in orders[:_ORDERS_SHOWN]],
        "has_more": len(orders) > _ORDERS_SHOWN,
        "consents": consent_rows([(Channel.EMAIL, found.email), (Channel.SMS, found.phone)]),
        "messages_": [
            {
                "what": words.TOUCHPOINTS.get(message.touchpoint, message.touchpoint),
                "channel": words.CHANNELS.get(message.channel, message.channel),
                "state": label(words.MESSAGE_STATES, message.state),
                "at": message.sent_at or message.planned_at,
                "number": message.order.number if message.order else "",
                "url": f"/app/{seat.merchant.slug}/messages/{public_id('msg', message.id)}/",
            }
            for message in told.defer("html", "text").order_by("-planned_at", "-id")[:_MESSAGES_SHOWN]
        ],
    }
    return page(request, seat, "dashboard/customer.html", context, section="customers")


def _with_orders(rows: list[Customer]) -> list[dict[str, Any]]:
    """People with how often they bought and when last: one query for all of them."""
    bought = Order.objects.filter(customer_id__in=[row.id for row in rows]).values("customer_id")
    by_id = {row["customer_id"]: row for row in bought.annotate(count=Count("pk"), last=Max("placed_at"))}
    shown = []
    for row in rows:
        of = by_id.get(row.id, {"count": 0, "last": None})
        count = ngettext("%(count)d order", "%(count)d orders", of["count"]) % {"count": of["count"]}
        shown.append(
            {
                "url": f"{public_id('cus', row.id)}/",
                "name": row.name or row.email or row.external_id,
                "orders": count,
                "email": row.email or "–",
                "last": formats.moment_and_ago(of["last"]),
                "since": formats.moment_and_ago(row.created_at),
            }
        )
    return shown


def _sums(of: Customer) -> dict[str, Any]:
    """What they bought in all, a sum for each currency; cancelled orders are not in it. One query."""
    kept = Q(status=OrderStatus.PLACED)
    rows = Order.objects.filter(customer_id=of.id).values("currency")
    found = list(
        rows.annotate(
            count=Count("pk"), kept=Count("pk", filter=kept), spent=Sum("total", filter=kept),
            first=Min("placed_at"), last=Max("placed_at"),
        ).order_by("-count")
    )  # fmt: skip
    return {
        "orders": sum(row["count"] for row in found),
        "cancelled": sum(row["count"] - row["kept"] for row in found),
        "spent": [formats.money(row["spent"], row["currency"]) for row in found if row["spent"]],
        "first": min((row["first"] for row in found), default=None),
        "last": max((row["last"] for row in found), default=None),
    }


def _order_row(merchant: Merchant, order: Order) -> OrderRow:
    return OrderRow(
        order,
        f"/app/{merchant.slug}/orders/{public_id('ord', order.id)}/",
        label(words.STAGES, order.stage),
        formats.money(order.total, order.currency),
    )

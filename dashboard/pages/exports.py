"""A list as a file: everything that its address says, as CSV or NDJSON, sent while it is read."""

from collections.abc import Callable, Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from analytics.models import Outcome
from dashboard import filters
from dashboard.access import Seat, merchant_view
from dashboard.pages import claims, customers, messages, orders, returns, shipments, withdrawals
from events.api import facts_after
from events.exports import EVENTS, fact_pages
from merchants.exporting import FORMATS, Export, newest_pages, stream
from merchants.models import Merchant
from merchants.permissions import Permission
from notifications.exports import MESSAGES
from orders.exports import CUSTOMERS, ORDERS, PRODUCTS, with_what_is_exported
from orders.models import Product
from returns.claims.queries import claims_with_lines
from returns.exports import CLAIMS, RETURNS, WITHDRAWALS
from returns.queries import returns_with_lines
from returns.withdrawal.queries import withdrawals_with_lines
from tracking.exports import SHIPMENTS
from tracking.exports import with_what_is_exported as with_orders
from tracking.models import Shipment

Pages = Iterator[list[Any]]


@require_safe
@merchant_view(needs=Permission.DATA)
def export(request: HttpRequest, seat: Seat, name: str) -> HttpResponse:
    """`?format=` csv or ndjson; the rest of the query is that of the list."""
    if name not in EXPORTS:
        raise Http404
    kind, pages_of = EXPORTS[name]
    format_ = request.GET.get("format", "csv")
    pages = pages_of(request, seat.merchant)
    return stream(seat.merchant, kind, pages, format_ if format_ in FORMATS else "csv")  # type: ignore[return-value]


def _orders(request: HttpRequest, merchant: Merchant) -> Pages:
    asked = filters.given(request.GET.dict(), orders.TABS)
    rows = orders.of_tab(filters.of_orders(asked).orders, asked.tab)
    return newest_pages(merchant, with_what_is_exported(rows), "placed_at")


def _shipments(request: HttpRequest, merchant: Merchant) -> Pages:
    asked = filters.given(request.GET.dict(), shipments.TABS, Outcome.values)
    found, _is_countable = shipments.of_shipments(asked)
    wanted = shipments.of_tab(found, asked.tab)
    rows = Shipment.outbound.filter(pk__in=wanted.values("pk")) if asked.narrows or asked.q else wanted
    return newest_pages(merchant, with_orders(rows.prefetch_related("lines__line")), "created_at")


def _customers(request: HttpRequest, merchant: Merchant) -> Pages:
    return newest_pages(merchant, customers.listed(request)[0], "created_at")


def _messages(request: HttpRequest, merchant: Merchant) -> Pages:
    return newest_pages(merchant, messages.listed(request), "planned_at")


def _products(request: HttpRequest, merchant: Merchant) -> Pages:
    return newest_pages(merchant, Product.objects.defer("raw").prefetch_related("variants"), "created_at")


def _events(request: HttpRequest, merchant: Merchant) -> Pages:
    return fact_pages(merchant, lambda after: facts_after(merchant, after))


def _returns(request: HttpRequest, merchant: Merchant) -> Pages:
    rows = returns.QUEUE.of_tab(request, returns_with_lines())
    return newest_pages(merchant, rows, "requested_at")


def _claims(request: HttpRequest, merchant: Merchant) -> Pages:
    return newest_pages(merchant, claims.QUEUE.of_tab(request, claims_with_lines()), "created_at")


def _withdrawals(request: HttpRequest, merchant: Merchant) -> Pages:
    rows = withdrawals.QUEUE.of_tab(request, withdrawals_with_lines())
    return newest_pages(merchant, rows, "created_at")


EXPORTS: dict[str, tuple[Export, Callable[[HttpRequest, Merchant], Pages]]] = {
    "orders": (ORDERS, _orders),
    "shipments": (SHIPMENTS, _shipments),
    "customers": (CUSTOMERS, _customers),
    "products": (PRODUCTS, _products),
    "messages": (MESSAGES, _messages),
    "returns": (RETURNS, _returns),
    "claims": (CLAIMS, _claims),
    "withdrawals": (WITHDRAWALS, _withdrawals),
    "events": (EVENTS, _events),
}

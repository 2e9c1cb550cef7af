"""B14, returns: how much comes back, of what, why, what stays in the shop, and how long money takes."""

import csv
import io
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics.queries import Period
from analytics.returns.queries import Count, ProductReturns, ReturnFigures, return_figures
from analytics.returns.schemas import show_figures
from analytics.returns.types import TypeReturns
from dashboard import formats, shell
from dashboard.access import Seat, merchant_view
from merchants.exporting import escape_cell
from returns.policy.choices import Resolution
from returns.reasons import known, name_of

PERIODS = (30, 90, 365)
_USUAL = 90
_COLUMNS = ("sku", "title", "returned", "bought", "rate", "top_reason", "fault")


@require_safe
@merchant_view()
def returns_report(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?days=30`, `90` or `365`."""
    period, currency = _period(request), seat.merchant.currency
    figures = return_figures(period)
    context: dict[str, Any] = {
        "period": period,
        "days": len(period.days),
        "periods": [(days, len(period.days) == days) for days in PERIODS],
        "returns": figures.returns,
        "summary": _summary(figures, currency),
        "other_currency": figures.other_currency,
        "tables": [
            {"id": "why", "words": _("By reason"), "head": _("Reason"), "rows": _reasons(figures, currency)},
            {"id": "what", "words": _("By what customers got"), "head": _("Resolution"), "rows": [
                _row(_resolution(code), count, figures, currency) for code, count in figures.resolutions.items()
            ]},
        ],
        "products": [_product(row) for row in figures.products],
        "types": [_type(row) for row in figures.types] if any(row.type for row in figures.types) else [],
    }  # fmt: skip
    return shell.page(request, seat, "dashboard/returns_report.html", context, section="reports")


@require_safe
@merchant_view()
def returns_csv(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The products as CSV: a line each, shares from 0 to 1."""
    period = _period(request)
    shown = show_figures(return_figures(period), period, seat.merchant.currency)
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(_COLUMNS)
    writer.writerows([escape_cell(getattr(row, name)) for name in _COLUMNS] for row in shown.products)
    response = HttpResponse(written.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"returns-{period.first.isoformat()}-{period.last.isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _period(request: HttpRequest) -> Period:
    given = request.GET.get("days", "")
    days = int(given) if given in {str(days) for days in PERIODS} else _USUAL
    return Period.ending(timezone.localdate(), days)


def _summary(figures: ReturnFigures, currency: str) -> list[tuple[str, str, str]]:
    """The figures of all returns: (what, how much, what it means)."""
    spans = figures.refund_seconds
    cost = figures.cost_each
    return [
        (_("Returns"), formats.number(figures.returns), _("asked for, and neither called off nor refused")),
        (_("Return rate"), _percent(figures.rate), _("items that came back, for those bought in the same days")),
        (_("Revenue kept"), _percent(figures.kept_share),
         _("as exchange or store credit, of %(amount)s") % {"amount": formats.money(figures.paid, currency)}),
        (_("Cost of a return"), "–" if cost is None else formats.money(cost, currency),
         _("goods given away and bonus, less fees; without what carriers take")),
        (_("Until the money is back"), "–" if spans is None else formats.duration(spans[0]),
         _("half of them, from asking; nine of ten within %(span)s") % {
             "span": "–" if spans is None else formats.duration(spans[1])}),
    ]  # fmt: skip


def _reasons(figures: ReturnFigures, currency: str) -> list[dict[str, Any]]:
    """Each reason with its sub-reasons counted in, then those."""
    rows: list[dict[str, Any]] = []
    for group in figures.by_whole_reason:
        rows.append(_row(_reason(group.code) or _("No reason given"), group.whole, figures, currency))
        rows += [
            {**_row(str(known()[code].name), count, figures, currency), "is_sub": True}
            for code, count in group.subs.items()
        ]
    return rows


def _percent(share: float | None) -> str:
    return "–" if share is None else formats.percent(share)


def _row(name: str, count: Count, figures: ReturnFigures, currency: str) -> dict[str, str]:
    share = count.items / figures.items if figures.items else None
    return {
        "name": name, "items": formats.number(count.items), "share": _percent(share),
        "paid": formats.money(count.paid, currency),
    }  # fmt: skip


def _resolution(code: str) -> str:
    return str(dict(Resolution.choices).get(code, code))


def _reason(code: str) -> str:
    return _("Withdrawal") if code == "withdrawal" else name_of(code)


def _type(row: TypeReturns) -> dict[str, Any]:
    return {
        "name": row.type or _("Without a type"), "returned": formats.number(row.returned),
        "bought": formats.number(row.bought), "rate": _percent(row.rate), "faults": _percent(row.fault_share),
        "reasons": ", ".join(
            f"{_reason(code) or _('No reason given')} ({formats.number(count)})"
            for code, count in list(row.reasons.items())[:3]
        ),
    }  # fmt: skip


def _product(row: ProductReturns) -> dict[str, Any]:
    return {
        "name": row.title, "sku": row.sku, "returned": formats.number(row.returned),
        "bought": formats.number(row.bought), "rate": _percent(row.rate),
        "reason": _reason(row.top_reason) or "–", "fault": name_of(row.fault),
    }  # fmt: skip

"""B14, deliveries: the carriers' scorecards: on time, transit, attempts, exceptions, and how fast they tell."""

import csv
import io
from dataclasses import dataclass
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from analytics.queries import Period
from analytics.scorecards.api import BY, rows_of
from analytics.scorecards.models import Measure
from analytics.scorecards.queries import Scorecard, Scorecards, scorecards
from analytics.scorecards.schemas import CarrierScoreOut
from dashboard import charts, filters, formats, shell
from dashboard.access import Seat, merchant_view
from dashboard.carriers import carrier_label
from dashboard.filters import Given

PERIODS = (7, 30, 90, 365)
_USUAL = 90
_MOST_LANES, _MOST_FEW = 40, 6
_CLASSES = ("is-ok", "is-warn", "is-bad")


@dataclass(frozen=True)
class Row:
    """A scorecard as the page shows it. few: said instead of figures where there are too few parcels."""

    name: str
    about: str
    parcels: str
    few: str
    on_time: str = ""
    percent: int | None = None
    on_date: str = ""
    transit: str = ""
    workdays: str = ""
    first_attempt: str = ""
    exceptions: str = ""
    lost: str = ""
    latency: str = ""


@require_safe
@merchant_view()
def carriers(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?days=7`, `30`, `90` or `365`; `?carrier=` and `?country=` narrow it; `?by=service` shows services for lanes."""
    period, asked = _asked(request)
    cards = scorecards(period, carrier=asked.carrier, country=asked.country)
    by_service = request.GET.get("by") == "service"
    details = cards.services if by_service else cards.lanes
    enough = [item for item in details.items() if item[1].is_enough][:_MOST_LANES]
    shown = enough + [item for item in details.items() if not item[1].is_enough][:_MOST_FEW]
    context: dict[str, Any] = {
        "asked": asked,
        "period": period,
        "days": len(period.days),
        "periods": [(days, len(period.days) == days) for days in PERIODS],
        "headline": _headline(cards.total),
        "chart": _chart(period, cards),
        "rows": [_row(card, carrier_label(code, code)) for code, card in cards.carriers.items()],
        "details": [
            _row(card, carrier_label(code, code), about if by_service else formats.country(about) or "–")
            for (code, about), card in shown
        ],
        "left_out": _left_out(len(details) - len(shown)),
        "by_service": by_service,
        "query": _query(asked, len(period.days)),
        **filters.choices(seat.merchant, asked),
    }
    return shell.page(request, seat, "dashboard/scorecards.html", context, section="reports")


@require_safe
@merchant_view()
def carriers_csv(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The same as CSV: `?by=carrier`, `lane` or `service`."""
    period, asked = _asked(request)
    by = request.GET.get("by", "carrier")
    cards = scorecards(period, carrier=asked.carrier, country=asked.country)
    rows = rows_of(cards, by if by in BY else "carrier")
    written = io.StringIO()
    writer = csv.writer(written)
    columns = msgspec.structs.fields(CarrierScoreOut)
    writer.writerow([column.name for column in columns])
    writer.writerows([_cell(getattr(row, column.name)) for column in columns] for row in rows)
    response = HttpResponse(written.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"carriers-{period.first.isoformat()}-{period.last.isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(request: HttpRequest) -> tuple[Period, Given]:
    given = request.GET.get("days", "")
    days = int(given) if given in {str(days) for days in PERIODS} else _USUAL
    return Period.ending(timezone.localdate(), days), filters.given(request.GET.dict(), {"all": ""})


def _query(asked: Given, days: int) -> str:
    return f"days={days}&carrier={asked.carrier}&country={asked.country}"


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _row(card: Scorecard, name: str, about: str = "") -> Row:
    parcels = formats.number(card.parcels)
    if not card.is_enough:
        few = ngettext(
            "%(count)d parcel: too few to judge", "%(count)d parcels: too few to judge", card.parcels
        )
        return Row(name, about, parcels, few % {"count": card.parcels})
    share = card.on_time
    return Row(
        name, about, parcels, "",
        on_time=_percent(share), percent=round(share * 100) if share is not None else None,
        on_date=_percent(card.on_carriers_date),
        transit=_pair(_days(card.transit(0.5)), _days(card.transit(0.9))),
        workdays=_pair(_count(card.workdays(0.5)), _count(card.workdays(0.9))),
        first_attempt=_percent(card.first_attempt), exceptions=_percent(card.exceptions), lost=_percent(card.lost),
        latency=_pair(_span(card.latency(0.5)), _span(card.latency(0.75)), _span(card.latency_longest)),
    )  # fmt: skip


def _percent(share: float | None) -> str:
    return "–" if share is None else formats.percent(share)


def _days(seconds: float | None) -> str:
    return "–" if seconds is None else formats.decimal(seconds / 86_400)


def _count(days: int | None) -> str:
    return "–" if days is None else str(days)


def _span(seconds: float | None) -> str:
    return "–" if seconds is None else formats.duration(seconds)


def _pair(*parts: str) -> str:
    return "–" if set(parts) == {"–"} else " / ".join(parts)


def _left_out(count: int) -> str:
    if count <= 0:
        return ""
    text = ngettext("%(count)d more is in the CSV.", "%(count)d more are in the CSV.", count)
    return text % {"count": count}


def _headline(total: Scorecard) -> str:
    if not total.parcels:
        return _("No parcel has arrived in this time.")
    return _("%(count)s parcels: %(on_time)s by the promised day, half of them within %(days)s days.") % {
        "count": formats.number(total.parcels),
        "on_time": _percent(total.on_time),
        "days": _days(total.transit(0.5)),
    }


def _chart(period: Period, cards: Scorecards) -> SafeString:
    """Each day's parcels: by the promised day, later, lost."""
    bars, names = [], (_("On time"), _("Late"), _("Lost"))
    for day in period.days:
        card = cards.days.get(day) or Scorecard({})
        kept, lost = card.count(Measure.PROMISE_KEPT), card.count(Measure.LOST)
        parts = (kept, card.count(Measure.PROMISED) - kept, lost)
        told = ", ".join(f"{name} {part}" for name, part in zip(names, parts, strict=True) if part)
        label = formats.short_day(day)
        bars.append(charts.Bar(label, f"{label}: {told}" if told and len(period.days) <= 90 else "", parts))
    return charts.stacked_bars(bars, _CLASSES, _("Parcels by day: on time, late, lost"))

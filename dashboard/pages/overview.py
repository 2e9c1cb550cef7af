"""The overview: what needs the team, four figures, how deliveries ended, and how the carriers do (UX, B1).

Figures come from the daily roll-ups (`analytics`), so the page costs the same for any number of orders.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from analytics.models import Figure, Outcome
from analytics.queries import Deliveries, Ends, Period, counts_by_day, deliveries
from dashboard import charts, formats, shell
from dashboard.access import Seat, merchant_view
from dashboard.carriers import carrier_label
from dashboard.pages.orders import how_to_begin
from dashboard.queue import queue
from dashboard.setup import open_checklist
from orders.models import Order

PERIODS = (7, 30, 90)
_USUAL = 30
OUTCOMES: dict[Outcome, Promise] = {
    Outcome.ON_TIME: gettext_lazy("On time"),
    Outcome.LATE: gettext_lazy("Late"),
    Outcome.FAILED: gettext_lazy("Failed"),
}
_CLASSES = ("is-ok", "is-warn", "is-bad")  # of the outcomes, in their order


@dataclass(frozen=True)
class Tile:
    """A figure with its change and its days, what it means exactly, and the rows behind it.

    tone: of the change: ok (better), bad (worse) or quiet.
    """

    name: str
    value: str
    means: str
    url: str
    rows: str
    change: str = ""
    tone: str = "quiet"
    spark: SafeString | str = ""


@require_safe
@merchant_view()
def overview(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?days=7`, `30` or `90`; `?table=1` shows the chart's days as a table, too."""
    period = _period(request)
    waiting = shell.waiting(seat)
    ends = deliveries(period)
    counted = counts_by_day(period)
    tasks = queue(seat, waiting)
    has_table = bool(request.GET.get("table"))
    is_new = not counted[Figure.ORDERS_PLACED] and not tasks and not Order.objects.exists()
    context = {
        "checklist": open_checklist(seat.merchant) if seat.may_set_up else None,
        "is_short": True,
        "waiting": waiting,
        "tasks": tasks,
        "is_new": is_new,
        "tiles": _tiles(seat.merchant.slug, period, ends, counted),
        "chart": _chart(period, ends.by_day, is_told=not has_table),
        "headline": _headline(ends.in_all(period)),
        "outcomes": [(OUTCOMES[name], css) for name, css in zip(Outcome, _CLASSES, strict=True)],
        # Asked for by a link: most people look at the picture.
        "day_rows": [_day_row(day, ends.by_day[day]) for day in reversed(period.days)] if has_table else [],
        "carriers": [_carrier_row(seat, period, *item) for item in list(ends.by_carrier.items())[:8]],
        "period": period,
        "periods": [(days, len(period.days) == days) for days in PERIODS],
        "days": len(period.days),
        **how_to_begin(seat.merchant),
    }
    return shell.page(request, seat, "dashboard/overview.html", context, section="overview")


@require_safe
@merchant_view()
def deliveries_csv(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The days of the chart as CSV, with the same `?days=`."""
    period = _period(request)
    by_day = deliveries(period).by_day
    lines = _csv_lines(period, by_day)
    response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="deliveries-{period.last.isoformat()}.csv"'
    return response


class _Echo:
    """What the CSV writer writes into: it gives each line back."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(period: Period, by_day: Mapping[date, Deliveries]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(["day", *Outcome.values, "median_days"])
    for day in period.days:
        ended = by_day[day]
        median = ended.median_days
        numbers = [ended.of(outcome) for outcome in Outcome]
        yield writer.writerow([day.isoformat(), *numbers, "" if median is None else f"{median:.2f}"])


def _period(request: HttpRequest) -> Period:
    given = request.GET.get("days", "")
    days = int(given) if given in {str(days) for days in PERIODS} else _USUAL
    return Period.ending(timezone.localdate(), days)


def _tiles(slug: str, period: Period, ends: Ends, counted: Mapping[str, Mapping[date, int]]) -> list[Tile]:
    now, before = ends.in_all(period), ends.in_all(period.before)
    span = f"from={period.first.isoformat()}&to={period.last.isoformat()}"
    days = [ends.by_day[day] for day in period.days]
    return [
        Tile(
            _("On-time delivery"), _percent(now.on_time_share),
            _("Delivered by the last day that the customer was first told."),
            f"/app/{slug}/shipments/?outcome=late&{span}", _("Late parcels"),
            *_change(now.on_time_share, before.on_time_share, _points, up_is_good=True),
            spark=charts.sparkline([day.on_time_share for day in days], _("On-time delivery, day by day")),
        ),
        Tile(
            _("Median time on the way"), _days(now.median_days),
            _("Half of the delivered parcels took no longer from hand-over to delivery, weekends included."),
            f"/app/{slug}/shipments/?tab=delivered&{span}", _("Delivered parcels"),
            *_change(now.median_days, before.median_days, _day_change, up_is_good=False),
            spark=charts.sparkline([day.median_days for day in days], _("Median time on the way, day by day")),
        ),
        _orders_tile(slug, period, span, counted[Figure.ORDERS_PLACED]),
        _messages_tile(slug, period, counted),
    ]  # fmt: skip


def _orders_tile(slug: str, period: Period, span: str, placed: Mapping[date, int]) -> Tile:
    now, before = _sum(placed, period), _sum(placed, period.before)
    return Tile(
        _("Orders"), formats.number(now), _("Placed in this time, cancelled ones included."),
        f"/app/{slug}/orders/?{span}", _("These orders"),
        *_change(now if before else None, before or None, lambda change: _share(change, before), up_is_good=True),
        spark=charts.sparkline([placed.get(day, 0) for day in period.days], _("Orders, day by day")),
    )  # fmt: skip


def _messages_tile(slug: str, period: Period, counted: Mapping[str, Mapping[date, int]]) -> Tile:
    sent, failed = counted[Figure.MESSAGES_SENT], counted[Figure.MESSAGES_FAILED]
    now, before, lost = _sum(sent, period), _sum(sent, period.before), _sum(failed, period)
    return Tile(
        _("Messages sent"), formats.number(now),
        _("Taken by the mail or text provider. Failed in this time: %(count)s.") % {"count": formats.number(lost)},
        f"/app/{slug}/messages/?tab=failed", _("Failed messages"),
        *_change(now if before else None, before or None, lambda change: _share(change, before), up_is_good=None),
        spark=charts.sparkline([sent.get(day, 0) for day in period.days], _("Messages sent, day by day")),
    )  # fmt: skip


def _sum(by_day: Mapping[date, int], period: Period) -> int:
    return sum(number for day, number in by_day.items() if day in period)


def _change(
    now: float | None, before: float | None, shown: Callable[[float], str], *, up_is_good: bool | None
) -> tuple[str, str]:
    """The change against the period before, and its tone. Both empty when there is nothing to compare."""
    if now is None or before is None:
        return "", "quiet"
    change = now - before
    text = shown(change)
    if up_is_good is None or not any(digit in text for digit in "123456789"):
        return text, "quiet"
    return text, "ok" if (change > 0) is up_is_good else "bad"


def _percent(share: float | None) -> str:
    return "–" if share is None else formats.percent(share)


def _days(days: float | None) -> str:
    return "–" if days is None else _("%(days)s days") % {"days": formats.decimal(days)}


def _points(change: float) -> str:
    return _("%(change)s pt") % {"change": formats.decimal(change * 100, sign=True)}


def _day_change(change: float) -> str:
    return _("%(change)s days") % {"change": formats.decimal(change, sign=True)}


def _share(change: float, before: float) -> str:
    return f"{formats.decimal(change / before * 100, sign=True, places=0)} %"


def _headline(ended: Deliveries) -> str:
    """The chart in one sentence."""
    if not ended.parcels:
        return _("No parcel has arrived in this time.")
    return _("%(count)s parcels: %(on_time)s on time, %(late)s late, %(failed)s failed.") % {
        "count": formats.number(ended.parcels),
        **{outcome.value: formats.number(ended.of(outcome)) for outcome in Outcome},
    }


def _chart(period: Period, by_day: Mapping[date, Deliveries], *, is_told: bool) -> SafeString:
    """Each bar says its numbers, unless a table does (is_told: False); many of them in few words."""
    bars, names = [], [str(OUTCOMES[name]) for name in Outcome]
    is_long = len(period.days) > _USUAL
    for day in period.days:
        parts = tuple(by_day[day].of(outcome) for outcome in Outcome)
        label = title = formats.short_day(day)
        if is_long:
            title += f": {' / '.join(map(str, parts))}"
        else:
            told = ", ".join(f"{name} {part}" for name, part in zip(names, parts, strict=True) if part)
            title = f"{formats.day(day)}: {told or '0'}"
        bars.append(charts.Bar(label, title if is_told else "", parts))
    return charts.stacked_bars(bars, _CLASSES, _("Deliveries by outcome, day by day"))


def _day_row(day: date, ended: Deliveries) -> dict[str, Any]:
    return {
        "day": formats.day(day),
        "numbers": [ended.of(outcome) for outcome in Outcome],
        "share": _percent(ended.on_time_share),
    }


def _carrier_row(seat: Seat, period: Period, carrier: str, ended: Deliveries) -> dict[str, Any]:
    share = ended.on_time_share
    return {
        "name": carrier_label(carrier, carrier),
        "parcels": formats.number(ended.parcels),
        "share": _percent(share),
        "percent": round(share * 100) if share is not None else None,
        "median": _days(ended.median_days),
        "url": f"/app/{seat.merchant.slug}/shipments/?carrier={carrier}"
        f"&from={period.first.isoformat()}&to={period.last.isoformat()}",
    }

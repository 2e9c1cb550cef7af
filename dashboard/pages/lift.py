"""Reports › What messages do: each kind of message against its holdout, in words, in bars and in figures."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from analytics.lift.effect import Effect, Verdict
from analytics.lift.models import LiftOutcome
from analytics.lift.queries import Measured, TouchpointLift, lifts
from analytics.lift.schemas import show_lift
from dashboard import formats, shell, words
from dashboard.access import Seat, merchant_view
from dashboard.words import Label

_NAMES = {
    LiftOutcome.REPEAT: gettext_lazy("Bought again, of 100"),
    LiftOutcome.REVENUE: gettext_lazy("Spent after it, a shopper"),
    LiftOutcome.RETURNS: gettext_lazy("Had money given back, of 100"),
    LiftOutcome.QUESTIONS: gettext_lazy("Reported a problem, of 100"),
}
# Less of these is what a shop hopes for.
_UNWANTED = (LiftOutcome.RETURNS, LiftOutcome.QUESTIONS)
_WIDTH, _HEIGHT, _MIDDLE = 200, 20, 10
_COLUMNS = (
    "touchpoint", "outcome", "verdict", "sent", "held_out", "without", "effect", "low", "high", "relative",
    "variance_kept", "days_to_go", "holdout_percent", "window_days", "currency",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """An outcome as the page shows it."""

    name: str
    without: str
    effect: str
    span: str
    bar: SafeString
    state: Label
    about: str


@require_safe
@merchant_view()
def lift(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Every kind of message that somebody was held out of."""
    found = lifts(timezone.now())
    context = {"kinds": [_kind(one, seat.merchant.currency) for one in found]}
    return shell.page(request, seat, "dashboard/lift.html", context, section="messages")


@require_safe
@merchant_view()
def lift_csv(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The same as CSV: a line an outcome, shares from 0 to 1."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(_COLUMNS)
    writer.writerows(_lines(seat.merchant.currency))
    response = HttpResponse(written.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="what-messages-do.csv"'
    return response


def _lines(currency: str) -> Iterator[list[Any]]:
    for found in lifts(timezone.now()):
        shown = show_lift(found, currency)
        for outcome in shown.outcomes:
            values = [getattr(outcome if hasattr(outcome, name) else shown, name) for name in _COLUMNS]
            yield ["" if value is None else value for value in values]


def _kind(found: TouchpointLift, currency: str) -> dict[str, Any]:
    sent, held_out = found.outcomes[0].effect.sent, found.outcomes[0].effect.held_out
    return {
        "key": found.touchpoint,
        "name": words.TOUCHPOINTS.get(found.touchpoint, found.touchpoint),
        "percent": found.percent,
        "days": found.window_days,
        "sent": formats.number(sent),
        "held_out": formats.number(held_out),
        "waiting": formats.number(found.waiting) if found.waiting else "",
        "sentence": _sentence(found),
        # Where nothing can be said yet, the sentence says all there is.
        "rows": [_row(measured, currency) for measured in found.outcomes] if _says_something(found) else [],
    }


def _says_something(found: TouchpointLift) -> bool:
    return any(measured.effect.verdict != Verdict.NOT_ENOUGH for measured in found.outcomes)


def _sentence(found: TouchpointLift) -> str:
    """What a merchant takes along: whether people buy again because of it."""
    repeat = found.outcomes[0]
    effect = repeat.effect
    per_hundred = formats.decimal(abs(effect.effect) * 100)
    if effect.verdict == Verdict.NOT_ENOUGH:
        return (
            _("There is not enough data yet to say what this message does.") + " " + _go_on(repeat.days_to_go)
        )
    if effect.verdict == Verdict.UNCLEAR:
        return _("Whether people buy again because of this message cannot be told from chance so far.")
    text = (
        _(
            "Of 100 people who get this message, %(count)s more buy again within %(days)d days than without it."
        )
        if effect.verdict == Verdict.MORE
        else _(
            "Of 100 people who get this message, %(count)s fewer buy again within %(days)d days than without it."
        )
    )
    return text % {"count": per_hundred, "days": found.window_days}


def _go_on(days: int | None) -> str:
    if days is None:
        return _(
            "At the present rate that takes longer than three years: hold out more people, or send it to more."
        )
    text = ngettext(
        "At the present rate there will be in about %(days)d day.",
        "At the present rate there will be in about %(days)d days.",
        days,
    )
    return text % {"days": days}


def _row(measured: Measured, currency: str) -> Row:
    effect = measured.effect
    shown, signed = _writers(measured.outcome, currency)
    name = str(_NAMES[LiftOutcome(measured.outcome)])
    early = effect.verdict == Verdict.NOT_ENOUGH
    ends = {"low": signed(effect.low or 0), "high": signed(effect.high or 0)}
    span = "" if early else _("%(low)s to %(high)s") % ends
    return Row(
        name=name,
        without=shown(effect.base),
        effect="–" if early else signed(effect.effect),
        span=span,
        bar=_bar(effect, f"{name}: {signed(effect.effect)} ({span})"),
        state=_state(measured.outcome, effect.verdict),
        about=_about(measured),
    )


def _writers(outcome: str, currency: str) -> tuple[Callable[[float], str], Callable[[float], str]]:
    """How figures of an outcome are written: as they are, and with their sign."""
    if outcome != LiftOutcome.REVENUE:
        return lambda value: formats.decimal(value * 100), lambda value: formats.decimal(
            value * 100, sign=True
        )

    def money(value: float) -> str:
        return formats.money(Decimal(f"{abs(value):.2f}"), currency)

    return money, lambda value: ("−" if value < 0 else "+") + money(value)


def _state(outcome: str, verdict: Verdict) -> Label:
    if verdict == Verdict.NOT_ENOUGH:
        return Label(_("Not enough data yet"))
    if verdict == Verdict.UNCLEAR:
        return Label(_("Not told from chance"))
    good = (verdict == Verdict.MORE) != (outcome in _UNWANTED)
    return Label(_("More") if verdict == Verdict.MORE else _("Fewer"), "ok" if good else "bad")


def _about(measured: Measured) -> str:
    if measured.effect.verdict != Verdict.UNCLEAR:
        return ""
    if measured.days_to_go is None:
        return _("An effect of a tenth would take longer than three years to show.")
    text = ngettext(
        "An effect of a tenth would show in about %(days)d day.",
        "An effect of a tenth would show in about %(days)d days.",
        measured.days_to_go,
    )
    return (
        text % {"days": measured.days_to_go}
        if measured.days_to_go
        else _("An effect of a tenth would have shown.")
    )


def _bar(effect: Effect, title: str) -> SafeString:
    """The interval as a line over a scale with 0 in its middle; a dot is the effect."""
    if effect.low is None or effect.high is None:
        return SafeString("")
    widest = max(abs(effect.low), abs(effect.high)) or 1.0

    def at(value: float) -> str:
        return f"{_WIDTH / 2 + value / widest * (_WIDTH / 2 - 8):.1f}"

    return format_html(
        '<svg class="interval" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" direction="ltr">'
        '<title>{title}</title><path class="zero" d="M{zero} 1V{end}"/><path d="M{low} {m}H{high}"/>'
        '<circle cx="{x}" cy="{m}" r="4"/></svg>',
        w=_WIDTH, h=_HEIGHT, title=title, zero=at(0), end=_HEIGHT - 1, low=at(effect.low), high=at(effect.high),
        x=at(effect.effect), m=_MIDDLE,
    )  # fmt: skip

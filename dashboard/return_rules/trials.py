"""Trying the rules on the past: started here, done by a worker, read here while it goes on."""

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard import formats
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.settings_pages import settings_page
from merchants.ids import public_id
from merchants.permissions import Permission
from returns.policy import drafts
from returns.policy.dry_run.job import report_of, start_trial
from returns.policy.dry_run.report import Amounts, Compared, Report
from returns.policy.dry_run.returned import LAST
from returns.policy.model import from_stored
from returns.policy.models import PolicyTrial
from returns.policy.queries import newest

_SPANS = {"30": 30, "90": 90, "365": 365}


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def try_rules(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Have the draft (or the rules in force) tried on the past."""
    days = _SPANS.get(request.POST.get("days", ""), 365)
    draft = drafts.draft()
    policy = from_stored(draft.policy) if draft else newest()[1]
    trial = start_trial(seat.merchant, policy, days=days)
    return redirect("dashboard:rules_trial", seat.merchant.slug, public_id("ptr", trial.id))


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def rules_trial(request: HttpRequest, seat: Seat, trial_id: str) -> HttpResponse:
    """How far a trial is, and its figures. A fragment where only they are asked for."""
    trial = PolicyTrial.objects.filter(pk=id_or_404("ptr", trial_id)).first()
    if trial is None:
        raise Http404
    report = report_of(trial)
    context = {
        "trial": trial,
        "trial_id": trial_id,
        "report": report,
        "orders": formats.number(report.orders),
        "lines": formats.number(report.lines),
        "rows": _rows(report),
        "money": _money(report),
        "most": LAST,
        "days": trial.days,
        "seat": seat,
    }
    template = "dashboard/return_rules/trial.html"
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, f"{template}#figures", context)
    return settings_page(request, seat, "return_rules", template, context)


def _rows(report: Report) -> list[dict[str, Any]]:
    counted: list[tuple[str, Compared]] = [
        (_("May come back on the day of delivery"), report.at_delivery),
        (_("May come back today"), report.today),
        (_("Only in exchange"), report.exchange_only),
    ]
    if report.returns.lines:
        words = _("Accepted of the last returns (items: %(lines)s)") % {
            "lines": formats.number(report.returns.lines)
        }
        counted.append((words, report.returns.accepted))
    return [
        {"words": words, **{name: formats.number(getattr(c, name)) for name in Compared.__struct_fields__}}
        for words, c in counted
    ]


def _money(report: Report) -> list[dict[str, Any]]:
    names = {
        "refunded": _("Paid back"), "credited": _("Given as store credit"), "fees": _("Fees and restocking"),
        "kept_goods": _("Goods that customers keep"),
    }  # fmt: skip
    found = []
    for currency, money in report.returns.money.items():
        rows = [
            {
                "words": names[name],
                "before": formats.money(getattr(money.before, name), currency),
                "after": formats.money(getattr(money.after, name), currency),
                "difference": _signed(getattr(money.after, name) - getattr(money.before, name), currency),
            }
            for name in Amounts.__struct_fields__
        ]
        found.append({"currency": currency, "rows": rows})
    return found


def _signed(amount: Decimal, currency: str) -> str:
    text = formats.money(abs(amount), currency)
    return f"−{text}" if amount < 0 else f"+{text}" if amount else text

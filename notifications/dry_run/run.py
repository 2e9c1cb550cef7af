"""A touchpoint, or a change to it, over the days that were: how many, to whom, when, and which not and why."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import TruncDate

from merchants.models import Merchant
from notifications import planning
from notifications.dry_run.decide import decide
from notifications.dry_run.report import WOULD_SEND, Report
from notifications.dry_run.walk import batches, count, reading
from notifications.models import Message, MessageState
from notifications.switches import Switch, facts_of
from notifications.touchpoints import TOUCHPOINTS

SHORTEST, LONGEST = 1, 365
USUAL_DAYS = 30
LISTED = 50

Progress = Callable[[int, int], None]


class NotRunnable(Exception):
    """There is nothing in the log that this touchpoint could be run over."""


def dry_run(
    merchant: Merchant,
    touchpoint: str,
    switch: Switch,
    *,
    days: int,
    now: datetime,
    listed: int = LISTED,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run it over the merchant's own log of the last days, as if it had been on. JSON.

    Reads in short read-only transactions and holds one batch at a time: nothing is written, whatever it is. progress is
    told how many facts of how many are done. Raises NotRunnable for a touchpoint that no fact sets off.
    """
    known = TOUCHPOINTS[touchpoint]
    types = facts_of(touchpoint, switch)
    if not types:
        raise NotRunnable(f"{touchpoint} is not set off by what happens to an order.")
    wanted, since = replace(switch, is_on=True), now - timedelta(days=days)
    report = Report(merchant.timezone, listed)
    total = count(merchant, types, since)
    has_sms = planning.has_sms()
    for facts in batches(merchant, types, since):
        with reading(merchant):
            outcomes = decide(merchant, known, wanted, facts, has_sms=has_sms)
        for outcome in outcomes:
            report.add(outcome)
        report.facts += len(facts)
        if progress is not None:
            progress(report.facts, total)
    with reading(merchant):
        was = _what_was(merchant, touchpoint, since)
    return {
        "touchpoint": touchpoint, "merchant": merchant.slug, "days": days, "from": since.isoformat(),
        "to": now.isoformat(), **report.as_json(), "was": _together(was.values()),
        "by_day": _side_by_side(report, was, since, now, merchant.timezone),
    }  # fmt: skip


def _what_was(merchant: Merchant, touchpoint: str, since: datetime) -> dict[date, dict[str, int]]:
    """What became of the messages that were planned, by day: one query."""
    zone = ZoneInfo(merchant.timezone)
    rows = (
        Message.objects.filter(touchpoint=touchpoint, planned_at__gte=since)
        .annotate(day=TruncDate("planned_at", tzinfo=zone))
        .values("day", "state", "reason")
        .annotate(number=Count("id"))
        .order_by()
    )
    found: dict[date, dict[str, int]] = {}
    for row in rows:
        name = row["reason"] if row["state"] == MessageState.SKIPPED else row["state"]
        day = found.setdefault(row["day"], {})
        day[name] = day.get(name, 0) + row["number"]
    return found


def _together(days: Iterable[dict[str, int]]) -> dict[str, int]:
    summed: dict[str, int] = {}
    for day in days:
        for name, number in day.items():
            summed[name] = summed.get(name, 0) + number
    return dict(sorted(summed.items()))


def _side_by_side(
    report: Report, was: dict[date, dict[str, int]], since: datetime, now: datetime, timezone: str
) -> list[dict[str, Any]]:
    """A line a day: what would have been, and what was. Days after today are those of what is still to wait."""
    zone = ZoneInfo(timezone)
    first, last = since.astimezone(zone).date(), now.astimezone(zone).date()
    days = {first + timedelta(days=n) for n in range((last - first).days + 1)} | set(report.days) | set(was)
    lines = []
    for day in sorted(days):
        would: Mapping[str, int] = report.days.get(day, {})
        did = was.get(day, {})
        sent = did.get(MessageState.SENT, 0)
        lines.append(
            {
                "day": day.isoformat(),
                "would_send": would.get(WOULD_SEND, 0),
                "would_skip": sum(number for reason, number in would.items() if reason),
                "sent": sent,
                "not_sent": sum(did.values()) - sent,
            }
        )
    return lines

"""Orders of the past, judged under two policies: streamed in slices, so that memory stays flat."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from merchants.models import Merchant
from orders.models import Order
from returns.policy.choices import Code
from returns.policy.dry_run.report import Report
from returns.policy.fields import Field
from returns.policy.judging import judge
from returns.policy.line_facts import LineFacts
from returns.policy.loading import load
from returns.policy.model import Policy, fields_of
from returns.policy.verdict import Verdict
from returns.policy.window import start_of

SLICE: Final = 1000
_UNLIMITED: Final = 10**6
_COLUMNS: Final = (
    "id", "merchant_id", "customer_id", "country", "source", "tags", "currency", "subtotal", "discount", "total",
    "status", "placed_at",
)  # fmt: skip
# Where the last slice ended.
Place = tuple[datetime, UUID]


def slices(since: datetime, until: datetime, after: Place | None = None) -> Iterator[list[Order]]:
    """Orders of the open scope placed in a span (UTC), newest first, a slice at a time."""
    while True:
        rows = Order.objects.filter(placed_at__gte=since, placed_at__lte=until)
        if after is not None:
            rows = rows.filter(Q(placed_at__lt=after[0]) | Q(placed_at=after[0], pk__lt=after[1]))
        found = list(rows.only(*_COLUMNS).order_by("-placed_at", "-pk")[:SLICE])
        if not found:
            return
        after = place_of(found[-1])
        yield found


def place_of(order: Order) -> Place:
    """Where in the stream an order stands."""
    return order.placed_at, order.pk


def count_orders(
    merchant: Merchant,
    orders: Sequence[Order],
    before: Policy,
    after: Policy,
    *,
    now: datetime,
    report: Report,
) -> None:
    """Add a slice of orders to a report."""
    wanted = fields_of(before) | fields_of(after)
    counts = {rule.key: rule for rule in report.rules}
    for rows in load(merchant, orders, wanted=wanted).values():
        report.orders += 1
        for row in rows:
            report.lines += 1
            start = start_of(row.facts, after.transit_days)
            if start is None or row.facts.is_cancelled:
                report.not_sent += 1
                continue
            at = row.facts.delivered_at or row.facts.shipped_at or row.facts.placed_at
            old, new = judge(before, row.facts, at), judge(after, row.facts, at)
            _compare(report, old, new)
            report.today.add(
                _open_now(before, row.facts, old, now, wanted), _open_now(after, row.facts, new, now, wanted)
            )
            for key in new.fitting:
                counts[key].lines += 1


def _compare(report: Report, old: Verdict, new: Verdict) -> None:
    report.at_delivery.add(old.returnable, new.returnable)
    report.exchange_only.add(old.code == Code.EXCHANGE_ONLY, new.code == Code.EXCHANGE_ONLY)
    if old.returnable and new.returnable:
        longer, shorter = _length(new) > _length(old), _length(new) < _length(old)
        report.longer_window += longer
        report.shorter_window += shorter


def _length(verdict: Verdict) -> int:
    return _UNLIMITED if verdict.window_days is None else verdict.window_days


def _open_now(
    policy: Policy, facts: LineFacts, at_delivery: Verdict, now: datetime, wanted: frozenset[Field]
) -> bool:
    """Whether a line may come back now. Rules that count days have to be asked again; for others the window tells."""
    if Field.DAYS in wanted:
        return judge(policy, facts, now).returnable
    ends = at_delivery.window_ends
    return at_delivery.returnable and (ends is None or now <= ends)

"""The last returns of a shop, judged again: what would have been accepted, and what money would have moved."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef

from merchants.models import Merchant
from orders.models import Order, OrderLine, Refund
from returns.models import Return
from returns.policy.choices import Resolution
from returns.policy.dry_run.report import Amounts, Money, Report
from returns.policy.fees import costs_of
from returns.policy.judging import judge
from returns.policy.line_facts import Asked, LineFacts
from returns.policy.loading import load
from returns.policy.model import Policy, fields_of
from returns.policy.verdict import Verdict
from returns.reasons import with_parent
from returns.states import Kind

LAST: Final = 500


@dataclass(frozen=True, slots=True)
class Past:
    """A return of the past. at: when it was asked for. lines: how many of each line, and what it was to become."""

    order_id: UUID
    at: datetime
    lines: dict[UUID, tuple[int, str]]
    asked: dict[UUID, Asked]


def last_returns(since: datetime, *, most: int = LAST) -> list[Past]:
    """The newest returns of the open scope since then (UTC), filled up with refunds that the shop reported by itself.

    Such a refund does not say when it was asked for: it counts as asked for when it was paid.
    """
    asked = _asked_for(since, most)
    return asked + _refunded(since, most - len(asked))


def _asked_for(since: datetime, most: int) -> list[Past]:
    rows = Return.objects.filter(kind=Kind.RETURN, requested_at__gte=since).order_by("-requested_at", "-pk")
    found = []
    for ret in rows.prefetch_related("lines")[:most]:
        lines: dict[UUID, tuple[int, str]] = {}
        asked: dict[UUID, Asked] = {}
        for row in ret.lines.all():
            if row.quantity and row.part_id is None:
                lines[row.line_id] = (row.quantity, row.resolution)
                asked[row.line_id] = Asked(with_parent(row.reason), row.said_condition or None, row.quantity)
        if lines:
            found.append(Past(ret.order_id, ret.requested_at, lines, asked))
    return found


def _refunded(since: datetime, most: int) -> list[Past]:
    """Refunds of orders that have no return here: those that have one are that return's money."""
    known = Return.objects.filter(order_id=OuterRef("order_id"))
    rows = Refund.objects.filter(~Exists(known), refunded_at__gte=since).exclude(lines={})
    refunds = list(rows.order_by("-refunded_at", "-pk")[:most])
    wanted = OrderLine.objects.filter(order_id__in={refund.order_id for refund in refunds})
    names: dict[tuple[UUID, str], UUID] = {
        (order, external): pk for pk, order, external in wanted.values_list("pk", "order_id", "external_id")
    }
    found = []
    for refund in refunds:
        lines = {
            names[refund.order_id, external]: (int(count), Resolution.REFUND.value)
            for external, count in refund.lines.items()
            if (refund.order_id, external) in names
        }
        if lines:
            asked = {line: Asked(quantity=count) for line, (count, _what) in lines.items()}
            found.append(Past(refund.order_id, refund.refunded_at, lines, asked))
    return found


def count_returns(
    merchant: Merchant, pasts: Iterable[Past], before: Policy, after: Policy, report: Report
) -> None:
    """Add past returns to a report."""
    pasts = list(pasts)
    orders = {
        order.pk: order
        for order in Order.objects.filter(pk__in={past.order_id for past in pasts}).defer("raw", "search")
    }
    wanted = fields_of(before) | fields_of(after)
    facts: dict[UUID, LineFacts] = {
        row.line.pk: row.facts
        for rows in load(merchant, list(orders.values()), wanted=wanted).values()
        for row in rows
    }
    for past in pasts:
        if order := orders.get(past.order_id):
            _count(report, past, order.currency, facts, before, after)


def _count(
    report: Report, past: Past, currency: str, facts: dict[UUID, LineFacts], before: Policy, after: Policy
) -> None:
    report.returns.returns += 1
    money = report.returns.money.setdefault(currency, Money())
    sides: dict[int, list[tuple[Verdict, str, Decimal]]] = defaultdict(list)
    for line, (count, resolution) in past.lines.items():
        about = facts.get(line)
        if about is None:
            continue
        report.returns.lines += 1
        about = _with(about, past.asked.get(line, Asked(quantity=count)))
        amount = about.price * count * (1 - about.discount_percent / 100)
        old, new = judge(before, about, past.at), judge(after, about, past.at)
        report.returns.accepted.add(old.returnable, new.returnable)
        for rule in report.rules:
            rule.returns += rule.key in new.fitting
        for side, verdict in enumerate((old, new)):
            if verdict.returnable:
                sides[side].append((verdict, _resolution(verdict, resolution), amount))
    for side, amounts in enumerate((money.before, money.after)):
        _add(amounts, sides[side], currency)


def _with(facts: LineFacts, asked: Asked) -> LineFacts:
    values = {name: getattr(facts, name) for name in LineFacts.__dataclass_fields__}
    return LineFacts(**{**values, "asked": asked})


def _resolution(verdict: Verdict, wanted: str) -> str:
    """What it would have become: what was wanted where it is offered, else money the nearest way."""
    offered = [each.value for each in verdict.resolutions]
    return next((each for each in (wanted, "refund", "store_credit", *offered) if each in offered), wanted)


def _add(amounts: Amounts, lines: list[tuple[Verdict, str, Decimal]], currency: str) -> None:
    """Add one return to the amounts of a side. The fee is taken off what is paid back, then off the credit."""
    costs = costs_of(lines, currency)
    refunded = sum((amount for _v, what, amount in lines if what == Resolution.REFUND), Decimal(0))
    credited = sum((amount for _v, what, amount in lines if what == Resolution.STORE_CREDIT), Decimal(0))
    off_refund = min(costs.fee, refunded)
    amounts.refunded += refunded - off_refund
    amounts.credited += credited - min(costs.fee - off_refund, credited) + costs.bonus
    amounts.fees += costs.fee
    amounts.kept_goods += sum((amount for verdict, _w, amount in lines if verdict.keep_item), Decimal(0))

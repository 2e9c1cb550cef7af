"""What became of an order afterwards: its returns, withdrawals, claims and refunds, with their states and pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboard import formats, return_words, words
from dashboard.pages.refunds import SOURCES
from dashboard.pages.refunds import STATES as REFUND_STATES
from dashboard.words import Label, label
from merchants.ids import public_id
from merchants.models import Merchant
from orders.models import Order
from returns.claims.models import Claim, Cover
from returns.claims.rules import premium_of, rules_of
from returns.claims.words import KINDS
from returns.models import Return
from returns.money.models import Refund
from returns.withdrawal.models import LineExemption, Withdrawal

_MOST = 30  # of each kind


@dataclass(frozen=True)
class Affair:
    """One of them. about: what it is of, or why; worth: an amount, or ""."""

    kind: Promise
    name: str
    url: str
    states: tuple[Label, ...]
    about: Any
    worth: str
    at: datetime


@dataclass(frozen=True)
class Protection:
    """Whether an order is protected. premium: what was paid for it, or what it would cost; "" where nobody can."""

    since: datetime | None
    premium: str
    amount: str


def affairs(merchant: Merchant, order: Order) -> list[Affair]:
    """Those of an order in the open scope, newest first. Five queries."""

    def at(section: str, prefix: str, pk: Any) -> str:
        return f"/app/{merchant.slug}/{section}/{public_id(prefix, pk)}/"

    returns = Return.objects.filter(order=order).prefetch_related("lines").order_by("-requested_at")
    found = [
        Affair(
            _("Return"), row.number, at("returns", "ret", row.pk),
            (label(return_words.APPROVALS, row.approval_state), label(return_words.LOGISTICS, row.logistics_state),
             label(return_words.MONEY, row.money_state)),
            "", formats.money(sum(line.paid for line in row.lines.all()), row.currency), row.requested_at,
        )
        for row in returns[:_MOST]
    ]  # fmt: skip
    found += [
        Affair(
            _("Withdrawal"), row.number, at("withdrawals", "wdr", row.pk),
            (label(words.WITHDRAWAL_STATUSES, row.status),), "", "", row.declared_at,
        )
        for row in Withdrawal.objects.filter(order=order).order_by("-declared_at")[:_MOST]
    ]  # fmt: skip
    found += [
        Affair(
            _("Claim"), row.number, at("claims", "clm", row.pk), (label(words.CLAIM_STATUSES, row.status),),
            KINDS[row.kind], formats.money(row.value, row.currency), row.created_at,
        )
        for row in Claim.objects.filter(order=order).order_by("-created_at")[:_MOST]
    ]  # fmt: skip
    found += [
        Affair(
            _("Refund"), row.reference or row.reason, at("refunds", "rfd", row.pk), (label(REFUND_STATES, row.state),),
            SOURCES.get(row.source_kind, row.source_kind), formats.money(row.amount, row.currency), row.requested_at,
        )
        for row in Refund.objects.filter(order=order).order_by("-requested_at")[:_MOST]
    ]  # fmt: skip
    return sorted(found, key=lambda each: each.at, reverse=True)


def protection_of(order: Order) -> Protection | None:
    """The cover of an order, or what it would cost; None where the shop protects nothing. Two queries at most."""
    cover = Cover.objects.filter(order=order).first()
    if cover is not None:
        return Protection(cover.created_at, formats.money(cover.premium, cover.currency), "")
    rules = rules_of()
    if not rules.is_on:
        return None
    premium = premium_of(order, rules)
    return Protection(None, formats.money(premium, order.currency), f"{premium:.2f}")


def exemptions_of(order: Order) -> dict[Any, str]:
    """Why goods of an order are without the right of withdrawal, by line: as somebody marked them. One query."""
    return dict(LineExemption.objects.filter(line__order=order).values_list("line_id", "exemption"))

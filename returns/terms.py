"""What holds for each line of an order when it is asked for: the shop's rules, the law, or the seller's duty."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from merchants.models import Merchant
from orders.models import Order
from returns.models import Branch
from returns.policy.choices import Code, Method, Resolution, Trigger
from returns.policy.line_facts import Asked
from returns.policy.queries import policy_for, verdicts
from returns.policy.verdict import Verdict
from returns.states import Kind


@dataclass(frozen=True)
class Terms:
    """The verdict on every line of an order, and which version of the rules gave it (None: no rules were asked)."""

    lines: Mapping[UUID, Verdict]
    version: int | None = None


# What the law gives: no rule of the shop's, no fee, no time but the law's own, which `returns.withdrawal` watches.
BY_LAW: Final = Verdict(
    Code.RETURNABLE, resolutions=(Resolution.REFUND,), methods=tuple(Method), auto_approve=True,
    refund_trigger=Trigger.RECEIPT,
)  # fmt: skip
# What a defect gives: people judge it, the shop's window for a change of mind has nothing to do with it.
DEFECT: Final = Verdict(
    Code.RETURNABLE,
    resolutions=(Resolution.REPAIR, Resolution.REPLACEMENT, Resolution.REFUND, Resolution.STORE_CREDIT),
    methods=tuple(Method), needs_review=True, refund_trigger=Trigger.INSPECTION,
)  # fmt: skip


def terms_of(
    merchant: Merchant, order: Order, kind: str, *, at: datetime, asked: Mapping[UUID, Asked] | None = None
) -> Terms:
    """What holds for each line of an order of the open scope at a moment (UTC)."""
    if kind in (Kind.WITHDRAWAL, Kind.WARRANTY):
        same = BY_LAW if kind == Kind.WITHDRAWAL else DEFECT
        if not Branch.objects.exists():
            same = replace(same, methods=tuple(method for method in same.methods if method != Method.STORE))
        rows = order.lines.filter(quantity__gt=0)
        unsent = Verdict(Code.NOT_SENT)
        sent = rows.values_list("pk", "shipped_quantity", "requires_shipping")
        return Terms({pk: same if count or not ships else unsent for pk, count, ships in sent})
    version, _policy = policy_for(order, at)
    return Terms(verdicts(merchant, order, at=at, asked=asked), version)

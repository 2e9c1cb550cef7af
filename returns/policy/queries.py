"""Reading policies, and asking them about orders: a bounded number of queries."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from merchants.models import Merchant
from merchants.rest.errors import NotFound
from orders.models import Order
from returns.policy.effective import effective
from returns.policy.judging import judge
from returns.policy.line_facts import Asked
from returns.policy.loading import load
from returns.policy.model import Policy, fields_of, from_stored
from returns.policy.models import PolicyVersion
from returns.policy.verdict import Verdict


def newest() -> tuple[int, Policy]:
    """The open scope's policy and its number; 0 for the built-in one."""
    row = PolicyVersion.objects.order_by("-number").first()
    return (row.number, from_stored(row.policy)) if row else (0, Policy())


def in_force(at: datetime) -> tuple[int, Policy]:
    """The policy that was in force at a moment, and its number."""
    row = PolicyVersion.objects.filter(saved_at__lte=at).order_by("-number").first()
    return (row.number, from_stored(row.policy)) if row else (0, Policy())


def policy_for(order: Order, at: datetime) -> tuple[int, Policy]:
    """The policy for an order at a moment: each rule as it reads. The number: of today's version."""
    number, now = in_force(at)
    _number, bought = in_force(order.placed_at)
    return number, effective(bought, now)


def verdicts(
    merchant: Merchant, order: Order, *, at: datetime, asked: Mapping[UUID, Asked] | None = None
) -> dict[UUID, Verdict]:
    """What the rules say about each line of an order of the open scope at a moment, by its id. Ten queries at most.

    Lines that were taken out of the order are not in it. How much of a line is left to come back is not asked here.
    asked: what the shopper said already, by line; without it, rules that ask for it fit nothing, and a verdict's
    `asks` names what is missing.
    """
    _number, policy = policy_for(order, at)
    loaded = load(merchant, [order], asked=asked, wanted=fields_of(policy))[order.id]
    return {row.line.id: judge(policy, row.facts, at) for row in loaded}


def versions() -> QuerySet[PolicyVersion]:
    """The open scope's versions, newest first, without what they say."""
    return PolicyVersion.objects.defer("policy").order_by("-number")


def version(number: int) -> Policy:
    """What a version says; 0 is the built-in one. Raises NotFound."""
    if number == 0:
        return Policy()
    row = PolicyVersion.objects.filter(number=number).first()
    if row is None:
        raise NotFound("There is no such version.", param="number")
    return from_stored(row.policy)

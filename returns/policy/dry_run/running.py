"""A policy tried on the past: nothing is written, no order is changed."""

from datetime import datetime, timedelta

from merchants.models import Merchant
from returns.policy.dry_run.orders import count_orders, slices
from returns.policy.dry_run.report import Report, RuleCount
from returns.policy.dry_run.returned import count_returns, last_returns
from returns.policy.model import Policy
from returns.policy.queries import newest

MOST_DAYS = 3650


def new_report(policy: Policy, days: int) -> Report:
    """An empty report about a policy."""
    rules = [RuleCount(rule.key, rule.name) for rule in policy.rules if rule.is_on]
    return Report(days=days, rules=rules)


def dry_run(merchant: Merchant, policy: Policy, *, days: int, now: datetime) -> Report:
    """Compare a policy with the one in force, over the orders of so many days and the last 500 returns among them.

    Both are taken as if they had always been in force. Needs an open scope; memory does not grow with the orders.
    """
    _number, in_force = newest()
    since = now - timedelta(days=days)
    report = new_report(policy, days)
    for orders in slices(since, now):
        count_orders(merchant, orders, in_force, policy, now=now, report=report)
    count_returns(merchant, last_returns(since), in_force, policy, report)
    return report

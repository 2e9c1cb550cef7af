"""Which wording of each rule counts for an order: the one at purchase, or the one of today (R5)."""

from returns.policy.choices import Reads
from returns.policy.model import Policy, Rule


def effective(bought: Policy, now: Policy) -> Policy:
    """The policy for an order, out of the one in force at purchase and the one in force now.

    Today's order of rules holds. A rule that reads at purchase counts as it was then, and not at all when it did not
    exist yet; one that was taken out since still counts, behind the rule that it stood behind.
    """
    if bought is now or bought == now:
        return now
    then = {rule.key: rule for rule in bought.rules}
    today = {rule.key for rule in now.rules}
    rules: list[Rule] = []
    for rule in now.rules:
        chosen = then.get(rule.key) if rule.reads == Reads.PURCHASE else rule
        if chosen is not None:
            rules.append(chosen)
    for place, rule in enumerate(bought.rules):
        if rule.key not in today and rule.reads == Reads.PURCHASE:
            rules.insert(_after(rules, bought.rules[:place]), rule)
    standard_from = bought if now.standard_reads == Reads.PURCHASE else now
    return Policy(
        rules=tuple(rules),
        standard=standard_from.standard,
        standard_reads=now.standard_reads,
        transit_days=standard_from.transit_days,
    )


def _after(rules: list[Rule], before: tuple[Rule, ...]) -> int:
    """The place behind the nearest of the rules that stood before, 0 when none of them is left."""
    places = {rule.key: place for place, rule in enumerate(rules)}
    for rule in reversed(before):
        if rule.key in places:
            return places[rule.key] + 1
    return 0

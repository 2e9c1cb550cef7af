"""From facts to the two groups of each touchpoint: whom the message went to, and who was held out.

A message that failed counts as sent: it was decided to send it, and one held out might have failed as well.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from analytics.lift.models import LiftShopper, LiftTally
from analytics.lift.windows import GRACE, window_days
from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from notifications.reasons import Reason
from orders.models import Customer, Order


def forget_lift() -> None:
    """Every merchant's shoppers and sums. The sums come back as the windows, which have passed, are looked at again."""
    LiftTally.objects.all().delete()
    LiftShopper.objects.all().delete()


@subscribe("analytics.lift", ["message.sent", "message.failed", "message.skipped"], forget=forget_lift)
def note_shoppers(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Note each shopper the first time that chance decided about a kind of message: four statements at most."""
    decided = [fact for fact in facts if _by_chance(fact)]
    if not decided:
        return
    customers = _customers(decided)
    days = window_days(fact.data["touchpoint"] for fact in decided)
    LiftShopper.objects.bulk_create(
        [
            LiftShopper(
                merchant=merchant,
                customer_id=customer_id,
                touchpoint=fact.data["touchpoint"],
                is_held_out=fact.type == "message.skipped",
                percent=fact.data["holdout_percent"],
                began_at=fact.recorded_at,
                due_at=fact.recorded_at + timedelta(days=days[fact.data["touchpoint"]]) + GRACE,
            )
            for fact in decided
            if (customer_id := customers.get(fact.position)) is not None
        ],
        ignore_conflicts=True,
    )


def _by_chance(fact: RecordedFact) -> bool:
    if not fact.data.get("holdout_percent"):
        return False
    return fact.type != "message.skipped" or fact.data.get("reason") == Reason.HOLDOUT


def _customers(facts: Sequence[RecordedFact]) -> dict[int, UUID]:
    """Whose fact it is, by position, of those that still exist. Nobody knows what the others buy."""
    orders = {fact.order_id for fact in facts if fact.order_id}
    buyers = dict(Order.objects.filter(pk__in=orders).values_list("id", "customer_id")) if orders else {}
    named = {fact.position: UUID(fact.data["customer_id"]) for fact in facts if fact.data.get("customer_id")}
    there = (
        set(Customer.objects.filter(pk__in=named.values()).values_list("id", flat=True)) if named else set()
    )
    found = {position: one for position, one in named.items() if one in there}
    for fact in facts:
        if fact.order_id and (buyer := buyers.get(fact.order_id)):
            found[fact.position] = buyer
    return found

"""Finding the order of what was declared without a link: after the answer, so that it tells nothing by its time."""

from collections.abc import Sequence

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from returns.withdrawal import commands
from returns.withdrawal.models import Status, Withdrawal
from returns.withdrawal.queries import order_meant


@subscribe("withdrawal.match", ["withdrawal.declared"], batch=50)
def match_orders(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Match by number and e-mail address together. What does not fit waits for the team."""
    ids = [fact.data["withdrawal_id"] for fact in facts if fact.order_id is None]
    for row in Withdrawal.objects.filter(pk__in=ids, status=Status.UNMATCHED).order_by("created_at"):
        if order_id := order_meant(row.contract, row.email):
            commands.match(merchant, row.pk, order_id, by="number and e-mail address")

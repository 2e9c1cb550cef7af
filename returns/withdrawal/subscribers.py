"""Finding the order of what was declared without a link: after the answer, so that it tells nothing by its time."""

from collections.abc import Sequence
from uuid import UUID

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from returns.withdrawal import commands
from returns.withdrawal.models import Status, Withdrawal
from returns.withdrawal.queries import order_meant
from returns.withdrawal.refunds import forget_refund


@subscribe("withdrawal.match", ["withdrawal.declared"], batch=50)
def match_orders(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Match by number and e-mail address together. What does not fit waits for the team."""
    ids = [fact.data["withdrawal_id"] for fact in facts if fact.order_id is None]
    for row in Withdrawal.objects.filter(pk__in=ids, status=Status.UNMATCHED).order_by("created_at"):
        if order_id := order_meant(row.contract, row.email):
            commands.match(merchant, row.pk, order_id, by="number and e-mail address")


@subscribe("withdrawal.money", ["refund.completed", "refund.failed"], batch=50)
def follow_refunds(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """The shop gave the money back: the withdrawal is done. It could not: another refund may be asked for."""
    for fact in facts:
        if fact.data.get("source_kind") != "withdrawal":
            continue
        pk, refund_id = UUID(fact.data["source_id"]), UUID(fact.data["refund_id"])
        if not Withdrawal.objects.filter(pk=pk, status=Status.OPEN, refund_id=refund_id).exists():
            continue
        if fact.type == "refund.completed":
            commands.complete(merchant, pk, reference=fact.data.get("reference", ""))
        else:
            forget_refund(merchant, pk, refund_id)

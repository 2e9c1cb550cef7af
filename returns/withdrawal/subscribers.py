"""Finding the order of what was declared without a link: after the answer, so that it tells nothing by its time.

And what becomes of its goods and its money.
"""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from returns.models import Return
from returns.withdrawal import commands
from returns.withdrawal.models import Status, Withdrawal
from returns.withdrawal.queries import order_meant
from returns.withdrawal.refunds import forget_refund
from returns.withdrawal.way_back import call_off, follow_goods, open_way, opens_by_itself


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


@subscribe("withdrawal.way_back", ["withdrawal.matched", "shipment.created"], batch=50)
def open_ways(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """The goods may come back, at once or once they were sent after all."""
    orders = {fact.order_id for fact in facts if fact.order_id is not None}
    for row in Withdrawal.objects.filter(order_id__in=orders, status=Status.OPEN).order_by("created_at"):
        if opens_by_itself(row):
            with suppress(
                Conflict, Unprocessable
            ):  # not sent, or in returns of the shop's own: the team sees it
                open_way(merchant, row.pk)


@subscribe("withdrawal.goods", ["return.in_transit", "return.received", "withdrawal.set_aside"], batch=50)
def follow_ways(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """A return of withdrawn goods moved, or there is nothing to send back any more."""
    ids = [fact.data["return_id"] for fact in facts if fact.data.get("kind") == "withdrawal"]
    whose = dict(
        Return.objects.filter(pk__in=ids, withdrawal__isnull=False).values_list("pk", "withdrawal_id")
    )
    for fact in facts:
        if fact.type == "withdrawal.set_aside":
            call_off(merchant, UUID(fact.data["withdrawal_id"]))
        elif withdrawal_id := whose.get(UUID(fact.data["return_id"])):
            follow_goods(merchant, withdrawal_id, fact.recorded_at)

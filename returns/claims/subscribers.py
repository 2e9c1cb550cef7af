"""What claims learn from the log: orders with a premium line are covered, and a parcel that moves pauses its claim."""

from collections.abc import Sequence

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from orders.models import OrderLine
from returns.claims import commands
from returns.claims.models import Claim
from returns.claims.pool import cover
from returns.claims.rules import rules_of
from returns.claims.steps import LIVING

_MOVING = [
    "shipment.shipped", "shipment.out_for_delivery", "shipment.attempt_failed", "shipment.ready_for_pickup",
    "shipment.delivered", "shipment.returning", "shipment.returned",
]  # fmt: skip


def forget_nothing() -> None:
    """Covers and claims stay: reading the log again changes only what is not so."""


@subscribe("claims.cover", ["order.placed"], forget=forget_nothing, batch=200)
def cover_orders(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Cover the orders that have a line of the shop's premium. One query for a shop without such lines."""
    rules = rules_of()
    if not rules.premium_skus or not rules.is_on:
        return
    wanted = {fact.order_id for fact in facts if fact.order_id}
    rows = OrderLine.objects.filter(order_id__in=wanted, sku__in=rules.premium_skus, quantity__gt=0).order_by(
        "order_id"
    )
    for line in rows:
        cover(merchant, line.order_id, premium=line.unit_price * line.quantity, source="line")


@subscribe("claims.moves", _MOVING, forget=forget_nothing, batch=200)
def pause_claims(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """A parcel that was claimed and moves again: one query where nothing was claimed."""
    at = {fact.data["shipment_id"]: fact.recorded_at for fact in facts if "shipment_id" in fact.data}
    claimed = Claim.objects.filter(shipment_id__in=at, status__in=LIVING)
    for shipment_id in sorted(set(claimed.values_list("shipment_id", flat=True))):
        commands.parcel_moved(merchant, shipment_id, at[str(shipment_id)])

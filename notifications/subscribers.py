"""From facts to planned messages."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from notifications import planning
from notifications.models import Channel, Message
from notifications.reasons import Reason
from notifications.switches import Switch, switches
from notifications.touchpoints import BY_FACT
from orders.models import Order

# What we learned so long ago is not told any more: the worker stood still. Counted from when the fact was recorded and
# not from when it happened, for a shop's or carrier's clock may be wrong, and who imports history says `notify: false`
# (docs/decisions/0006).
TOLD_WITHIN = timedelta(hours=48)


# Without `forget`: replaying the log must not write to people again.
@subscribe("notifications.plan", BY_FACT)
def plan_messages(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Plan a message for each new moment, channel and recipient: a fixed number of queries, however many facts."""
    wanted = [fact for fact in facts if fact.data.get("notify", True) and fact.order_id]
    if not wanted:
        return
    orders = Order.objects.defer("raw", "search").in_bulk({fact.order_id for fact in wanted})
    now = timezone.now()
    how = switches({BY_FACT[fact.type].key for fact in wanted})
    planning.store(
        [
            message
            for fact in wanted
            if (order := orders.get(fact.order_id)) is not None
            for message in _messages(merchant, order, fact, how[BY_FACT[fact.type].key], now)
        ]
    )


def _messages(
    merchant: Merchant, order: Order, fact: RecordedFact, how: Switch, now: datetime
) -> Iterator[Message]:
    touchpoint = BY_FACT[fact.type]
    payload = fact.payload()
    shipment_id: UUID | None = getattr(payload, "shipment_id", None)
    too_old = Reason.TOO_OLD if now - fact.recorded_at > TOLD_WITHIN else None
    for channel in touchpoint.channels:
        skip = too_old
        if channel == Channel.SMS:
            # Nobody expects a text message without consent: there is nothing to explain.
            if not (planning.has_sms() and order.sms_consent and planning.recipient(order, channel)):
                continue
        elif not order.email:
            skip = Reason.NO_ADDRESS
        if not how.sends(channel):
            skip = Reason.SWITCHED_OFF
        message = planning.plan(
            merchant, order, touchpoint, channel,
            moment=touchpoint.moment(payload, merchant), shipment_id=shipment_id, skip=skip,
        )  # fmt: skip
        message.fact_position, message.fact_type = fact.position, fact.type
        if message.due_at is not None:
            message.due_at += how.delay
        yield message

"""Whether what a message was planned on is still so when it goes out: live conditions, and what a reminder is about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max, Q

from events.models import Fact
from merchants.models import Merchant
from notifications import conditions
from notifications.condition_context import contexts
from notifications.conditions import Context
from notifications.models import EventKind, Message, MessageEvent
from notifications.planner import live_conditions
from notifications.reasons import Reason
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Order

_REACTIONS = (EventKind.OPENED, EventKind.CLICKED)


@dataclass(frozen=True)
class AsPlanned:
    """What was loaded for a batch. reacted: ids of first messages whose reader opened, clicked or acted."""

    contexts: Mapping[UUID, Context]
    reacted: frozenset[UUID]

    def why_not(self, message: Message) -> Reason | None:
        """Why a message must not go out as it was planned, None when it may."""
        first = message.plan.get("reminds")
        if first and UUID(first) in self.reacted:
            return Reason.REACTED
        live = live_conditions(message.plan)
        context = self.contexts.get(message.order_id) if message.order_id else None
        if live and (
            context is None or not conditions.all_hold(live, context.of_parcel(message.shipment_id))
        ):
            return Reason.CONDITION
        return None


def load_as_planned(
    merchant: Merchant, messages: Sequence[Message], orders: Mapping[UUID, Order]
) -> AsPlanned:
    """No query for messages without live conditions that remind of nothing: nearly all of them."""
    live = {
        message.order_id: live_conditions(message.plan) for message in messages if message.plan.get("live")
    }
    about = [order for order_id, order in orders.items() if order_id in live]
    needs = conditions.needs([each for own in live.values() for each in own])
    return AsPlanned(
        contexts(merchant, about, needs) if about else {},
        _reacted([message for message in messages if message.plan.get("reminds")]),
    )


def _reacted(reminders: Sequence[Message]) -> frozenset[UUID]:
    """Of what these remind of, what was opened, clicked, or followed by what it asked for: two queries."""
    if not reminders:
        return frozenset()
    firsts = {UUID(message.plan["reminds"]): message for message in reminders}
    seen = MessageEvent.objects.filter(message_id__in=firsts, kind__in=_REACTIONS)
    return frozenset({*seen.values_list("message_id", flat=True), *_acted(firsts)})


def _acted(firsts: Mapping[UUID, Message]) -> Iterable[UUID]:
    wanted = Q()
    for message in firsts.values():
        acted = TOUCHPOINTS[message.touchpoint].acted
        if acted and message.order_id:
            wanted |= Q(order_id=message.order_id, type__in=acted, position__gt=message.fact_position or 0)
    if not wanted:
        return ()
    rows = Fact.objects.filter(wanted).values("order_id", "type").annotate(last=Max("position"))
    done = {(row["order_id"], row["type"]) for row in rows}
    return (
        first
        for first, message in firsts.items()
        if any((message.order_id, each) in done for each in TOUCHPOINTS[message.touchpoint].acted)
    )

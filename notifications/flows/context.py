"""What the branches of a run are held against: the order's context, and what became of the run's last message."""

from collections.abc import Collection

from merchants.models import Merchant
from notifications import conditions
from notifications.condition_context import contexts
from notifications.conditions import Condition, Context, Needs, Value
from notifications.flows.models import FlowRun
from notifications.models import Message, MessageEvent, MessageState


def context_of_run(merchant: Merchant, run: FlowRun, asked: Collection[Condition]) -> Context:
    """As of now; a parcel's where the run is about one. Two queries more where the last message is asked about."""
    needs = conditions.needs(asked)
    context = contexts(merchant, [run.order], needs)[run.order_id].of_parcel(run.shipment_id)
    if Needs.RUN not in needs:
        return context
    return Context({**context.values, "last_message": _last_message(run)})


def _last_message(run: FlowRun) -> Value:
    """What became of what the run sent last. Not known before it sent anything."""
    mine = Message.objects.filter(order_id=run.order_id, plan__run=str(run.id)).order_by("-planned_at", "-id")
    last = mine.only("id", "state", "outcome", "merchant_id").first()
    if last is None:
        return None
    kinds = MessageEvent.objects.filter(message_id=last.id).values_list("kind", flat=True)
    sent = last.state in (MessageState.SENT, MessageState.SENDING, MessageState.PLANNED)
    return frozenset({"sent" if sent else "not_sent", *kinds})

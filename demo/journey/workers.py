"""What the workers of an installation do, done here at once."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from demo.journey.scene import FLOW, Call
from events.drain import drain
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.flows.engine import step_due
from notifications.flows.models import FlowRun, RunState
from notifications.followups.models import FollowUp
from notifications.followups.tasks import look_through, tell
from notifications.models import Message, MessageState
from notifications.sending import send_due


def take_turn(merchant: Merchant, waiting: Sequence[tuple[UUID | None, Call]]) -> None:
    """Read the log to its end and do what is due; then what these customers wait for, as if its time had come."""
    _work(merchant)
    if _bring_forward(merchant, waiting):
        _work(merchant)


def _work(merchant: Merchant) -> None:
    """Until nothing is left: what one does may give work to another."""
    while drain(merchant.shard) + look_through() + tell() + step_due() + send_due():
        pass


def _bring_forward(merchant: Merchant, waiting: Sequence[tuple[UUID | None, Call]]) -> bool:
    """The one thing that no shop can do: make it later. Returns whether anybody waited."""
    now, moved = timezone.now(), 0
    with merchant_scope(merchant):
        for customer_id, call in waiting:
            if customer_id is None or not call.awaited:
                continue
            planned = Message.objects.filter(
                customer_id=customer_id, touchpoint=call.awaited, state=MessageState.PLANNED
            )
            moved += planned.update(due_at=now)
            due = FollowUp.objects.filter(customer_id=customer_id, kind=call.awaited, due_at__isnull=False)
            moved += due.update(due_at=now)
            if call.awaited == FLOW:
                runs = FlowRun.objects.filter(customer_id=customer_id, state=RunState.RUNNING)
                moved += runs.update(due_at=now)
    return bool(moved)

"""What comes after a message: the next channel when it could not reach anybody, and a reminder after it was sent."""

from datetime import datetime, timedelta
from typing import Any, Final

from notifications import planning
from notifications.choices import Channel
from notifications.models import Message, MessageState
from notifications.reasons import Reason
from notifications.touchpoints import TOUCHPOINTS

# It is the channel that failed, not the message: another one may do.
UNREACHABLE: Final = frozenset(
    {
        Reason.NO_ADDRESS, Reason.NO_COUNTRY, Reason.NO_DEVICE, Reason.NO_CONSENT, Reason.NO_BASIS, Reason.UNCONFIRMED,
        Reason.SUPPRESSED, Reason.STOPPED, Reason.CHANNEL_OFF,
        Reason.RECIPIENT_REFUSED, Reason.INVALID_ADDRESS, Reason.REFUSED, Reason.PROVIDER_ERROR,
    }
)  # fmt: skip


def after(message: Message, state: str, reason: str, now: datetime) -> list[Message]:
    """The messages that come after one that ended this way, unsaved: at most one.

    Called in the transaction that ends it, which happens once; so does this.
    """
    if state == MessageState.SENT:
        return _reminder(message, now) if message.plan.get("remind_days") else []
    if reason in UNREACHABLE and message.plan.get("then"):
        return _next_channel(message)
    return []


def _reminder(message: Message, now: datetime) -> list[Message]:
    plan = {name: message.plan[name] for name in ("version", "live", "flow", "step") if name in message.plan}
    again = _again(
        message, Channel(message.channel), f"reminder:{message.id}", {**plan, "reminds": str(message.id)}
    )
    again.due_at = now + timedelta(days=message.plan["remind_days"])
    return [again]


def _next_channel(message: Message) -> list[Message]:
    channel, *then = message.plan["then"]
    plan = {**message.plan, "then": then, "instead_of": str(message.id)}
    return [_again(message, Channel(channel), f"instead:{message.id}", plan)]


def _again(message: Message, channel: Channel, moment: str, plan: dict[str, Any]) -> Message:
    touchpoint = TOUCHPOINTS[message.touchpoint]
    if message.order is not None:
        again = planning.plan(
            message.merchant, message.order, touchpoint, channel,
            moment=moment, shipment_id=message.shipment_id, data=message.data,
        )  # fmt: skip
    else:
        assert message.customer is not None
        again = planning.plan_for_customer(
            message.merchant, message.customer, touchpoint, channel, moment=moment, data=message.data
        )
    again.fact_position, again.fact_type, again.plan = message.fact_position, message.fact_type, plan
    return again

"""Deciding again, at the moment of sending, whether a message should still go out (PRODUCT, N5)."""

from notifications.about_returns import is_overtaken
from notifications.choices import TOOLS
from notifications.classes import rules_of
from notifications.context import Loaded
from notifications.models import Channel, Message
from notifications.pages import is_missing
from notifications.planning import has_sms, nowhere, recipient
from notifications.reasons import Reason
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Customer, Order, OrderStatus
from tracking.statuses import Status


def why_not(message: Message, loaded: Loaded) -> Reason | None:
    """Why the message must not go out any more, None when it may."""
    touchpoint = TOUCHPOINTS[message.touchpoint]
    if touchpoint.to_address:
        if touchpoint.is_optional and not loaded.switches[message.touchpoint].sends(message.channel):
            return Reason.SWITCHED_OFF
        return loaded.suppressed.why(message.channel, message.recipient, message.message_class)
    about = loaded.about(message)
    if about is None:
        return Reason.NOBODY
    if isinstance(about, Order) and about.status == OrderStatus.CANCELLED and touchpoint.needs_order:
        return Reason.ORDER_CANCELLED
    # A flow sends what its steps say, whatever the message does by itself.
    is_by_itself = touchpoint.is_optional and not message.plan.get("flow")
    if is_by_itself and not loaded.switches[message.touchpoint].sends(message.channel):
        return Reason.SWITCHED_OFF
    if is_missing(message.touchpoint, loaded.lawful.rules):
        return Reason.NO_PAGE
    if reason := loaded.as_planned.why_not(message):
        return reason
    if reason := _cannot_be_reached(message, about, loaded) or loaded.lawful.why_not(message, about):
        return reason
    returned = loaded.returns.get(message.fact_position or 0)
    if returned is not None and is_overtaken(message.touchpoint, returned):
        return Reason.OVERTAKEN
    if message.shipment_id is None:
        return None
    parcel, told = loaded.parcel(message), loaded.told(message)
    if parcel is None:
        return Reason.SHIPMENT_GONE
    if parcel.cancelled_at is not None:
        return Reason.SHIPMENT_CANCELLED
    if told is None and touchpoint.facts:  # about a case or a claim: the parcel may be anywhere
        return None
    if told is None:  # sent by a person who saw the parcel under way
        return Reason.OVERTAKEN if parcel.status == Status.DELIVERED else None
    return None if touchpoint.holds(parcel, told, loaded.merchant) else Reason.OVERTAKEN


def _cannot_be_reached(message: Message, about: Order | Customer, loaded: Loaded) -> Reason | None:
    if message.channel == Channel.PUSH:
        if not loaded.merchant.push_key:
            return Reason.CHANNEL_OFF
        return None if loaded.devices.get(message.order_id) else Reason.NO_DEVICE  # type: ignore[arg-type]
    if message.channel == Channel.SMS:
        if not has_sms():
            return Reason.CHANNEL_OFF
        # What is no part of the order needs more than the agreement to news about it (`lawful`).
        if not rules_of(message.message_class).asks_consent and not (
            isinstance(about, Order) and about.sms_consent
        ):
            return Reason.NO_CONSENT
    if message.channel in TOOLS and message.channel not in loaded.merchant.marketing_tools:
        return Reason.CHANNEL_OFF
    # The shop may have corrected the address since: it goes to the one that holds now.
    address = recipient(about, message.channel)
    return nowhere(about, message.channel) or loaded.suppressed.why(
        message.channel, address, message.message_class
    )

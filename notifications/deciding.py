"""What happens to a claimed message before it is begun: it is decided on again, rendered, and finds who takes it."""

import structlog

from notifications import context, moves, wording
from notifications.channels.base import InDoubt
from notifications.channels.opened import Channels
from notifications.facts import MessageSkipped, about
from notifications.holdout import is_held_out, percent_of
from notifications.models import Channel, Message, MessageClass, MessageState
from notifications.planning import recipient
from notifications.reasons import Reason
from notifications.recheck import why_not
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Customer, Order

log = structlog.get_logger(__name__)


def is_ready(message: Message, loaded: context.Loaded, channels: Channels) -> bool:
    """Whether the message is to be sent now: then it says what it will say, and its channel is connected.

    When it is not, it has been brought to its next state. Raises what `channels.base` names, and TemplateError.
    """
    in_doubt = is_in_doubt(message)
    reason = why_not(message, loaded)
    if reason is None and not in_doubt and (until := loaded.lawful.quiet_until(message)):
        moves.defer(message, until)
        return False
    reason = reason or _held_out(message, loaded)
    if in_doubt:
        log.warning("message_in_doubt", message_id=str(message.id), attempts=message.attempts)
        if reason or not may_be_repeated(message):
            raise InDoubt(message.error or "The worker ended while it was being sent.")
    elif reason:
        moves.finish(
            message, MessageState.SKIPPED, about(MessageSkipped, message, reason=reason.value), reason=reason,
            holdout_percent=message.holdout_percent,
        )  # fmt: skip
        return False
    else:
        _render(message, loaded)
    if loaded.merchant.is_sandbox:
        _note_simulated(message)
        return False
    message.provider = channels.get(message.channel).chosen(message)
    loaded.lawful.note(message)
    return True


def is_in_doubt(message: Message) -> bool:
    """Whether a claimed message may have been handed to its provider by a worker that is gone."""
    return message.state == MessageState.SENDING


def may_be_repeated(message: Message) -> bool:
    """Whether it is sent again when it is in doubt: only what carries an id, and marketing only where the other side
    promises to drop a repeat, as Klaviyo does (`channels.klaviyo`)."""
    if message.channel == Channel.KLAVIYO:
        return True
    by_id = message.channel in (Channel.EMAIL, Channel.WEBHOOK)
    return by_id and message.message_class != MessageClass.MARKETING


def goes_along(message: Message) -> bool:
    """Whether it is begun together with others: mails only, for a tool may keep us waiting."""
    return message.channel == Channel.EMAIL and may_be_repeated(message)


def _held_out(message: Message, loaded: context.Loaded) -> Reason | None:
    """The last question, when nothing else speaks against it: both groups of a holdout went through the same."""
    about = loaded.about(message)
    if is_in_doubt(message) or about is None:
        return None
    chosen = loaded.switches[message.touchpoint].holdout
    message.holdout_percent = percent_of(message.message_class, chosen)
    held_out = is_held_out(message.touchpoint, about, message.holdout_percent)
    return Reason.HOLDOUT if held_out else None


def _render(message: Message, loaded: context.Loaded) -> None:
    """Put the exact rendering on the message (unsaved). One in doubt keeps the rendering that may have gone out."""
    loaded.lawful.settle(message)
    rendered, message.error = wording.fill(message, loaded.templates, context.context_of(message, loaded))
    # An address that the shop corrected since holds.
    about = loaded.about(message)
    if about is not None and not TOUCHPOINTS[message.touchpoint].to_address:
        message.recipient = _recipient(message, about, loaded)
    message.subject, message.html, message.text = rendered.subject, rendered.html, rendered.text


def _recipient(message: Message, about: Order | Customer, loaded: context.Loaded) -> str:
    if message.channel == Channel.PUSH and message.order_id:
        return ", ".join(dict.fromkeys(loaded.devices.get(message.order_id, ())))[:254]
    return recipient(about, message.channel)


def _note_simulated(message: Message) -> None:
    """What a message of a sandbox would have said, and to whom, is kept; it is handed to nobody."""
    moves.finish(
        message, MessageState.SKIPPED, about(MessageSkipped, message, reason=Reason.SANDBOX.value),
        reason=Reason.SANDBOX, recipient=message.recipient, subject=message.subject, html=message.html,
        text=message.text, error=message.error,
    )  # fmt: skip

"""The messages of the last days as they would have gone out: by the product's rules, from its own templates."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from demo.seed.copying import copy_rows
from demo.seed.record import PROVIDER, History, Told
from events import log as event_log
from events.models import Fact
from merchants.models import Merchant
from notifications import context, planning, wording
from notifications.models import Channel, Message, MessageState
from notifications.reasons import Reason
from notifications.touchpoints import BY_FACT

LAST_DAYS = timedelta(days=3)
_BATCH = 200
_BOUNCED = "550 5.1.1 The address does not exist here."


def add_messages(
    merchant: Merchant, histories: Sequence[History], rng: Random, now: datetime
) -> list[tuple[Message, Told]]:
    """Plan the messages of the last days, and add the facts about them to the histories.

    Returns each message, unsaved and not filled, with the fact that it is about.
    """
    messages: dict[bytes, tuple[Message, Told]] = {}
    for history in histories:
        for told in list(history.told):
            if told.at < now - LAST_DAYS:
                continue
            for touchpoint in BY_FACT.get(told.data.fact_type, ()):
                if not touchpoint.starts_on or touchpoint.delay:
                    continue
                message = planning.plan(
                    merchant, history.order, touchpoint, Channel.EMAIL,
                    moment=touchpoint.moment(told.data, merchant),
                    shipment_id=getattr(told.data, "shipment_id", None),
                )  # fmt: skip
                if bytes(message.once_key) not in messages:
                    messages[bytes(message.once_key)] = (message, told)
                    _decide(message, told, rng)
                    history.tell_of(message, message.planned_at + timedelta(seconds=1))
    return list(messages.values())


def _decide(message: Message, told: Told, rng: Random) -> None:
    """What became of a message: nearly always it was sent."""
    message.planned_at, message.due_at, message.attempts = told.at, None, 1
    message.fact_type = told.data.fact_type
    chance = rng.random()
    if not message.recipient:
        message.state, message.reason = MessageState.SKIPPED, Reason.NO_ADDRESS
    elif message.touchpoint == "shipment_out_for_delivery" and chance < 0.03:
        message.state, message.reason = MessageState.SKIPPED, Reason.OVERTAKEN
    elif chance > 0.993:
        message.state, message.reason, message.error = (
            MessageState.FAILED, Reason.RECIPIENT_REFUSED, _BOUNCED,
        )  # fmt: skip
    else:
        message.state, message.provider = MessageState.SENT, PROVIDER
        message.sent_at = told.at + timedelta(seconds=1)


def place_messages(planned: Sequence[tuple[Message, Told]]) -> list[Message]:
    """The messages, with the places that the facts which they are about have in the log of the open scope."""
    positions = _positions({told.order_id for _, told in planned})
    for message, told in planned:
        message.fact_position = positions.get(_name(told.order_id, told.data.fact_type, _plain(told)))
    return [message for message, _ in planned]


def store_messages(merchant: Merchant, messages: Sequence[Message]) -> None:
    """Fill and save the messages. The facts stand in the log already, and the orders in the open scope."""
    for batch in _batches(messages):
        loaded = context.load(merchant, batch)
        for message in batch:
            if message.state != MessageState.SKIPPED:
                loaded.lawful.settle(message)
                data = context.context_of(message, loaded)
                filled, _ = wording.fill(message, loaded.templates, data)
                message.subject, message.html, message.text = filled.subject, filled.html, filled.text
        copy_rows(Message, batch)


def _batches(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    for start in range(0, len(messages), _BATCH):
        yield messages[start : start + _BATCH]


def _positions(order_ids: set[UUID]) -> dict[str, int]:
    facts = Fact.objects.filter(order_id__in=order_ids, type__in=BY_FACT)
    rows = facts.values_list("order_id", "type", "data", "position")
    return {_name(order_id, type_, data): position for order_id, type_, data, position in rows}


def _name(order_id: UUID | None, fact_type: str, data: object) -> str:
    return f"{order_id} {fact_type} {json.dumps(data, sort_keys=True)}"


def _plain(told: Told) -> object:
    return json.loads(event_log.encode(told.data))

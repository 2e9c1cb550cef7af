"""Requests for a review, as the shop has sent them for months: to four in five shoppers, so that one sees what they do.

Who got one and who was held out is the product's own choice (`notifications.holdout`), as is what the report makes of
it. Made up is what these shoppers did: some of those who were asked came back to the shop because of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from demo.seed.agreements import has_objected
from demo.seed.copying import copy_rows
from demo.seed.people import Shopper
from demo.seed.plan import PlannedOrder, placed_at, plan_order
from demo.seed.record import PROVIDER, History
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications import planning
from notifications.choices import Channel
from notifications.followups.models import FollowUp, Kind
from notifications.holdout import is_held_out
from notifications.models import Message, MessageState, TouchpointVersion
from notifications.reasons import Reason
from notifications.switches import as_built, set_switch
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Customer, Stage

ASKED: Final = TOUCHPOINTS[Kind.REVIEW]
PERCENT: Final = 20
# From the order to the request: some days until it is there, and the touchpoint's own two weeks.
_UNTIL_ASKED: Final = timedelta(days=4) + ASKED.delay
_COME_BACK_WITHIN: Final = 25  # days


def begin_asking(merchant: Merchant, now: datetime) -> None:
    """The shop began with it a year ago."""
    switch = replace(as_built(ASKED.key), is_on=True, channels=(Channel.EMAIL,), holdout=PERCENT)
    set_switch(merchant, ASKED.key, switch)
    with merchant_scope(merchant):
        TouchpointVersion.objects.filter(touchpoint=ASKED.key).update(saved_at=now - timedelta(days=365))


def plan_returning(
    rng: Random,
    orders: Sequence[PlannedOrder],
    customers: Mapping[Shopper, Customer],
    count: int,
    now: datetime,
) -> list[PlannedOrder]:
    """So many orders (unnumbered) of shoppers who were asked, some weeks after it. `orders`: all others."""
    first: dict[Shopper, datetime] = {}
    for order in sorted(orders, key=lambda order: order.placed_at):
        if order.parcels:
            first.setdefault(order.shopper, order.placed_at + _UNTIL_ASKED)
    asked = [
        (shopper, at)
        for shopper, at in first.items()
        if at < now - timedelta(days=_COME_BACK_WITHIN)
        and shopper.email
        and not has_objected(shopper.email)
        and not is_held_out(ASKED.key, customers[shopper], PERCENT)
    ]
    people = rng.sample(asked, min(count, len(asked)))
    others = rng.choices(orders, k=count - len(people)) if orders else []  # a young shop has asked nobody yet
    return [
        *(
            plan_order(rng, who, at + timedelta(days=rng.uniform(1, _COME_BACK_WITHIN)), now)
            for who, at in people
        ),
        *(plan_order(rng, order.shopper, placed_at(rng, now), now) for order in others),
    ]


def add_requests(
    histories: Sequence[History], customers: Mapping[Shopper, Customer], now: datetime
) -> list[Message]:
    """Plan the requests of the past, and add the facts about them. Returns them, unsaved and not filled."""
    by_id = {customer.id: customer for customer in customers.values()}
    messages = []
    for history, at in _arrived(histories):
        asked_at = at + ASKED.delay
        customer = by_id.get(history.order.customer_id) if history.order.customer_id else None
        if customer is None or asked_at >= now:
            continue
        message = planning.plan(
            history.order.merchant, history.order, ASKED, Channel.EMAIL, moment=str(history.order.id)
        )
        _decide(message, customer, asked_at)
        history.tell_of(message, asked_at + timedelta(seconds=1))
        messages.append(message)
    return messages


def store_waiting(histories: Sequence[History], now: datetime) -> int:
    """The requests whose time is still to come: the workers send them. In the open scope. Returns how many."""
    rows = [
        FollowUp(
            merchant=history.order.merchant, kind=Kind.REVIEW, customer_id=history.order.customer_id,
            subject=str(history.order.id), order_id=history.order.id, begun_at=at, due_at=at + ASKED.delay,
        )
        for history, at in _arrived(histories)
        if history.order.customer_id and at + ASKED.delay >= now
    ]  # fmt: skip
    copy_rows(FollowUp, rows)
    return len(rows)


def _arrived(histories: Sequence[History]) -> Iterator[tuple[History, datetime]]:
    """Orders of which all is there, and since when."""
    for history in histories:
        arrivals = [parcel.delivered_at for parcel in history.shipments if parcel.delivered_at]
        if history.order.stage == Stage.DELIVERED and arrivals:
            yield history, max(arrivals)


def _decide(message: Message, customer: Customer, at: datetime) -> None:
    message.planned_at, message.due_at, message.attempts = at, None, 1
    if not message.recipient:
        message.state, message.reason = MessageState.SKIPPED, Reason.NO_ADDRESS
    elif has_objected(message.recipient):
        message.state, message.reason = MessageState.SKIPPED, Reason.UNSUBSCRIBED
    else:
        message.holdout_percent = PERCENT
        if is_held_out(message.touchpoint, customer, PERCENT):
            message.state, message.reason = MessageState.SKIPPED, Reason.HOLDOUT
        else:
            message.state, message.provider = MessageState.SENT, PROVIDER
            message.sent_at = at + timedelta(seconds=1)

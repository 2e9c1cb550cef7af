"""One arbiter across all modules: nobody is asked for a review, or offered something, while something is wrong.

What is asked of the rooms below, for all people of a batch at once (eight queries):

| reason           | when                                                                                        |
| `case_open`      | a case that is not closed, about any of their orders                                        |
| `claim_open`     | a claim that is not decided, about any of their orders                                      |
| `return_open`    | a return or withdrawal that is not settled                                                  |
| `parcel_late`    | a parcel past its window, or with a problem, that has not arrived                           |
| `troubled_order` | the order that it is about, or any of theirs within 14 days, was cancelled or refunded      |
| `complained`     | within 30 days one of their messages was reported as spam, or came back                     |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from cases.queries import orders_in_trouble
from notifications.models import EventKind, Message, MessageEvent
from notifications.reasons import Reason
from notifications.touchpoints import TOUCHPOINTS
from orders.queries import let_down
from returns.claims.queries import undecided
from returns.queries import open_for_customer, open_for_order
from returns.withdrawal.queries import unsettled
from tracking.queries import orders_with_late_parcels

_JUST_NOW: Final = timedelta(days=14)
_COMPLAINED_WITHIN: Final = timedelta(days=30)


@dataclass(frozen=True)
class Troubles:
    """What is wrong, by customer and by order: the first reason in the order of the table."""

    customers: dict[UUID, Reason]
    orders: dict[UUID, Reason]
    addresses: frozenset[str] = frozenset()

    def why_not(self, message: Message) -> Reason | None:
        """What is wrong for the person that a message goes to, None when nothing is."""
        found = self.customers.get(message.customer_id) if message.customer_id else None
        found = found or (self.orders.get(message.order_id) if message.order_id else None)
        if found and found in TOUCHPOINTS[message.touchpoint].despite:
            found = None  # The last of the table: nothing graver was found.
        return found or (Reason.COMPLAINED if message.recipient in self.addresses else None)


NONE: Final = Troubles({}, {})


def troubles(messages: Sequence[Message], now: datetime) -> Troubles:
    """What is wrong for the people of these messages, now: eight queries, none for no message."""
    if not messages:
        return NONE
    customers = {message.customer_id for message in messages if message.customer_id}
    orders = {message.order_id for message in messages if message.order_id}
    found = Troubles({}, {})
    for reason, pairs in (
        (Reason.CASE_OPEN, orders_in_trouble(customers, orders)),
        (Reason.CLAIM_OPEN, undecided(customers, orders)),
        (Reason.RETURN_OPEN, [*((None, c) for c in open_for_customer(customers)),
                              *((o, None) for o in open_for_order(orders))]),
        (Reason.RETURN_OPEN, unsettled(customers, orders)),
        (Reason.PARCEL_LATE, orders_with_late_parcels(customers, orders, now)),
        (Reason.TROUBLED_ORDER, let_down(customers, orders, now - _JUST_NOW)),
    ):  # fmt: skip
        for order_id, customer_id in pairs:
            if customer_id:
                found.customers.setdefault(customer_id, reason)
            if order_id:
                found.orders.setdefault(order_id, reason)
    return Troubles(found.customers, found.orders, _complained(messages, now))


def _complained(messages: Sequence[Message], now: datetime) -> frozenset[str]:
    kinds = (EventKind.COMPLAINED, EventKind.BOUNCED)
    rows = MessageEvent.objects.filter(
        Q(message__recipient__in={message.recipient for message in messages}),
        kind__in=kinds, received_at__gt=now - _COMPLAINED_WITHIN,
    )  # fmt: skip
    return frozenset(rows.values_list("message__recipient", flat=True))

"""The steps of a campaign: begin, plan a batch of its audience, see whether all of it went out.

A batch is one short transaction that plans its messages and moves the campaign on; a worker that dies leaves either
both or neither, and each customer has one message at most by the messages' own key.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.utils import timezone

from events import due
from events.due import due_work
from merchants.rest.errors import NotFound
from merchants.scope import merchant_transaction
from notifications import planning
from notifications.campaigns.commands import PLAN, TOUCHPOINT
from notifications.campaigns.models import Campaign, CampaignState
from notifications.campaigns.templates import spoken_in
from notifications.choices import Channel
from notifications.models import Message, MessageState
from notifications.reasons import Reason
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Customer
from orders.segments.queries import count, get_segment, ids
from orders.segments.rules import stored

BATCH: Final = 500
_LEASE: Final = timedelta(seconds=45)
_LOOK_AGAIN: Final = timedelta(minutes=1)


@due_work(PLAN)
def step() -> int:
    """The next step of one campaign."""
    rows = due.claim(Campaign, limit=1, lease=_LEASE)
    for row in rows:
        with merchant_transaction(row.merchant):
            if row.state == CampaignState.SCHEDULED:
                _begin(row)
            elif row.state == CampaignState.PLANNING:
                _plan_batch(row)
            elif row.state == CampaignState.SENDING:
                _look(row)
            else:
                due.held(row).update(due_at=None)
    return len(rows)


def _begin(row: Campaign) -> None:
    """The rule is kept as it is now: whoever changes the segment later changes nothing here."""
    now = timezone.now()
    try:
        rule = get_segment(row.segment).rule
    except NotFound:
        due.held(row).update(state=CampaignState.CANCELLED, due_at=None, finished_at=now)
        return
    due.held(row).update(
        state=CampaignState.PLANNING, rule=msgspec.to_builtins(rule), audience=count(rule), begun_at=now, due_at=now,
        attempts=0,
    )  # fmt: skip


def _plan_batch(row: Campaign) -> None:
    """The next customers in the order of their ids: four queries."""
    now = timezone.now()
    customer_ids = ids(stored(row.rule), after=row.planned_through, limit=BATCH)
    if not customer_ids:
        due.held(row).update(
            state=CampaignState.SENDING, planned_at=now, due_at=now + _LOOK_AGAIN, attempts=0
        )
        return
    moved = due.held(row).update(
        planned_through=customer_ids[-1], planned=row.planned + len(customer_ids), due_at=now, attempts=0
    )
    if not moved:
        return  # Somebody else took it over, or it was stopped meanwhile.
    customers = Customer.objects.in_bulk(customer_ids)
    planning.store(
        [
            _message(row, customers[customer_id], row.planned + place, now)
            for place, customer_id in enumerate(customer_ids)
            if customer_id in customers
        ]
    )


def _message(row: Campaign, customer: Customer, place: int, now: datetime) -> Message:
    skip = None if planning.recipient(customer, Channel.EMAIL) else Reason.NO_ADDRESS
    message = planning.plan_for_customer(
        row.merchant, customer, TOUCHPOINTS[TOUCHPOINT], Channel.EMAIL, moment=str(row.pk), skip=skip,
        data={"campaign": str(row.pk), **({"url": row.url} if row.url else {})},
    )  # fmt: skip
    message.campaign_id = row.pk
    message.locale = spoken_in(row, message.locale)
    if message.due_at is not None:
        begun = row.begun_at or now
        message.due_at = max(now, begun + timedelta(minutes=place / row.per_minute))
    return message


def _look(row: Campaign) -> None:
    """Done once nothing is left that goes out."""
    now = timezone.now()
    waiting = Message.objects.filter(
        campaign_id=row.pk, state__in=(MessageState.PLANNED, MessageState.SENDING)
    )
    if waiting.exists():
        due.held(row).update(due_at=now + _LOOK_AGAIN, attempts=0)
    else:
        due.held(row).update(state=CampaignState.DONE, due_at=None, finished_at=now)

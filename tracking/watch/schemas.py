"""What an item of the watch-list looks like in the API."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from orders.schemas import In


class SnoozeIn(In):
    """Until when it is out of sight (within 90 days); null brings it back."""

    until: datetime | None


class AssignIn(In):
    """Who looks after it: the address of somebody in the team; null for nobody."""

    assignee: Annotated[str, Meta(max_length=254)] | None


class DismissIn(In):
    """Why you are done with it: `solved`, `no_problem`, `replaced`, `refunded` or `written_off`."""

    dismissal: Annotated[str, Meta(max_length=12)]


class WatchItemOut(msgspec.Struct, kw_only=True):
    """One thing that needs somebody. `shipment_id` is null when it is about an order that was not shipped."""

    id: str
    order_id: str
    order_number: str
    shipment_id: str | None
    tracking_number: str
    carrier: str
    reason: str
    detail: str
    state: str
    since: datetime
    opened_at: datetime
    value: Decimal
    currency: str
    assignee: str
    snoozed_until: datetime | None
    note: str
    answered_at: datetime | None
    dismissal: str
    dismissed_at: datetime | None
    closed_at: datetime | None

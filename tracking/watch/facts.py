"""Facts about the watch-list: part of the public API (`GET /api/v1/events`, webhooks)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from events.facts import FactData, fact


class WatchFact(FactData, kw_only=True):
    """What every fact about an item tells.

    shipment_id: the parcel, none when it is about an order that was not shipped. reason: `stalled`, `late` …
    detail: the carrier's sub-status behind it. since: when it began. value: of what is in the parcel.
    """

    watch_item_id: UUID
    shipment_id: UUID | None = None
    reason: str
    detail: str = ""
    since: datetime
    value: Decimal
    currency: str


@fact("watch.opened")
class WatchOpened(WatchFact):
    """A parcel or an order needs somebody."""


@fact("watch.closed")
class WatchClosed(WatchFact):
    """What it was about is over: the parcel moved, arrived, or the order was shipped or cancelled."""


@fact("watch.dismissed")
class WatchDismissed(WatchFact, kw_only=True):
    """Somebody of the team is done with it. `dismissal` says why: `solved`, `refunded` …"""

    dismissal: str


@fact("watch.assigned")
class WatchAssigned(WatchFact):
    """Somebody looks after it; nobody any more when `assignee` is empty."""

    assignee: str = ""


@fact("watch.snoozed")
class WatchSnoozed(WatchFact):
    """It is out of sight until `until`; back in sight at once when there is none."""

    until: datetime | None = None


@fact("watch.noted")
class WatchNoted(WatchFact):
    """Somebody wrote a note on it. The note stays in the item."""


@fact("watch.answered")
class WatchAnswered(WatchFact, kw_only=True):
    """The shopper was sent the message that was suggested for it."""

    touchpoint: str

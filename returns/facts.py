"""Facts about returns: part of the public API (`GET /api/v1/events`, webhooks)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from events.facts import FactData, fact


class ReturnFact(FactData):
    """What every fact about a return tells.

    approval_state, logistics_state, money_state: after the fact. entry_id: the line of its history; what it says stays
    in the return. notify: False for what shoppers are told nothing about.
    """

    return_id: UUID
    number: str
    kind: str
    approval_state: str
    logistics_state: str
    money_state: str
    return_entry_id: UUID | None = None
    notify: bool = True


class ReturnGoods(FactData):
    """How many of a line of the return; `line_id` is the order line's."""

    return_line_id: UUID
    line_id: UUID
    quantity: int
    sku: str = ""
    disposition: str = ""


@fact("return.requested")
class ReturnRequested(ReturnFact):
    """A shopper wants to return something, or the shop does for them."""


@fact("return.review_needed")
class ReturnReviewNeeded(ReturnFact, kw_only=True):
    """A rule or a signal wants somebody of the team to look at it closely."""

    because: str = ""


@fact("return.approved")
class ReturnApproved(ReturnFact):
    """It may be sent: until `expires_at`, where something has to be sent."""

    expires_at: datetime | None = None


@fact("return.rejected")
class ReturnRejected(ReturnFact):
    """The shop refused it."""


@fact("return.asked")
class ReturnAsked(ReturnFact):
    """The shop asked the shopper something, and waits."""


@fact("return.replied")
class ReturnReplied(ReturnFact):
    """The shopper said more."""


@fact("return.cancelled")
class ReturnCancelled(ReturnFact, kw_only=True):
    """It will not happen. by: shopper or team."""

    by: str


@fact("return.label_created")
class ReturnLabelCreated(ReturnFact):
    """There is a label, or a code to show at a counter."""


@fact("return.in_transit")
class ReturnInTransit(ReturnFact):
    """A carrier has it, or the shopper says so."""

    carrier: str = ""
    tracking_number: str = ""


@fact("return.received")
class ReturnReceived(ReturnFact, kw_only=True):
    """Goods came. complete: nothing of it is missing by now."""

    complete: bool
    goods: list[ReturnGoods] = []


@fact("return.inspected")
class ReturnInspected(ReturnFact):
    """Somebody looked at what came, item by item."""

    goods: list[ReturnGoods] = []


@fact("return.restocked")
class ReturnRestocked(ReturnFact):
    """Goods may be sold again. Says nothing about money."""

    goods: list[ReturnGoods] = []


@fact("return.expired")
class ReturnExpired(ReturnFact):
    """It was not sent in time. Its goods can be returned anew, if the rules still let them."""


@fact("return.settled")
class ReturnSettled(ReturnFact):
    """Money or goods for some of it are due: so much refund was requested and credit given, or an exchange released."""

    refund: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)


@fact("return.resolved")
class ReturnResolved(ReturnFact):
    """Nothing is left to do."""

"""The three states of a return, and which moves each of them has. Pure; they move in `returns.steps` only.

What is decided, where the goods are and where the money is are three things: money can be back before the parcel is
(instant refund), and a parcel can come that nobody approved.
"""

from typing import Final

from django.db import models

from returns.policy.choices import Method as Method
from returns.policy.choices import Resolution as Resolution
from returns.policy.choices import Trigger as Trigger


class Approval(models.TextChoices):
    """What is decided."""

    REQUESTED = "requested"  # waits for the shop
    REVIEW = "review"  # a rule or a signal wants somebody to look closely
    ASKED = "asked"  # waits for the shopper, who was asked something
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"  # by the shopper or the shop, before the goods went off


class Logistics(models.TextChoices):
    """Where the goods are."""

    NONE = "none"  # nothing is sent: not approved yet, or the shopper keeps it
    AWAITING = "awaiting"  # the shopper may send it
    LABEL_CREATED = "label_created"
    IN_TRANSIT = "in_transit"  # a carrier has it
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    INSPECTED = "inspected"
    EXPIRED = "expired"  # never sent in time


class Money(models.TextChoices):
    """Where the money is."""

    NONE = "none"  # nothing to move (yet)
    AWAITING_PAYMENT = "awaiting_payment"  # of the shopper: what an exchange costs more
    DUE = "due"  # the trigger has come, and it is not on its way yet
    PENDING = "pending"  # the shop was asked to give it back
    PARTLY_DONE = "partly_done"  # some lines are settled, others still travel
    DONE = "done"
    FAILED = "failed"  # the shop could not; somebody has to look


APPROVALS: Final[dict[str, frozenset[str]]] = {
    Approval.REQUESTED: frozenset({Approval.REVIEW, Approval.ASKED, Approval.APPROVED, Approval.REJECTED,
                                   Approval.CANCELLED}),
    Approval.REVIEW: frozenset({Approval.ASKED, Approval.APPROVED, Approval.REJECTED, Approval.CANCELLED}),
    Approval.ASKED: frozenset({Approval.ASKED, Approval.REQUESTED, Approval.APPROVED, Approval.REJECTED,
                               Approval.CANCELLED}),
    Approval.APPROVED: frozenset({Approval.CANCELLED}),
    Approval.REJECTED: frozenset(),
    Approval.CANCELLED: frozenset(),
}  # fmt: skip

_CAME: Final = frozenset({Logistics.PARTLY_RECEIVED, Logistics.RECEIVED})

LOGISTICS: Final[dict[str, frozenset[str]]] = {
    Logistics.NONE: frozenset({Logistics.AWAITING, Logistics.LABEL_CREATED}),
    Logistics.AWAITING: frozenset({Logistics.LABEL_CREATED, Logistics.IN_TRANSIT, Logistics.EXPIRED}) | _CAME,
    Logistics.LABEL_CREATED: frozenset({Logistics.AWAITING, Logistics.IN_TRANSIT, Logistics.EXPIRED}) | _CAME,
    Logistics.IN_TRANSIT: _CAME,
    Logistics.PARTLY_RECEIVED: _CAME | {Logistics.INSPECTED},
    Logistics.RECEIVED: frozenset({Logistics.RECEIVED, Logistics.INSPECTED}),
    Logistics.INSPECTED: frozenset({Logistics.INSPECTED}),
    # What comes after its time has come all the same.
    Logistics.EXPIRED: frozenset({Logistics.AWAITING, Logistics.IN_TRANSIT}) | _CAME,
}

MONEY: Final[dict[str, frozenset[str]]] = {
    Money.NONE: frozenset(
        {Money.AWAITING_PAYMENT, Money.DUE, Money.PENDING, Money.PARTLY_DONE, Money.DONE, Money.FAILED}
    ),
    Money.AWAITING_PAYMENT: frozenset(
        {Money.NONE, Money.DUE, Money.PENDING, Money.PARTLY_DONE, Money.DONE, Money.FAILED}
    ),
    Money.DUE: frozenset({Money.PENDING, Money.PARTLY_DONE, Money.DONE, Money.FAILED, Money.NONE}),
    Money.PENDING: frozenset({Money.PENDING, Money.PARTLY_DONE, Money.DONE, Money.FAILED}),
    Money.PARTLY_DONE: frozenset({Money.PARTLY_DONE, Money.PENDING, Money.DUE, Money.DONE, Money.FAILED}),
    # A part that comes later, or what the team gives on top.
    Money.DONE: frozenset({Money.DONE, Money.DUE, Money.PENDING, Money.PARTLY_DONE, Money.FAILED}),
    Money.FAILED: frozenset({Money.DUE, Money.PENDING, Money.PARTLY_DONE, Money.DONE}),
}

# Nobody decided yet.
UNDECIDED: Final = (Approval.REQUESTED, Approval.REVIEW, Approval.ASKED)
# A return that ended so takes no goods from its order: they can be returned anew.
OVER: Final = (Approval.REJECTED, Approval.CANCELLED)
# The goods have not left the shopper.
NOT_SENT: Final = (Logistics.NONE, Logistics.AWAITING, Logistics.LABEL_CREATED)


class Kind(models.TextChoices):
    """On what ground."""

    RETURN = "return"  # by the shop's own rules
    WITHDRAWAL = "withdrawal"  # by law: neither rules nor fees
    WARRANTY = "warranty"  # something is broken


# What sends goods to the shopper.
SENDS_GOODS: Final = frozenset(
    {Resolution.EXCHANGE, Resolution.EXCHANGE_OTHER, Resolution.INSTANT_EXCHANGE, Resolution.REPLACEMENT}
)


class Side(models.TextChoices):
    """Who did it."""

    SHOPPER = "shopper"
    TEAM = "team"
    SYSTEM = "system"


class EntryKind(models.TextChoices):
    """What a line of a return's history is."""

    REQUESTED = "requested"
    REVIEW = "review"
    APPROVED = "approved"
    REJECTED = "rejected"
    ASKED = "asked"
    REPLIED = "replied"
    CANCELLED = "cancelled"
    LABEL = "label"
    SENT = "sent"
    RECEIVED = "received"
    INSPECTED = "inspected"
    RESTOCKED = "restocked"
    EXPIRED = "expired"
    MONEY = "money"
    EXCHANGE = "exchange"
    NOTE = "note"  # of the team, for the team
    RESOLVED = "resolved"


class Condition(models.TextChoices):
    """What came, compared with what was announced."""

    GOOD = "good"
    OPENED = "opened"
    USED = "used"
    DAMAGED = "damaged"
    DEFECTIVE = "defective"
    WRONG = "wrong"  # something else lay in the parcel
    MISSING = "missing"  # it lay not in it


class Disposition(models.TextChoices):
    """What is done with it."""

    RESTOCK = "restock"
    REFURBISH = "refurbish"
    DONATE = "donate"
    DESTROY = "destroy"
    SEND_BACK = "send_back"  # to the shopper
    QUARANTINE = "quarantine"

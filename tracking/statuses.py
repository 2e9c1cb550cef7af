"""The words for where a parcel is: twelve statuses and the finer sub-statuses below them.

A status is what the shopper is told; a sub-status says why or how. Every carrier's codes are
translated into this one vocabulary, and the carrier's own code is kept beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """Where a parcel is."""

    PENDING = "pending"  # we know a number, the carrier said nothing yet
    INFO_RECEIVED = "info_received"  # the carrier knows of it, but does not have it
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    ATTEMPT_FAILED = "attempt_failed"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    RETURNING = "returning"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # silent for so long that we stopped asking


class Blame(StrEnum):
    """Who could have avoided it. Decides who gets the task and which metric counts it."""

    SHOPPER = "shopper"
    MERCHANT = "merchant"
    CARRIER = "carrier"
    EXTERNAL = "external"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Substatus:
    """One row of the table below.

    `action_required`: the shopper has to do something, or the parcel will not reach them.
    `terminal`: the carrier will say nothing more, so polling can stop. What may still be
    corrected afterwards is decided in `resolve.py`, not by this flag.
    """

    code: str
    status: Status
    action_required: bool = False
    terminal: bool = False
    blame: Blame = Blame.NONE


# The journey has ended. `resolve.py` leaves these only for a named correction.
TERMINAL: Final = frozenset({Status.DELIVERED, Status.RETURNED, Status.CANCELLED})
# Somebody should look at the parcel.
PROBLEM: Final = frozenset({Status.ATTEMPT_FAILED, Status.EXCEPTION, Status.RETURNING})
# A scan with one of these proves that the parcel is in the carrier's hands (or has left them).
# An exception proves nothing: some are written before the pick-up.
CARRIER_HAS_IT: Final = frozenset(
    {
        Status.IN_TRANSIT,
        Status.OUT_FOR_DELIVERY,
        Status.ATTEMPT_FAILED,
        Status.AVAILABLE_FOR_PICKUP,
        Status.DELIVERED,
        Status.RETURNING,
        Status.RETURNED,
    }
)

# Which of two scans of the same instant is read last, and so wins. Later in the journey is
# later here; a problem comes after the step in which it happened; a place to collect the parcel
# solves the problem of the same minute; and a delivery stands against a cancelled label.
_ORDER: Final = (
    Status.PENDING,
    Status.INFO_RECEIVED,
    Status.EXPIRED,
    Status.IN_TRANSIT,
    Status.OUT_FOR_DELIVERY,
    Status.ATTEMPT_FAILED,
    Status.EXCEPTION,
    Status.AVAILABLE_FOR_PICKUP,
    Status.RETURNING,
    Status.DELIVERED,
    Status.RETURNED,
    Status.CANCELLED,
)
_RANK: Final = {status: place for place, status in enumerate(_ORDER)}


def rank(status: str, substatus: str = "") -> int:
    """Place among scans of the same instant; a named sub-status comes after the bare status."""
    return 2 * _RANK[Status(status)] + bool(substatus)


def _rows(status: Status, names: str, **flags: bool) -> Iterable[Substatus]:
    """Rows of one status from words "name" or "name:blame"; flags hold for all of them."""
    for word in names.split():
        code, _, blame = word.partition(":")
        yield Substatus(code, status, blame=Blame(blame or "none"), **flags)


def _table() -> Iterable[Substatus]:
    yield from _rows(Status.INFO_RECEIVED, "info.label_created info.awaiting_handover:merchant")
    yield from _rows(
        Status.IN_TRANSIT,
        "transit.picked_up transit.accepted transit.arrival transit.departure"
        " transit.origin_received transit.destination_received transit.customs_started"
        " transit.customs_cleared transit.destination_country transit.handed_to_last_mile"
        " transit.forwarded transit.resumed",
    )
    yield from _rows(Status.OUT_FOR_DELIVERY, "ofd.on_vehicle ofd.contacted")
    # After these two the carrier simply comes again …
    yield from _rows(Status.ATTEMPT_FAILED, "attempt.no_one:shopper attempt.business_closed:shopper")
    # … after these it comes in vain unless the shopper opens the way or finds the passport.
    yield from _rows(
        Status.ATTEMPT_FAILED,
        "attempt.no_access:shopper attempt.identity:shopper",
        action_required=True,
    )
    yield from _rows(
        Status.AVAILABLE_FOR_PICKUP,
        "pickup.ready pickup.reminder pickup.deadline",
        action_required=True,
    )
    yield from _rows(
        Status.DELIVERED,
        "delivered.recipient delivered.signed delivered.neighbour delivered.safe_place"
        " delivered.pickup_collected delivered.cod",
        terminal=True,
    )
    # Customs papers are the merchant's to send: the shopper is told, but cannot act.
    yield from _rows(
        Status.EXCEPTION,
        "exception.delay_carrier:carrier exception.delay_weather:external"
        " exception.delay_customs:external exception.documents:merchant"
        " exception.refused:shopper exception.pickup_missed:shopper"
        " exception.missorted:carrier exception.damaged:carrier exception.lost:carrier"
        " exception.held:carrier exception.rejected_by_carrier:merchant",
    )
    yield from _rows(
        Status.EXCEPTION,
        "exception.payment_due:shopper exception.address:shopper exception.moved:shopper",
        action_required=True,
    )
    yield from _rows(Status.EXCEPTION, "exception.disposed:carrier", terminal=True)


SUBSTATUSES: Final = {row.code: row for row in _table()}


def action_required(status: str, substatus: str = "") -> bool:
    """Whether the shopper has to do something. A bare "available for pick-up" also says so."""
    row = SUBSTATUSES.get(substatus)
    if row is not None and row.status == status:
        return row.action_required
    return status == Status.AVAILABLE_FOR_PICKUP


def is_terminal(status: str, substatus: str = "") -> bool:
    """Whether the carrier will say nothing more."""
    row = SUBSTATUSES.get(substatus)
    return status in TERMINAL or (row is not None and row.status == status and row.terminal)


def blame(status: str, substatus: str = "") -> Blame:
    """Who could have avoided it, as far as the sub-status tells."""
    row = SUBSTATUSES.get(substatus)
    return row.blame if row is not None and row.status == status else Blame.NONE

"""Facts about parcels: part of the public API (`GET /api/v1/events`, webhooks)."""

from datetime import datetime
from uuid import UUID

from events.facts import FactData, fact


class ShipmentFact(FactData):
    """What every fact about a parcel tells.

    status, substatus: after the fact. at: when it happened, by the carrier's clock. eta_from, eta_to: the
    delivery window that holds now. notify: False for imported history.
    """

    shipment_id: UUID
    status: str
    substatus: str = ""
    at: datetime | None = None
    eta_from: datetime | None = None
    eta_to: datetime | None = None
    notify: bool = True


@fact("shipment.created")
class ShipmentCreated(ShipmentFact):
    """A parcel became known."""


@fact("shipment.shipped")
class ShipmentShipped(ShipmentFact):
    """The parcel was handed over: the shop says so, or its carrier scanned it first."""


@fact("shipment.out_for_delivery")
class ShipmentOutForDelivery(ShipmentFact):
    """The parcel is on the vehicle that brings it."""


@fact("shipment.attempt_failed")
class ShipmentAttemptFailed(ShipmentFact):
    """The carrier was at the door in vain."""


@fact("shipment.ready_for_pickup")
class ShipmentReadyForPickup(ShipmentFact):
    """The parcel waits at a pick-up point."""


@fact("shipment.delivered")
class ShipmentDelivered(ShipmentFact):
    """The parcel is there."""


@fact("shipment.exception")
class ShipmentException(ShipmentFact):
    """Something is wrong: the sub-status says what."""


@fact("shipment.delayed")
class ShipmentDelayed(ShipmentFact):
    """The parcel comes later than was told. `eta_was`: the end of the window that was told before."""

    eta_was: datetime | None = None


@fact("shipment.eta_changed")
class ShipmentEtaChanged(ShipmentFact):
    """Another delivery window is told: the history of a parcel's dates is made of these. Not a delay by itself.

    source: who says so (carrier, model, shop, rule). p10, p50, p90: what our model says, if it says anything; model:
    when that was fitted.
    """

    source: str = ""
    p10: datetime | None = None
    p50: datetime | None = None
    p90: datetime | None = None
    model: datetime | None = None


@fact("shipment.returning")
class ShipmentReturning(ShipmentFact):
    """The parcel is on its way back to the sender."""


@fact("shipment.returned")
class ShipmentReturned(ShipmentFact):
    """The parcel is back at the sender."""


@fact("shipment.cancelled")
class ShipmentCancelled(ShipmentFact):
    """The parcel will not be sent."""


@fact("shipment.expired")
class ShipmentExpired(ShipmentFact):
    """Nothing was heard of the parcel for 30 days: its carrier is not asked any more."""


@fact("shipment.wish_changed")
class ShipmentWishChanged(ShipmentFact):
    """The shopper wishes something for the delivery; read the shipment for where. wish: "" when it was taken back.

    wish: safe_place, neighbour, pickup_point or other_day. day: of the latter, 2026-11-24.
    """

    wish: str = ""
    day: str = ""


@fact("return_shipment.moved")
class ReturnShipmentMoved(ShipmentFact):
    """A parcel with returned goods is somewhere else. What it means for its return is told by `return.*`."""

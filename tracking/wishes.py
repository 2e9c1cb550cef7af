"""What a shopper wishes for a delivery: stored, told to the shop, and passed on by it; the carrier decides."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from django.utils import timezone

from events import log as event_log
from merchants import audit
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_transaction
from tracking.facts import ShipmentWishChanged
from tracking.locks import lock_shipment
from tracking.models import Shipment
from tracking.statuses import Status

LONGEST_PLACE = 120


class WishKind(StrEnum):
    """Where, with whom or when."""

    SAFE_PLACE = "safe_place"
    NEIGHBOUR = "neighbour"
    PICKUP_POINT = "pickup_point"
    OTHER_DAY = "other_day"


# As long as somebody can still act on it: once the parcel is in the van, only the carrier itself could.
OPEN_FOR_WISHES = frozenset(
    {Status.PENDING, Status.INFO_RECEIVED, Status.IN_TRANSIT, Status.ATTEMPT_FAILED, Status.EXCEPTION}
)


def set_wish(
    merchant: Merchant, shipment_id: UUID, kind: WishKind, *, place: str = "", day: date | None = None
) -> Shipment:
    """Note a wish; it takes the place of the one before. The same once more changes nothing.

    place: where, with whom or which pick-up point; day: for another day. Raises NotFound, Unprocessable without
    what the kind needs, and Conflict when it is too late.
    """
    place = " ".join(place.replace("\0", "").split())
    if kind == WishKind.OTHER_DAY:
        if day is None:
            raise Unprocessable("Name the day.", param="day", code="wish_without_day")
        place = ""
    elif not place or len(place) > LONGEST_PLACE:
        raise Unprocessable(
            f"Say where, in {LONGEST_PLACE} letters.", param="place", code="wish_without_place"
        )
    wish = {"kind": kind.value, "place": place, "day": day.isoformat() if day and not place else None}
    return _store(merchant, shipment_id, wish)


def withdraw_wish(merchant: Merchant, shipment_id: UUID) -> Shipment:
    """Take a wish back. Without one nothing changes. Raises NotFound, and Conflict when it is too late."""
    return _store(merchant, shipment_id, None)


def _store(merchant: Merchant, shipment_id: UUID, wish: dict[str, str | None] | None) -> Shipment:
    with merchant_transaction(merchant):
        shipment = lock_shipment(shipment_id)
        if shipment.status not in OPEN_FOR_WISHES or shipment.cancelled_at is not None:
            raise Conflict("It is too late for a wish.", param="shipment_id", code="too_late")
        if shipment.wish == wish:
            return shipment
        shipment.wish, shipment.updated_at = wish, timezone.now()
        shipment.save(update_fields=["wish", "updated_at"])
        told = ShipmentWishChanged(
            shipment_id=shipment.id, status=shipment.status, substatus=shipment.substatus,
            wish=(wish or {}).get("kind") or "", day=(wish or {}).get("day") or "",
        )  # fmt: skip
        event_log.record(told, order_id=shipment.order_id)
        audit.record_by_hand("shipment.wish_changed", public_id("shp", shipment.id), shipment.tracking_number)
    return shipment

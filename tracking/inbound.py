"""Parcels that bring goods back to the shop: followed as every other, and mistaken for none of them."""

from django.db.models import Max
from django.utils import timezone

from merchants.models import Merchant
from orders.models import Order
from tracking import polling
from tracking.models import Shipment
from tracking.schemas import ShipmentIn
from tracking.shipments import put_carrier
from tracking.statuses import Status

# What comes back is numbered apart, so that "parcel 2 of 3" stays what it is.
FIRST_NUMBER = 1001


def follow_return_parcel(
    merchant: Merchant, order: Order, *, external_id: str, carrier: str, tracking_number: str
) -> Shipment:
    """Follow a parcel of returned goods of a locked order, in the open transaction; the same external_id is the same.

    A carrier that is not named is found by the number. Raises what a shipment with such a number raises.
    """
    now = timezone.now()
    known = Shipment.objects.filter(order=order, external_id=external_id, inbound=True).first()
    parcel = known or _new(merchant, order, external_id)
    parcel.order = order
    put_carrier(merchant, parcel, ShipmentIn(carrier=carrier, tracking_number=tracking_number))
    parcel.due_at = now if polling.is_followed(merchant, parcel, now) else None
    parcel.updated_at = now
    parcel.save(force_insert=known is None)
    return parcel


def _new(merchant: Merchant, order: Order, external_id: str) -> Shipment:
    now = timezone.now()
    before = Shipment.objects.filter(order=order, inbound=True).aggregate(last=Max("number"))["last"]
    return Shipment(
        merchant=merchant, order=order, external_id=external_id, number=(before or FIRST_NUMBER - 1) + 1,
        inbound=True, status=Status.INFO_RECEIVED, status_at=now, created_at=now, updated_at=now,
    )  # fmt: skip

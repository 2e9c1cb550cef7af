"""Locking parcels: always the order first, then its parcels, so that nobody waits in a circle."""

from uuid import UUID

from merchants.rest.errors import NotFound
from orders import commands as orders
from tracking.models import Shipment


def lock_shipment(shipment_id: UUID) -> Shipment:
    """The parcel with its order, both locked until the transaction ends. Raises NotFound."""
    order_id = Shipment.objects.filter(pk=shipment_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound("There is no such shipment.", param="shipment_id")
    order = orders.lock_order(order_id)
    shipment = Shipment.objects.select_for_update(no_key=True).get(pk=shipment_id)
    shipment.order = order
    return shipment

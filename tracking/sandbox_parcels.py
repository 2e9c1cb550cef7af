"""The sandbox carrier's parcels: what it has to know about a number stands in our own rows."""

from collections.abc import Sequence

from merchants.models import Merchant
from tracking.carriers.sandbox import HUBS, Parcel, Place, Sandbox
from tracking.models import Shipment


def sandbox_of(shipments: Sequence[Shipment]) -> Sandbox:
    """A sandbox that knows these parcels (their merchants and orders must be loaded)."""
    known = {shipment.tracking_number: parcel_of(shipment) for shipment in shipments}
    return Sandbox(parcels=known.get)


def parcel_of(shipment: Shipment) -> Parcel:
    """When and where a parcel sets out, and where it goes, for `tracking.carriers.sandbox.itinerary`."""
    order = shipment.order
    return Parcel(
        shipped_at=shipment.shipped_at or shipment.created_at,
        origin=origin_of(shipment.merchant),
        destination=Place(order.city, order.country, order.postcode) if order.city else HUBS[0],
    )


def origin_of(merchant: Merchant) -> Place:
    """Where a merchant's parcels set out: the last line of its postal address ("20457 Hamburg")."""
    words = merchant.postal_address.strip().rpartition("\n")[2].split()
    city = " ".join(word for word in words if not any(letter.isdigit() for letter in word))
    postcode = " ".join(word for word in words if any(letter.isdigit() for letter in word))
    return Place(city or "Hamburg", merchant.country, postcode)

"""Everything that changes a parcel. What a shop does with one is in `shipments`, pushed scans in `scans`."""

from tracking.scans import NUMBER_IS_ONE_PARCEL_FOR, Recorded, record_scans
from tracking.shipments import Put, cancel_shipment, put_shipment

__all__ = [
    "NUMBER_IS_ONE_PARCEL_FOR",
    "Put",
    "Recorded",
    "cancel_shipment",
    "put_shipment",
    "record_scans",
]

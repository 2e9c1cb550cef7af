"""How carriers are called."""

from portal.loading import ParcelRow
from tracking.carriers.registry import KNOWN


def carrier_name(parcel: ParcelRow) -> str:
    """By the shop's name for it, else by ours."""
    known = KNOWN.get(parcel.carrier)
    return parcel.carrier_name or (known.name if known else "")

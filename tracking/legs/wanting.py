"""Which parcels are asked about at a next carrier, from the moment that an answer names one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from events import due
from tracking.carriers.base import TrackingResult
from tracking.carriers.registry import adapter
from tracking.legs.models import NextLeg
from tracking.models import Shipment

LEGS: Final = "tracking.next_legs"


def want_legs(pairs: Iterable[tuple[Shipment, TrackingResult]], now: datetime) -> None:
    """Have the next carrier asked about parcels that were handed over, from now on. In the open transaction.

    No statement when no answer names a next carrier that we can ask.
    """
    legs = [
        NextLeg(
            merchant_id=parcel.merchant_id,
            shipment=parcel,
            carrier=over.carrier,
            number=over.number[:100],
            due_at=now,
            created_at=now,
        )
        for parcel, result in pairs
        if (over := result.handed_over_to) is not None and over.number and adapter(over.carrier) is not None
    ]
    if legs:
        NextLeg.objects.bulk_create(legs, ignore_conflicts=True)
        due.ring_when_committed(LEGS)

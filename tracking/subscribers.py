"""What tracking does when a shop reports a fulfilment: it makes a parcel of it."""

from collections.abc import Sequence

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.ids import public_id
from merchants.models import Merchant
from orders.facts import FulfilmentReported
from tracking import commands
from tracking.models import Shipment
from tracking.schemas import ShipmentIn, ShipmentLineIn


@subscribe("tracking.fulfilments", ["fulfilment.reported"])
def make_shipments(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """One parcel a fulfilment; reported again, it is updated; cancelled, it is taken back."""
    for fact in facts:
        reported = fact.payload()
        assert isinstance(reported, FulfilmentReported)
        if reported.cancelled:
            _take_back(merchant, reported)
        else:
            commands.put_shipment(merchant, _shipment(reported))


def _take_back(merchant: Merchant, reported: FulfilmentReported) -> None:
    known = Shipment.objects.filter(order_id=reported.order_id, external_id=reported.external_id).first()
    if known is not None and known.last_scan_at is None:
        commands.cancel_shipment(merchant, known.id)


def _shipment(reported: FulfilmentReported) -> ShipmentIn:
    return ShipmentIn(
        order_id=public_id("ord", reported.order_id),
        external_id=reported.external_id,
        carrier=reported.carrier_name[:120],
        tracking_number=reported.tracking_number[:100],
        tracking_url=reported.tracking_url[:1000],
        shipped_at=reported.shipped_at,
        lines=[ShipmentLineIn(line=line.external_id, quantity=line.quantity) for line in reported.lines],
        notify=reported.notify,
    )

"""What tracking does when a shop reports a fulfilment or changes an order."""

from collections.abc import Sequence

from django.utils import timezone

from events import parked
from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.ids import NOBODY, public_id
from merchants.models import Merchant
from orders.commands import lock_order
from orders.facts import FulfilmentReported, OrderUpdated
from orders.models import OrderLine
from tracking import commands
from tracking.models import Shipment
from tracking.progress import refresh_stages
from tracking.schemas import ScanIn, ShipmentIn, ShipmentLineIn
from tracking.statuses import Status

_FULFILMENTS = "tracking.fulfilments"
_EVERYTHING = 1_000_000  # of a line: what was shipped already is taken off


# Each report locks its order until the batch is committed: few at a time, or a shop's own calls wait for seconds.
@subscribe(_FULFILMENTS, ["fulfilment.reported"], batch=50)
def make_shipments(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """One parcel a report; reported again, it is updated; cancelled, it is taken back.

    Order by order, as whoever locks several orders does (`tracking.locks`); an order's own facts stay in line.
    """
    in_order = sorted(facts, key=lambda fact: fact.order_id or NOBODY)
    for order_id in dict.fromkeys(fact.order_id for fact in in_order):
        if order_id:
            lock_order(order_id)
    newer = parked.overtaking(_FULFILMENTS, in_order)
    for fact in in_order:
        reported = fact.payload()
        assert isinstance(reported, FulfilmentReported)
        if _is_overtaken(fact, newer):
            _note_late(merchant, reported)
        elif reported.cancelled:
            _take_back(merchant, reported)
        else:
            put = commands.put_shipment(merchant, _shipment(reported), happened=True)
            _note_status(merchant, public_id("shp", put.shipment_id), reported)


@subscribe("tracking.stages", ["order.updated"])
def move_stages(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """An order whose lines were changed may stand elsewhere now: the last open line may be gone."""
    updates = [fact.payload() for fact in facts]
    order_ids = {u.order_id for u in updates if isinstance(u, OrderUpdated) and "lines" in u.changed}
    refresh_stages([lock_order(order_id) for order_id in sorted(order_ids)])


def _is_overtaken(fact: RecordedFact, newer: Sequence[RecordedFact]) -> bool:
    """Whether the shop reported the same parcel again, and that report was worked off while this one was parked."""
    return any(
        other.position > fact.position
        and (other.order_id, other.data["external_id"]) == (fact.order_id, fact.data["external_id"])
        for other in newer
    )


def _note_late(merchant: Merchant, reported: FulfilmentReported) -> None:
    """A report that came after a newer one changes nothing about the parcel; where it was then is still news."""
    known = Shipment.objects.filter(order_id=reported.order_id, external_id=reported.external_id).first()
    if known is not None and not reported.cancelled:
        _note_status(merchant, public_id("shp", known.id), reported)


def _take_back(merchant: Merchant, reported: FulfilmentReported) -> None:
    known = Shipment.objects.filter(order_id=reported.order_id, external_id=reported.external_id).first()
    if known is not None and known.last_scan_at is None:
        commands.cancel_shipment(merchant, known.id)


def _shipment(reported: FulfilmentReported) -> ShipmentIn:
    if reported.lines is None:
        lines = OrderLine.objects.filter(order_id=reported.order_id, requires_shipping=True)
        quantities = dict.fromkeys(lines.values_list("external_id", flat=True), _EVERYTHING)
    else:
        quantities = {line.external_id: line.quantity for line in reported.lines}
    now = timezone.now()
    return ShipmentIn(
        order_id=public_id("ord", reported.order_id),
        external_id=reported.external_id,
        carrier=reported.carrier_name[:120],
        tracking_number=reported.tracking_number[:100],
        tracking_url=reported.tracking_url[:1000],
        shipped_at=min(reported.shipped_at, now) if reported.shipped_at else None,
        lines=[ShipmentLineIn(line=line, quantity=quantity) for line, quantity in quantities.items()],
        notify=reported.notify,
    )


def _note_status(merchant: Merchant, shipment_id: str, reported: FulfilmentReported) -> None:
    """What the shop says about the parcel's way, as a scan: for carriers that we cannot ask it is all there is."""
    if reported.status not in list(Status) or reported.status_at is None:
        return
    scan = ScanIn(
        shipment_id=shipment_id,
        status=Status(reported.status),
        occurred_at=min(reported.status_at, timezone.now()),
        # Reported again with something else changed, it is the same scan; a second attempt on another day is not.
        external_id=f"shop:{reported.status}:{reported.status_at:%Y-%m-%d}",
    )
    commands.record_scans(merchant, [scan], source="shop", notify=reported.notify)

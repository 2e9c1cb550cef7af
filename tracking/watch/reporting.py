"""What shoppers report: items that are opened and closed by whoever keeps the reports (`cases`, a floor above)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from events import log as event_log
from merchants.models import Merchant
from merchants.scope import merchant_transaction
from orders.models import Order
from tracking.watch import reading
from tracking.watch.facts import WatchClosed, WatchOpened
from tracking.watch.keeping import fact_values
from tracking.watch.models import Reason, State, WatchClock, WatchItem

Target = tuple[UUID, UUID | None]  # order, parcel


@dataclass(frozen=True)
class Report:
    """A parcel (or an order) of which a shopper says that something is wrong, since when and what."""

    order_id: UUID
    shipment_id: UUID | None
    since: datetime
    detail: str = ""

    @property
    def target(self) -> Target:
        return self.order_id, self.shipment_id


def keep_reports(merchant: Merchant, order_ids: Collection[UUID], reports: Sequence[Report]) -> None:
    """Bring the `reported` items of these orders to exactly these reports, with their facts. Twice changes nothing."""
    with merchant_transaction(merchant):
        now = timezone.now()
        _lock(merchant, order_ids, reports)
        current = WatchItem.objects.filter(order_id__in=order_ids, reason=Reason.REPORTED)
        there = {(item.order_id, item.shipment_id): item for item in current.exclude(state=State.CLOSED)}
        wanted = {report.target: report for report in reports}
        over = [item for target, item in there.items() if target not in wanted]
        missing = [report for target, report in wanted.items() if target not in there]
        new = _items(merchant, missing, now)
        WatchItem.objects.filter(pk__in=[item.pk for item in over]).update(state=State.CLOSED, closed_at=now)
        WatchItem.objects.bulk_create(new)
        closed = [
            (WatchClosed(**fact_values(item)), item.order_id)  # type: ignore[arg-type]
            for item in over
            if item.state == State.OPEN
        ]
        opened = [(WatchOpened(**fact_values(item)), item.order_id) for item in new]  # type: ignore[arg-type]
        event_log.record_many([*closed, *opened])


def _lock(merchant: Merchant, order_ids: Collection[UUID], reports: Sequence[Report]) -> None:
    """Whoever changes items holds the clocks of their parcels and orders; one that is not there is made, unwound."""
    clocks = [
        WatchClock(
            id=report.shipment_id or report.order_id, merchant=merchant, order_id=report.order_id,
            is_order=report.shipment_id is None,
        )
        for report in sorted(reports, key=lambda report: report.shipment_id or report.order_id)
    ]  # fmt: skip
    WatchClock.objects.bulk_create(clocks, ignore_conflicts=True)
    list(
        WatchClock.objects.filter(order_id__in=order_ids).order_by("pk").select_for_update().values_list("pk")
    )


def _items(merchant: Merchant, reports: Sequence[Report], now: datetime) -> list[WatchItem]:
    of_parcels = {
        p.id: p.value for p in reading.parcels(merchant, [r.shipment_id for r in reports if r.shipment_id])
    }
    orders = Order.objects.only("id", "merchant_id", "total", "currency").in_bulk(
        {r.order_id for r in reports}
    )
    return [
        WatchItem(
            merchant=merchant, order_id=report.order_id, shipment_id=report.shipment_id, reason=Reason.REPORTED,
            detail=report.detail, since=report.since, opened_at=now, currency=orders[report.order_id].currency,
            value=of_parcels.get(report.shipment_id, Decimal(0))
            if report.shipment_id
            else orders[report.order_id].total,
        )
        for report in reports
    ]  # fmt: skip

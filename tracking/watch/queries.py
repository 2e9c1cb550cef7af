"""Reading the watch-list: one statement for a page of it."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from merchants.ids import public_id
from merchants.rest.errors import NotFound
from tracking.watch.models import State, WatchItem
from tracking.watch.schemas import WatchItemOut

_ORDER = ("id", "merchant_id", "number", "external_id", "first_name", "last_name", "email", "country")
_SHIPMENT = (
    "id",
    "merchant_id",
    "order_id",
    "tracking_number",
    "number",
    "carrier",
    "carrier_name",
    "status",
)


def items() -> QuerySet[WatchItem]:
    """Items of the open scope with what is shown of their orders and parcels."""
    own = [field.attname for field in WatchItem._meta.concrete_fields]
    joined = [f"order__{name}" for name in _ORDER] + [f"shipment__{name}" for name in _SHIPMENT]
    return WatchItem.objects.select_related("order", "shipment").only(*own, *joined)


def in_sight(now: datetime) -> Q:
    """Open, and not put off."""
    return Q(state=State.OPEN) & (Q(snoozed_until=None) | Q(snoozed_until__lte=now))


def get_item(item_id: UUID | None) -> WatchItem:
    """An item of the open scope. Raises NotFound, the same for one that belongs to somebody else."""
    item = items().filter(pk=item_id).first() if item_id else None
    if item is None:
        raise NotFound("There is no such item.", param="item_id")
    return item


def show_item(item: WatchItem) -> WatchItemOut:
    """An item as the API shows it. Its order and its parcel must be loaded."""
    parcel = item.shipment
    return WatchItemOut(
        id=public_id("wat", item.id),
        order_id=public_id("ord", item.order_id),
        order_number=item.order.number,
        shipment_id=public_id("shp", parcel.id) if parcel else None,
        tracking_number=parcel.tracking_number if parcel else "",
        carrier=parcel.carrier if parcel else "",
        reason=item.reason,
        detail=item.detail,
        state=item.state,
        since=item.since,
        opened_at=item.opened_at,
        value=item.value,
        currency=item.currency,
        assignee=item.assignee,
        snoozed_until=item.snoozed_until,
        note=item.note,
        answered_at=item.answered_at,
        dismissal=item.dismissal,
        dismissed_at=item.dismissed_at,
        closed_at=item.closed_at,
    )

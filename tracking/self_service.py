"""What shoppers may do by themselves before their order leaves: until when, and doing it under the order's lock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from merchants.models import Merchant, SelfService
from merchants.rest.errors import Conflict
from merchants.scope import merchant_transaction
from orders import commands as orders
from orders.addresses import change_address
from orders.models import Order, OrderStatus
from tracking.models import Shipment
from tracking.statuses import CARRIER_HAS_IT


@dataclass(frozen=True)
class Allowance:
    """Whether something may still be done, and until when (None: as long as nothing left)."""

    allowed: bool
    until: datetime | None = None


NO = Allowance(allowed=False)


def allowance(setting: str, placed_at: datetime, now: datetime) -> Allowance:
    """What a merchant's setting says about an order of which nothing has left."""
    if setting == SelfService.OFF:
        return NO
    if setting == SelfService.HANDOVER:
        return Allowance(allowed=True)
    until = placed_at + timedelta(minutes=int(setting))
    return Allowance(allowed=now < until, until=until)


def has_left(status: str, shipped_at: datetime | None, now: datetime) -> bool:
    """Whether a parcel is out of the shop's hands: the shop says so, or a carrier has scanned it."""
    return status in CARRIER_HAS_IT or (shipped_at is not None and shipped_at <= now)


def may_change_address(
    merchant: Merchant, *, placed_at: datetime, is_cancelled: bool, left: Iterable[bool], now: datetime
) -> Allowance:
    """Until the first parcel leaves, within the merchant's time. left: `has_left` of each live parcel."""
    if is_cancelled or any(left):
        return NO
    return allowance(merchant.address_change, placed_at, now)


def may_cancel(
    merchant: Merchant, *, placed_at: datetime, is_cancelled: bool, parcels: int, now: datetime
) -> Allowance:
    """Until it is packed, within the merchant's time. parcels: how many live ones there are."""
    return NO if is_cancelled or parcels else allowance(merchant.self_cancel, placed_at, now)


def change_own_address(merchant: Merchant, order_id: UUID, address: Mapping[str, str]) -> Order:
    """The shopper gives their order another address. The same once more changes nothing.

    Raises NotFound, and Conflict when it is too late.
    """
    with merchant_transaction(merchant):
        order, parcels, now = orders.lock_order(order_id), _live(order_id), timezone.now()
        left = [has_left(parcel.status, parcel.shipped_at, now) for parcel in parcels]
        allowed = may_change_address(
            merchant, placed_at=order.placed_at, is_cancelled=_is_cancelled(order), left=left, now=now
        )
        if not allowed.allowed:
            raise Conflict("It is too late to change the address.", param="order_id", code="too_late")
        if change_address(merchant, order, address):
            orders.add_search_words(order, [order.postcode])
    return order


def cancel_own_order(merchant: Merchant, order_id: UUID) -> Order:
    """The shopper cancels their order. Doing it twice changes nothing.

    Raises NotFound, and Conflict when it is too late.
    """
    with merchant_transaction(merchant):
        order = orders.lock_order(order_id)
        if _is_cancelled(order):
            return order
        allowed = may_cancel(
            merchant,
            placed_at=order.placed_at,
            is_cancelled=False,
            parcels=len(_live(order_id)),
            now=timezone.now(),
        )
        if not allowed.allowed:
            raise Conflict("It is too late to cancel the order.", param="order_id", code="too_late")
        return orders.cancel_order(merchant, order_id)


def _live(order_id: UUID) -> list[Shipment]:
    return list(
        Shipment.outbound.filter(order_id=order_id, cancelled_at=None).only("status", "shipped_at", "order")
    )


def _is_cancelled(order: Order) -> bool:
    return bool(order.status == OrderStatus.CANCELLED)

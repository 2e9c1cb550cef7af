"""Until when an order can be withdrawn from: 14 days after the last of its goods came (Directive 2011/83, Article 9).

What is not known never closes the window.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from merchants.models import Merchant, WithdrawalFor
from orders.models import Order, OrderStatus
from returns.withdrawal.goods import Good
from tracking.models import Shipment
from tracking.statuses import Status
from tracking.windows import add_working_days, zone_at

DAYS: Final = 14
MONTHS_NOT_INFORMED: Final = 12
# Members of the European Economic Area, which the directive is law in.
EEA: Final = frozenset(
    ("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK").split()  # noqa: SIM905
)


class Finding(StrEnum):
    """What the clock and the shop's rules say about a declaration: for the team, never shown to the consumer."""

    IN_TIME = "in_time"
    LATE = "late"
    CANCELLED = "cancelled"
    COUNTRY = "country"
    BUSINESS = "business"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Window:
    """Until when (UTC). None: open, because not everything has come, or nobody knows whether it has."""

    ends_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether it was open at this moment."""
        return self.ends_at is None or at <= self.ends_at


def window_of(merchant: Merchant, order: Order, *, informs: bool, days: int = DAYS) -> Window:
    """The window of an order of the open scope: two queries. days: at least the law's."""
    start = begins_at(order)
    if start is None:
        return Window(None)
    zone = zone_at(merchant, order.country)
    last = _last_day(start.astimezone(zone).date(), order.country or merchant.country, days, informs=informs)
    return Window(datetime.combine(last, time.max, zone).astimezone(UTC))


def begins_at(order: Order) -> datetime | None:
    """When the last of the order's goods came. None while something is on its way, unsent, or of unknown fate.

    An order without goods to send begins with the contract.
    """
    sendable = [line for line in order.lines.all() if line.quantity and line.requires_shipping]
    if not sendable:
        return order.placed_at
    if any(line.shipped_quantity < line.quantity for line in sendable):
        return None
    parcels = Shipment.outbound.filter(order_id=order.pk, cancelled_at__isnull=True)
    came = [
        at if status == Status.DELIVERED else None
        for status, at in parcels.values_list("status", "delivered_at")
    ]
    known = [at for at in came if at is not None]
    return max(known) if known and len(known) == len(came) else None


def finding_of(
    merchant: Merchant,
    order: Order,
    window: Window,
    goods: Mapping[UUID, Good],
    *,
    declared_at: datetime,
    business_tags: frozenset[str],
) -> Finding:
    """What speaks against a refund, if anything. goods: those that the declaration is of."""
    if order.status == OrderStatus.CANCELLED:
        return Finding.CANCELLED
    if not covers(merchant, order.country):
        return Finding.COUNTRY
    if business_tags & {tag.casefold() for tag in order.tags}:
        return Finding.BUSINESS
    if goods and all(good.exemption for good in goods.values()):
        return Finding.EXEMPT
    return Finding.IN_TIME if window.holds(declared_at) else Finding.LATE


def covers(merchant: Merchant, country: str) -> bool:
    """Whether consumers in a country have the right here. One that is not known has it."""
    if merchant.withdrawal_for == WithdrawalFor.EU:
        return not country or country in EEA
    return merchant.withdrawal_for == WithdrawalFor.ALL


def _last_day(first: date, country: str, days: int, *, informs: bool) -> date:
    """The period begins the day after, and never ends on a day off (Regulation 1182/71, Article 3)."""
    last = first + timedelta(days=max(days, DAYS))
    if not informs:
        last = _months_later(last, MONTHS_NOT_INFORMED)
    return add_working_days(last - timedelta(days=1), 1, free=country)


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

"""What the shop's rules say about each line, in the words that returns are made with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from returns.states import Method, Resolution, Trigger
from tracking.models import ShipmentLine

_WINDOW: Final = timedelta(days=30)
ALL_RESOLUTIONS: Final = (Resolution.EXCHANGE, Resolution.CREDIT, Resolution.REFUND)


@dataclass(frozen=True)
class Terms:
    """What holds for one line. sentence: why, for people. fee: for sending it back, once a return."""

    returnable: bool = True
    code: str = "in_window"
    sentence: str | Promise = ""
    resolutions: tuple[str, ...] = tuple(Resolution.values)
    fee: Decimal = Decimal(0)
    restocking_percent: Decimal = Decimal(0)
    bonus_percent: Decimal = Decimal(0)
    methods: tuple[str, ...] = tuple(Method.values)
    auto_approve: bool = False
    keep_item: bool = False
    needs_review: bool = False
    refund_trigger: str = Trigger.INSPECTION
    destination: str = ""
    rule: str = ""
    window_ends: datetime | None = None


@dataclass(frozen=True)
class OrderTerms:
    """The terms of every line of an order, and which version of the rules gave them."""

    lines: Mapping[UUID, Terms] = field(default_factory=dict)
    version: int | None = None


# What the law gives, and what a defect gives: no rule of the shop's, no fee.
BY_LAW: Final = Terms(code="by_law", resolutions=(Resolution.REFUND,), refund_trigger=Trigger.RECEIPT)
DEFECT: Final = Terms(
    code="warranty",
    resolutions=(Resolution.REPAIR, Resolution.REPLACEMENT, Resolution.REFUND, Resolution.CREDIT),
    needs_review=True,
)


def terms_of(order: Order, at: datetime) -> OrderTerms:
    """What holds for each line of an order at a moment (UTC)."""
    delivered = dict(
        ShipmentLine.objects.filter(line__order_id=order.id)
        .order_by("shipment__delivered_at")
        .values_list("line_id", "shipment__delivered_at")
    )
    return OrderTerms({pk: _usual(delivered.get(pk), at) for pk in order.lines.values_list("pk", flat=True)})


def _usual(delivered_at: datetime | None, at: datetime) -> Terms:
    ends = delivered_at + _WINDOW if delivered_at else None
    if ends and at > ends:
        return Terms(False, "window_over", _("The time to return this is over."), window_ends=ends)
    return Terms(resolutions=ALL_RESOLUTIONS, window_ends=ends)

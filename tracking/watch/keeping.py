"""Keeping the watch-list true: open what holds, close what is over, and note when to look again.

A look is a function of how the parcels stand now, so it may come from a fact, a scan or a clock, twice or late: the
list ends the same. Two looks at one parcel are kept apart by its clock's row, which is locked first; nobody who holds
one waits for an order or a parcel.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from events import log as event_log
from events.facts import FactData
from merchants.models import Merchant
from merchants.scope import merchant_transaction
from orders.models import Stage
from tracking.statuses import Status
from tracking.watch import pace as paces
from tracking.watch import reading
from tracking.watch.facts import WatchClosed, WatchFact, WatchOpened
from tracking.watch.models import PaceClock, Reason, State, WatchClock, WatchItem
from tracking.watch.reasons import HISTORY, Condition, holding, next_look, of_order, of_parcel

# Ended parcels and shipped orders that were never watched need no clock.
_CLOCKS = """
WITH wanted AS (
    SELECT p.id, p.order_id, false AS is_order FROM tracking_shipment p
    WHERE p.merchant_id = %(merchant)s AND p.order_id = ANY(%(orders)s) AND p.created_at > %(since)s
      AND NOT p.inbound
      AND p.status <> ALL(%(over)s)
    UNION ALL
    SELECT o.id, o.id, true FROM orders_order o
    WHERE o.merchant_id = %(merchant)s AND o.id = ANY(%(orders)s) AND o.placed_at > %(since)s
      AND o.stage = ANY(%(to_ship)s)
    UNION ALL
    SELECT coalesce(i.shipment_id, i.order_id), i.order_id, i.shipment_id IS NULL FROM tracking_watchitem i
    WHERE i.merchant_id = %(merchant)s AND i.order_id = ANY(%(orders)s) AND i.state <> 'closed'
)
INSERT INTO tracking_watchclock (merchant_id, id, order_id, is_order, attempts)
SELECT DISTINCT ON (id) %(merchant)s, id, order_id, is_order, 0 FROM wanted ORDER BY id ON CONFLICT DO NOTHING
"""
_OVER = [Status.DELIVERED, Status.CANCELLED]
_TO_SHIP = [Stage.TO_SHIP, Stage.PARTLY_SHIPPED, Stage.ATTENTION]


@dataclass
class Target:
    """A parcel or an order that is looked at: what holds of it, what it is worth, and when to look again."""

    clock: WatchClock
    held: list[Condition]
    again: datetime | None
    value: Decimal = Decimal(0)
    currency: str = ""
    items: list[WatchItem] = field(default_factory=list)


def look(merchant: Merchant, order_ids: Iterable[UUID]) -> None:
    """Bring the items of these orders and their parcels to what is true now, with their facts.

    Ten statements at most, however many orders. Joins the caller's transaction, if one is open.
    """
    ids = sorted(set(order_ids))
    if not ids:
        return
    with merchant_transaction(merchant):
        now = timezone.now()
        clocks = _lock_clocks(merchant, ids, now)
        if not clocks:
            return
        targets = _targets(merchant, clocks, now)
        told = _change(merchant, targets, now)
        event_log.record_many(told)
        _wind(targets)


def _lock_clocks(merchant: Merchant, order_ids: Sequence[UUID], now: datetime) -> list[WatchClock]:
    values: dict[str, Any] = {
        "merchant": merchant.id, "orders": list(order_ids), "since": now - 2 * HISTORY, "over": _OVER,
        "to_ship": _TO_SHIP,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CLOCKS, values)
    clocks = WatchClock.objects.filter(order_id__in=order_ids).order_by("pk")
    return list(clocks.select_for_update())


def _targets(merchant: Merchant, clocks: Sequence[WatchClock], now: datetime) -> list[Target]:
    """What holds of each, read after the locks were taken."""
    pace = _pace(merchant)
    of_parcels = {p.id: p for p in reading.parcels(merchant, [c.pk for c in clocks if not c.is_order])}
    of_orders = {o.id: o for o in reading.orders(merchant, [c.pk for c in clocks if c.is_order])}
    found: dict[UUID, Target] = {}
    for clock in clocks:
        if parcel := of_parcels.get(clock.pk):
            conditions = of_parcel(merchant, parcel, pace)
            again = next_look(conditions, parcel, now)
            target = Target(clock, holding(conditions, now), again, parcel.value, parcel.currency)
        elif order := of_orders.get(clock.pk):
            conditions = of_order(merchant, order)
            again = next_look(conditions, None, now)
            target = Target(clock, holding(conditions, now), again, order.value, order.currency)
        else:
            target = Target(clock, [], None)
        found[clock.pk] = target
    current = WatchItem.objects.filter(order_id__in={clock.order_id for clock in clocks})
    # What shoppers report is kept by `reporting`: how a parcel stands says nothing about it.
    for item in current.exclude(state=State.CLOSED).exclude(reason=Reason.REPORTED):
        if (watched := found.get(item.shipment_id or item.order_id)) is not None:
            watched.items.append(item)
    return list(found.values())


def _pace(merchant: Merchant) -> paces.Pace:
    pace = paces.load(merchant)
    if not pace.learnt:  # the first look at all, or nothing to learn from yet
        PaceClock.objects.bulk_create(
            [PaceClock(id=merchant.id, merchant=merchant, due_at=timezone.now())], ignore_conflicts=True
        )
    return pace


def _change(
    merchant: Merchant, targets: Sequence[Target], now: datetime
) -> list[tuple[FactData, UUID | None]]:
    """Open, keep and close items. Returns the facts, in order."""
    new: list[WatchItem] = []
    over: list[WatchItem] = []
    moved: list[WatchItem] = []
    for target in targets:
        held = {condition.reason: condition for condition in target.held}
        for item in target.items:
            condition = held.get(item.reason)  # type: ignore[call-overload]
            if condition is None or _is_another_time(item, condition):
                over.append(item)
            else:
                del held[condition.reason]
                if item.detail != condition.detail:
                    item.detail = condition.detail
                    moved.append(item)
        new += [
            _item(merchant, target, condition, now) for condition in held.values() if _is_news(condition, now)
        ]
    WatchItem.objects.filter(pk__in=[item.pk for item in over]).update(state=State.CLOSED, closed_at=now)
    WatchItem.objects.bulk_update(moved, ["detail"])
    WatchItem.objects.bulk_create(new)
    # Who dismissed an item has had the last word on it.
    closed = [(_fact(WatchClosed, item), item.order_id) for item in over if item.state == State.OPEN]
    return [*closed, *((_fact(WatchOpened, item), item.order_id) for item in new)]


def _is_another_time(item: WatchItem, condition: Condition) -> bool:
    """Whether somebody was done with it, and it has happened again since: a second attempt that failed, say."""
    return item.dismissed_at is not None and condition.since > item.dismissed_at


def _is_news(condition: Condition, now: datetime) -> bool:
    return condition.holds_from > now - HISTORY


def _item(merchant: Merchant, target: Target, condition: Condition, now: datetime) -> WatchItem:
    clock = target.clock
    return WatchItem(
        merchant=merchant, order_id=clock.order_id, shipment_id=None if clock.is_order else clock.pk,
        reason=condition.reason, detail=condition.detail, since=condition.since, opened_at=now, value=target.value,
        currency=target.currency,
    )  # fmt: skip


def fact_values(item: WatchItem) -> dict[str, object]:
    """What every fact about an item tells."""
    return {
        "watch_item_id": item.id, "shipment_id": item.shipment_id, "reason": item.reason, "detail": item.detail,
        "since": item.since, "value": item.value, "currency": item.currency,
    }  # fmt: skip


def _fact(kind: type[WatchFact], item: WatchItem) -> WatchFact:
    return kind(**fact_values(item))  # type: ignore[arg-type]


_WIND = """
UPDATE tracking_watchclock AS clock SET due_at = wound.at, attempts = 0
FROM unnest(%(ids)s::uuid[], %(times)s::timestamptz[]) AS wound(id, at)
WHERE clock.merchant_id = %(merchant)s AND clock.id = wound.id
"""


def _wind(targets: Sequence[Target]) -> None:
    changed = [target for target in targets if target.clock.due_at != target.again]
    if changed:
        values: dict[str, Any] = {
            "merchant": changed[0].clock.merchant_id, "ids": [target.clock.pk for target in changed],
            "times": [target.again for target in changed],
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_WIND, values)

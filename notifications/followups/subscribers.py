"""From facts to follow-ups: a delivery begins them, a purchase, a return or a cancellation ends them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from notifications import clocks
from notifications.followups.intervals import Bought, said_by_rules, unit_days
from notifications.followups.models import FollowUp, Kind, RuleKind, SweepClock
from notifications.switches import Switch, switches
from orders.models import Order, OrderLine, Stage
from tracking.models import Shipment, ShipmentLine

# So long before it is used up, so that the next one is there in time.
LEAD: Final = timedelta(days=5)
# Asked once an order, when all of it is there; about the shop once a customer and year.
_OF_ORDERS: Final = (Kind.REVIEW, Kind.SURVEY_DELIVERY, Kind.SURVEY_SHOP)
_READS = ("order.placed", "order.cancelled", "order.refunded", "shipment.delivered")


# Without `forget`: replaying the log would write to people again.
@subscribe("followups.plan", _READS)
def plan_follow_ups(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Begin and end what these facts begin and end: a fixed number of queries, however many facts."""
    how = switches(Kind.values)
    if not any(switch.has_own_moment for switch in how.values()):
        return
    SweepClock.objects.bulk_create(
        [SweepClock(merchant=merchant, due_at=timezone.now())], ignore_conflicts=True
    )
    wanted = [fact for fact in facts if fact.order_id and fact.data.get("notify", True)]
    orders = {
        order.id: order
        for order in Order.objects.filter(pk__in={fact.order_id for fact in wanted}, customer__isnull=False)
        .defer("raw", "search")
    }  # fmt: skip
    wanted = [fact for fact in wanted if fact.order_id in orders]
    _end(orders, [fact for fact in wanted if fact.type != "shipment.delivered"])
    placed = [orders[fact.order_id] for fact in wanted if fact.type == "order.placed" and fact.order_id]
    begun = [*_welcomes(merchant, placed, how), *_after_delivery(merchant, orders, wanted, how)]
    _store(begun)


def _end(orders: dict[UUID, Order], facts: Sequence[RecordedFact]) -> None:
    """A purchase ends the wait for the next one of the SKU; a cancellation or return ends all that its order began."""
    bought = {fact.order_id for fact in facts if fact.type == "order.placed"}
    if bought:
        lines = OrderLine.objects.filter(order_id__in=bought).exclude(sku="").values_list("order_id", "sku")
        for order_id, sku in set(lines):
            waiting = FollowUp.objects.filter(due_at__isnull=False, customer_id=orders[order_id].customer_id)
            waiting.filter(kind=Kind.REPLENISHMENT, subject=sku).update(due_at=None)
        buyers = {orders[order_id].customer_id for order_id in bought if order_id}
        lost = FollowUp.objects.filter(kind=Kind.WIN_BACK, customer_id__in=buyers, due_at__isnull=False)
        lost.update(due_at=None)
    given_back = {fact.order_id for fact in facts if fact.type in ("order.cancelled", "order.refunded")}
    if given_back:
        owners = {orders[order_id].customer_id for order_id in given_back if order_id}
        rows = FollowUp.objects.filter(order_id__in=given_back, customer_id__in=owners, due_at__isnull=False)
        rows.exclude(kind=Kind.WELCOME).update(due_at=None)


def _welcomes(merchant: Merchant, placed: Sequence[Order], how: Mapping[str, Switch]) -> Iterable[FollowUp]:
    """Whoever placed their first order."""
    if not placed or not how[Kind.WELCOME].has_own_moment:
        return
    customers = {order.customer_id for order in placed}
    ids = [order.id for order in placed]
    known = set(
        Order.objects.filter(customer_id__in=customers)
        .exclude(pk__in=ids)
        .values_list("customer_id", flat=True)
    )
    now = timezone.now()
    for order in placed:
        if order.customer_id not in known:
            yield _row(merchant, Kind.WELCOME, order, "", now, _due(how[Kind.WELCOME], order, now))


def _after_delivery(
    merchant: Merchant, orders: dict[UUID, Order], facts: Sequence[RecordedFact], how: Mapping[str, Switch]
) -> Iterable[FollowUp]:
    ids = {UUID(fact.data["shipment_id"]) for fact in facts if fact.type == "shipment.delivered"}
    if not ids:
        return
    parcels = {
        row.id: row for row in Shipment.objects.filter(pk__in=ids, delivered_at__isnull=False).defer("raw")
    }
    lines = ShipmentLine.objects.filter(shipment_id__in=parcels).exclude(line__sku="")
    arrived = [
        (parcels[shipment_id], sku, quantity)
        for shipment_id, sku, quantity in lines.values_list("shipment_id", "line__sku", "quantity")
    ]
    skus = {sku for _parcel, sku, _quantity in arrived}
    guides = said_by_rules(merchant, skus, RuleKind.GUIDE) if skus and how[Kind.GUIDE].has_own_moment else {}
    days: dict[Bought, float] = {}
    if how[Kind.REPLENISHMENT].has_own_moment:
        pairs = {
            Bought(customer_id, sku)
            for p, sku, _quantity in arrived
            if p.order_id in orders and (customer_id := orders[p.order_id].customer_id)
        }
        days = unit_days(merchant, pairs)
    for parcel, sku, quantity in arrived:
        order, at = orders.get(parcel.order_id), parcel.delivered_at
        if order is None or at is None or order.customer_id is None:
            continue
        for rule in guides.get(sku, ()):
            yield _row(merchant, Kind.GUIDE, order, str(rule.id), at, at + timedelta(days=rule.days))
        if (unit := days.get(Bought(order.customer_id, sku))) is not None:
            used_up = at + timedelta(days=unit * quantity)
            yield _row(
                merchant, Kind.REPLENISHMENT, order, sku, at, max(used_up - LEAD, at + timedelta(days=1))
            )
        if how[Kind.COMPLEMENT].has_own_moment:
            yield _row(
                merchant, Kind.COMPLEMENT, order, str(order.id), at, _due(how[Kind.COMPLEMENT], order, at)
            )
    yield from _asked(merchant, orders, parcels.values(), arrived, how)


def _asked(
    merchant: Merchant, orders: Mapping[UUID, Order], parcels: Iterable[Shipment],
    arrived: Sequence[tuple[Shipment, str, int]], how: Mapping[str, Switch],
) -> Iterable[FollowUp]:  # fmt: skip
    """What shoppers are asked once all of an order is there."""
    wanted = [kind for kind in _OF_ORDERS if how[kind].has_own_moment]
    there = [parcel for parcel in parcels if parcel.order_id in orders] if wanted else []
    skus = {sku for _parcel, sku, _quantity in arrived} if Kind.REVIEW in wanted else set()
    usage = said_by_rules(merchant, skus, RuleKind.REVIEW) if skus else {}
    for parcel in there:
        order, at = orders[parcel.order_id], parcel.delivered_at
        if at is None or order.stage != Stage.DELIVERED:
            continue
        for kind in wanted:
            rules = [rule.days for p, sku, _ in arrived if p.id == parcel.id for rule in usage.get(sku, ())]
            days = timedelta(days=max(rules)) if rules and kind == Kind.REVIEW else None
            subject = str(at.year) if kind == Kind.SURVEY_SHOP else str(order.id)
            yield _row(merchant, kind, order, subject, at, _due(how[kind], order, at, days))


def _due(switch: Switch, order: Order, at: datetime, after: timedelta | None = None) -> datetime:
    """So long after `at` as the shop (or `after`) says, at the time of the shopper's day that it says."""
    zone = clocks.zone_of(order.merchant, order.country, order.postcode)
    return clocks.moment(at, after or switch.delay, switch.at, zone)


def _row(
    merchant: Merchant, kind: Kind, order: Order, subject: str, begun_at: datetime, due_at: datetime
) -> FollowUp:
    assert order.customer_id is not None  # only orders of known customers are read
    return FollowUp(
        merchant=merchant, kind=kind, customer_id=order.customer_id, subject=subject, order_id=order.id,
        begun_at=begun_at, due_at=due_at,
    )  # fmt: skip


def _store(rows: Sequence[FollowUp]) -> None:
    """A new delivery of the same product sets its replenishment's clock anew; all else is begun once."""
    new = {(row.kind, row.customer_id, row.subject): row for row in rows}
    again = [row for row in new.values() if row.kind == Kind.REPLENISHMENT]
    once = [row for row in new.values() if row.kind != Kind.REPLENISHMENT]
    if again:
        FollowUp.objects.bulk_create(
            again, update_conflicts=True, unique_fields=["merchant", "kind", "customer", "subject"],
            update_fields=["order_id", "begun_at", "due_at", "attempts"],
        )  # fmt: skip
    if once:
        FollowUp.objects.bulk_create(once, ignore_conflicts=True)

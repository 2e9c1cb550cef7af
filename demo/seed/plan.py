"""What the demo shop's last four months were: orders and parcels, planned before anything is stored.

Pure: the same random numbers and the same time give the same plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from demo.seed.catalogue import PRODUCTS, Product
from demo.seed.people import Shopper, make_shoppers
from tracking.windows import add_working_days

DAYS = 120
FIRST_NUMBER = 10_001
FREE_SHIPPING_FROM = Decimal(80)
SHIPPING = Decimal("4.90")

# Journeys of `tracking.carriers.sandbox`, and one of our own: a carrier that falls silent.
SILENT = "SILENT"
_JOURNEYS = {
    "DELIVERED": 740, "PICKUP": 70, "DELAYED": 60, "ATTEMPT": 50, "RETURNED": 25, "EXCEPTION": 20, "CUSTOMS": 20,
    "LOST": 8, SILENT: 7,
}  # fmt: skip
_CARRIERS = {"dhl": 38, "dpd": 20, "hermes": 16, "gls": 11, "ups": 11, "sandbox": 4}
_HAND_OVERS = {
    "delivered.recipient": 62, "delivered.neighbour": 16, "delivered.safe_place": 12, "delivered.signed": 10,
}  # fmt: skip
# Journeys during which the carrier names a later day, and the step at which it does.
SLIPPING = {"DELAYED": "exception.delay_carrier", "CUSTOMS": "exception.payment_due"}
_USUAL_HOURS = 55
BEHIND_CUSTOMS = frozenset({"CH", "GB"})
_CANCELLED_SHARE = 0.035
_SPLIT_SHARE = 0.08
# Orders come by day and in the evening.
_HOURS = (2, 1, 1, 1, 1, 2, 4, 8, 12, 16, 18, 18, 20, 19, 17, 17, 19, 22, 26, 32, 34, 28, 16, 6)


@dataclass(frozen=True)
class PlannedLine:
    """A quantity of a product in one of its variants."""

    product: Product
    variant: int
    quantity: int


@dataclass(frozen=True)
class PlannedParcel:
    """A parcel and the journey it takes.

    contents: (index of the order's line, quantity). handed_over_at: when the shop gave it to the carrier; None: a
    label at most. announced: the shop has made a label. cancelled_after: the shop took the label back. by_day: nobody
    rings at night; False where the steps have to happen when they happen. heard: only so many scans ever came. problem:
    the sub-status that stands for the journey's exception. poll_error: what the carrier answers. kept: how long the
    pick-up point keeps it.
    """

    journey: str
    carrier: str
    tracking_number: str
    contents: tuple[tuple[int, int], ...]
    handed_over_at: datetime | None
    announced: bool = True
    cancelled_after: timedelta | None = None
    hand_over: str = "delivered.recipient"
    by_day: bool = True
    heard: int | None = None
    problem: str = ""
    poll_error: str = ""
    kept: timedelta = timedelta(days=7)

    @property
    def sandbox_number(self) -> str:
        """The number under which the sandbox carrier knows its journey."""
        return f"SBX-{'DELIVERED' if self.journey == SILENT else self.journey}-{self.tracking_number}"


@dataclass(frozen=True)
class PlannedOrder:
    """An order as the shop placed it, and what became of it."""

    shopper: Shopper
    placed_at: datetime
    lines: tuple[PlannedLine, ...]
    parcels: tuple[PlannedParcel, ...] = ()
    cancelled_at: datetime | None = None
    discount: Decimal = Decimal(0)
    promise: tuple[date, date] | None = None
    external_id: str = ""
    number: str = ""

    @property
    def subtotal(self) -> Decimal:
        return sum((line.product.price * line.quantity for line in self.lines), Decimal(0))

    @property
    def shipping(self) -> Decimal:
        return Decimal(0) if self.subtotal >= FREE_SHIPPING_FROM else SHIPPING


def plan_orders(rng: Random, count: int, now: datetime) -> list[PlannedOrder]:
    """So many orders of two thirds as many shoppers, unnumbered. `now` is aware."""
    shoppers = make_shoppers(rng, max(count * 2 // 3, 1))
    # Everybody has bought once; the rest are those who came back.
    buyers = (shoppers + rng.choices(shoppers, k=max(count - len(shoppers), 0)))[:count]
    return [plan_order(rng, shopper, placed_at(rng, now), now) for shopper in buyers]


def numbered(orders: Sequence[PlannedOrder], first: int = FIRST_NUMBER) -> list[PlannedOrder]:
    """The orders by age, each with its number and, unless it has one, its external id."""
    in_order = sorted(orders, key=lambda order: order.placed_at)
    return [
        replace(order, number=f"#{number}", external_id=order.external_id or f"nw-{number}")
        for number, order in enumerate(in_order, start=first)
    ]


def plan_lines(rng: Random) -> tuple[PlannedLine, ...]:
    """What somebody puts into the basket."""
    products = rng.sample(PRODUCTS, rng.choices((1, 2, 3, 4), (52, 30, 13, 5))[0])
    return tuple(
        PlannedLine(product, rng.randrange(len(product.variants)), rng.choices((1, 2, 3), (84, 13, 3))[0])
        for product in products
    )


def promise_of(parcels: Sequence[PlannedParcel]) -> tuple[date, date] | None:
    """The days that the shop promised, where they will not be kept: so that one sees a promise slip."""
    for parcel in parcels:
        if parcel.journey in SLIPPING and parcel.handed_over_at:
            day = (parcel.handed_over_at + timedelta(hours=_USUAL_HOURS)).date()
            return day - timedelta(days=1), day
    return None


def tracking_number(rng: Random, carrier: str) -> str:
    """A number that looks like the carrier's."""
    if carrier == "ups":
        return "1Z" + "".join(rng.choices("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", k=16))
    length, prefix = {
        "dhl": (10, "0034043416"),
        "dpd": (12, "01"),
        "hermes": (16, "H100"),
        "gls": (10, "9"),
    }.get(carrier, (8, "SBX-DEMO-"))
    return prefix + "".join(rng.choices("0123456789", k=length))


def handed_over(rng: Random, placed_at: datetime) -> datetime:
    """The afternoon on which the shop gives it to the carrier: today, or one of the next working days."""
    day = add_working_days(placed_at.date(), rng.choices((0, 1, 2), (30, 52, 18))[0])
    at = datetime.combine(day, time(13, 30), UTC) + timedelta(minutes=rng.randrange(180))
    if at < placed_at + timedelta(hours=1) or at.weekday() > 4:
        at = datetime.combine(add_working_days(day, 1), at.time(), UTC)
    return at


def placed_at(rng: Random, now: datetime) -> datetime:
    """When somebody orders: more often lately, by day and in the evening."""
    at = now - timedelta(days=DAYS * rng.random() ** 1.8)
    hour = rng.choices(range(24), _HOURS)[0]
    at = at.replace(hour=hour, minute=rng.randrange(60), second=rng.randrange(60), microsecond=0)
    return at if at < now - timedelta(minutes=15) else at - timedelta(days=1)


def plan_order(rng: Random, shopper: Shopper, placed_at: datetime, now: datetime) -> PlannedOrder:
    """One order of a shopper, and what became of it by now."""
    order = PlannedOrder(shopper, placed_at, plan_lines(rng))
    if rng.random() < 0.12:
        order = replace(order, discount=(order.subtotal / 10).quantize(Decimal("0.01")))
    cancelled_at = placed_at + timedelta(minutes=rng.randrange(20, 600))
    if rng.random() < _CANCELLED_SHARE and cancelled_at < now:
        return replace(order, cancelled_at=cancelled_at)
    parcels = _plan_parcels(rng, order, now)
    return replace(order, parcels=parcels, promise=promise_of(parcels))


def _plan_parcels(rng: Random, order: PlannedOrder, now: datetime) -> tuple[PlannedParcel, ...]:
    contents = tuple((index, line.quantity) for index, line in enumerate(order.lines))
    split = len(contents) > 1 and rng.random() < _SPLIT_SHARE
    parcels = []
    at = order.placed_at
    for part in (contents[:1], contents[1:]) if split else (contents,):
        at = handed_over(rng, at)
        if at > now + timedelta(hours=4):
            break  # Still in the warehouse, without a label.
        carrier = rng.choices(list(_CARRIERS), list(_CARRIERS.values()))[0]
        parcels.append(
            PlannedParcel(
                journey=_journey(rng, order.shopper.country, at, now),
                carrier=carrier,
                tracking_number=tracking_number(rng, carrier),
                contents=part,
                handed_over_at=at if at <= now else None,
                hand_over=rng.choices(list(_HAND_OVERS), list(_HAND_OVERS.values()))[0],
            )
        )
    return tuple(parcels)


def _journey(rng: Random, country: str, at: datetime, now: datetime) -> str:
    journey = rng.choices(list(_JOURNEYS), list(_JOURNEYS.values()))[0]
    abroad = country in BEHIND_CUSTOMS
    if abroad and rng.random() < 0.15:
        return "CUSTOMS"
    # Nobody is silent for long in a parcel of yesterday; what is lost was sent a while ago.
    too_early = journey in (SILENT, "LOST") and now - at < timedelta(days=36)
    return "DELIVERED" if too_early or (journey == "CUSTOMS" and not abroad) else journey

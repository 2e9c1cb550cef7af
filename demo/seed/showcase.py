"""Orders that stand, right now, in each of the states that a newcomer should see."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from demo.seed.people import make_shopper
from demo.seed.plan import (
    BEHIND_CUSTOMS,
    SILENT,
    PlannedOrder,
    PlannedParcel,
    plan_lines,
    promise_of,
    tracking_number,
)
from demo.seed.troubles import NOT_PACKED, TROUBLES, in_trouble
from tracking.carriers.sandbox import HUBS, Place, itinerary

PREFIX = "show-"
STAMP = "%Y%m%d%H%M"  # When a showcase was made, at the end of its external ids.

# Name → (journey, index of the last step that has happened, carrier, German shopper)
_ON_THE_WAY = {
    "in_transit": ("DELIVERED", 5, "dhl", False),
    "in_transit_de": ("DELIVERED", 6, "dpd", True),
    "delayed": ("DELAYED", 5, "hermes", False),
    "delayed_de": ("DELAYED", 5, "dhl", True),
    "delivered": ("DELIVERED", 8, "gls", False),
    "delivered_de": ("DELIVERED", 8, "hermes", True),
    "out_for_delivery": ("DELIVERED", 7, "ups", False),
    "out_for_delivery_de": ("DELIVERED", 7, "dhl", True),
    "pickup": ("PICKUP", 7, "dhl", True),
    "attempt": ("ATTEMPT", 8, "dpd", True),
    "exception": ("EXCEPTION", 7, "gls", True),
    "customs": ("CUSTOMS", 8, "ups", False),
    "lost": ("LOST", 5, "hermes", True),
    "returning": ("RETURNED", 9, "dhl", True),
    "returned": ("RETURNED", 11, "dpd", True),
}


def plan_showcase(rng: Random, now: datetime, origin: Place) -> list[PlannedOrder]:
    """The orders, unnumbered; their external ids begin with `show-`, their names and the time."""
    stamp = f"{now:{STAMP}}"
    orders = [_on_the_way(rng, name, now, origin) for name in _ON_THE_WAY]
    orders += [_silent(rng, now), *_before_the_carrier(rng, now), *_in_trouble(rng, now)]
    return [replace(order, external_id=f"{PREFIX}{order.external_id}-{stamp}") for order in orders]


def _on_the_way(rng: Random, name: str, now: datetime, origin: Place) -> PlannedOrder:
    journey, step, carrier, german = _ON_THE_WAY[name]
    order = _order(rng, name, now, german=german)
    parcel = _parcel(rng, order, journey, carrier)
    at = _handed_over_for(parcel, step, now, origin, order)
    return _placed(order, at - timedelta(hours=20), replace(parcel, handed_over_at=at))


def _handed_over_for(
    parcel: PlannedParcel, step: int, now: datetime, origin: Place, order: PlannedOrder
) -> datetime:
    """When the parcel has to be handed over so that this step of its journey has just happened."""
    shopper = order.shopper
    place = Place(shopper.city, shopper.country, shopper.postcode) if shopper.city else HUBS[0]
    scans = itinerary(parcel.sandbox_number, shipped_at=now, origin=origin, destination=place)
    last = scans[step].occurred_at
    gap = scans[step + 1].occurred_at - last if step + 1 < len(scans) else timedelta(hours=4)
    return now - (last - now) - min(gap * 0.35, timedelta(hours=2))


def _before_the_carrier(rng: Random, now: datetime) -> list[PlannedOrder]:
    hours = timedelta(hours=1)
    to_ship = _order(rng, "to_ship", now, german=True)
    just_placed = _order(rng, "just_placed", now, german=False)
    label = _order(rng, "label", now, german=False)
    pending = _order(rng, "pending", now, german=True)
    taken_back = _order(rng, "taken_back", now, german=True)
    partly = _order(rng, "partly_shipped", now, german=False, several=True)
    cancelled = _order(rng, "cancelled", now, german=False)
    back = _parcel(rng, taken_back, "DELIVERED", "dpd", cancelled_after=2 * hours)
    sent = _parcel(rng, partly, "DELIVERED", "dhl", handed_over_at=now - 20 * hours, only_first=True)
    return [
        _placed(just_placed, now - 0.05 * hours),
        _placed(to_ship, now - 3 * hours),
        _placed(label, now - 20 * hours, _parcel(rng, label, "DELIVERED", "dhl")),
        _placed(pending, now - 9 * hours, _parcel(rng, pending, "DELIVERED", "", announced=False)),
        _placed(taken_back, now - 30 * hours, back),
        _placed(partly, now - 40 * hours, sent),
        replace(cancelled, placed_at=now - 26 * hours, cancelled_at=now - 22 * hours),
    ]


def _in_trouble(rng: Random, now: datetime) -> list[PlannedOrder]:
    """What the watch-list is about, beside the states that are problems by themselves."""
    orders = [_placed(_order(rng, NOT_PACKED, now, german=True), now - timedelta(days=5, hours=3))]
    for name, trouble in TROUBLES.items():
        order = _order(rng, name, now, german=trouble.german)
        parcel = _parcel(rng, order, trouble.journey, trouble.carrier)
        orders.append(in_trouble(replace(order, parcels=(parcel,)), trouble, now))
    return orders


def _silent(rng: Random, now: datetime) -> PlannedOrder:
    order = _order(rng, "expired", now, german=True)
    at = now - timedelta(days=34)
    return _placed(order, at - timedelta(hours=20), _parcel(rng, order, SILENT, "hermes", handed_over_at=at))


def _order(rng: Random, name: str, now: datetime, *, german: bool, several: bool = False) -> PlannedOrder:
    # Numbers of their own, so that a showcase made later meets nobody's address.
    number = 3000 + int(now.timestamp()) // 3600 % 60 * 100 + sum(name.encode()) % 100
    shopper = make_shopper(rng, number, german=german)
    while name in ("customs", "documents") and shopper.country not in BEHIND_CUSTOMS:
        shopper = make_shopper(rng, number, german=german)
    lines = plan_lines(rng)
    while several and len(lines) < 2:
        lines = plan_lines(rng)
    return PlannedOrder(shopper, now, lines, external_id=name)


def _parcel(
    rng: Random, order: PlannedOrder, journey: str, carrier: str, *, handed_over_at: datetime | None = None,
    announced: bool = True, cancelled_after: timedelta | None = None, only_first: bool = False,
) -> PlannedParcel:  # fmt: skip
    lines = order.lines[:1] if only_first else order.lines
    return PlannedParcel(
        journey=journey,
        carrier=carrier,
        tracking_number=tracking_number(rng, carrier) if announced else "",
        contents=tuple((index, line.quantity) for index, line in enumerate(lines)),
        handed_over_at=handed_over_at,
        announced=announced,
        cancelled_after=cancelled_after,
        by_day=False,
    )


def _placed(order: PlannedOrder, at: datetime, *parcels: PlannedParcel) -> PlannedOrder:
    return replace(order, placed_at=at, parcels=parcels, promise=promise_of(parcels))

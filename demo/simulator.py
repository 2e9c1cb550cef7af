"""A shop and a carrier that never sleep: orders come in and parcels move, a simulated day in some seconds.

Everything goes through the HTTP API, as from a real shop. What is simulated is only *when*: each step of a parcel's
itinerary (`tracking.carriers.sandbox`) is told when its time has come at the chosen speed, as happening now.
"""

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import msgspec
import structlog
from django.conf import settings
from django.utils import timezone

from demo.seed.history import order_body
from demo.seed.people import Shopper, make_shopper
from demo.seed.plan import BEHIND_CUSTOMS, FIRST_NUMBER, PlannedOrder, plan_lines
from demo.shop_api import Refused, ShopApi, TryAgain
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.models import Order, OrderStatus
from tracking.carriers.base import CarrierScan
from tracking.carriers.sandbox import Parcel, Place, itinerary, journey_of
from tracking.models import Shipment
from tracking.sandbox_parcels import origin_of, parcel_of
from tracking.statuses import TERMINAL

log = structlog.get_logger(__name__)

PREFIX = "sim-"
ORDERS_A_DAY = 3
_FASTEST_ORDERS = 0.5  # Seconds between two, however fast the days go by.
_CANCELLED_SHARE, _RETURNING_SHARE, _SPLIT_SHARE = 0.05, 0.3, 0.1
_WAIT_AFTER_FAILURE = 2.0  # Seconds.
_RESUMED_WITHIN = timedelta(hours=12)

Action = Callable[[], None]


@dataclass(frozen=True)
class Journey:
    """A parcel on its way: the steps of its itinerary, and how many hours each is after the one before."""

    order_external_id: str
    tracking_number: str
    steps: tuple[CarrierScan, ...]

    def hours_before(self, index: int) -> float:
        """Hours between the step before and this one, on the carrier's clock."""
        if index == 0:
            return 0.0
        return (self.steps[index].occurred_at - self.steps[index - 1].occurred_at).total_seconds() / 3600


class Simulator:
    """`speed`: seconds that a simulated day takes."""

    def __init__(
        self, api: ShopApi, merchant: Merchant, *, speed: float = 10.0, rng: Random | None = None
    ) -> None:
        self._api, self._merchant, self._speed = api, merchant, speed
        self._rng = rng or Random()  # noqa: S311  # Made-up orders, no secrets.
        self._origin = origin_of(merchant)
        self._due: list[tuple[float, int, Action]] = []
        self._order_of_arrival = itertools.count()
        self._shoppers: list[Shopper] = []
        with merchant_scope(merchant):
            self._number = FIRST_NUMBER + Order.objects.count()

    def run(self, stopped: Callable[[], bool], *, days: float | None = None) -> None:
        """Simulate until `stopped`, or for so many simulated days."""
        self._resume()
        self._later(0, self._new_order)
        end = time.monotonic() + days * self._speed if days else None
        while not stopped() and (end is None or time.monotonic() < end):
            self._do_what_is_due()
            time.sleep(0.05)

    # --- time ---

    def _later(self, hours: float, action: Action, *, at_least: float = 0.0) -> None:
        """Do something so many simulated hours from now (`at_least`: real seconds)."""
        wait = max(hours * self._speed / 24, at_least)
        heapq.heappush(self._due, (time.monotonic() + wait, next(self._order_of_arrival), action))

    def _do_what_is_due(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            _, _, action = heapq.heappop(self._due)
            try:
                action()
            except TryAgain as error:  # The web server is being restarted, say.
                log.warning("simulator_waits", error=str(error))
                self._later(0, action, at_least=_WAIT_AFTER_FAILURE)
                return
            except Refused as error:
                log.error("simulator_refused", error=str(error))

    # --- the shop ---

    def _new_order(self) -> None:
        shopper = self._shopper()
        number = self._number
        planned = PlannedOrder(
            shopper, timezone.now(), plan_lines(self._rng), number=f"#{number}",
            external_id=f"{PREFIX}{number}-{int(time.time())}",
        )  # fmt: skip
        # Planned before it is told, so that a shop that has to repeat itself tells the same order.
        self._number += 1
        hours = 24 / ORDERS_A_DAY * self._rng.uniform(0.6, 1.4)
        self._later(hours, self._new_order, at_least=_FASTEST_ORDERS)
        self._later(0, partial(self._place, planned))

    def _shopper(self) -> Shopper:
        if self._shoppers and self._rng.random() < _RETURNING_SHARE:
            return self._rng.choice(self._shoppers)
        shopper = make_shopper(self._rng, self._number)
        self._shoppers = [*self._shoppers[-200:], shopper]
        return shopper

    def _place(self, planned: PlannedOrder) -> None:
        body = msgspec.structs.replace(order_body(planned), notify=True, placed_at=None)
        for line in body.lines:  # A shop sends whole addresses.
            line.image_url = settings.PUBLIC_URL + line.image_url
        stored = self._api.post("orders", body)
        log.info("order_placed", number=planned.number)
        if self._rng.random() < _CANCELLED_SHARE:
            self._later(self._rng.uniform(2, 6), partial(self._api.post, f"orders/{stored['id']}/cancel", {}))
        else:
            self._later(self._rng.uniform(4, 16), partial(self._ship, planned))

    def _ship(self, planned: PlannedOrder) -> None:
        """Hand the parcels over: mostly one, sometimes the first line alone and the rest later."""
        several = len(planned.lines) > 1 and self._rng.random() < _SPLIT_SHARE
        all_lines = [
            {"line": str(i), "quantity": line.quantity} for i, line in enumerate(planned.lines, start=1)
        ]
        parts = [all_lines[:1], all_lines[1:]] if several else [all_lines]
        for number, lines in enumerate(parts):
            tracking = f"SBX-{planned.external_id.upper()}-{number + 1}"
            place = Place(planned.shopper.city, planned.shopper.country, planned.shopper.postcode)
            journey = self._journey(
                planned.external_id, tracking, Parcel(timezone.now(), self._origin, place)
            )
            self._later(number * 20, partial(self._hand_over, journey, lines))

    def _hand_over(self, journey: Journey, lines: list[dict[str, Any]]) -> None:
        self._api.post("shipments", {**_name_of(journey), "lines": lines})
        self._later(0, partial(self._step, journey, 0))

    # --- the carrier ---

    def _new_journey(self, external_id: str, number: int, destination: Place) -> Journey:
        """The way of a new parcel, by its number; nobody at home is asked for duties."""
        tracking = f"SBX-{external_id.upper()}-{number}"
        while journey_of(tracking) == "CUSTOMS" and destination.country not in BEHIND_CUSTOMS:
            tracking += "X"
        return self._journey(external_id, tracking, Parcel(timezone.now(), self._origin, destination))

    def _journey(self, external_id: str, tracking_number: str, parcel: Parcel) -> Journey:
        steps = itinerary(
            tracking_number,
            shipped_at=parcel.shipped_at,
            origin=parcel.origin,
            destination=parcel.destination,
        )
        return Journey(external_id, tracking_number, tuple(steps))

    def _step(self, journey: Journey, index: int) -> None:
        step = journey.steps[index]
        if step.substatus == "exception.delay_carrier":
            self._slip(journey)
        scan = {
            "tracking_number": journey.tracking_number, "carrier": "sandbox", "status": step.status,
            "substatus": step.substatus, "occurred_at": datetime.now(UTC), "raw_code": step.raw_code,
            "description": step.description, "city": step.city, "postcode": step.postcode, "country": step.country,
            "external_id": f"{journey.tracking_number}-{index}",
        }  # fmt: skip
        self._api.post("scans", scan)
        if index + 1 < len(journey.steps):
            self._later(journey.hours_before(index + 1), partial(self._step, journey, index + 1))

    def _slip(self, journey: Journey) -> None:
        """The parcel comes some days later than was told."""
        day = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=7)
        window = {"earliest": day, "latest": day + timedelta(hours=4)}
        self._api.post("shipments", {**_name_of(journey), "delivery": window})

    # --- after a restart ---

    def _resume(self) -> None:
        """Go on with what an earlier simulator has begun: parcels on their way, and orders without a parcel."""
        since = timezone.now() - _RESUMED_WITHIN
        with merchant_scope(self._merchant):
            moving = Shipment.objects.filter(
                order__external_id__startswith=PREFIX, created_at__gt=since, cancelled_at=None
            )
            for shipment in moving.exclude(status__in=TERMINAL).select_related("order", "merchant"):
                self._resume_parcel(shipment, shipment.scans.count())
            waiting = Order.objects.filter(
                external_id__startswith=PREFIX,
                created_at__gt=since,
                status=OrderStatus.PLACED,
                shipments=None,
            )
            for external_id in waiting.values_list("external_id", flat=True):
                self._later(self._rng.uniform(0, 24), partial(self._ship_whole, external_id))

    def _resume_parcel(self, shipment: Shipment, done: int) -> None:
        parcel = replace(parcel_of(shipment), origin=self._origin)
        journey = self._journey(shipment.order.external_id, shipment.tracking_number, parcel)
        if done < len(journey.steps):
            self._later(self._rng.uniform(0, 12), partial(self._step, journey, done))

    def _ship_whole(self, external_id: str) -> None:
        with merchant_scope(self._merchant):
            order = Order.objects.get(external_id=external_id)
        destination = Place(order.city, order.country, order.postcode)
        self._hand_over(self._new_journey(external_id, 1, destination), [])


def _place_of(shopper: Shopper) -> Place:
    return Place(shopper.city, shopper.country, shopper.postcode)


def _name_of(journey: Journey) -> dict[str, Any]:
    return {
        "order_external_id": journey.order_external_id, "external_id": journey.tracking_number, "carrier": "sandbox",
        "tracking_number": journey.tracking_number,
    }  # fmt: skip

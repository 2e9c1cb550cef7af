"""A carrier that exists only here: the same number always takes the same journey.

For demos, tests and trying out messages. The number says what will happen:
SBX-DELIVERED-…, SBX-DELAYED-…, SBX-EXCEPTION-…, SBX-PICKUP-…, SBX-RETURNED-…, SBX-ATTEMPT-…,
SBX-CUSTOMS-…, SBX-LOST-…; any other SBX-… number gets one of these by chance, mostly DELIVERED.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tracking.carriers.base import (
    Account,
    Answer,
    CarrierScan,
    Credential,
    NotFound,
    Pickup,
    PollAdvice,
    Proof,
    TrackingResult,
)
from tracking.carriers.zones import zone_of
from tracking.statuses import SUBSTATUSES, Status


@dataclass(frozen=True, slots=True)
class Place:
    city: str
    country: str  # ISO 3166, two letters
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What an itinerary needs to know. `shipped_at` is aware: when the label was made."""

    shipped_at: datetime
    origin: Place
    destination: Place


# (hours after the label, status or sub-status, where, what the carrier says)
# "where" is "from" (origin), "hub", "near" (the destination's depot) or "to".
Step = tuple[float, str, str, str]

_OUT: Final[tuple[Step, ...]] = (
    (0, "info.label_created", "from", "Label created, parcel announced electronically"),
    (6, "transit.picked_up", "from", "Parcel picked up"),
    (11, "transit.origin_received", "from", "Processed in the parcel centre of origin"),
    (14, "transit.departure", "from", "Departed"),
    (24, "transit.arrival", "hub", "Arrived at the hub"),
    (30, "transit.departure", "hub", "Departed from the hub"),
    (42, "transit.destination_received", "near", "Arrived in the region of the recipient"),
)
_ON_VEHICLE: Final[Step] = (50, "ofd.on_vehicle", "near", "Loaded onto the delivery vehicle")
_DOOR: Final[tuple[Step, ...]] = (
    *_OUT,
    _ON_VEHICLE,
    (55, "delivered.recipient", "to", "Delivered to the recipient"),
)


def _later(steps: Sequence[Step], hours: float) -> Iterator[Step]:
    return ((at + hours, what, where, says) for at, what, where, says in steps)


JOURNEYS: Final[Mapping[str, tuple[Step, ...]]] = {
    "DELIVERED": _DOOR,
    "DELAYED": (
        *_OUT[:5],
        (36, "exception.delay_carrier", "hub", "Delayed: the connection was missed"),
        *_later(_DOOR[5:], 48),
    ),
    "EXCEPTION": (
        *_OUT,
        (46, "exception.address", "near", "The address is incomplete"),
    ),
    "PICKUP": (
        *_OUT,
        (52, "pickup.ready", "near", "Ready for pick-up at the parcel shop"),
        (124, "pickup.reminder", "near", "Still ready for pick-up at the parcel shop"),
        (150, "delivered.pickup_collected", "near", "Picked up by the recipient"),
    ),
    "ATTEMPT": (
        *_OUT,
        _ON_VEHICLE,
        (54, "attempt.no_one", "to", "Could not be delivered: nobody was home"),
        *_later((_ON_VEHICLE, _DOOR[-1]), 24),
    ),
    "RETURNED": (
        *_OUT,
        _ON_VEHICLE,
        (54, "exception.refused", "to", "Acceptance was refused"),
        (60, "returning", "near", "Being returned to the sender"),
        (84, "transit.arrival", "hub", "Arrived at the hub"),
        (110, "returned", "from", "Handed over to the sender"),
    ),
    "CUSTOMS": (
        *_OUT[:6],
        (40, "transit.destination_country", "near", "Arrived in the destination country"),
        (42, "transit.customs_started", "near", "Customs clearance started"),
        (48, "exception.payment_due", "near", "Duties are due before delivery"),
        (90, "transit.customs_cleared", "near", "Customs clearance complete"),
        *_later(_DOOR[6:], 58),
    ),
    "LOST": (
        *_OUT[:5],
        (240, "exception.lost", "hub", "The parcel is presumed lost"),
    ),
}
# What a number without a kind gets, in proportion.
_BY_CHANCE: Final = ("DELIVERED",) * 12 + ("DELAYED", "PICKUP", "ATTEMPT", "CUSTOMS")

HUBS: Final = (
    Place("Leipzig", "DE", "04435"),
    Place("Liège", "BE", "4460"),
    Place("Lyon", "FR", "69125"),
    Place("Bergamo", "IT", "24050"),
    Place("Vitoria", "ES", "01196"),
    Place("Katowice", "PL", "42-625"),
)
NOWHERE: Final = Place("Berlin", "DE", "10115")


def journey_of(number: str) -> str:
    """The kind of journey a number takes, a key of JOURNEYS."""
    kind = number.upper().split("-")[1] if number.count("-") else ""
    return kind if kind in JOURNEYS else _BY_CHANCE[_seed(number) % len(_BY_CHANCE)]


def itinerary(number: str, *, shipped_at: datetime, origin: Place, destination: Place) -> list[CarrierScan]:
    """All scans that will ever be, oldest first. `shipped_at` is aware; the scans are UTC.

    Distances are not measured: the seed makes each journey 0.8 to 1.4 times as long as the
    plan, and shifts each scan by some minutes.
    """
    seed = _seed(number)
    pace = 0.8 + (seed % 61) / 100
    places = {
        "from": origin,
        "hub": HUBS[seed % len(HUBS)],
        "near": Place(destination.city, destination.country),
        "to": destination,
    }
    scans = []
    for index, (hours, what, where, says) in enumerate(JOURNEYS[journey_of(number)]):
        minutes = (seed >> index) % 23 if hours else 0
        at = shipped_at + timedelta(hours=hours * pace, minutes=minutes)
        scans.append(_scan(at.replace(second=0, microsecond=0), what, places[where], says))
    return scans


def _scan(at: datetime, what: str, place: Place, says: str) -> CarrierScan:
    named = SUBSTATUSES.get(what)
    at = at.astimezone(UTC)
    return CarrierScan(
        occurred_at=at,
        local_time=at.astimezone(zone_of(place.country)).isoformat(),
        offset_known=True,
        status=named.status if named else Status(what),
        substatus=what if named else "",
        raw_code=what.upper().replace(".", "_"),
        description=says,
        city=place.city,
        postcode=place.postcode,
        country=place.country,
    )


def _seed(number: str) -> int:
    return int.from_bytes(hashlib.sha256(number.upper().encode()).digest()[:8])


def parcel_from_number(number: str) -> Parcel | None:
    """A parcel shipped at the time that the number ends with: SBX-LOST-20260105T0930 (UTC)."""
    stamp = re.search(r"(\d{8}T\d{4})$", number.upper())
    if stamp is None:
        return None
    try:
        shipped_at = datetime.strptime(stamp[1], "%Y%m%dT%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Parcel(shipped_at, NOWHERE, HUBS[_seed(number) // 7 % len(HUBS)])


class Sandbox:
    """`clock` gives the time (aware) up to which scans are told; `parcels` finds a number's
    dates and places, by default out of the number itself."""

    code = "sandbox"
    name = "Sandbox"
    poll = PollAdvice(
        calls_per_second=1000,
        calls_per_day=10_000_000,
        numbers_per_call=100,
        fastest=timedelta(minutes=15),
        slowest=timedelta(hours=6),
    )
    credentials: tuple[Credential, ...] = ()

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        parcels: Callable[[str], Parcel | None] = parcel_from_number,
    ) -> None:
        self._clock = clock
        self._parcels = parcels

    def track(self, numbers: Sequence[str], account: Account) -> list[Answer]:
        return [self._track_one(number) for number in numbers]

    def read(
        self, number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        """The sandbox answers nothing that could be read: its journeys are in the number."""
        return [self._track_one(number or "")]

    def tracking_url(self, number: str, locale: str) -> str:
        return ""

    def _track_one(self, number: str) -> Answer:
        parcel = self._parcels(number) if number.upper().startswith("SBX-") else None
        if parcel is None:
            return NotFound("the sandbox knows nothing of it", number=number)
        return self.result(number, parcel)

    def result(self, number: str, parcel: Parcel) -> TrackingResult:
        """What the sandbox says about a parcel at the time of its clock."""
        now, origin, destination = self._clock(), parcel.origin, parcel.destination
        plan = itinerary(number, shipped_at=parcel.shipped_at, origin=origin, destination=destination)
        scans = tuple(scan for scan in plan if scan.occurred_at <= now)
        arrival = _planned_arrival(number, parcel)
        # Whatever a made-up clock says, nobody promises a delivery at night.
        by_day = arrival.replace(hour=min(max(arrival.hour, 9), 17))
        waiting = bool(scans) and scans[-1].status == Status.AVAILABLE_FOR_PICKUP
        ready = next((s for s in scans if s.status == Status.AVAILABLE_FOR_PICKUP), None)
        return TrackingResult(
            tracking_number=number,
            scans=scans,
            eta_from=by_day - timedelta(hours=1),
            eta_to=by_day + timedelta(hours=1),
            service="Sandbox Parcel",
            weight_grams=1200,
            proof=Proof(signed_by="A. Sample") if scans and scans[-1].status == Status.DELIVERED else Proof(),
            pickup=_shop(destination, ready.occurred_at) if waiting and ready else None,
            origin_country=origin.country,
            origin_postcode=origin.postcode,
            destination_country=destination.country,
            destination_postcode=destination.postcode,
            raw={"number": number, "journey": journey_of(number), "scans": len(scans)},
        )


def _shop(destination: Place, ready_at: datetime) -> Pickup:
    until = ready_at + timedelta(days=7)
    return Pickup(name="Parcel shop", city=destination.city, country=destination.country, until=until)


def _planned_arrival(number: str, parcel: Parcel) -> datetime:
    """When it would be delivered if nothing went wrong."""
    pace = 0.8 + (_seed(number) % 61) / 100
    return (parcel.shipped_at + timedelta(hours=_DOOR[-1][0] * pace)).astimezone(UTC)

"""What the sandbox carrier tells about a planned parcel, in the name of the parcel's own carrier."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from demo.seed.plan import SILENT, PlannedParcel
from merchants.models import Merchant
from orders.models import Order
from tracking.carriers.base import CarrierScan
from tracking.carriers.registry import KNOWN
from tracking.carriers.sandbox import JOURNEYS, Place, itinerary
from tracking.polling import SILENT_FOR
from tracking.sandbox_parcels import origin_of
from tracking.statuses import Status
from tracking.windows import Window

_LEFT_WITH = {
    "delivered.neighbour": {"left_with": "neighbour"},
    "delivered.safe_place": {"left_with": "safe_place"},
}
_AT_THE_DOOR = frozenset(
    {Status.OUT_FOR_DELIVERY, Status.ATTEMPT_FAILED, Status.DELIVERED, Status.AVAILABLE_FOR_PICKUP}
)
_USUAL_HOURS = JOURNEYS["DELIVERED"][-1][0]
_FIRST_STEPS_OF_THE_SILENT = 4
_WORDS = {
    "exception.documents": "Held by customs: the commercial invoice is missing",
    "exception.damaged": "The parcel was damaged on the way",
}


@dataclass(frozen=True)
class Way:
    """Scans up to now, oldest first; when it was to arrive, and when it really does."""

    scans: tuple[CarrierScan, ...]
    planned: Window
    real: Window
    service: str
    signed_by: str = ""
    pickup_place: str = ""
    pickup_until: datetime | None = None
    pickup: dict[str, str] | None = None
    proof: dict[str, str] | None = None


def way_of(merchant: Merchant, order: Order, parcel: PlannedParcel, now: datetime) -> Way:
    """The way of a parcel that was handed over."""
    at, zone = parcel.handed_over_at, ZoneInfo(merchant.timezone)
    assert at is not None
    place = Place(order.city, order.country, order.postcode)
    plan = itinerary(parcel.sandbox_number, shipped_at=at, origin=origin_of(merchant), destination=place)
    if parcel.by_day:
        plan = _people_sleep(plan, zone)
    arrival = plan[-1].occurred_at if parcel.journey == "DELIVERED" else at + timedelta(hours=_USUAL_HOURS)
    scans = [_as_handed_over(scan, parcel.hand_over) for scan in plan if scan.occurred_at <= now]
    if parcel.journey == SILENT:
        scans = _silenced(scans, now)
    scans = [_with_problem(scan, parcel.problem) for scan in scans[: parcel.heard]]
    return _with_hand_over(
        Way(
            scans=tuple(scans),
            planned=_window(arrival, zone),
            real=_window(plan[-1].occurred_at, zone),
            service="Sandbox Parcel"
            if parcel.carrier == "sandbox"
            else f"{KNOWN[parcel.carrier].name} Standard",
        ),
        order,
        parcel.kept,
    )


def _with_hand_over(way: Way, order: Order, kept: timedelta) -> Way:
    last = way.scans[-1] if way.scans else None
    if last is not None and last.substatus == "delivered.signed":
        return replace(way, signed_by=order.last_name, proof={"signed_by": order.last_name})
    if last is not None and last.substatus in _LEFT_WITH:
        return replace(way, proof=_LEFT_WITH[last.substatus])
    if last is not None and last.status == Status.AVAILABLE_FOR_PICKUP:
        ready = next(scan for scan in way.scans if scan.status == Status.AVAILABLE_FOR_PICKUP)
        until = ready.occurred_at + kept
        place = {
            "name": "Paketshop Kiosk am Tor", "address": "Marktplatz 3", "postcode": order.postcode,
            "city": order.city, "country": order.country, "hours": "Mo–Fr 8–20, Sa 9–18", "code": "4711",
        }  # fmt: skip
        return replace(way, pickup_place=f"Paketshop, {order.city}", pickup_until=until, pickup=place)
    return way


def _as_handed_over(scan: CarrierScan, hand_over: str) -> CarrierScan:
    return replace(scan, substatus=hand_over) if scan.substatus == "delivered.recipient" else scan


def _with_problem(scan: CarrierScan, problem: str) -> CarrierScan:
    """The journey's exception, or another one in its place."""
    if not problem or scan.status != Status.EXCEPTION:
        return scan
    return replace(scan, substatus=problem, description=_WORDS[problem])


def _silenced(scans: list[CarrierScan], now: datetime) -> list[CarrierScan]:
    """The first steps only; after a month the parcel is given up, as `tracking.asking.give_up` does."""
    scans = scans[:_FIRST_STEPS_OF_THE_SILENT]
    given_up = scans[-1].occurred_at + SILENT_FOR
    return [*scans, CarrierScan(given_up, "", True, Status.EXPIRED)] if given_up <= now else scans


def _people_sleep(plan: list[CarrierScan], zone: ZoneInfo) -> list[CarrierScan]:
    """The same way, with nobody at the door by night: what follows moves along."""
    shift = timedelta(0)
    moved = []
    for scan in plan:
        at = scan.occurred_at + shift
        if scan.status in _AT_THE_DOOR:
            shift += _by_day(at, zone) - at
            at = _by_day(at, zone)
        local = datetime.fromisoformat(scan.local_time) + shift
        moved.append(replace(scan, occurred_at=at, local_time=local.isoformat()))
    return moved


def _by_day(at: datetime, zone: ZoneInfo) -> datetime:
    """The same time when it is one at which doors open, else the next morning."""
    local = at.astimezone(zone)
    if 9 <= local.hour < 19:
        return at
    day = local.date() if local.hour < 9 else local.date() + timedelta(days=1)
    morning = datetime.combine(day, time(9, 10), zone) + timedelta(minutes=3 * local.minute)
    return morning.astimezone(UTC)


def _window(arrival: datetime, zone: ZoneInfo) -> Window:
    """Three full hours around an arrival, by day."""
    start = _by_day(arrival, zone).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    return Window(start, start + timedelta(hours=3), "carrier")

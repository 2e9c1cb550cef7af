"""A hand-over is followed: the parcel is asked about at the next carrier too, and its scans are the parcel's."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.utils import timezone

from events import due
from merchants.scope import merchant_scope
from tracking import gates, polling
from tracking.accounts import Access, accesses
from tracking.answers import apply_tracking
from tracking.carriers.base import (
    AuthenticationFailed,
    Carrier,
    CarrierDown,
    CarrierError,
    RateLimited,
    TrackingResult,
)
from tracking.carriers.registry import adapter
from tracking.legs.models import NextLeg
from tracking.models import Shipment
from tracking.outcomes import close_gate
from tracking.statuses import Status, is_terminal

log = structlog.get_logger(__name__)

_BATCH: Final = 20
_LEASE: Final = timedelta(seconds=60)
_PATIENCE: Final = timedelta(seconds=5)
# Numbers are told with the label: a next carrier that knows nothing for so long is asked no more.
_LONGEST: Final = timedelta(days=45)


def follow_due() -> int:
    """Ask the next carriers of parcels whose time has come. Returns how many legs were claimed."""
    legs = due.claim(NextLeg, limit=_BATCH, lease=_LEASE, related=("shipment",))
    found = accesses((leg.merchant_id, leg.carrier) for leg in legs)
    for leg in legs:
        _follow(leg, found.get((leg.merchant_id, leg.carrier)))
    return len(legs)


def _follow(leg: NextLeg, access: Access | None) -> None:
    now, asked = timezone.now(), adapter(leg.carrier)
    if asked is None or _is_over(leg, now):
        _put(leg, again=None)
        return
    if access is None:
        _put(leg, again=now + polling.NO_ACCESS_WAIT, error="no_access")
        return
    pace, circuit = access.pace(asked.poll), access.circuit
    turn = gates.enter(access.carrier, access.key, pace, now=now, patience=_PATIENCE, circuit=circuit)
    if not turn.granted:
        _put(leg, again=turn.at, error=leg.error)
        return
    [answer] = asked.track([leg.number], access.account)
    if isinstance(answer, CarrierError):
        log.warning("next_carrier_error", carrier=leg.carrier, code=answer.code)
        close_gate(access, answer, now, trial=turn.trial)
        error = f"{answer.code}: {answer.detail}".replace("\0", "")[:300]
        _put(leg, again=now + polling.later(leg.shipment, _wait(leg, answer), now), error=error, asked=True)
        return
    gates.answered(access.circuit, access.key, access.carrier)
    _apply(leg, answer)
    _put(leg, again=now + polling.later(leg.shipment, _pace(leg.shipment, asked), now), asked=True)


def _pace(parcel: Shipment, asked: Carrier) -> timedelta:
    """As often as the carrier lets itself be asked while it is out for delivery, else half as often."""
    soon = parcel.status == Status.OUT_FOR_DELIVERY
    return min(asked.poll.fastest if soon else 2 * asked.poll.fastest, asked.poll.slowest)


def _apply(leg: NextLeg, told: TrackingResult) -> None:
    """The next carrier's scans, window, proof and place are the parcel's; service and weight stay the first one's."""
    result = replace(
        told, tracking_number=leg.shipment.tracking_number, service="", weight_grams=None, handed_over_to=None
    )
    apply_tracking(leg.merchant, leg.shipment_id, result, source=leg.carrier)
    with merchant_scope(leg.merchant):
        leg.shipment.refresh_from_db(fields=["status", "substatus"])


def _is_over(leg: NextLeg, now: datetime) -> bool:
    parcel: Shipment = leg.shipment
    moved_on = (parcel.next_carrier, parcel.next_number) != (leg.carrier, leg.number)
    ended = is_terminal(parcel.status, parcel.substatus) or parcel.status == Status.EXPIRED
    return moved_on or ended or parcel.cancelled_at is not None or now - leg.created_at > _LONGEST


def _wait(leg: NextLeg, error: CarrierError) -> timedelta:
    failures = min(max(leg.attempts - 1, 0), 10)
    if isinstance(error, AuthenticationFailed):
        return polling.NO_ACCESS_WAIT
    if isinstance(error, RateLimited):
        return polling.limited_for(error)
    asked = adapter(leg.carrier)
    assert asked is not None
    first = timedelta(minutes=5) if isinstance(error, CarrierDown) else asked.poll.fastest
    return min(first * 2**failures, asked.poll.slowest)


def _put(leg: NextLeg, *, again: datetime | None, error: str = "", asked: bool = False) -> None:
    values: dict[str, object] = {"due_at": again, "error": error}
    if asked:
        values["asked_at"] = timezone.now()
    if not error:
        values["attempts"] = 0
    with merchant_scope(leg.merchant):
        due.held(leg).update(**values)

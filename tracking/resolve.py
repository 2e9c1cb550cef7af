"""From all that was ever said about a parcel to the one state that is shown.

`resolve` is a pure function of the *set* of scans: it sorts them itself, so it does not matter
in which order they came, how often, or how late. The rules, in the order they are applied:

1.  One scan a key. Scans more than 24 h in the future of `now` are ignored until their time has
    come (wrong clocks, and pre-announcements that carriers date ahead).
2.  Scans are read by (occurred_at, rank, key). Within the same instant the later step of the
    journey is read last; a named sub-status is read after the bare status.
3.  Pending and info_received never move a parcel back once anything else was scanned.
4.  Any other scan moves a parcel that is still on its way: an exception ends with the next scan,
    a lost parcel that is scanned again is found, an expired one is tracked again.
5.  Terminal statuses stay, and what is scanned later is kept in the history only, except:
    - delivered  → returning, returned: a return to sender shows the "delivered" was wrong;
    - cancelled  → delivered, returning, returned: the label was voided, yet somebody carried it;
    - returned is never left.
6.  After `returning` the parcel is on its way home. Movements, attempts and pick-up points of
    that leg are the sender's, so the status stays `returning`; exceptions show, and the next
    scan resumes `returning`.
7.  `delivered` on the way home means "delivered to the sender" and is read as `returned`,
    unless its sub-status names somebody at the shopper's end (`BY_RECIPIENT`): then the return
    was called off and it is `delivered`, also when a bare "delivered" had been read as returned
    before. Why so: carriers close a return with the same word, and telling a shopper who waits
    for a refund that the parcel was delivered is the worse mistake.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tracking.statuses import (
    CARRIER_HAS_IT,
    PROBLEM,
    TERMINAL,
    Status,
    action_required,
    rank,
)

FUTURE_TOLERANCE: Final = timedelta(hours=24)
# Carriers write one failed attempt as several scans ("nobody home", "card left").
ONE_ATTEMPT: Final = timedelta(hours=2)
BY_RECIPIENT: Final = frozenset(
    {
        "delivered.recipient",
        "delivered.neighbour",
        "delivered.safe_place",
        "delivered.pickup_collected",
        "delivered.cod",
    }
)

_BEFORE_CARRIER: Final = frozenset({Status.PENDING, Status.INFO_RECEIVED})
_NOT_YET_MOVING: Final = _BEFORE_CARRIER | {Status.EXPIRED}
_CORRECTIONS: Final = {
    Status.DELIVERED: frozenset({Status.RETURNING, Status.RETURNED}),
    Status.CANCELLED: frozenset({Status.DELIVERED, Status.RETURNING, Status.RETURNED}),
    Status.RETURNED: frozenset[Status](),
}
_LEG_STEPS: Final = frozenset(
    {
        Status.IN_TRANSIT,
        Status.OUT_FOR_DELIVERY,
        Status.ATTEMPT_FAILED,
        Status.AVAILABLE_FOR_PICKUP,
    }
)
# Here a repetition without a reason must not wipe out the reason that is known.
_KEEPS_REASON: Final = frozenset({Status.EXCEPTION, Status.ATTEMPT_FAILED, Status.AVAILABLE_FOR_PICKUP})


@dataclass(frozen=True, slots=True)
class ScanFacts:
    """What the state depends on. `occurred_at` is aware; `key` identifies the scan."""

    occurred_at: datetime
    status: str
    substatus: str
    key: str


@dataclass(frozen=True, slots=True)
class ShipmentState:
    """Where a parcel is and since when. All times are those of scans, none is ours."""

    status: Status = Status.PENDING
    substatus: str = ""
    status_at: datetime | None = None  # the scan with which this status began
    shipped_at: datetime | None = None  # first scan that shows the carrier has it
    out_for_delivery_at: datetime | None = None  # the latest one: "on the vehicle since …"
    delivered_at: datetime | None = None  # set exactly while the status is delivered
    attempts: int = 0  # failed attempts at the shopper's; scans within 2 h are one attempt
    returning: bool = False  # on its way back, or back; also during an exception on that way
    action_required: bool = False  # by the shopper
    problem: bool = False  # attempt failed, exception or returning
    last_scan_at: datetime | None = None  # the newest scan, whether or not it moved the state


@dataclass(slots=True)
class _Fold:
    """The state while the scans are read one by one."""

    status: Status = Status.PENDING
    substatus: str = ""
    status_at: datetime | None = None
    out_for_delivery_at: datetime | None = None
    attempted_at: datetime | None = None
    attempts: int = 0
    homeward: bool = False
    moving: bool = False
    presumed: bool = False  # `returned` was concluded from a bare "delivered" (rule 7)


def resolve(scans: Iterable[ScanFacts], *, now: datetime) -> ShipmentState:
    """The state that the scans add up to, by the rules above. `now` is aware."""
    usable = list(_usable(scans, now))
    fold = _Fold()
    for scan in usable:
        reading = _read(fold, scan)
        if reading is not None:
            _apply(fold, scan, reading)
    return ShipmentState(
        status=fold.status,
        substatus=fold.substatus,
        status_at=fold.status_at,
        shipped_at=next((s.occurred_at for s in usable if s.status in CARRIER_HAS_IT), None),
        out_for_delivery_at=fold.out_for_delivery_at,
        delivered_at=fold.status_at if fold.status == Status.DELIVERED else None,
        attempts=fold.attempts,
        returning=fold.homeward,
        action_required=action_required(fold.status, fold.substatus),
        problem=fold.status in PROBLEM,
        last_scan_at=usable[-1].occurred_at if usable else None,
    )


def _usable(scans: Iterable[ScanFacts], now: datetime) -> Iterator[ScanFacts]:
    """Rules 1 and 2: without the far future, in canonical order, one a key."""
    latest = now + FUTURE_TOLERANCE
    seen = set[str]()
    for scan in sorted((s for s in scans if s.occurred_at <= latest), key=_place):
        if scan.key not in seen:
            seen.add(scan.key)
            yield scan


def _place(scan: ScanFacts) -> tuple[datetime, int, str, str]:
    return scan.occurred_at, rank(scan.status, scan.substatus), scan.key, scan.substatus


def _read(fold: _Fold, scan: ScanFacts) -> Status | None:
    """The status this scan gives the parcel; None when it only belongs to the history."""
    status = Status(scan.status)
    if status == Status.DELIVERED and fold.homeward:  # rule 7
        return _read_delivery_on_the_way_home(fold, scan)
    if fold.status in TERMINAL:  # rule 5
        repeated = status == fold.status
        return status if repeated or status in _CORRECTIONS[fold.status] else None
    if status in _BEFORE_CARRIER:  # rule 3
        return status if fold.status in _NOT_YET_MOVING and not fold.moving else None
    if fold.homeward and status in _LEG_STEPS:  # rule 6
        return Status.RETURNING
    return status


def _read_delivery_on_the_way_home(fold: _Fold, scan: ScanFacts) -> Status | None:
    certain = fold.status == Status.RETURNED and not fold.presumed
    if certain:
        return None
    return Status.DELIVERED if scan.substatus in BY_RECIPIENT else Status.RETURNED


def _apply(fold: _Fold, scan: ScanFacts, reading: Status) -> None:
    literal = reading == scan.status
    fold.presumed = reading == Status.RETURNED and not literal
    fold.homeward = reading in (Status.RETURNING, Status.RETURNED) or (
        fold.homeward and reading != Status.DELIVERED
    )
    fold.moving = fold.moving or reading not in _NOT_YET_MOVING
    _name(fold, scan.substatus if literal else "", same=reading == fold.status)
    if reading != fold.status or fold.status_at is None:
        fold.status, fold.status_at = reading, scan.occurred_at
    if reading == Status.OUT_FOR_DELIVERY:
        fold.out_for_delivery_at = scan.occurred_at
    if reading == Status.ATTEMPT_FAILED:
        _count_attempt(fold, scan.occurred_at)


def _name(fold: _Fold, substatus: str, *, same: bool) -> None:
    """The newest sub-status counts, but an end of the journey keeps the first that names it."""
    if same and fold.status in TERMINAL:
        fold.substatus = fold.substatus or substatus
    elif substatus or not (same and fold.status in _KEEPS_REASON):
        fold.substatus = substatus


def _count_attempt(fold: _Fold, at: datetime) -> None:
    if fold.attempted_at is None or at - fold.attempted_at > ONE_ATTEMPT:
        fold.attempts += 1
        fold.attempted_at = at

"""Asking carriers about the parcels that are due: claim a batch, ask, write down. No HTTP inside a transaction.

1. A batch is claimed (`events.due.claim`): whoever dies leaves rows that come due again within a minute.
2. Its parcels stand in lanes, one for each access to a carrier's API. The lanes take turns, so that a slow or
   large one does not keep the others waiting, and every call takes a place at the access' gate first.
3. What the gate does not let through is given back, due when the gate opens.
4. An error that will meet the next parcel too closes the gate, and with it the rest of the lane.

A run ends after a few seconds, whatever is left: messages wait behind it in the same worker.
"""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from events import due
from merchants.scope import merchant_scope, platform_scope
from tracking import asking, gates, polling
from tracking.accounts import Access, accesses
from tracking.answers import apply_tracking, record_failure
from tracking.carriers.base import (
    AuthenticationFailed,
    CannotRead,
    Carrier,
    CarrierDown,
    CarrierError,
    NotFound,
    RateLimited,
    TrackingResult,
)
from tracking.carriers.registry import adapter
from tracking.models import Shipment
from tracking.sandbox_parcels import sandbox_of

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(seconds=60)
_BATCH: Final = 20
RUN_SECONDS: Final = 3.0


class NoAccess(AuthenticationFailed):
    """Neither the merchant nor the installation has credentials for this carrier."""

    code = "no_access"


@dataclass
class Lane:
    """Claimed parcels that are asked about through one access."""

    carrier: Carrier
    access: Access
    waiting: deque[Shipment]


def poll_due() -> int:
    """Ask about one batch of due parcels. Returns how many were dealt with; 0 also when time was up."""
    ends = time.monotonic() + RUN_SECONDS
    rows = due.claim(Shipment, limit=_BATCH, lease=LEASE, related=("order",))
    lanes = deque(_lanes(rows))
    settled = len(rows) - sum(len(lane.waiting) for lane in lanes)
    while lanes:
        lane = lanes.popleft()
        left = ends - time.monotonic()
        if left <= 0:
            _give_back(lane.waiting, timezone.now())
            continue
        settled += _take_turn(lane, timedelta(seconds=left))
        if lane.waiting:
            lanes.append(lane)
    return settled if time.monotonic() < ends else 0


def _lanes(rows: Iterable[Shipment]) -> list[Lane]:
    """The parcels that have to be asked about, by access. The others are settled at once."""
    now = timezone.now()
    to_ask = [row for row in rows if not _settle(row, now)]
    found = accesses((row.merchant_id, row.carrier) for row in to_ask)
    lanes: dict[str, Lane] = {}
    for row in to_ask:
        access = found.get((row.merchant_id, row.carrier))
        if access is None:
            record_failure(row, NoAccess("There are no credentials for this carrier."))
            continue
        lane = lanes.get(access.key)
        if lane is None:
            carrier = adapter(row.carrier)
            assert carrier is not None
            lane = lanes[access.key] = Lane(carrier, access, deque())
        lane.waiting.append(row)
    return list(lanes.values())


def _settle(row: Shipment, now: datetime) -> bool:
    """Deal with a parcel that nobody has to be asked about. Returns whether it was one."""
    if not row.tracking_number or row.cancelled_at or not polling.can_poll(row.merchant, row.carrier):
        with merchant_scope(row.merchant):
            due.held(row).update(due_at=None)
        return True
    if polling.is_silent(row, now):
        asking.give_up(row.merchant, row.id)
        return True
    return False


def _take_turn(lane: Lane, patience: timedelta) -> int:
    """One call of a lane, if its gate lets it through. Returns how many parcels were asked about."""
    now = timezone.now()
    advice, access = lane.carrier.poll, lane.access
    turn = gates.enter(access.carrier, access.key, access.pace(advice), now=now, patience=patience)
    if not turn.granted:
        _give_back(lane.waiting, turn.at)
        lane.waiting.clear()
        return 0
    time.sleep(max(0.0, (turn.at - now).total_seconds()))
    asked = [lane.waiting.popleft() for _ in range(min(advice.numbers_per_call, len(lane.waiting)))]
    asked = [row for row in asked if _mark_asked(row)]
    for row, answer in zip(asked, _ask(lane, asked), strict=True):
        _write_down(lane, row, answer)
    return len(asked)


def _mark_asked(row: Shipment) -> bool:
    """Note that a claimed parcel is asked about now, for the cool-down. False when the claim was lost."""
    with merchant_scope(row.merchant):
        return due.held(row).update(polled_at=timezone.now()) == 1


def _ask(lane: Lane, rows: Sequence[Shipment]) -> list[TrackingResult | CarrierError]:
    if not rows:
        return []
    carrier = sandbox_of(rows) if lane.access.carrier == "sandbox" else lane.carrier
    try:
        return carrier.track([row.tracking_number for row in rows], lane.access.account)
    except Exception as error:  # A fault of one adapter must not stop the others.
        log.exception("carrier_adapter_failed", carrier=lane.access.carrier)
        return [CannotRead(f"the adapter failed: {error!r}", number=row.tracking_number) for row in rows]


def _write_down(lane: Lane, row: Shipment, answer: TrackingResult | CarrierError) -> None:
    if isinstance(answer, TrackingResult):
        gates.answered(lane.access.key, lane.access.carrier)
        try:
            apply_tracking(row.merchant, row.id, answer, source=lane.access.carrier)
            return
        except (OperationalError, InterfaceError):
            raise  # The database is away: the lease ends, and the parcel comes due again.
        except Exception as error:  # One poisonous answer must not come due every minute.
            log.exception("carrier_answer_refused", carrier=lane.access.carrier)
            answer = CannotRead(f"could not be stored: {error!r}", body=repr(dict(answer.raw)).encode())
    log.warning("carrier_error", carrier=lane.access.carrier, code=answer.code, merchant=row.merchant.slug)
    _close_gate(lane, answer)
    record_failure(row, answer)


def _close_gate(lane: Lane, error: CarrierError) -> None:
    """An error that is not about the one parcel: nobody else is sent through this gate for a while."""
    now = timezone.now()
    if isinstance(error, CarrierDown):
        gates.close_after_failure(lane.access.carrier, lane.access.key, now, error.code)
    elif isinstance(error, RateLimited):
        gates.close(lane.access.key, now + polling.limited_for(error), error.code)
    elif isinstance(error, AuthenticationFailed):
        gates.close(lane.access.key, now + polling.NO_ACCESS_WAIT, error.code)
    elif isinstance(error, NotFound):
        gates.answered(lane.access.key, lane.access.carrier)


# Rows that somebody else holds are left alone: they come due again when their lease ends.
_GIVE_BACK = """
WITH mine AS (
    SELECT shipment.merchant_id, shipment.id FROM tracking_shipment AS shipment
    JOIN unnest(%(merchants)s::uuid[], %(ids)s::uuid[], %(leases)s::timestamptz[]) AS claim(merchant, id, lease)
      ON shipment.merchant_id = claim.merchant AND shipment.id = claim.id AND shipment.due_at = claim.lease
    FOR NO KEY UPDATE OF shipment SKIP LOCKED)
UPDATE tracking_shipment AS shipment SET attempts = attempts - 1,
    due_at = %(at)s::timestamptz + random() * greatest(
        interval '2 seconds', (%(at)s::timestamptz - %(now)s::timestamptz) / 10)
FROM mine WHERE shipment.merchant_id = mine.merchant_id AND shipment.id = mine.id
"""


def _give_back(rows: Iterable[Shipment], at: datetime) -> None:
    """Let claimed parcels that were not asked about come due again, spread out from `at` on."""
    rows, now = list(rows), timezone.now()
    values: dict[str, Any] = {
        "at": max(at, now), "now": now, "merchants": [row.merchant_id for row in rows],
        "ids": [row.id for row in rows], "leases": [row.due_at for row in rows],
    }  # fmt: skip
    with platform_scope("giving back claimed parcels"), connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, values)

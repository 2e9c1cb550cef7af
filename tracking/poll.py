"""Asking carriers about the parcels that are due: many calls under way at once, and no HTTP inside a transaction.

1. Parcels are claimed (`tracking.claims`): whoever dies leaves rows that come due again within a minute.
2. They stand in lanes, one for each access to a carrier's API (`tracking.lanes`). Every call takes a place at its gate
   first (`tracking.gates`); what the gate does not let through in this run is given back, due when its turn can come.
3. Calls are made by threads that touch no database (`tracking.calls`). The run's own thread collects what has ended:
   the gates learn of it first, the next calls begin in the places that are free now, and while those are under way
   everything is written down at once (`tracking.outcomes`).

A run ends after two seconds, so that messages do not wait behind a long queue of parcels, or earlier when the calls
take long. What is still under way then is written down by its own thread when it ends.
"""

import queue
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import connection
from django.utils import timezone

from events import due
from merchants.scope import merchant_scope
from tracking import asking, calls, claims, gates, polling
from tracking.answers import record_failures
from tracking.calls import Call, Ended
from tracking.carriers.base import AuthenticationFailed
from tracking.lanes import Lane, into_lanes
from tracking.models import Shipment
from tracking.outcomes import move_gates, store

log = structlog.get_logger(__name__)

RUN_SECONDS: Final = 2.0
# A run leaves when nothing has ended for so long, and nothing more can begin.
PATIENCE_SECONDS: Final = 0.5
# What ends within so short a time is written down together.
_GATHER_SECONDS: Final = 0.02
_LAST_SECONDS: Final = 0.4
_CLAIM: Final = 200
_FEW: Final = 64
_CLAIM_SECONDS: Final = 0.5
# So many calls of one lane may wait in a run.
_KEPT: Final = 200
# Places at a gate are taken so shortly before they come.
_AHEAD: Final = timedelta(milliseconds=100)


class NoAccess(AuthenticationFailed):
    """Neither the merchant nor the installation has credentials for this carrier."""

    code = "no_access"


def poll_due() -> int:
    """Ask about due parcels for a while. Returns how many were dealt with."""
    return _Run(time.monotonic() + RUN_SECONDS).work()


class _Run:
    """One run: its lanes, and the calls that it has begun."""

    def __init__(self, ends: float) -> None:
        self._ends = ends
        self._lanes: dict[str, Lane] = {}
        self._done: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self._left = threading.Event()
        self._collecting = threading.Lock()
        self._under_way = 0
        self._more = True  # whether the last claim was as large as could be
        self._settled = 0
        self._claim_again = 0.0

    def work(self) -> int:
        try:
            while time.monotonic() < self._ends:
                self._claim()
                self._begin_calls()
                if not self._wait():
                    break
                ended = self._collect()
                self._begin_calls()
                store(ended)
            else:
                self._await_the_last()
        finally:
            self._leave()
        return self._settled

    def _await_the_last(self) -> None:
        """Wait a moment for calls that are about to end: written down together they cost a fraction."""
        until = time.monotonic() + _LAST_SECONDS
        while self._under_way and (left := until - time.monotonic()) > 0:
            with suppress(queue.Empty):
                self._done.put(self._done.get(timeout=left))
                time.sleep(_GATHER_SECONDS)
            store(self._collect())

    def _claim(self) -> None:
        """Claim more when few parcels wait, and now and then in any case: behind a slow lane's others may be due."""
        if time.monotonic() < self._claim_again and self._waiting() >= _FEW:
            return
        self._claim_again = time.monotonic() + _CLAIM_SECONDS
        rows = claims.claim(_CLAIM)
        self._more = len(rows) == _CLAIM
        now = timezone.now()
        to_ask = [row for row in rows if not _settle(row, now)]
        without = into_lanes(to_ask, self._lanes)
        record_failures([(row, NoAccess("There are no credentials for this carrier.")) for row in without])
        self._settled += len(rows) - len(to_ask) + len(without)

    def _waiting(self) -> int:
        return sum(len(lane.waiting) for lane in self._lanes.values())

    def _begin_calls(self) -> None:
        """Take places at the gates, lane by lane, and begin the calls: those whose parcels are still ours."""
        now = timezone.now()
        booked = [call for lane in self._lanes.values() for call in self._book(lane, now)]
        ours = claims.mark_asked([row for call in booked for row in call.rows])
        for call in booked:
            rows = tuple(row for row in call.rows if row.id in ours)
            if rows:
                calls.begin(Call(call.carrier, call.access, rows, call.begins_at, call.trial), self._ended)
                self._under_way += 1
                self._settled += len(rows)

    def _book(self, lane: Lane, now: datetime) -> list[Call]:
        room = min(calls.traffic().room(lane.access), lane.calls_wanted())
        if not room or (lane.opens_at and lane.opens_at > now):
            self._spare(lane, now)
            return []
        access = lane.access
        turn = gates.enter(
            access.carrier,
            access.key,
            lane.pace,
            now=now,
            patience=_AHEAD,
            calls=room,
            circuit=access.circuit,
        )
        lane.turn(turn)
        times = [turn.at + place * turn.spacing for place in range(turn.granted)]
        booked = [Call(lane.carrier, lane.access, tuple(lane.take()), at, turn.trial) for at in times]
        self._spare(lane, now)
        return booked

    def _spare(self, lane: Lane, now: datetime) -> None:
        """Give back what will not be asked about in this run, so that others' parcels are claimed instead."""
        left = timedelta(seconds=max(self._ends - time.monotonic(), 0))
        keep, again = _KEPT * lane.numbers_per_call, now + left
        if lane.opens_at:
            keep = int(max(left - (lane.opens_at - now), timedelta(0)) / lane.spacing)
            again = lane.opens_at + keep * lane.spacing
        rest = [lane.waiting.pop() for _ in range(len(lane.waiting) - keep)]
        claims.give_back(rest[::-1], again, lane.spacing)

    def _wait(self) -> bool:
        """Wait until a call has ended or a gate opens. False when nothing is left to do, or all of it takes long."""
        openings = [lane.opens_at for lane in self._lanes.values() if lane.waiting and lane.opens_at]
        if not self._under_way and not openings:
            return self._more or self._waiting() > 0
        soon = (min(openings) - timezone.now()).total_seconds() if openings else PATIENCE_SECONDS
        patience = max(min(soon, PATIENCE_SECONDS, self._ends - time.monotonic()), 0.0)
        try:
            self._done.put(self._done.get(timeout=patience))
        except queue.Empty:
            return bool(openings)
        time.sleep(_GATHER_SECONDS)
        return True

    def _ended(self, ended: Ended) -> None:
        """Called by the call's own thread."""
        self._done.put(ended)
        if self._left.is_set():
            try:
                store(self._collect())
            except Exception:  # The lease ends, and the parcels are asked about again.
                log.exception("carrier_answer_lost")
            finally:
                connection.close()

    def _collect(self) -> list[Ended]:
        """What has ended, its gates moved and its places free: to be stored by the caller."""
        with self._collecting:
            ended = []
            while not self._done.empty():
                ended.append(self._done.get())
            self._under_way -= len(ended)
            move_gates(ended)
            # Whoever answered may be asked more; whose gate was closed is looked at anew.
            for one in ended:
                if lane := self._lanes.get(one.call.access.circuit):
                    lane.opens_at = None
            return ended

    def _leave(self) -> None:
        self._left.set()
        store(self._collect())  # What ended before its thread could see that nobody collects any more.
        for lane in self._lanes.values():
            claims.give_back(list(lane.waiting), lane.opens_at or timezone.now(), lane.spacing)
            lane.waiting.clear()


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

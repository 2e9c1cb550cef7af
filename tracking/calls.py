"""Calls to carriers: many under way at once, in threads that speak HTTP and touch no database."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

import structlog
from django.db import connections
from django.utils import timezone

from tracking.accounts import Access
from tracking.carriers.base import (
    AuthenticationFailed,
    CannotRead,
    Carrier,
    CarrierDown,
    CarrierError,
    RateLimited,
    TrackingResult,
)
from tracking.lanes import PLACES, Traffic
from tracking.models import Shipment
from tracking.sandbox_parcels import sandbox_of

log = structlog.get_logger(__name__)

Answer = TrackingResult | CarrierError
# After these the next call would meet the same.
GATE_ERRORS: Final = (AuthenticationFailed, CarrierDown, RateLimited)


@dataclass(frozen=True)
class Call:
    """One call: the parcels that it asks about, and not before when."""

    carrier: Carrier
    access: Access
    rows: tuple[Shipment, ...]
    begins_at: datetime
    trial: bool = False


@dataclass(frozen=True)
class Ended:
    """A call with its answers, one for each parcel."""

    call: Call
    answers: list[Answer]

    @property
    def gate_error(self) -> CarrierError | None:
        """An error that the next call through this gate would meet as well."""
        return next((answer for answer in self.answers if isinstance(answer, GATE_ERRORS)), None)


def begin(call: Call, ended: Callable[[Ended], None]) -> None:
    """Make the call in a thread of the pool, which hands over what came of it.

    Its place is taken until whoever writes it down says that it has ended (`Traffic.end`): before the gate knows of an
    error nobody else is sent.
    """
    traffic().begin(call.access)
    _pool().submit(_make, call, ended)


def _make(call: Call, ended: Callable[[Ended], None]) -> None:
    time.sleep(max(0.0, (call.begins_at - timezone.now()).total_seconds()))
    answers: list[Answer] = []
    try:
        answers = _ask(call)
    finally:
        # An adapter may have looked something up (a token): this thread keeps no connection.
        connections.close_all()
        ended(Ended(call, answers))


def _ask(call: Call) -> list[Answer]:
    carrier = sandbox_of(call.rows) if call.access.carrier == "sandbox" else call.carrier
    numbers = [row.tracking_number for row in call.rows]
    try:
        account = replace(
            call.access.account, carriers={row.tracking_number: row.carrier for row in call.rows}
        )
        answers = carrier.track(numbers, account)
        if len(answers) != len(numbers):
            raise ValueError(f"{len(answers)} answers for {len(numbers)} numbers")
        return answers
    except Exception as error:  # A fault of one adapter must not stop the others.
        log.exception("carrier_adapter_failed", carrier=call.access.carrier)
        return [CannotRead(f"the adapter failed: {error!r}", number=number) for number in numbers]


@lru_cache(maxsize=1)
def traffic() -> Traffic:
    """What is under way in this process."""
    return Traffic()


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(PLACES, thread_name_prefix="carriers")


def begin_anew() -> None:
    """Forget what was learned about carriers. A forked process has none of its parent's threads, either."""
    traffic.cache_clear()
    _pool.cache_clear()


os.register_at_fork(after_in_child=begin_anew)

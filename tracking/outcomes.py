"""What ended calls change: their gates first, then all their parcels, a merchant's in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import structlog
from django.utils import timezone

from events.outage import is_outage
from tracking import calls, choosing, gates, polling
from tracking.accounts import Access
from tracking.answers import Told, apply_answers, record_failures
from tracking.calls import Ended
from tracking.carriers.base import (
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    CarrierError,
    NotFound,
    RateLimited,
    TrackingResult,
)
from tracking.models import Shipment

log = structlog.get_logger(__name__)

# A transaction holds the locks of so many parcels at most.
_TOGETHER: Final = 50


def move_gates(ended: Sequence[Ended]) -> None:
    """Tell the gates what came of calls, then free their places: nobody is sent before a gate knows of an error.

    Errors that are not about the one parcel close the gate; an answer forgets earlier failures. Once a gate.
    """
    try:
        _tell_gates(ended)
    finally:
        for one in ended:
            calls.traffic().end(one.call.access, well=one.gate_error is None and bool(one.answers))


def _tell_gates(ended: Iterable[Ended]) -> None:
    now = timezone.now()
    by_circuit: dict[str, list[Ended]] = defaultdict(list)
    for one in ended:
        by_circuit[one.call.access.circuit].append(one)
    for together in by_circuit.values():
        access = together[0].call.access
        worst = next((one for one in together if one.gate_error), None)
        if worst is not None and worst.gate_error is not None:
            close_gate(access, worst.gate_error, now, trial=worst.call.trial)
        elif any(not isinstance(answer, CannotRead) for one in together for answer in one.answers):
            gates.answered(access.circuit, access.key, access.carrier)


def store(ended: Sequence[Ended]) -> None:
    """Store what carriers answered. What an answer breaks is told of its own parcel only.

    Raises what a database that went away raises: the leases end, and the parcels come due again.
    """
    told: dict[tuple[object, str], list[tuple[Shipment, TrackingResult]]] = defaultdict(list)
    failed: list[tuple[Shipment, CarrierError]] = []
    for one in ended:
        for row, answer in zip(one.call.rows, one.answers, strict=bool(one.answers)):
            if isinstance(answer, TrackingResult):
                told[row.merchant_id, one.call.access.carrier].append((row, answer))
            else:
                failed.append((row, answer))
    for (_, source), answers in told.items():
        for start in range(0, len(answers), _TOGETHER):
            failed += _apply(answers[start : start + _TOGETHER], source)
    for row, error in failed:
        log.warning("carrier_error", carrier=row.carrier, code=error.code, merchant=row.merchant.slug)
    record_failures(failed)
    for row, error in failed:
        if isinstance(error, NotFound) and choosing.may_try_next(row):
            choosing.try_next(row.merchant, row.id)


def close_gate(access: Access, error: CarrierError, now: datetime, *, trial: bool) -> None:
    """Close what an error closes: the circuit when the carrier is down, else the access; nothing for one parcel.

    trial: the call tried whether the carrier is back.
    """
    if isinstance(error, CarrierDown):
        gates.close_after_failure(access.carrier, access.circuit, now, error.code, trial=trial)
    elif isinstance(error, RateLimited):
        gates.close(access.key, now + polling.limited_for(error), error.code)
    elif isinstance(error, AuthenticationFailed):
        gates.close(access.key, now + polling.NO_ACCESS_WAIT, error.code)


def _apply(
    answers: Sequence[tuple[Shipment, TrackingResult]], source: str
) -> list[tuple[Shipment, CarrierError]]:
    """Store a merchant's answers together, or one by one when one of them is poisonous. Returns what was refused."""
    merchant = answers[0][0].merchant
    try:
        apply_answers(merchant, [Told(row.id, answer) for row, answer in answers], source=source)
    except Exception as error:
        if is_outage(error):
            raise
        if len(answers) > 1:
            return [refused for answer in answers for refused in _apply([answer], source)]
        log.exception("carrier_answer_refused", carrier=source)
        [(row, answer)] = answers
        body = repr(dict(answer.raw)).encode()
        return [(row, CannotRead(f"could not be stored: {error!r}", body=body))]
    return []

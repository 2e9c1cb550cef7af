"""Pushes that were stored, worked off as due work: their scans, and that the carrier's push is alive."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog
from django.db.models import Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from events import due
from merchants.scope import merchant_scope, merchant_transaction
from tracking.accounts import accesses
from tracking.answers import apply_tracking
from tracking.carriers.base import Answer, CarrierDown, CarrierError, RateLimited, TrackingResult
from tracking.carriers.registry import adapter
from tracking.models import Shipment
from tracking.pushes.carriers import PUSHES, Confirm, Push
from tracking.pushes.models import CarrierPush, PushState
from tracking.scans import NUMBER_IS_ONE_PARCEL_FOR

log = structlog.get_logger(__name__)

_BATCH: Final = 20
_LEASE: Final = timedelta(seconds=60)
_FIRST_RETRY: Final = timedelta(seconds=5)
_MOST_ATTEMPTS: Final = 8
# Whoever pushed just now will push again: for so long the parcel is asked about only as a safety net.
_ALIVE: Final = timedelta(days=7)


class _ClaimLost(Exception):
    """Another worker has the push by now."""


def work_off_pushes() -> int:
    """Claim pushes that are due and work them off. Returns how many were claimed."""
    rows = due.claim(CarrierPush, limit=_BATCH, lease=_LEASE)
    for row in rows:
        with merchant_scope(row.merchant):
            _work_off(row)
    return len(rows)


def _work_off(row: CarrierPush) -> None:
    push, asked = PUSHES.get(row.carrier), adapter(row.carrier)
    try:
        if push is None or asked is None:
            raise CarrierError("nobody reads the pushes of this carrier")
        about_us = push.confirm is not None and _confirm(row, push.confirm)
        answers = [] if about_us else asked.read(None, push.read(bytes(row.body)))
        with merchant_transaction(row.merchant):
            note = _apply(row, push, answers)
            done = due.held(row).update(state=PushState.DONE, due_at=None, error=note)
            if not done:
                raise _ClaimLost
    except _ClaimLost:
        return
    except (CarrierDown, RateLimited) as error:  # It asked us something, and could not be answered.
        _wait_or_fail(row, f"{error.code}: {error.detail}")
    except CarrierError as error:
        log.warning("carrier_push_unread", carrier=row.carrier, code=error.code)
        due.held(row).update(state=PushState.FAILED, due_at=None, error=f"{error.code}: {error.detail}"[:300])
    except Exception as error:
        log.exception("carrier_push_broke", carrier=row.carrier)
        _wait_or_fail(row, repr(error))


def _wait_or_fail(row: CarrierPush, why: str) -> None:
    again = None if row.attempts >= _MOST_ATTEMPTS else due.backoff(row.attempts - 1, first=_FIRST_RETRY)
    state = PushState.WAITING if again else PushState.FAILED
    due.held(row).update(due_at=again, state=state, error=why[:300])


def _confirm(row: CarrierPush, confirm: Confirm) -> bool:
    access = accesses([(row.merchant_id, row.carrier)]).get((row.merchant_id, row.carrier))
    return access is not None and confirm(bytes(row.body), access.account)


def _apply(row: CarrierPush, push: Push, answers: Iterable[Answer]) -> str:
    """Store what was told about parcels that we know. Returns a note for people.

    Raises the error when nothing else was told.
    """
    answers = list(answers)
    results = [answer for answer in answers if isinstance(answer, TrackingResult)]
    errors = [answer for answer in answers if isinstance(answer, CarrierError)]
    if errors and not results:
        raise errors[0]
    unknown = 0
    now = timezone.now()
    for result in sorted(results, key=lambda one: one.tracking_number):
        parcel = _parcel(row.carrier, push, result.tracking_number)
        if parcel is None:
            unknown += 1
            continue
        apply_tracking(
            row.merchant,
            parcel.id,
            replace(result, tracking_number=parcel.tracking_number),
            source=row.carrier,
        )
        until = Greatest("push_until", Value(now + _ALIVE))
        Shipment.objects.filter(pk=parcel.pk).update(push_until=until)
    return f"{unknown} parcels are not known." if unknown else ""


def _parcel(carrier: str, push: Push, number: str) -> Shipment | None:
    """The newest parcel with that number: carriers use their numbers again."""
    young = Shipment.objects.filter(created_at__gt=timezone.now() - NUMBER_IS_ONE_PARCEL_FOR)
    mine = young.filter(tracking_number=number)
    if not push.any_carrier:
        mine = mine.filter(carrier=carrier)
    return mine.filter(~Q(tracking_number="")).order_by("-created_at", "-id").first()
